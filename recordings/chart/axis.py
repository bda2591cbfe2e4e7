"""Where frames stand on a line: by time inside a boot, or by its events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.frame import BootSpan, Timeline

MOST_FRAMES = 240
"""Frames on a line at most, of a recording whose frames have to be read one by one."""


class Stretch(NamedTuple):
    """The part of a line that one boot has.

    `anchors` are frames at equal distances, the first and the last of the boot's on the line among
    them; between two of them frames stand by time.
    """

    boot: BootSpan
    start: int
    share: int
    anchors: tuple[int, ...]

    def place(self, anchor: int) -> int:
        """Return the column of an anchor, by its number."""
        return self.start + anchor * (self.share - 1) // max(1, len(self.anchors) - 1)


class Axis:
    """A line of `width` columns with those of a timeline's `frames` that exist.

    Each boot has its own share of the line, by its number of frames; times of different boots are
    never joined. Where a boot has no times, its frames stand at equal distances. With `by_event`
    the events stand at equal distances, however close together they came.
    """

    def __init__(self, timeline: Timeline, width: int, frames: range, by_event: bool) -> None:
        self._timeline = timeline
        self.width = max(1, width)
        self.frames = frames
        self.by_event = by_event
        self.stretches = list(self._share_out())

    def _share_out(self) -> Iterator[Stretch]:
        within = [
            (boot, max(boot.first_frame, self.frames.start), min(boot.last_frame, self._last))
            for boot in self._timeline.boots
        ]
        within = [(boot, first, last) for boot, first, last in within if first <= last]
        room = max(1, self.width - (len(within) - 1))
        start = 0
        for n, (boot, first, last) in enumerate(within):
            whole = max(1, len(self.frames))
            ends = n == len(within) - 1
            share = room - start + n if ends else max(1, room * (last - first + 1) // whole)
            yield Stretch(boot, start + n, max(1, share), self._anchors(first, last))
            start += share

    @property
    def _last(self) -> int:
        return min(self.frames.stop, len(self._timeline)) - 1

    def _anchors(self, first: int, last: int) -> tuple[int, ...]:
        events = self._timeline.event_frames if self.by_event else ()
        return tuple(sorted({first, last, *(one for one in events if first < one < last)}))

    def of(self, index: int) -> int:
        """Return the column of a frame; one beyond an end stands at that end."""
        stretch = self._stretch_of(index)
        anchors = stretch.anchors
        index = max(anchors[0], min(anchors[-1], index))
        at = max(0, min(len(anchors) - 2, bisect_right(anchors, index) - 1))
        first, last = anchors[at], anchors[min(at + 1, len(anchors) - 1)]
        left, right = stretch.place(at), stretch.place(min(at + 1, len(anchors) - 1))
        done, whole = self._way(first, index, last)
        return min(self.width - 1, left + done * (right - left) // max(1, whole))

    def _way(self, first: int, index: int, last: int) -> tuple[int, int]:
        """Return how far a frame is from the first towards the last: by time, else by number."""
        times = [self._timeline.time_us(one) for one in (first, index, last)]
        begin, now, end = times
        if begin is None or now is None or end is None or begin >= end:
            return index - first, last - first
        return max(0, min(end, now) - begin), end - begin

    def _stretch_of(self, index: int) -> Stretch:
        # A run may have grown since the shares were made: what came later stands at its end.
        return next((one for one in self.stretches if index <= one.anchors[-1]), self.stretches[-1])

    def frame(self, column: int) -> int:
        """Return the frame that is nearest to a column."""
        stretch = next((s for s in reversed(self.stretches) if s.start <= column), None)
        stretch = stretch or self.stretches[0]
        anchors = stretch.anchors
        places = [stretch.place(n) for n in range(len(anchors))]
        at = max(0, min(len(anchors) - 2, bisect_right(places, column) - 1))
        low, high = anchors[at], anchors[min(at + 1, len(anchors) - 1)]
        after = low + bisect_left(range(low, high), column, key=self.of)
        near = [max(low, after - 1), min(high, after)]
        return min(near, key=lambda index: abs(self.of(index) - column))


def frames_shown(count: int, index: int, before: range) -> range:
    """Return which of `count` frames are on the line, so that frame `index` is among them.

    `before` are those that were; they move on by half when the frame has left them.
    """
    if count <= MOST_FRAMES:
        return range(count)
    half = MOST_FRAMES // 2
    start = before.start if len(before) == MOST_FRAMES else max(0, index - half)
    if not start <= index < start + MOST_FRAMES:
        start = index - index % half - half * (index >= start + MOST_FRAMES)
    start = max(0, min(count - MOST_FRAMES, start))
    return range(start, start + MOST_FRAMES)
