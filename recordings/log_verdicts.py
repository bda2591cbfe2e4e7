"""Logs and what the rules say of each event in them: the table of docs/FIDELITY.md.

A request with its own Mem-Info must come out as refused or without a block in every zone that it
was allowed to use; where it would have passed, the free pages moved before they were printed, and
the table says by how many pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.verdict import Outcome, Status, ZoneVerdict
from mmplay.engine.report import Report, ReportKind
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.export.blocks import Block, Heading, Table, Text
from mmplay.recordings.fidelity.rows import FidelityRow, summary_of
from mmplay.recordings.log.importing import import_to_memory
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.log.source import NothingToRead


class LogRow(NamedTuple):
    """One event of a log. `release` and `rules` are empty where the log names none.

    `asked` tells whether it holds a request with its own Mem-Info. `status`, `outcome` and
    `skew_pages` are the verdict's; `zones` are the deciding tests. `lines` are those of the
    report, `unknown` those of them that nobody understands.
    """

    log: str
    event: int
    release: str
    rules: str
    kind: str
    order: int | None
    asked: bool
    status: str
    outcome: str
    skew_pages: int | None
    zones: tuple[ZoneVerdict, ...]
    lines: int
    unknown: int


def log_rows(paths: Iterable[str]) -> Iterator[LogRow]:
    """Yield every event of every log; one in which there is nothing yields none.

    Raises InputError for a log that cannot be read.
    """
    for path in paths:
        try:
            with import_to_memory(path, None, None) as recording:
                yield from rows_of(recording, Path(path).name)
        except NothingToRead:
            continue


def rows_of(recording: ObservedTimeline, log: str) -> Iterator[LogRow]:
    """Yield every event of one recording; `log` is what it is called in the table."""
    for index in recording.event_frames:
        result = diagnose_frame(recording, index)
        frame, report = result.frame, result.frame.report
        if report is None:
            continue
        judgement = result.diagnosis.judgement
        first, last = frame.first_line, frame.last_line
        yield LogRow(
            log,
            index + 1,
            frame.release or "",
            _rules(result.diagnosis),
            str(report.kind),
            report.request.order if report.request else None,
            _asked(report),
            str(judgement.status),
            str(judgement.outcome or ""),
            judgement.skew_pages,
            judgement.candidates[0].zones if judgement.candidates else (),
            last - first + 1,
            report.unknown,
        )


def _rules(diagnosis: Diagnosis) -> str:
    names = [one.rules for one in diagnosis.judgement.candidates]
    if not names and diagnosis.kernel is not None:
        names = [diagnosis.kernel.name]
    return " / ".join(names)


def _asked(report: Report) -> bool:
    request = report.request
    return request is not None and request.mode is not None and report.memory is not None


# as text


class LogSummary(NamedTuple):
    """How many requests with their own Mem-Info came out how, and how much was understood."""

    logs: int
    events: int
    asked: int
    refused: int
    skews: tuple[int, ...]
    open: int
    none: int
    lines: int
    unknown: int

    @property
    def sentences(self) -> list[str]:
        """Return what the counts come to, in whole sentences."""
        skews = ", ".join(map(str, self.skews)) or "none"
        known = 0 if not self.lines else (self.lines - self.unknown) * 1000 // self.lines
        return [
            f"{self.logs} logs hold {self.events} events. Of {self.asked} requests with their own "
            f"Mem-Info whose watermarks were tested, {self.refused} are refused, or find no block, "
            f"in every zone that they were allowed to use. {len(self.skews)} would have passed by "
            f"the printed numbers; by how many pages: {skews}. {self.open} have more than one "
            f"possible verdict, {self.none} have none.",
            f"{self.lines} lines lie inside reports; {known // 10}.{known % 10} % of them are "
            "understood.",
        ]


def summary(rows: Sequence[LogRow]) -> LogSummary:
    """Return the numbers of a table of logs."""
    asked = [row for row in rows if row.asked and row.status != Status.NOT_ASKED]
    statuses = Counter(row.status for row in asked)
    outcomes = (Outcome.REFUSED, Outcome.NO_BLOCK)
    return LogSummary(
        len({row.log for row in rows}),
        len(rows),
        len(asked),
        sum(row.status == Status.EXACT and row.outcome in outcomes for row in asked),
        tuple(row.skew_pages for row in asked if row.skew_pages is not None),
        statuses[Status.OPEN],
        statuses[Status.NONE],
        sum(row.lines for row in rows),
        sum(row.unknown for row in rows),
    )


def fidelity_blocks(logs: Sequence[LogRow], incident: Sequence[FidelityRow]) -> Iterator[Block]:
    """Yield the page: the table of logs, and how the simulated incident compares with its own."""
    yield Heading(1, "Fidelity")
    yield Text(
        "What the rules say of logs that real kernels printed, and how close the simulated "
        "incident comes to its two. Made by mmplay fidelity LOGS --format md; not written by hand."
    )
    if logs:
        yield Heading(2, "Logs")
        yield from map(Text, summary(logs).sentences)
        yield _logs_table(logs)
    yield Heading(2, "The simulated incident")
    yield Text(
        "A number is decided by a rule if the start and the kernel's rules leave it no choice, "
        "calibrated if another load or another cost would have given another one, and an input if "
        "the run carries it over: that is no agreement. mmplay fidelity lists every number."
    )
    yield Text(summary_of(incident).sentence)
    yield _incident_table(incident)


ALIKE = 4
"""So many events of a log with the same verdict are one line of the table."""


def _logs_table(rows: Sequence[LogRow]) -> Table:
    head = ("log", "event", "release", "rules", "kind", "order", "verdict", "skew, pages")
    told = [row for row in rows if row.kind != ReportKind.DUMP]
    return Table(
        "Every event but bare Mem-Infos; free <= floor in each zone",
        (*head, "the deciding look", "lines", "not understood"),
        [_cells(group) for group in _alike(told)],
        frozenset({5, 7, 9, 10}),
    )


def _alike(rows: Sequence[LogRow]) -> Iterator[list[LogRow]]:
    """Yield what makes a line: an event, or all events of a log with the same verdict."""
    groups: dict[tuple[object, ...], list[LogRow]] = {}
    for row in rows:
        key = (row.log, row.release, row.rules, row.kind, row.order, row.status, row.outcome)
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        yield from [group] if len(group) >= ALIKE else ([one] for one in group)


def _cells(group: list[LogRow]) -> tuple[str, ...]:
    row = group[0]
    skews = [one.skew_pages for one in group if one.skew_pages is not None]
    return (
        row.log,
        str(row.event) if len(group) == 1 else f"{row.event} and {len(group) - 1} more",
        *(row.release, row.rules, row.kind),
        "" if row.order is None else str(row.order),
        (row.outcome if row.status == Status.EXACT else row.status).replace("_", " "),
        " to ".join(map(str, sorted({min(skews), max(skews)}))) if skews else "",
        deciding_look(row.zones),
        str(sum(one.lines for one in group)),
        str(sum(one.unknown for one in group)),
    )


SIGNS = {"refused": "<=", "passes": ">"}
"""How free pages compare with the floor; a zone without a block has enough of them."""


def deciding_look(zones: Sequence[ZoneVerdict]) -> str:
    """Return the inequality of each zone, and the mark that was tested."""
    several = len({zone.node for zone in zones}) > 1
    parts = []
    for zone in zones:
        name = f"{zone.node}/{zone.zone}" if several else zone.zone
        sign = SIGNS.get(zone.verdict, ">")
        known = zone.free is not None and zone.floor is not None
        test = f"{name} {zone.free} {sign} {zone.floor}" if known else f"{name} ?"
        words = "" if zone.verdict in SIGNS else " " + zone.verdict.replace("_", " ")
        parts.append(test + words)
    return f"{zones[0].mark}: {', '.join(parts)}" if parts else ""


def _incident_table(rows: Sequence[FidelityRow]) -> Table:
    frames: dict[tuple[str, str], list[FidelityRow]] = {}
    for row in rows:
        frame, colon, _ = row.quantity.partition(": ")
        frames.setdefault((frame if colon else "moments", row.kind), []).append(row)
    cells = [
        (frame, kind, str(len(found)), *(_counted(found, within) for within in (True, False)))
        for (frame, kind), found in frames.items()
    ]
    return Table(
        "Numbers of each frame; of those with a bound, how many keep it",
        ("frame", "decided by", "numbers", "within", "out"),
        cells,
        frozenset({2, 3, 4}),
    )


def _counted(rows: Sequence[FidelityRow], within: bool) -> str:
    if all(row.within is None for row in rows):
        return ""
    return str(sum(row.within is within for row in rows))
