"""Finding a place in a timeline: by a word of the log, a time, a mark, or a condition."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.sim.metrics import EVENTS
from mmplay.recordings.marking import mark_frame
from mmplay.recordings.position import FORMS, find_break, holds_at, run_to_position
from mmplay.recordings.recording import Recording, Stopped
from mmplay.tui.play.mover import Mover
from mmplay.tui.play.panels import Panels
from mmplay.tui.player import LogSearch
from mmplay.tui.screens.base import BaseScreen

SEARCH, JUMP = "search", "jump"
"""What Ctrl+C stops."""


class Finder:
    """Asks for a place, looks for it in a thread, and goes there. State: needle, breakpoint."""

    def __init__(self, screen: BaseScreen, panels: Panels, mover: Mover) -> None:
        self._screen, self._panels, self._mover = screen, panels, mover
        self._search = LogSearch(mover.timeline)
        self._break = ""
        mover.stops_here = self.breaks_here

    @property
    def search(self) -> LogSearch:
        """The search in the log that is shown; another log begins another one."""
        if self._search.timeline is not self._mover.timeline:
            self._search = LogSearch(self._mover.timeline)
        return self._search

    # a time, a frame, a mark

    def ask_where(self) -> None:
        """Ask where to go."""
        self._screen.ask_for(f"go to: {FORMS}", self.go)

    def go(self, text: str) -> None:
        """Go where a text says."""
        self._look(run_to_position, text)

    def _look(self, find: Callable[[Recording, str, int, Stopped], int], text: str) -> None:
        timeline, here = self._mover.timeline, self._mover.player.index
        self._screen.say("looking; Ctrl+C stops")
        self._screen.work(JUMP, lambda stopped: find(timeline, text, here, stopped), self._found)

    def _found(self, index: int) -> None:
        self._panels.forget()
        self._mover.jump(index)

    def ask_mark(self) -> None:
        """Ask for the letter of a mark."""
        question = "press a letter to mark this frame (Esc: cancel)"
        self._screen.ask_key(question, lambda letter: self._mark(letter, ""))

    def ask_which_mark(self) -> None:
        """Ask which mark to go to; ' again goes back to where we were."""
        question = "press the letter of a mark, or ' to go back to where you were"
        self._screen.ask_key(question, self._go_to_mark)

    def _go_to_mark(self, letter: str) -> None:
        if letter == "'":
            self._mover.back()
        else:
            self.go(f"'{letter}")

    def ask_note(self) -> None:
        """Ask for a note on this frame."""
        self._screen.ask_for("note on this frame, kept in the recording", self._note)

    def _note(self, text: str) -> None:
        if text.strip():
            self._mark("note", text.strip())

    def _mark(self, name: str, note: str) -> None:
        with self._screen.refusals_said():
            kept = mark_frame(self._mover.timeline, self._mover.player.index, name, note)
            self._panels.forget()
            self._panels.draw()
            self._screen.say(kept)

    # a condition

    def ask_condition(self) -> None:
        """Ask for a condition to stop at."""
        placeholder = f"break at free of DMA32 <= 650, or {' '.join(EVENTS)}; empty: none"
        self._screen.ask_for(placeholder, self._set_break)

    def _set_break(self, text: str) -> None:
        condition = self._break = text.strip()
        if not condition:
            self._screen.say("the breakpoint is removed")
            return
        self._look(find_break, condition)

    def breaks_here(self) -> bool:
        """Tell whether the breakpoint's condition has just come true."""
        here = self._mover.player.index
        return bool(self._break) and holds_at(self._mover.timeline, self._break, here)

    # a word

    def ask_word(self) -> None:
        """Ask what to look for."""
        placeholder = "search the log (Enter: find, then n or N; Esc: cancel)"
        self._screen.ask_for(placeholder, self._start_search)

    def _start_search(self, text: str) -> None:
        self.search.needle = text
        self._panels.log_panel.show_matches(text)
        if text:
            self.match(1)

    def match(self, direction: int) -> None:
        """Go to the next or previous line that the search finds."""
        search, start = self.search, self._panels.log_panel.line
        if not search.needle:
            self._screen.say("press / to start a search")
            return
        self._screen.say("searching; Ctrl+C stops")
        job = lambda stopped: search.find(start, direction, stopped)  # noqa: E731
        self._screen.work(SEARCH, job, self._matched)

    def _matched(self, line: int | None) -> None:
        if line is None:
            self._screen.say(f"not found: {self.search.needle}")
        else:
            self.to_line(line)
            self._count(line)

    def _count(self, line: int) -> None:
        """Say which hit a line is, of how many, unless something else is said by then."""
        search, said = self.search, self._screen.said

        def tell(place: tuple[int, int] | None) -> None:
            """Add the place to what is said, if that is still the hit."""
            if place is not None and self._screen.said == said:
                self._screen.say(f"{said} ({place[0]} of {place[1]})")

        self._screen.work(SEARCH, lambda stopped: search.place_of(line, stopped), tell)

    def to_line(self, line: int) -> None:
        """Go to the frame of a line of the log, and to the line."""
        index = self._mover.timeline.frame_of_line(line)
        if index is not None and index != self._mover.player.index:
            self._mover.jump(index)
        self._panels.choose_lower("log")
        self._panels.log_panel.go_to_line(line)
        needle = self.search.needle
        self._screen.say(f"line {line}: {needle}" if needle else "")
