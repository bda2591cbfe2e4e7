"""Where two recordings part of which at least one is a log: by the memory that was printed."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.comparison import Alignment, Difference, Kind, Side
from mmplay.recordings.compare.aligning import boot_of
from mmplay.recordings.compare.values import dump_values, rows_of, shown_dump
from mmplay.recordings.recording import Recording
from mmplay.recordings.session.timeline import SessionTimeline


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
    turn = one.session.first + frame if isinstance(one, SessionTimeline) else None
    title = one.frame(frame).title
    return Side(frame, turn, one.time_us(frame), actor=title, text=text, operands={"note": note})


def _pairs(a: Recording, b: Recording, alignment: Alignment) -> Iterator[tuple[int, int]]:
    """Yield frames that belong together: a log's dumps, and the other side at the same time."""
    if isinstance(a, SessionTimeline):
        for frame in _dumps(b, alignment.b.frame):
            yield from ((there, frame) for there in _at(a, b, alignment.b, alignment.a, frame))
    elif isinstance(b, SessionTimeline):
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
    run: Recording, log: Recording, log_start: object, run_start: object, frame: int
) -> list[int]:
    """Return the run's frame at the moment of a log's dump, none if it does not go as far."""
    origin, start = getattr(log_start, "time_us", None), getattr(run_start, "time_us", None)
    shown = log.frame(frame).shown
    moment = shown.dump.time_us if shown is not None else None
    last = run.time_us(len(run) - 1)
    if origin is None or start is None or moment is None or last is None:
        return []
    wanted = start + moment - origin
    return [run.frame_at(wanted, run.boots[0])] if wanted <= last else []
