"""The numbers of a moment by name, and free pages over time."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from mmplay.engine.explain.comparing import Alignment, Moment, Row, Series, Tally
from mmplay.engine.frame import boot_of
from mmplay.engine.report import MemDump
from mmplay.engine.sim.metrics import SYSCTLS, metric_names, read
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import columns
from mmplay.recordings.trace.format import Code

FAILURES = (
    *("alloc_fail_wb", "alloc_fail_net", "alloc_fail_task", "oom_kill", "request_refused"),
    *("rx_alloc_frag_failed", "alloc_rx_buff_failed", "rx_missed", "nf_drop", "nf_no_ext"),
)
"""Counters of what the kernel could not do for somebody."""

NOT_COMPARED = frozenset({"time_us", "turns", "log_lines", *SYSCTLS})
"""Numbers that say when or how it was set, not what came of it."""

Values = dict[str, int]


def machine_values(session: Session, frame: int) -> Values:
    """Return every number of a simulated machine."""
    m = session.machine_at(session.first + frame)
    return {name: read(m, name) for name in metric_names(m) if name not in NOT_COMPARED}


def dump_values(dump: MemDump | None) -> Values:
    """Return the numbers of a Mem-Info dump, in pages."""
    if dump is None:
        return {}
    found = {f"totals.{name}": value for name, value in dump.totals.items()}
    for zone in dump.zones:
        fields = ((name, zone.pages(name)) for name in zone.kb)
        found |= {f"zones.{zone.name}.{name}": n for name, n in fields if n is not None}
    return found


def shown_dump(one: Recording, frame: int) -> MemDump | None:
    """Return the memory of a frame as a kernel prints it."""
    shown = one.frame(frame).shown
    return shown.dump if shown is not None else None


def table(a: Recording, b: Recording, alignment: Alignment) -> tuple[Row, ...]:
    """Return every number that either side has at the compared moment, failures first."""
    if a.session is not None and b.session is not None:
        ours = machine_values(a.session, alignment.at_a.frame)
        theirs = machine_values(b.session, alignment.at_b.frame)
    else:
        ours = dump_values(shown_dump(a, alignment.at_a.frame))
        theirs = dump_values(shown_dump(b, alignment.at_b.frame))
    return rows_of(ours, theirs)


def rows_of(ours: Values, theirs: Values) -> tuple[Row, ...]:
    """Return the rows of two sides' numbers."""
    names = dict.fromkeys((*ours, *theirs))
    rows = [Row(name, ours.get(name), theirs.get(name), name in FAILURES) for name in names]
    return tuple(sorted(rows, key=lambda row: not row.failure))


def tally(rows: tuple[Row, ...]) -> Tally:
    """Return which side failed less often, counter by counter."""
    deltas = [(row.name, row.delta) for row in rows if row.failure]
    known = [(name, delta) for name, delta in deltas if delta is not None]
    return Tally(
        tuple(name for name, delta in known if delta > 0),
        tuple(name for name, delta in known if delta < 0),
        tuple(name for name, delta in known if delta == 0),
    )


def first_times(a: Recording, b: Recording, alignment: Alignment) -> tuple[Row, ...]:
    """Return when each failure first happened in two runs, in us after the aligned moment.

    A log does not say what it left out, so a run and a log have no such rows.
    """
    if a.session is None or b.session is None:
        return ()
    ours, theirs = _first_us(a.session, alignment.a), _first_us(b.session, alignment.b)
    return tuple(
        Row(name, ours.get(name), theirs.get(name), failure=True)
        for name in FAILURES
        if name in ours or name in theirs
    )


def _first_us(session: Session, moment: Moment) -> Values:
    if moment.time_us is None:
        return {}
    events = session.tape.of(Code.EVENT)
    return {event.fields[0]: event.time_us - moment.time_us for event in events}


# over time


class _Samples(NamedTuple):
    times: list[int]
    values: list[int]

    def at(self, time_us: int) -> int | None:
        """Return the last value not later than a moment."""
        number = bisect_right(self.times, time_us)
        return self.values[number - 1] if number else None


def series(a: Recording, b: Recording, alignment: Alignment, count: int) -> tuple[Series, ...]:
    """Return every zone's free pages over the time that both have, in `count` columns."""
    if alignment.a.time_us is None or alignment.b.time_us is None:
        return ()
    ours, theirs = _spans(a, alignment.a), _spans(b, alignment.b)
    start, end = max(ours[0], theirs[0]), min(ours[1], theirs[1])
    column_us = max(1, -(-(end - start) // count))
    edges = [start + (n + 1) * column_us for n in range(count)]
    mine, other = free_pages(a, alignment.a.frame), free_pages(b, alignment.b.frame)
    return tuple(
        Series(
            f"zones.{zone}.free",
            start,
            column_us,
            tuple(mine[zone].at(alignment.a.time_us + edge) for edge in edges),
            tuple(other[zone].at(alignment.b.time_us + edge) for edge in edges),
        )
        for zone in mine
        if zone in other
    )


def _spans(one: Recording, moment: Moment) -> tuple[int, int]:
    """Return how long before and after a moment its boot has frames."""
    boot = boot_of(one, moment.frame)
    first, last = one.time_us(boot.first_frame), one.time_us(boot.last_frame)
    if first is None or last is None or moment.time_us is None:
        return 0, 0
    return first - moment.time_us, last - moment.time_us


def free_pages(one: Recording, frame: int) -> dict[str, _Samples]:
    """Return the free pages of each zone as they are known, in the boot of a frame."""
    if one.session is not None:
        return _free_of_run(one.session)
    found: dict[str, _Samples] = {}
    boot = boot_of(one, frame)
    for number in range(boot.first_frame, boot.last_frame + 1):
        shown, time_us = one.frame(number).shown, one.time_us(number)
        if shown is None or not shown.own or time_us is None:
            continue
        for zone in shown.dump.zones:
            pages = zone.pages("free")
            if pages is not None:
                samples = found.setdefault(zone.name, _Samples([], []))
                samples.times.append(time_us)
                samples.values.append(pages)
    return found


def _free_of_run(session: Session) -> dict[str, _Samples]:
    m = session.machine_at(session.first)
    names = columns(m)
    zones = {zone.name: names.index(f"zones.{zone.name}.free") for zone in m.state.zones}
    start_us = m.state.now_ns // 1000
    found = {zone.name: _Samples([start_us], [zone.free_seen]) for zone in m.state.zones}
    for entry, values in session.tape.rows():
        for zone, column in zones.items():
            found[zone].times.append(entry.time_us)
            found[zone].values.append(values[column])
    return found
