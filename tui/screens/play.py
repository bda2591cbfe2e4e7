"""The play screen: one for a game, a replayed run, an imported log and a live capture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from textual import on
from textual.app import ComposeResult

from mmplay.recordings.recording import Recording
from mmplay.tui.exporting import FORMATS, Exports
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.keys import (
    COMMON_KEYS,
    DIGIT_KEYS,
    LEVEL_KEYS,
    PLAY_KEYS,
    RUN_KEYS,
    TENTHS,
    Key,
    bindings,
)
from mmplay.tui.panels.bars import LineBar, TimelineBar, VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.log_panel import LogPanel
from mmplay.tui.play.finder import Finder
from mmplay.tui.play.mover import Follower, Mover
from mmplay.tui.play.panels import Panels
from mmplay.tui.play.runs import Runs
from mmplay.tui.player import Player
from mmplay.tui.screens.base import BaseScreen, Parting

if TYPE_CHECKING:
    from mmplay.levels.model import Level
    from mmplay.levels.play.run import LevelRun
    from mmplay.tui.play.game import GameFace

Given = ParamSpec("Given")


def by(
    part: str, deed: Callable[Concatenate[Any, Given], object]
) -> Callable[Concatenate[PlayScreen, Given], None]:
    """Return the action of a key that a part of the screen does."""

    def action(screen: PlayScreen, /, *args: Given.args, **named: Given.kwargs) -> None:
        """Let the part do it."""
        deed(getattr(screen, part), *args, **named)

    return action


def in_level(deed: Callable[[GameFace], None]) -> Callable[[PlayScreen], None]:
    """Return the action of a key that means nothing without a level."""

    def action(screen: PlayScreen) -> None:
        """Do it in a level."""
        if screen.game is not None:
            deed(screen.game)

    return action


class PlayScreen(BaseScreen):
    """Owns panels, a mover, a finder and runs; in a level a game as well. They do what keys say."""

    CSS_PATH = "../play.tcss"
    KEYS = (*PLAY_KEYS, *RUN_KEYS, *DIGIT_KEYS)
    BINDINGS = bindings(LEVEL_KEYS, KEYS, COMMON_KEYS)

    def __init__(self, timeline: Recording, glyphs: Glyphs, start: int = 0) -> None:
        """Show a timeline, which the screen then owns, at a frame."""
        super().__init__()
        self.player = Player(timeline, start)
        self.panels = Panels(self, self.player, glyphs)
        self.mover = Mover(self, self.panels, self.player)
        self.follower = Follower(self, self.panels, self.player)
        self.finder = Finder(self, self.panels, self.mover)
        self.runs = Runs(self, self.panels, self.mover)
        self.game: GameFace | None = None
        self._exports = Exports(self)
        self.add_class("-recording")

    @classmethod
    def of_level(
        cls, level: Level, kept: LevelRun | None, glyphs: Glyphs, motion: bool = False
    ) -> PlayScreen:
        """Return the screen of a level: of a run of it that was kept, else of a fresh one."""
        from mmplay.levels.play.game import LevelGame, begin_recorded
        from mmplay.levels.tries import tries_of
        from mmplay.tui.play.game import GameFace
        from mmplay.tui.play.meaning import run_us

        if kept:
            game = LevelGame.going_on(kept)
        else:
            game = LevelGame(begin_recorded(level, before=len(tries_of(level.id))))
        screen = cls(game, glyphs, len(game) - 1 if kept else 0)
        screen.game = GameFace(screen, screen.runs, level, game, motion)
        screen.player.pace(run_us(level, game.time_us(0) or 0))
        screen.remove_class("-recording")
        screen.add_class("-level")
        if kept:
            screen.said = f"{level.id} goes on where you left it; press R to begin again"
        return screen

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the screen, first those of a level if there is one."""
        return self.KEYS if self.game is None else (*LEVEL_KEYS, *self.KEYS)

    @property
    def offered(self) -> tuple[Key, ...]:
        """The keys of the footer: those of a level say what can be done now."""
        if self.game is not None and self.game.shown:
            return self.game.offered
        refused = self.runs.refused
        return tuple(key for key in self.keys if key.action not in refused)

    @property
    def told(self) -> tuple[Key, ...]:
        """The keys that the help names."""
        if self.game is not None and self.game.shown:
            return self.game.told
        refused = self.runs.refused
        told = (key for key in self.keys if key not in DIGIT_KEYS and key.action not in refused)
        return (*told, TENTHS)

    def compose(self) -> ComposeResult:
        """Lay out the panels between header and verdict, and the footer."""
        yield LineBar(id="header")
        yield VerdictBar(id="verdict")
        yield self.panels
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """Tell a level's story, if it begins; follow the recording if it is still written."""
        if self.game is not None and not self.said:
            self.game.tell_story(self._story_read)
        self.follower.begin()
        self.panels.begin()
        self.runs.begin()

    def _story_read(self, goes_on: bool | None) -> None:
        """Go back from a level that has not begun, if its reader does not go on."""
        if goes_on is False:
            self.action_escape()

    def on_unmount(self) -> None:
        """Let go of every timeline's file."""
        self.workers.cancel_node(self)
        self.runs.close()

    def part(self) -> Parting:
        """Stop an export, since what it reads from is closed with the screen; keep the level."""
        stopped = self._exports.stop()
        left = self.game.part() if self.game is not None else Parting()
        return Parting("; ".join(filter(None, (stopped, left.said))), left.level)

    # drawing

    def on_resize(self) -> None:
        """Fill the new sizes once the layout has settled."""
        self.panels.draw_soon()

    def on_screen_resume(self) -> None:
        """Draw again what lay below another screen; let time run once a level's story is read.

        Where the player acts it waits if it did.
        """
        self.panels.draw_anew()
        if self.game is not None and not self.game.level_run.level.allow:
            self.game.let_run()

    @property
    def settled(self) -> bool:
        """Tell whether nothing is left to be drawn: until then panels may have no size yet."""
        return super().settled and not self.panels.drawing_soon

    def glossary_term(self) -> str:
        """Return the term of the number that is explained, or of what a level asks."""
        from mmplay.levels.glossary import entry_for
        from mmplay.tui.play.meaning import term_of

        if self.game is not None and self.game.shown:
            return term_of(self.game.game)
        trail = self.panels.trail
        entry = entry_for(trail[-1]) if trail else None
        return entry.id if entry else ""

    # moving, looking, finding

    def action_step(self, frames: int) -> None:
        """Go some frames on or back, which stops a level's time; inside a turn go by decisions."""
        if self.runs.step_inside(frames):
            return
        if self.game is not None and self.game.shown:
            self.mover.pause()
        if self.game is not None and frames > 0:
            self.game.to_now()
        went_on = self.mover.step(frames)
        if went_on and self.game is not None:
            self.game.went_on()

    def action_jump(self, digit: int) -> None:
        """Go to a tenth of the run; in a level choose, where there is something to choose."""
        if self.game is not None and self.game.shown:
            self.game.digit(digit)
        else:
            self.mover.to_tenth(digit)

    action_event = by("mover", Mover.event)
    action_marker = by("mover", Mover.marker)

    def action_play_or_pause(self, direction: int = 1) -> None:
        """Let time run, or stop it."""
        if self.game is not None:
            self.game.to_now()
        self.mover.play_or_pause(direction)

    action_speed = by("mover", Mover.speed)
    action_first = by("mover", Mover.first)
    action_last = by("mover", Mover.last)
    timeline_moved = on(TimelineBar.Wanted)(by("mover", Mover.along))

    action_explain = by("panels", Panels.explain)
    action_density = by("panels", Panels.next_density)
    action_next_panel = by("panels", Panels.next_panel)
    action_previous_panel = by("panels", Panels.previous_panel)
    action_zoom = by("panels", Panels.zoom)
    action_axis = by("panels", Panels.next_axis)
    action_copy_value = by("panels", Panels.copy_value)

    def key_backspace(self) -> None:
        """Go back to the number before."""
        self.panels.go_back()

    action_go_to = by("finder", Finder.ask_where)
    action_search = by("finder", Finder.ask_word)
    action_match = by("finder", Finder.match)
    action_mark = by("finder", Finder.ask_mark)
    action_go_to_mark = by("finder", Finder.ask_which_mark)
    action_annotate = by("finder", Finder.ask_note)
    action_break = by("finder", Finder.ask_condition)

    @on(LogPanel.LineChosen)
    def line_chosen(self, message: LogPanel.LineChosen) -> None:
        """Enter on a log line: go to its frame."""
        self.finder.to_line(message.number)

    # what is done to a run

    @property
    def _deeds(self) -> GameFace | Runs:
        """Who does what changes the run: a level's game while it is shown."""
        return self.game if self.game is not None and self.game.shown else self.runs

    def action_act(self) -> None:
        """Ask what to do to the machine."""
        deeds = self._deeds
        wanted = deeds.act_wanted()
        if wanted:
            self.ask_for(wanted, deeds.act)

    action_undo = by("_deeds", lambda deeds: deeds.undo())
    action_redo = by("_deeds", lambda deeds: deeds.redo())
    action_inside = by("runs", Runs.inside)
    action_stack = by("runs", Runs.stack)
    action_where = by("runs", Runs.where)
    action_fork = by("runs", Runs.fork)
    action_other = by("runs", Runs.other)
    action_compare = by("runs", Runs.compare)
    action_changes = by("runs", Runs.changes)
    action_what_if = by("runs", Runs.what_if)

    action_answer = in_level(lambda game: game.answer())
    action_skip = in_level(lambda game: game.skip())
    action_hint = in_level(lambda game: game.hint())
    action_incident = in_level(lambda game: game.incident())
    action_story = in_level(lambda game: game.tell_story())
    action_machine = in_level(lambda game: game.machine())
    action_restart = in_level(lambda game: game.restart())

    def action_meant(self, action: str) -> None:
        """Do what the footer offers under the capital of a letter, and nothing else."""
        if action in {key.action for key in self.offered}:
            getattr(self, f"action_{action}")()

    action_read_on = in_level(lambda game: game.read_on())

    def key_comes(self) -> None:
        """End the move of a level's picture."""
        if self.game is not None:
            self.game.stage.skip_move()

    @on(CellPanel.Entered)
    def read_on(self) -> None:
        """Go on from an answer of a level, or read on after its end."""
        if self.game is not None:
            self.game.read_on()

    def action_export(self) -> None:
        """Ask for a format and a file."""
        self.ask_for(f"export: FORMAT FILE, such as {' '.join(FORMATS)}", self._export)

    def _export(self, text: str) -> None:
        if not text.strip():
            return
        timeline = self.mover.timeline
        if timeline.session is not None:
            timeline.session.bands = self.runs.bounds.bands(timeline.session)
        self._exports.start(text, timeline)

    # closing

    def action_leave(self) -> None:
        """Go back; from what was missed, asked again, to the end of the level."""
        if self.game is None or not self.game.leave_review():
            super().action_leave()

    def action_escape(self) -> None:
        """Close what lies over the screen, stop finding bounds, or go back."""
        if self.close_one() or self.runs.bounds.stop():
            return
        if self.game is None or not self.game.leave_review():
            self.post_message(self.Escaped())

    def close_one(self) -> bool:
        """Close the prompt, take back the zoom, or come back to the picture of a level."""
        if self.close_prompt() or self.panels.unzoom():
            return True
        return self.game is not None and self.game.come_back()

    def prompt_closed(self) -> None:
        """Go back to the zones, or to a level's task."""
        self.panels.panel(self.panels.home).focus()
