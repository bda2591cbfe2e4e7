"""Compares two recordings of any kind."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.comparing import (
    Alignment,
    Comparison,
    Difference,
    Kind,
    Moment,
    Setting,
    Side,
)
from mmplay.recordings.compare.aligning import START, aligned, boot_of
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
from mmplay.recordings.trace.format import TraceError


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
