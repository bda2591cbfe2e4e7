"""The line of time: which frames are on it, what is known of them, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mmplay.engine.frame import Frame
from mmplay.levels.play.showing import EVERYTHING, Showing
from mmplay.recordings.chart.axis import Axis, frames_shown
from mmplay.recordings.chart.curves import Curve, Reached, ZoneKey, curves_of, free_pages
from mmplay.recordings.recording import Recording
from mmplay.recordings.trace.format import Code
from mmplay.tui.cells import Row
from mmplay.tui.player import Player
from mmplay.tui.views.bars import AXIS_ROWS, timeline_rows
from mmplay.tui.views.history import LEFT, RIGHT, Bands, history_rows
from mmplay.tui.views.scene import View

if TYPE_CHECKING:
    from mmplay.recordings.answer import Answer

BARE = 2
"""Columns left and right of a line that has no strips above it."""


class Known:
    """The curves of a recording, kept until it grows or others of its frames are on the line.

    What the first frame of a run says, and those that were looked at, is known from then on, until
    one is undone.
    """

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._count = 0
        self._curves: dict[ZoneKey, Curve] = {}
        self._seen: dict[int, tuple[tuple[ZoneKey, int], ...]] = {}

    def of(self, timeline: Recording, frame: Frame, frames: range) -> dict[ZoneKey, Curve]:
        """Return the curves; what the present frame of a run says belongs to them, too."""
        session = timeline.session
        kept = None if session is None else len(session.tape.of(Code.ROW))
        key = (timeline, kept, frames if session is None else None)
        if len(timeline) < self._count or self._key[:1] != key[:1]:
            self._seen.clear()
        if self._key != key or len(timeline) < self._count:
            self._key, self._curves = key, curves_of(timeline, frames)
            for index, found in self._seen.items():
                self._note(index, found)
            if session is not None and 0 not in self._seen:
                self._look_at(timeline.frame(0))
        self._count = len(timeline)
        if session is not None and frame.index not in self._seen:
            self._look_at(frame)
        return self._curves

    def _look_at(self, frame: Frame) -> None:
        shown = frame.shown
        self._seen[frame.index] = tuple(free_pages(shown.dump)) if shown is not None else ()
        self._note(frame.index, self._seen[frame.index])

    def _note(self, index: int, found: Iterable[tuple[ZoneKey, int]]) -> None:
        for zone, free in found:
            self._curves.setdefault(zone, Curve([], exact=True)).note(index, free)


class KnownBands:
    """How far the runs of a log's machine went, while this one made its frames; kept likewise."""

    def __init__(self) -> None:
        self._answer: Answer | None = None
        self._count = 0
        self._bands: Bands = {}

    def of(self, timeline: Recording, answer: Answer | None) -> Bands:
        """Return the bands of what the runs came to; none where that is not known."""
        if answer is not self._answer or len(timeline) != self._count:
            self._answer, self._count = answer, len(timeline)
            self._bands = {} if answer is None else _bands_on(timeline, answer)
        return self._bands


def _bands_on(timeline: Recording, answer: Answer) -> Bands:
    boot, last_us = timeline.boots[0], timeline.time_us(len(timeline) - 1) or 0

    def frame(time_us: int) -> int:
        """Return the last frame that is not later than a moment."""
        return timeline.frame_at(time_us, boot)

    return {
        (0, zone): [
            Reached(frame(one.from_us), frame(one.until_us), one.low, one.high)
            for one in band
            if one.from_us <= last_us
        ]
        for zone, band in answer.bands().items()
    }


class History:
    """Draws the line of time of what a player goes through, and the zones' free pages above it.

    `answer` returns what the runs of a log's machine came to, if it is known: their bands.
    """

    def __init__(self, player: Player) -> None:
        self._player = player
        self.answer: Callable[[], Answer | None] = lambda: None
        self.by_event = False
        self._frames = range(0)
        self._axis: tuple[tuple[object, ...], Axis] | None = None
        self._known, self._bands = Known(), KnownBands()
        self._left = BARE

    def rows(self, view: View, showing: Showing = EVERYTHING) -> list[Row]:
        """Return the rows of the line: strips as far as there is room, then the axis."""
        strips = max(0, view.height - AXIS_ROWS)
        self._left = LEFT if strips else BARE
        axis = self._axis_of(view.width - self._left - (RIGHT if strips else BARE))
        timeline, frame, left = self._player.timeline, view.frame, self._left
        curves = self._known.of(timeline, frame, axis.frames)
        bands = self._bands.of(timeline, self.answer()) if strips else {}
        rows = history_rows(view, curves, axis, strips, showing, bands)
        return rows + timeline_rows(timeline, frame, axis, left, view.width, view.glyphs)

    def frame_at(self, column: int) -> int:
        """Return the frame nearest to a column of the screen."""
        return self._axis[1].frame(column - self._left) if self._axis else self._player.index

    def _axis_of(self, width: int) -> Axis:
        timeline, index = self._player.timeline, self._player.index
        whole = timeline.session is not None
        frames = range(len(timeline))
        if not whole:
            frames = self._frames = frames_shown(len(timeline), index, self._frames)
        key = (timeline, len(timeline), frames, self.by_event, width)
        if self._axis is None or self._axis[0] != key:
            self._axis = key, Axis(timeline, max(4, width), frames, self.by_event)
        return self._axis[1]
