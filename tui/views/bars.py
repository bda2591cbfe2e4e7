"""The one-line bars: header above, timeline and footer below."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.frame import BootSpan, Frame, Timeline
from mmplay.tui.cells import Cell, Row, fit, right, row, time_text
from mmplay.tui.glyphs import Glyphs


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


class Columns:
    """Where frames stand on a line of `width` columns: by time inside a boot.

    Each boot has its own share of the line, by its number of frames; times of different boots
    are never joined. Where a boot has no times, its frames stand at equal distances.
    """

    def __init__(self, timeline: Timeline, width: int) -> None:
        self._timeline = timeline
        self._width = max(1, width)
        self._shares = list(self._share_out())

    def _share_out(self) -> Iterator[tuple[BootSpan, int, int]]:
        """Yield each boot with its first column and how many columns it has."""
        boots = self._timeline.boots
        room = max(1, self._width - (len(boots) - 1))
        start = 0
        for n, boot in enumerate(boots):
            count = boot.last_frame - boot.first_frame + 1
            last = n == len(boots) - 1
            whole = max(1, len(self._timeline))
            share = room - start + n if last else max(1, room * count // whole)
            yield boot, start + n, max(1, share)
            start += share

    def of(self, index: int) -> int:
        """Return the column of a frame."""
        # A run may have grown since the shares were made: what came later stands at its end.
        boot, start, share = next(
            (one for one in self._shares if one[0].first_frame <= index <= one[0].last_frame),
            self._shares[-1],
        )
        first, last = self._span(boot)
        moment = self._timeline.time_us(index)
        if first is None or last is None or moment is None or first >= last:
            count = boot.last_frame - boot.first_frame
            offset = (index - boot.first_frame) * max(0, share - 1) // max(1, count)
        else:
            offset = max(0, min(last, moment) - first) * (share - 1) // (last - first)
        return min(self._width - 1, start + offset)

    def _span(self, boot: BootSpan) -> tuple[int | None, int | None]:
        return self._timeline.time_us(boot.first_frame), self._timeline.time_us(boot.last_frame)

    def frame(self, column: int) -> int:
        """Return the frame that is nearest to a column."""
        boot, start, share = next(
            (one for one in reversed(self._shares) if one[1] <= column), self._shares[0]
        )
        offset = max(0, min(share - 1, column - start))
        first, last = self._span(boot)
        if first is None or last is None or first >= last:
            count = boot.last_frame - boot.first_frame
            return boot.first_frame + offset * count // max(1, share - 1)
        wanted = first + offset * (last - first) // max(1, share - 1)
        before = self._timeline.frame_at(wanted, boot)
        near = [before, min(boot.last_frame, before + 1)]
        return min(near, key=lambda index: abs(self.of(index) - column))


def timeline_rows(timeline: Timeline, frame: Frame, width: int, glyphs: Glyphs) -> list[Row]:
    """Return the timeline: a line with events, boots and the present, and what happens here."""
    inner = max(4, width - 4)
    columns = Columns(timeline, inner)
    line = [glyphs.line] * inner
    for boot in timeline.boots[1:]:
        line[max(0, columns.of(boot.first_frame) - 1)] = glyphs.break_
    for event in timeline.event_frames:
        line[columns.of(event)] = glyphs.event
    for marker in timeline.markers:
        line[columns.of(marker.frame)] = glyphs.marker
    here = columns.of(frame.index)
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
