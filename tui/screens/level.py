"""A level on the play screen: the same panels and keys, and a panel that says what is wanted."""

from __future__ import annotations

from collections.abc import Callable

from textual import on

from mmplay.engine.errors import InputError
from mmplay.levels.model import Level
from mmplay.levels.play.beside import beside
from mmplay.levels.play.game import LevelGame, Sequel
from mmplay.levels.play.run import LevelRun
from mmplay.tui.cells import Row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.keys import COMMON_KEYS, DIGIT_KEYS, LEVEL_KEYS, PLAY_KEYS, RUN_KEYS, bindings
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import Parting
from mmplay.tui.screens.listing import ListScreen
from mmplay.tui.screens.play import PlayScreen
from mmplay.tui.views.beside_incident import beside_rows
from mmplay.tui.views.task import closing_rows, story_rows, task_rows

ANSWER = "answer"
TASK, INCIDENT = "task", "incident"

Begin = Callable[[Level], LevelRun]
"""Makes a fresh run of a level, recorded like every play."""

Finished = Callable[[LevelRun], str]
"""Keeps what a run has earned; returns what went wrong, empty if nothing did."""


class LevelScreen(PlayScreen):
    """Plays one level. `begin` makes its runs, `finished` is told of each that ended."""

    KEYS = (*LEVEL_KEYS, *PLAY_KEYS, *RUN_KEYS, *DIGIT_KEYS)
    BINDINGS = bindings(KEYS, COMMON_KEYS)
    EXTRA_LOWER = (TASK, INCIDENT)
    FIRST_LOWER, FIRST_FOCUS = TASK, TASK

    def __init__(
        self,
        level: Level,
        begin: Begin,
        finished: Finished,
        glyphs: Glyphs,
        kept: LevelRun | None = None,
    ) -> None:
        """Begin the level, or go on with a run of it that was `kept`."""
        self.level = level
        self._begin, self._finished = begin, finished
        self._kept = kept is not None
        self.game = LevelGame(kept or begin(level))
        super().__init__(self.game, glyphs)

    def on_mount(self) -> None:
        """Start with the story, or where the level was left."""
        if self._kept:
            self.player.to(self.player.last)
            self.refresh_timeline()
            self.say(f"{self.level.id} goes on where you left it; R begins again")
            return
        title = f"{self.level.id} {self.level.title}"
        self.app.push_screen(ListScreen(title, story_rows(self.level_run)))

    @property
    def level_run(self) -> LevelRun:
        """The run that is played."""
        return self.game.level_run

    @property
    def _playing_here(self) -> bool:
        """Whether the level itself is shown, not a fork of it."""
        return self.timeline is self.game

    # drawing

    def extra_rows(self, name: str, width: int) -> tuple[str, list[Row]]:
        """Fill the task panel and that of the incident's lines."""
        run = self.level_run
        if name == INCIDENT:
            return "incident", self._incident_rows(width)
        score = run.score()
        title = f"{self.level.id}  acts {score.acts}/{score.par}"
        if not self._playing_here:
            return f"{title}  (this is a fork: o goes back)", []
        return title, task_rows(run, self.game.reply, self.game.hinted, width, self.density)

    def _incident_rows(self, width: int) -> list[Row]:
        """Pair the incident's lines with the run's, when they are in sight."""
        if not self.panel(INCIDENT).size.height or not self._playing_here:
            return []
        turn = self.game.session.first + self.player.index
        lines = beside(self.level_run, turn)
        return beside_rows(lines, self.timeline.time_us(self.player.index) or 0, width)

    def action_incident(self) -> None:
        """Show the incident's lines beside the run's, or the task again."""
        name = TASK if self.has_class("-incident") else INCIDENT
        self.choose_lower(name)
        self.panel(name).focus()

    def _moved(self) -> None:
        super()._moved()
        self._look_for_end()

    def _look_for_end(self) -> None:
        """Keep what was earned at the moment the run ends, however it came there; then show it."""
        ending = self.game.end(self._finished)
        if ending is not None:
            self.player.playing = False
            self.call_later(self._end, self.game, ending)

    def _end(self, game: LevelGame, ending: Sequel) -> None:
        """Show the next stage of a level, or what the run came to."""
        if self.game is not game:
            return
        if ending.following is not None:
            stage = ending.following.level_run.level
            self._show_game(ending.following, f"stage {stage.stage}: {stage.stage_title}")
            return
        self.refresh_timeline()
        if ending.trouble:
            self.say(ending.trouble)
        self.choose_lower(TASK)
        self.panel(TASK).focus()
        self._read_on()

    def _read_on(self) -> None:
        """Show the last answer's worth, the result, and what the real kernel does."""
        rows = closing_rows(self.level_run, self.game.reply)
        self.app.push_screen(ListScreen(str(self.level_run.outcome), rows))

    def _show_game(self, game: LevelGame, said: str) -> None:
        """Go on with another game, from its beginning: nothing joins it to the one before."""
        for one in self.branches:
            one.close()
        self.game = game
        self.branches = [game]
        self.show_timeline(game, 0)
        self.choose_lower(TASK)
        self.say(said)

    def _do(self, deed: Callable[..., object], *args: object) -> None:
        """Do something in the level, then show where it stands; say why it cannot be done."""
        try:
            deed(*args)
        except InputError as error:
            self.say(str(error))
            return
        self.player.to(self.player.last)
        self.refresh_timeline()
        self.choose_lower(TASK)

    # going on

    def _grow(self, frames: int) -> None:
        if self._playing_here and frames > 0 and self.game.question is not None:
            self.player.playing = False
            self.choose_lower(TASK)
            self.panel(TASK).focus()
            self.app.call_after_refresh(self.say, "answer first, or S skips the question")
            return
        super()._grow(frames)
        if self._playing_here and frames > 0:
            self.player.to(self.player.last)
            self._look_for_end()

    def action_step(self, frames: int) -> None:
        """One step of the level at its end, else one frame."""
        at_end = self.player.index == self.player.last
        super().action_step(frames)
        if self._playing_here and frames > 0 and at_end:
            self.player.to(self.player.last)
            self._moved()
            if self.game.question is not None:
                self.choose_lower(TASK)

    # choosing and answering

    def action_jump(self, digit: int) -> None:
        """A digit chooses where there is something to choose, else jumps."""
        if self._playing_here and self.game.options:
            self._do(self.game.choose, digit)
        else:
            super().action_jump(digit)

    @on(CellPanel.Opened)
    def choice_opened(self, message: CellPanel.Opened) -> None:
        """Enter on a choice takes it; after the end Enter reads on."""
        if message.panel.id == TASK and message.ask.kind == "choice":
            message.stop()
            self._do(self.game.choose, int(message.ask.names[0]))

    def action_answer(self) -> None:
        """Ask for the answer to the open question."""
        try:
            question = self.game.asked()
        except InputError as error:
            self.say(str(error))
            return
        unit = f" ({question.unit})" if question.unit else ""
        self.ask_for(ANSWER, f"your answer{unit}")

    def action_skip(self) -> None:
        """Skip the open question."""
        self._do(self.game.skip)

    def action_hint(self) -> None:
        """Show the next hint: the first is free, each other costs a star."""
        self.game.hint()
        self.choose_lower(TASK)
        self.draw()

    # acts

    def _act(self, text: str) -> None:
        if not self._playing_here:
            super()._act(text)
        elif text.strip():
            self._do(self.game.act, text)

    def action_undo(self) -> None:
        """Take back the player's last act, or an answer."""
        if self._playing_here:
            self._do(self.game.undo)
        else:
            super().action_undo()

    def action_redo(self) -> None:
        """Do again what was taken back."""
        if self._playing_here:
            self._do(self.game.redo)
        else:
            super().action_redo()

    def action_restart(self) -> None:
        """Begin the level again."""
        self._show_game(LevelGame(self._begin(self.level)), "begun again")

    def answered(self, kind: str, text: str) -> None:
        """Take an answer, or what the play screen asked for."""
        if kind == ANSWER:
            self._do(self.game.answer, text)
        else:
            super().answered(kind, text)

    def part(self) -> Parting:
        """End the recording; a level that was neither won nor lost goes on from it."""
        stopped = super().part()
        self.game.close()
        if not self.level_run.playing:
            return stopped
        also = f"{stopped.said}; " if stopped.said else ""
        trouble, name = self.level_run.session.tape.trouble, self.level.id
        if trouble:
            return Parting(f"{also}{name} is not kept: {trouble}")
        return Parting(f"{also}{name} is kept", name)

    def prompt_closed(self) -> None:
        """Go back to the task."""
        self.panel(TASK).focus()

    def key_enter(self) -> None:
        """After the end: read on."""
        if not self.level_run.playing:
            self._read_on()
