"""Moving through a timeline, whatever it came from; playing it; following one that still grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.timer import Timer

from mmplay.engine.errors import InputError, how_many
from mmplay.recordings.recording import Recording
from mmplay.tui.panels.bars import TimelineBar
from mmplay.tui.play.panels import Panels
from mmplay.tui.player import Player
from mmplay.tui.screens.base import BaseScreen

ENDS = {1: "end of the recording", -1: "start of the recording"}

GROWTH_S = 0.25
"""How often we look whether a recording has grown."""


class Mover:
    """Takes a player through its timeline by keys or by itself, and shows where it came to.

    Each of `watchers` is called after a move; `held` before a run would go on at its end, and tells
    whether something else comes first; `stops_here` at each frame of playing; `least_us` says how
    long a frame stays at least.
    """

    def __init__(self, screen: BaseScreen, panels: Panels, player: Player) -> None:
        self._screen, self._panels, self.player = screen, panels, player
        self.watchers: list[Callable[[], None]] = []
        self.held: Callable[[], bool] = lambda: False
        self.stops_here: Callable[[], bool] = lambda: False
        self.least_us: Callable[[], int] = lambda: 0
        self._timer: asyncio.TimerHandle | None = None
        self._grown_us = 0  # How long the frame stays that was made last.

    @property
    def timeline(self) -> Recording:
        """What we move through."""
        return self.player.timeline

    @property
    def at_end(self) -> bool:
        """Tell whether we stand at the last frame."""
        return self.player.index == self.player.last

    def take(self, timeline: Recording, index: int) -> None:
        """Move through another timeline, from a frame of it on."""
        self.player.take(timeline, index)
        self._schedule()
        self.renew()

    def renew(self) -> None:
        """Stay inside, and draw again, after frames were added or taken back."""
        self._panels.renew()
        self.player.to(self.player.index)
        self.moved()

    def to_end(self) -> None:
        """Go to the last frame, which something that was done has changed."""
        self.player.to(self.player.last)
        self.renew()

    def moved(self) -> None:
        """Show where we are, and let the watchers look at it."""
        self._screen.said = ""
        self._panels.show_frame()
        self._watch()

    def _watch(self) -> None:
        for look in self.watchers:
            look()

    # by keys

    def step(self, frames: int) -> bool:
        """Go some frames on or back; tell whether the run has gone on to make new ones."""
        before = self.player.index
        beyond = before + frames - self.player.last
        if beyond > 0 and self.held():
            return False
        grown = self._grow(beyond)
        self.player.to(self.player.last if grown else before + frames)
        self.moved()
        if self.player.index == before:
            self._screen.say("this is the last frame" if frames > 0 else "this is the first frame")
        return grown

    def _grow(self, frames: int) -> bool:
        """Let a run that goes on make frames beyond its end; tell whether it made any."""
        grown = frames > 0 and self.timeline.live and self.timeline.grow(frames) > 0
        if grown:
            self._panels.renew()
        return grown

    def event(self, direction: int) -> None:
        """Go to the next or previous event."""
        self._or_say(self.player.to_event(direction), "there is no further event")

    def marker(self, direction: int) -> None:
        """Go to the next or previous marker."""
        there_are = bool(self.timeline.markers)
        none = "there is no further marker" if there_are else "this recording has no markers"
        self._or_say(self.player.to_marker(direction), none)

    def back(self) -> None:
        """Return to where the last jump came from."""
        self._or_say(self.player.back(), "you have not jumped yet")

    def _or_say(self, moved: bool, otherwise: str) -> None:
        self.moved()
        if not moved:
            self._screen.say(otherwise)

    def jump(self, index: int) -> None:
        """Go to a frame; `back` returns from it."""
        self.player.jump(index)
        self.moved()

    def first(self) -> None:
        """Go to the first frame."""
        self.jump(0)

    def last(self) -> None:
        """Go to the last frame."""
        self.jump(self.player.last)

    def to_tenth(self, digit: int) -> None:
        """Go to a tenth of the run."""
        self.player.to_percent(10 * digit)
        self.moved()

    def along(self, wanted: TimelineBar.Wanted) -> None:
        """Move as the timeline's bar was asked to."""
        if wanted.column is not None:
            self.jump(self._panels.history.frame_at(wanted.column))
            return
        share = len(self.timeline) * wanted.percent // 100
        self.player.to(self.player.index + wanted.frames + share)
        self.moved()

    # by itself

    def play_or_pause(self, direction: int = 1) -> None:
        """Start playing, forwards or backwards, or stop."""
        self.player.playing = not self.player.playing
        self.player.direction = direction
        self._grown_us = 0
        self._schedule()
        self._panels.draw()

    def pause(self) -> None:
        """Stop playing at once, and let the header say so."""
        self.player.playing = False
        self._schedule()
        self._panels.draw()

    def speed(self, steps: int) -> None:
        """Play faster or slower."""
        self.player.faster(steps)
        self._schedule()
        self._panels.draw()
        self._screen.say(f"speed {self.player.speed_text()}")

    def _schedule(self) -> None:
        """Let the next frame come when its time has come, or end at the timeline's end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.player.playing:
            return
        beyond = self.player.index + self.player.direction > self.player.last
        if beyond and self.held():
            return
        grows = beyond and self.timeline.live
        delay_us = self._grown_us if grows else self.player.delay_us()
        if delay_us is None:
            self._stop_at_end()
            return
        delay_us = delay_us if grows else max(delay_us, self.least_us())
        # Textual skips a timer whose time has come before it begins to wait: where the process
        # stands still just then, nothing would ever play on.
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_us / 1_000_000, self._screen.call_next, self._tick)

    def _stop_at_end(self) -> None:
        self.pause()
        live = self.timeline.live and self.player.direction > 0
        self._screen.say("" if live else ENDS[self.player.direction])

    def _tick(self) -> None:
        """Go to the next frame; a run makes it only now, so that an act is done to what is seen."""
        if not self.player.playing:
            return
        target = self.player.index + self.player.direction
        if target > self.player.last:
            if not self._grow(1):  # Its end may have come without a turn.
                self.pause()
                self.moved()
                return
            target = self.player.last
            self._grown_us = max(self.player.delay_us(target) or 0, self.least_us())
        self.player.to(target)
        self.moved()
        if self.player.playing and self.stops_here():
            self.pause()
            self._screen.say("breakpoint")
        self._schedule()


class Follower:
    """Follows a recording that is still written: who stands at its last frame goes on with it."""

    def __init__(self, screen: BaseScreen, panels: Panels, player: Player) -> None:
        self._screen, self._panels, self._player = screen, panels, player
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Look now and then whether the recording has grown, if it may."""
        if self._player.timeline.growing:
            self._timer = self._screen.set_interval(GROWTH_S, self.look)

    def look(self) -> None:
        """Show what was recorded meanwhile."""
        player = self._player
        if not player.timeline.growing:  # A fork is shown meanwhile.
            return
        following = player.index == player.last
        try:
            growth = player.timeline.follow()
        except InputError as error:
            self._end()
            self._screen.say(str(error))
            return
        if not player.timeline.growing:
            self._end()
            held = how_many(len(player.timeline), "frames")
            self._screen.say(f"the recording has ended: {player.timeline.name}, {held}")
        if growth.added or growth.dropped:
            self._show(growth.dropped, following)

    def _show(self, dropped: int, following: bool) -> None:
        self._player.frames_dropped(dropped)
        self._panels.renew()
        if following:
            self._player.to(self._player.last)
            self._panels.log_panel.show_frame(self._panels.frame)
        self._panels.draw()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
