"""Moving through a timeline, whatever it came from: by frame, event, marker, time, word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.timer import Timer
from textual.worker import Worker, WorkerState, get_current_worker

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Timeline
from mmplay.recordings.position import FORMS, find_position
from mmplay.tui.exporting import EXPORTS
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.panels.bars import TimelineBar
from mmplay.tui.panels.log_panel import LogPanel
from mmplay.tui.player import Player
from mmplay.tui.screens.base import STOPPABLE
from mmplay.tui.screens.panels import PanelsScreen
from mmplay.tui.search import LogSearch
from mmplay.tui.views.bars import Columns

SEARCH, JUMP, GO = "search", "jump", "go"
ENDS = {1: "end of the recording", -1: "start of the recording"}


def _stopped() -> Callable[[], bool]:
    """Return a test, for use inside a worker, that tells whether Ctrl+C stopped it."""
    worker = get_current_worker()
    return lambda: worker.is_cancelled


class MoveScreen(PanelsScreen):
    """Moves through a timeline: by frame, event, marker, time, share, word; plays it."""

    def __init__(self, timeline: Timeline, glyphs: Glyphs, start: int = 0) -> None:
        super().__init__(timeline, glyphs, start)
        self._timer: Timer | None = None
        self._search = LogSearch(timeline)

    def on_unmount(self) -> None:
        """Let go of the recording's file."""
        self.workers.cancel_node(self)
        self.timeline.close()

    def show_timeline(self, timeline: Timeline, index: int) -> None:
        """Show another timeline, at a frame of it."""
        self.timeline = timeline
        speed = self.player.speed
        self.player = Player(timeline, max(0, min(len(timeline) - 1, index)), speed=speed)
        self.painter.take(timeline)
        self._search = LogSearch(timeline)
        self._log().take(timeline)
        self._moved()

    def refresh_timeline(self) -> None:
        """Draw again after turns were added or taken back."""
        self.painter.forget()
        self.player.to(self.player.index)
        self._log().take(self.timeline)
        self._moved()

    # moving

    def _moved(self) -> None:
        self.said = ""
        self.draw()
        self._log().show_frame(self.frame)

    def _log(self) -> LogPanel:
        return self.query_one("#log", LogPanel)

    def action_step(self, frames: int) -> None:
        """Go some frames on or back; a run that goes on makes new ones at its end."""
        before = self.player.index
        self._grow(before + frames - self.player.last)
        self.player.to(before + frames)
        self._moved()
        if self.player.index == before:
            self.say("this is the last frame" if frames > 0 else "this is the first frame")

    def _grow(self, frames: int) -> None:
        """Let a run that goes on make the frames that are wanted beyond its end."""
        if frames > 0 and self.timeline.live and self.timeline.grow(frames):
            self.painter.forget()
            self._log().take(self.timeline)

    def action_event(self, direction: int) -> None:
        """Go to the next or previous event."""
        self._or_say(self.player.to_event(direction), "no further event")

    def action_marker(self, direction: int) -> None:
        """Go to the next or previous marker."""
        none = "no markers in this recording" if not self.timeline.markers else "no further marker"
        self._or_say(self.player.to_marker(direction), none)

    def action_back_to(self) -> None:
        """Return to where the last jump came from."""
        self._or_say(self.player.back(), "no jump to go back from")

    def _or_say(self, moved: bool, otherwise: str) -> None:
        self._moved()
        if not moved:
            self.say(otherwise)

    def action_first(self) -> None:
        """Go to the first frame."""
        self.player.jump(0)
        self._moved()

    def action_last(self) -> None:
        """Go to the last frame."""
        self.player.jump(self.player.last)
        self._moved()

    def action_jump(self, digit: int) -> None:
        """Go to a tenth of the run."""
        self.player.to_percent(10 * digit)
        self._moved()

    @on(TimelineBar.Wanted)
    def timeline_moved(self, message: TimelineBar.Wanted) -> None:
        """Move as the timeline was asked to."""
        if message.column is not None:
            columns = Columns(self.timeline, max(4, self.size.width - 4))
            self.player.jump(columns.frame(message.column - 2))
        else:
            share = len(self.timeline) * message.percent // 100
            self.player.to(self.player.index + message.frames + share)
        self._moved()

    # playing

    def action_play_or_pause(self, direction: int = 1) -> None:
        """Start playing, forwards or backwards, or stop."""
        self.player.playing = not self.player.playing
        self.player.direction = direction
        self._schedule()
        self.draw()

    def action_speed(self, steps: int) -> None:
        """Play faster or slower."""
        self.player.faster(steps)
        self._schedule()
        self.draw()
        self.say(f"speed {self.player.speed_text()}")

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.player.playing:
            return
        if self.player.direction > 0 and self.player.index == self.player.last:
            self._grow(1)
        delay_us = self.player.delay_us()
        if delay_us is None:
            self.player.playing = False
            self.draw()
            self.say(ENDS[self.player.direction])
            return
        self._timer = self.set_timer(delay_us / 1_000_000, self._tick)

    def _tick(self) -> None:
        self.player.to(self.player.index + self.player.direction)
        self._moved()
        if self.player.playing and self.stops_here():
            self.player.playing = False
            self.draw()
            self.say("breakpoint")
        self._schedule()

    def stops_here(self) -> bool:
        """Tell whether playing stops at this frame."""
        return False

    # prompts

    def action_go_to(self) -> None:
        """Ask where to go."""
        self.ask_for(GO, f"go to: {FORMS}")

    def action_search(self) -> None:
        """Ask what to look for."""
        self.ask_for(SEARCH, "search the log (Enter; n, N go on; Esc leaves)")

    def prompt_closed(self) -> None:
        """Go back to the zones."""
        self.panel("zones").focus()

    def answered(self, kind: str, text: str) -> None:
        """Go there, or look for it."""
        if kind == SEARCH:
            self._start_search(text)
        elif kind == GO:
            self._go(text)

    def _go(self, text: str) -> None:
        current = self.player.index
        self.look(lambda stopped: find_position(self.timeline, text, current, stopped))

    def look(self, find: Callable[[Callable[[], bool]], int]) -> None:
        """Look for a frame in a thread, and jump there; what it raises is said."""

        def found() -> int | str:
            try:
                return find(_stopped())
            except InputError as error:
                return str(error)

        self.say("looking; Ctrl+C stops")
        self.run_worker(found, name=JUMP, group=STOPPABLE, exclusive=True, thread=True)

    def _jump_ended(self, found: int | str) -> None:
        if isinstance(found, str):
            self.say(found)
            return
        self.painter.forget()
        self.player.jump(found)
        self._moved()

    def _start_search(self, text: str) -> None:
        self._search.needle = text
        self._log().show_matches(text)
        if text:
            self.action_match(1)

    def action_match(self, direction: int) -> None:
        """Go to the next or previous line that the search finds."""
        if not self._search.needle:
            self.say("nothing to look for yet; / starts a search")
            return
        self.say("searching; Ctrl+C stops")
        start = self._log().line
        self.run_worker(
            lambda: self._search.find(start, direction, _stopped()),
            name=SEARCH,
            group=STOPPABLE,
            exclusive=True,
            thread=True,
        )

    @on(Worker.StateChanged)
    def worker_ended(self, message: Worker.StateChanged) -> None:
        """A search or a jump ended: go to what it found, or say that it found nothing."""
        worker = message.worker
        if worker.group not in (STOPPABLE, EXPORTS):
            return
        if message.state is WorkerState.CANCELLED:
            self.say(f"{worker.name} stopped")
        elif message.state is WorkerState.SUCCESS:
            self.work_done(worker.name, worker.result)

    def work_done(self, name: str, result: Any) -> None:
        """Take what work in a thread came to."""
        if name == JUMP:
            self._jump_ended(result if result is not None else "")
        elif name == SEARCH:
            self._search_ended(result)

    def _search_ended(self, line: int | None) -> None:
        if line is None:
            self.say(f"not found: {self._search.needle}")
        else:
            self._to_line(line)

    def _to_line(self, line: int) -> None:
        index = self.timeline.frame_of_line(line)
        if index is not None and index != self.player.index:
            self.player.jump(index)
            self._moved()
        self.choose_lower("log")
        self._log().go_to_line(line)
        self.say(f"line {line}: {self._search.needle}" if self._search.needle else "")

    @on(LogPanel.LineChosen)
    def line_chosen(self, message: LogPanel.LineChosen) -> None:
        """Enter on a log line: go to its frame."""
        self._to_line(message.number)

    def close_one(self) -> bool:
        """Close the prompt, or take back the zoom."""
        if self.close_prompt():
            return True
        zoomed = self.has_class("-zoomed")
        if zoomed:
            self.action_zoom()
        return zoomed
