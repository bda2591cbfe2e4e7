"""Follows a recording that is still being written: who stands at its last frame goes on with it."""

from __future__ import annotations

from textual.timer import Timer

from mmplay.engine.errors import InputError
from mmplay.engine.frame import GrowingTimeline, Timeline
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.screens.move import MoveScreen

GROWTH_S = 0.25
"""How often the file is looked at."""


class GrowingScreen(MoveScreen):
    """Moves through a timeline that may grow at its end and lose frames at its start."""

    def __init__(self, timeline: Timeline, glyphs: Glyphs, start: int = 0) -> None:
        super().__init__(timeline, glyphs, start)
        self._growth: Timer | None = None

    def on_mount(self) -> None:
        """Look now and then whether the recording has grown."""
        if isinstance(self.timeline, GrowingTimeline) and self.timeline.growing:
            self._growth = self.set_interval(GROWTH_S, self.look_for_growth)

    @property
    def growth_awaited(self) -> bool:
        """Tell whether more may still be recorded."""
        return self._growth is not None

    def look_for_growth(self) -> None:
        """Show what was recorded meanwhile."""
        if not isinstance(self.timeline, GrowingTimeline):
            return
        following = self.player.index == self.player.last
        try:
            growth = self.timeline.follow()
        except InputError as error:
            self._stop_growth()
            self.say(str(error))
            return
        if not self.timeline.growing:
            self._stop_growth()
        if growth.added or growth.dropped:
            self._has_grown(growth.dropped, following)

    def _has_grown(self, dropped: int, following: bool) -> None:
        self.player.frames_dropped(dropped)
        self.painter.forget()
        if dropped:
            self._log().take(self.timeline)
        if following:
            self.player.to(self.player.last)
            self._log().show_frame(self.frame)
        self.draw()

    def _stop_growth(self) -> None:
        if self._growth is not None:
            self._growth.stop()
            self._growth = None
