"""The one-line bars: header above, timeline and footer below."""

from __future__ import annotations

from mmplay.engine.frame import BootSpan, Frame, Timeline
from mmplay.tui.cells import Cell, Row, fit, right, row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.times import time_text


def boot_of(timeline: Timeline, frame: Frame) -> BootSpan:
    """Return the boot that a frame belongs to."""
    return next(boot for boot in timeline.boots if boot.index == frame.boot)


def header_row(timeline: Timeline, frame: Frame, state: str, width: int) -> Row:
    """Return the header: what is replayed, which frame, when, how fast."""
    boot = boot_of(timeline, frame)
    what = [f" {timeline.name}", frame.release or "kernel unknown"]
    if len(timeline.boots) > 1:
        what.append(f"boot {frame.boot + 1}/{len(timeline.boots)}")
    head = "  ".join(what)
    origin = "rec" if frame.observed else "sim"
    count = f"{frame.index + 1}/{len(timeline)}"
    tail = f"t={time_text(frame.time_us, boot.wall)} {origin}  {state} "
    if len(head) + len(f"  frame {count}  {tail}") <= width:
        count = f"frame {count}"
    tail = f"  {count}  {tail}"
    return row(Cell(fit(head, width - len(tail)), "header"), Cell(tail, "header"))


def timeline_columns(timeline: Timeline, width: int) -> list[int]:
    """Return the column of each frame on a line of `width`: by time inside a boot.

    Each boot has its own share of the line, by its number of frames; times of different boots
    are never joined.
    """
    columns: list[int] = []
    room = max(1, width - (len(timeline.boots) - 1))
    start = 0
    for n, boot in enumerate(timeline.boots):
        count = boot.last_frame - boot.first_frame + 1
        last = n == len(timeline.boots) - 1
        share = room - start + n if last else max(1, room * count // max(1, len(timeline)))
        columns += [start + n + offset for offset in _offsets(timeline, boot, max(1, share))]
        start += share
    return [min(width - 1, column) for column in columns]


def _offsets(timeline: Timeline, boot: BootSpan, share: int) -> list[int]:
    times = [timeline.time_us(n) for n in range(boot.first_frame, boot.last_frame + 1)]
    known = [time for time in times if time is not None]
    first, last = (min(known), max(known)) if known else (0, 0)
    if len(known) != len(times) or first == last:
        return [n * max(0, share - 1) // max(1, len(times) - 1) for n in range(len(times))]
    return [(time - first) * (share - 1) // (last - first) for time in known]


def timeline_rows(timeline: Timeline, frame: Frame, width: int, glyphs: Glyphs) -> list[Row]:
    """Return the timeline: a line with events, boots and the present, and what happens here."""
    inner = max(4, width - 4)
    columns = timeline_columns(timeline, inner)
    line = [glyphs.line] * inner
    for boot in timeline.boots[1:]:
        line[max(0, columns[boot.first_frame] - 1)] = glyphs.break_
    for event in timeline.event_frames:
        line[columns[event]] = glyphs.event
    for marker in timeline.markers:
        line[columns[marker.frame]] = glyphs.marker
    here = columns[frame.index]
    cells = row(
        Cell(" |", "dim"),
        Cell("".join(line[:here]), "dim"),
        Cell(glyphs.here, "here"),
        Cell("".join(line[here + 1 :]), "dim"),
        Cell("| ", "dim"),
    )
    return [cells, _label_row(timeline, frame, width)]


def _label_row(timeline: Timeline, frame: Frame, width: int) -> Row:
    boot = boot_of(timeline, frame)
    first = time_text(timeline.time_us(boot.first_frame), boot.wall)
    last = time_text(timeline.time_us(boot.last_frame), boot.wall)
    middle = fit(f" {frame.title}", max(0, width - len(first) - len(last) - 4))
    return row(
        Cell(f" {first} ", "dim"),
        Cell(middle, "label"),
        Cell(right(f"{last} ", len(last) + 2), "dim"),
    )
