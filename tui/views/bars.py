"""The one-line bars: header above, timeline and footer below."""

from __future__ import annotations

from mmplay.engine.errors import shortened
from mmplay.engine.frame import Frame, Timeline, boot_of
from mmplay.recordings.chart.axis import Axis
from mmplay.tui.cells import Cell, Row, fit, right, row, time_text
from mmplay.tui.glyphs import Glyphs


def header_row(timeline: Timeline, frame: Frame, state: str, width: int) -> Row:
    """Return the header: what is replayed, which frame, when, how fast."""
    boot = boot_of(timeline, frame.index)
    boots = len(timeline.boots)
    what = [f"boot {frame.boot + 1}/{boots}"] if boots > 1 else []
    what.append(frame.release or "kernel unknown")
    origin = "rec" if frame.observed else "sim"
    count = f"{frame.index + 1}/{len(timeline)}"
    when = time_text(frame.time_us, boot.wall)
    tail = f"{'t=' if frame.time_us is not None else ''}{when} {origin}  {state} "
    head = "  ".join([f" {timeline.name}", *what])
    if len(head) + len(f"  frame {count}  {tail}") <= width:
        count = f"frame {count}"
    tail = f"  {count}  {tail}"
    room = width - len(tail)
    if len(head) > room:
        left = room - len("  ".join(["", *what])) - 1
        name = shortened(timeline.name, max(LEAST_NAME, left))
        head = shortened("  ".join([f" {name}", *what]), room)
    return row(Cell(fit(head, room), "header"), Cell(tail, "header"))


LEAST_NAME = 20
"""Characters of a recording's name that its kernel's may not take."""

AXIS_ROWS = 2
"""Rows of the line of time itself."""


def timeline_rows(
    timeline: Timeline, frame: Frame, axis: Axis, left: int, width: int, glyphs: Glyphs
) -> list[Row]:
    """Return the line of time from column `left` on, and below it what happens in this frame.

    Events have their numbers where there is room.
    """
    line = [glyphs.line] * axis.width
    for stretch in axis.stretches[1:]:
        line[max(0, stretch.start - 1)] = glyphs.break_
    shown = axis.frames
    events = [n for n, index in enumerate(timeline.event_frames, 1) if index in shown]
    for number in reversed(events):
        column = axis.of(timeline.event_frames[number - 1])
        line[column] = glyphs.event
        for at, digit in enumerate(str(number), column + 1):
            if at < axis.width and line[at] == glyphs.line:
                line[at] = digit
    for marker in timeline.markers:
        if marker.frame in shown:
            line[axis.of(marker.frame)] = glyphs.marker
    here = axis.of(frame.index)
    before = "<" if shown.start else "|"
    after = ">" if shown.stop < len(timeline) else "|"
    cells = row(
        Cell(before.rjust(left), "dim"),
        Cell("".join(line[:here]), "dim"),
        Cell(glyphs.here, "here"),
        Cell("".join(line[here + 1 :]), "dim"),
        Cell(f"{after} ", "dim"),
    )
    return [cells, _label_row(timeline, frame, axis, width)]


def _label_row(timeline: Timeline, frame: Frame, axis: Axis, width: int) -> Row:
    """Return what the frame is, between the first time and the last, if there is room for it."""
    boot = boot_of(timeline, frame.index)
    first, last = (
        time_text(timeline.time_us(index), boot.wall)
        for index in (
            max(boot.first_frame, axis.frames.start),
            max(boot.first_frame, min(boot.last_frame, axis.frames.stop - 1)),
        )
    )
    room = max(0, width - len(first) - 4)
    last = "" if last == first or len(frame.title) + len(last) >= room else last
    middle = fit(shortened(f" {frame.title}", room - len(last)), room - len(last))
    return row(
        Cell(f" {first} ", "dim"),
        Cell(middle, "label"),
        Cell(right(f"{last} ", len(last) + 2), "dim"),
    )
