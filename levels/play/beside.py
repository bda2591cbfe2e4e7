"""The lines of the incident beside those of a run that starts from one of its frames.

Reports are paired by their kind and order, lines of a report by what they say besides numbers. Only
lines that the incident has are listed; stacks and addresses, which say where a kernel lay, are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from mmplay.engine.frame import LogLine
from mmplay.engine.report import ReportKind
from mmplay.levels.play.run import LevelRun
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.continuing import INCIDENT_NEXT
from mmplay.recordings.run.starts import INCIDENT

RECORDINGS = {"incident-rc7": INCIDENT, "incident-next": INCIDENT_NEXT}
"""The log of each named machine."""

_STAMP = re.compile(r"\[ *(\d+)\.(\d{6})\] (.*)")
_NUMBER = re.compile(r"0x[0-9a-f]+|(?<![\w.])\d+(?![\w.]*\.)")
_NAME = re.compile(r"([A-Za-z_()\[\]]+)[^A-Za-z]*$")
_ADDRESSES = re.compile(r"\[<[0-9a-f]+>\]|^ [0-9a-f]{16} |^CPU: |^Hardware name")


class NumberPair(NamedTuple):
    """One number of a line: the word before it, what the incident has, what the run has."""

    name: str
    logged: int
    simulated: int


class Beside(NamedTuple):
    """One line of the incident, and the run's line of that kind, if it has printed one yet.

    Times are in us; `numbers` are those that differ. The run starts from what the lines of its
    frame say: it does not print those before `start_us`.
    """

    logged: str
    logged_us: int
    start_us: int
    simulated: str = ""
    simulated_us: int | None = None
    numbers: tuple[NumberPair, ...] = ()

    @property
    def late_us(self) -> int | None:
        """How much later the run printed it; None if it has not."""
        return None if self.simulated_us is None else self.simulated_us - self.logged_us

    @property
    def same(self) -> bool:
        """Tell whether the run has printed the very line, at whatever time."""
        return self.simulated_us is not None and self.simulated == self.logged


class _Line(NamedTuple):
    key: tuple[object, ...]
    time_us: int
    text: str


def beside(run: LevelRun, turn: int | None = None) -> tuple[Beside, ...]:
    """Return the incident's lines for this stage, in order, with the run's as far as turn `turn`.

    Empty for a machine that comes from no log.
    """
    name = RECORDINGS.get(run.level.start.base)
    if name is None:
        return ()
    log, last = run.session.log, run.session.end if turn is None else turn
    reports = [log.report(number) for number in range(log.report_count())]
    spans = [(one.kind, one.first_line, one.last_line) for one in reports]
    printed = log.lines(1, log.lines_until(last))
    mine = {line.key: line for line in _keyed(printed, spans)}
    start_us = run.session.machine_at(run.session.first).state.now_ns // 1000
    return tuple(_pair(line, mine.get(line.key), start_us) for line in _logged(name))


def current(lines: tuple[Beside, ...], time_us: int) -> int:
    """Return which line of the incident was the last at a moment of the run, -1 before the first.

    A line that the run has printed counts from then, another from its own time.
    """
    times = [line.logged_us if line.simulated_us is None else line.simulated_us for line in lines]
    return max((place for place, at in enumerate(times) if at <= time_us), default=-1)


@lru_cache(maxsize=4)
def _logged(name: str) -> tuple[_Line, ...]:
    with open_recording(name) as timeline:
        reports = [timeline.frame(index).report for index in range(len(timeline))]
        spans = [(one.kind, one.first_line, one.last_line) for one in reports if one is not None]
        return tuple(_keyed(timeline.lines(1, timeline.line_count), spans))


def _keyed(lines: Iterable[LogLine], spans: list[tuple[ReportKind, int, int]]) -> Iterator[_Line]:
    """Yield the lines of reports with what pairs them: kind and order of report, words, order."""
    order: Counter[ReportKind] = Counter()
    numbered = []
    for kind, first, last in spans:
        numbered.append((kind, order[kind], first, last))
        order[kind] += 1
    seen: Counter[tuple[object, ...]] = Counter()
    for line in lines:
        stamp = _STAMP.match(line.text)
        if stamp is None or _ADDRESSES.search(stamp[3]):
            continue
        for kind, number, first, last in numbered:
            if first <= line.number <= last:
                key = (kind, number, _words(stamp[3]))
                yield _Line((*key, seen[key]), int(stamp[1]) * 1_000_000 + int(stamp[2]), stamp[3])
                seen[key] += 1


def _words(text: str) -> str:
    """Return a line without its numbers and without who was running."""
    head, colon, rest = text.partition(": page allocation failure")
    return _NUMBER.sub("#", f"{colon}{rest}" if colon else head)


def _pair(logged: _Line, simulated: _Line | None, start_us: int) -> Beside:
    if simulated is None:
        return Beside(logged.text, logged.time_us, start_us)
    pairs = zip(_NUMBER.finditer(logged.text), _NUMBER.finditer(simulated.text), strict=False)
    numbers = [
        NumberPair(_name(logged.text, one.start()), int(one[0], 0), int(other[0], 0))
        for one, other in pairs
        if one[0] != other[0]
    ]
    mine = simulated.text, simulated.time_us, tuple(numbers)
    return Beside(logged.text, logged.time_us, start_us, *mine)


def _name(text: str, at: int) -> str:
    """Return the word before a number."""
    found = _NAME.search(text[:at])
    return found[1] if found is not None else "number"


def in_words(line: Beside) -> list[str]:
    """Return a pair as plain text: the incident's line, the run's, and what differs."""
    found = [f"incident {_seconds(line.logged_us)}  {line.logged}"]
    if line.simulated_us is None or line.late_us is None:
        early = line.logged_us <= line.start_us
        return [*found, "here the run starts from it" if early else "here not printed yet"]
    found.append(f"here {_seconds(line.simulated_us)}  {line.simulated}")
    late = f"time {line.late_us // 1000:+d} ms"
    differ = [f"{one.name} {one.logged} here {one.simulated}" for one in line.numbers]
    words = "differs" if differ else "same" if line.same else "other words"
    return [*found, f"{words}: {', '.join([late, *differ])}"]


def pairs_json(run: LevelRun) -> list[dict[str, object]]:
    """Return all pairs of a stage as plain data."""
    return [
        {
            **line._asdict(),
            "late_us": line.late_us,
            "same": line.same,
            "numbers": [one._asdict() for one in line.numbers],
        }
        for line in beside(run)
    ]


def _seconds(time_us: int) -> str:
    return f"{time_us // 1_000_000}.{time_us % 1_000_000:06d}"
