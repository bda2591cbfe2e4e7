"""Compares two recordings of any kind, their time axes laid upon each other.

They are aligned at the start, at the OOM kill, at a marker, at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmplay.engine.errors import InputError
from mmplay.engine.explain.comparing import (
    Alignment,
    Comparison,
    Difference,
    Kind,
    Moment,
    Setting,
    Side,
)
from mmplay.engine.frame import boot_of
from mmplay.recordings.compare.runs import Parted, part, settings_of
from mmplay.recordings.compare.values import (
    dump_values,
    first_times,
    rows_of,
    series,
    shown_dump,
    table,
    tally,
)
from mmplay.recordings.recording import Recording, Stopped, never
from mmplay.recordings.run.replay import BROKEN
from mmplay.recordings.trace.format import Code, TraceError

START, OOM, MARKER = "start", "oom", "marker:"
FORMS = "start, oom, marker:NAME, or seconds such as 61.526"

_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,6})?$")


def aligned(a: Recording, b: Recording, align: str) -> Alignment:
    """Return how the two are laid upon each other; raises InputError if one has no such moment.

    The table compares the two at the aligned moment itself; aligned at the start, as long after it
    as both go.
    """
    here, there = (_moment(one, _frame(one, align)) for one in (a, b))
    if align != START:
        return Alignment(align, here, there, here, there)
    spans = [_span_us(one, moment) for one, moment in ((a, here), (b, there))]
    ends = [_after(one, moment, min(spans)) for one, moment in ((a, here), (b, there))]
    return Alignment(align, here, there, *ends)


def _frame(one: Recording, align: str) -> int:
    if not len(one):
        raise InputError(f"{one.name}: there are no frames to compare")
    if align == START:
        return 0
    if align == OOM:
        return _oom(one)
    if align.startswith(MARKER):
        return _marker(one, align.removeprefix(MARKER))
    if not _SECONDS.match(align):
        raise InputError(f"--align {align[:40]}: expected {FORMS}")
    return _at_time(one, align)


def _oom(one: Recording) -> int:
    if one.session is not None:
        events = one.session.tape.of(Code.EVENT)
        found = [event.turn - one.session.first for event in events if event.fields == ["oom_kill"]]
    else:
        frames = ((frame, one.frame(frame).report) for frame in one.event_frames)
        found = [frame for frame, report in frames if report and report.kind.by_killer]
    if not found:
        raise InputError(f"{one.name}: there is no OOM kill to align at")
    return found[0]


def _marker(one: Recording, name: str) -> int:
    for marker in one.markers:
        if marker.name == name:
            return marker.frame
    known = ", ".join(marker.name for marker in one.markers) or "none"
    raise InputError(f"{one.name}: there is no marker {name[:40]!r} to align at; it has {known}")


def _at_time(one: Recording, text: str) -> int:
    """Return the frame of a time that is recorded: a run is not made longer to be compared."""
    whole, _, part = text.partition(".")
    time_us = int(whole) * 1_000_000 + int(part.ljust(6, "0"))
    spans = [(one.time_us(boot.first_frame), one.time_us(boot.last_frame)) for boot in one.boots]
    for boot, (first, last) in zip(one.boots, spans, strict=True):
        if first is not None and last is not None and first <= time_us <= last:
            return one.frame_at(time_us, boot)
    first, last = spans[0]
    span = "no times" if first is None or last is None else f"{first / 1e6} s to {last / 1e6} s"
    raise InputError(f"{one.name}: {text} lies outside it: it has {span}")


def _moment(one: Recording, frame: int) -> Moment:
    return Moment(frame, one.time_us(frame))


def _span_us(one: Recording, moment: Moment) -> int:
    """Return how long the boot of a moment goes on after it."""
    last = one.time_us(boot_of(one, moment.frame).last_frame)
    return 0 if last is None or moment.time_us is None else last - moment.time_us


def _after(one: Recording, moment: Moment, later_us: int) -> Moment:
    if moment.time_us is None:
        return moment
    boot = boot_of(one, moment.frame)
    return _moment(one, one.frame_at(moment.time_us + later_us, boot))


def first_dump(a: Recording, b: Recording, alignment: Alignment) -> Difference | None:
    """Return the first printed memory that differs, and the first number in it."""
    for ours, theirs in _pairs(a, b, alignment):
        rows = rows_of(dump_values(shown_dump(a, ours)), dump_values(shown_dump(b, theirs)))
        both = [row for row in rows if row.a is not None and row.b is not None]
        wrong = [row for row in both if row.delta]
        if wrong:
            name = wrong[0].name
            note = f"{len(wrong)} of {len(both)} numbers differ here"
            return Difference(
                Kind.DUMP,
                _side(a, ours, f"{name} {wrong[0].a} pages", note),
                _side(b, theirs, f"{name} {wrong[0].b} pages", note),
            )
    return None


def _side(one: Recording, frame: int, text: str, note: str) -> Side:
    turn = one.session.first + frame if one.session is not None else None
    title = one.frame(frame).title
    return Side(frame, turn, one.time_us(frame), actor=title, text=text, operands={"note": note})


def _pairs(a: Recording, b: Recording, alignment: Alignment) -> Iterator[tuple[int, int]]:
    """Yield frames that belong together: a log's dumps, and the other side at the same time."""
    if a.session is not None:
        for frame in _dumps(b, alignment.b.frame):
            yield from ((there, frame) for there in _at(a, b, alignment.b, alignment.a, frame))
    elif b.session is not None:
        for frame in _dumps(a, alignment.a.frame):
            yield from ((frame, there) for there in _at(b, a, alignment.a, alignment.b, frame))
    else:
        yield from zip(_dumps(a, alignment.a.frame), _dumps(b, alignment.b.frame), strict=False)


def _dumps(one: Recording, start: int) -> list[int]:
    """Return the frames from the aligned moment on that printed memory of their own."""
    last = boot_of(one, start).last_frame
    frames = range(start, last + 1)
    shown = ((frame, one.frame(frame).shown) for frame in frames)
    return [frame for frame, dump in shown if dump is not None and dump.own]


def _at(
    run: Recording, log: Recording, log_start: Moment, run_start: Moment, frame: int
) -> list[int]:
    """Return the run's frame at the moment of a log's dump, none if it does not go as far."""
    origin, start, last = log_start.time_us, run_start.time_us, run.time_us(len(run) - 1)
    dump = shown_dump(log, frame)
    moment = dump.time_us if dump is not None else None
    if origin is None or start is None or moment is None or last is None:
        return []
    wanted = start + moment - origin
    return [run.frame_at(wanted, run.boots[0])] if wanted <= last else []


COLUMNS = 120


def compare(
    a: Recording,
    b: Recording,
    align: str = START,
    columns: int = COLUMNS,
    stopped: Stopped = never,
) -> Comparison:
    """Return where two recordings part and what they come to.

    `align` is start, oom, marker:NAME or seconds; the series have `columns` values. `stopped` is
    asked now and then whether to give up. Raises InputError for a moment that one does not have,
    or when stopped. Both recordings are looked at, never changed.
    """
    alignment = aligned(a, b, align)
    settings: tuple[Setting, ...] = ()
    if a.session is not None and b.session is not None:
        settings = settings_of(a.session, b.session)
        try:
            parted = part(a.session, b.session, stopped)
        except BROKEN as error:
            raise TraceError(f"{a.name}, {b.name}: cannot be made again: {error}") from None
        same: int | None = parted.turn - max(a.session.first, b.session.first)
    else:
        parted, same = Parted(first_dump(a, b, alignment), None, 0), None
    rows = table(a, b, alignment)
    return Comparison(
        a_name=a.name,
        b_name=b.name,
        settings=settings,
        first=parted.first,
        then=parted.then,
        same_turns=same,
        alignment=alignment,
        rows=rows,
        firsts=first_times(a, b, alignment),
        tally=tally(rows),
        series=series(a, b, alignment, columns),
    )
