"""A level on the play screen: its panels say what is wanted, its keys choose, answer and skip."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.frame import Ask
from mmplay.levels.level_list import next_of
from mmplay.levels.model import Level
from mmplay.levels.play.game import LevelGame, Sequel, begin_recorded
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.missed import Practice
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.showing import Showing, is_told_behind
from mmplay.tui.cells import Row
from mmplay.tui.keys import Key
from mmplay.tui.play import meaning
from mmplay.tui.play.panels import ChoicePanel, Extra
from mmplay.tui.play.runs import Runs
from mmplay.tui.play.stage import FEEDBACK, PICTURE, STAGED, TASK, Stage, StageBox
from mmplay.tui.screens.base import BaseScreen, Parting
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.screens.ending import AGAIN, BACK, MISSED, NEXT, ON, EndScreen, LevelEnded
from mmplay.tui.views.ending import rows_at_end
from mmplay.tui.views.stage import level_header
from mmplay.tui.views.task import incident_rows, story_rows, task_rows

INCIDENT = "incident"

BESIDE = {"log": "log", "report": "stack", "lists": "buddy", "counters": "counters"}
"""What a large screen shows besides the picture, and the word of `shows` for it."""

LAST_LOOK_S = 0.8
"""How long the last picture of a stage stays before the next stage."""

StageRows = Callable[[int], tuple[str, list[Row]]]
"""Returns a panel's title and rows for a width."""


class GameFace:
    """Shows a level on the play screen, and does in its game what the keys say.

    `game` is that of one stage.
    """

    def __init__(
        self, screen: BaseScreen, runs: Runs, level: Level, game: LevelGame, motion: bool = False
    ) -> None:
        self._screen, self._runs = screen, runs
        self._panels, self._mover = panels, mover = runs.panels, runs.mover
        self.level, self.game = level, game
        self._sequel: Sequel | None = None
        self._over: LevelGame | None = None
        self.stage = Stage(screen, panels, game, panels.glyphs, motion)
        panels.extras[TASK] = Extra(self._task, self._choose)
        if level.picture is not None:
            self._set_the_stage()
        panels.extras[INCIDENT] = Extra(self._incident, self._choose)
        panels.first = panels.home = TASK
        self._headline, panels.verdict = panels.verdict, self._verdict
        mover.watchers += [self._look_for_end, self._stop_in_time]
        mover.held = self._asks_first
        mover.least_us = self.stage.least_us

    def _set_the_stage(self) -> None:
        """Let the picture stand first, with the choices beside it and the feedback under it."""
        panels, stage = self._panels, self.stage
        panels.stage, panels.staged = StageBox, STAGED
        panels.extras[TASK] = Extra(self._on_stage(stage.task_rows), self._choose)
        panels.extras[PICTURE] = Extra(self._picture, self._choose)
        panels.extras[FEEDBACK] = Extra(self._on_stage(stage.feedback_rows), self._choose)
        panels.header, panels.veil_of = self._header, stage.veil_of
        panels.add_class("-staged")
        for name, word in BESIDE.items():
            panels.set_class(not Showing(self.level.shows).shows(word), f"-no-{name}")

    def _on_stage(self, rows: StageRows) -> StageRows:
        """Return rows of the stage, which only the level itself has, no fork of it."""
        return lambda width: rows(width) if self.shown else ("a fork; press o to go back", [])

    def _picture(self, width: int) -> tuple[str, list[Row]]:
        if self.shown:
            self.stage.look()
        self._panels.hide_empty()
        return self.stage.picture_rows(width)

    def machine(self) -> None:
        """Look at the whole machine behind the picture, or at the picture again."""
        if self.come_back() or meaning.must_wait(self._screen, self._would_tell):
            return
        self._panels.choose_lower("explain")
        self._panels.panel("zones").focus()

    @property
    def _would_tell(self) -> bool:
        """Whether the machine behind the picture would answer the open question."""
        question = self.game.question if self.shown and self._panels.staged else None
        return question is not None and is_told_behind(question)

    def come_back(self) -> bool:
        """Come back to the picture from the machine behind it; tell whether we were there."""
        panels = self._panels
        behind = self.shown and panels.staged and panels.has_class("-machine")
        if behind:
            self._bring(TASK)
        return bool(behind)

    def _header(self, width: int) -> Row:
        again = "" if self.game.counts else meaning.MISSED_AGAIN
        return level_header(self.level_run, width, again)

    @property
    def level_run(self) -> LevelRun:
        """The run that is played."""
        return self.game.level_run

    @property
    def shown(self) -> bool:
        """Whether the level itself is shown, not a fork of it."""
        return self._mover.timeline is self.game

    def _verdict(self, room: int) -> str:
        """Return the sentence under the title, which must not answer an open question."""
        if self.shown and self.level.picture is not None:
            self.stage.look()  # The sentence is made from the picture, which is drawn after it.
            return self.stage.sentence()
        asked = self.shown and self.game.question is not None
        return "A question waits for your answer." if asked else self._headline(room)

    def tell_story(self, then: Callable[[bool | None], None] | None = None) -> None:
        """Show what the level is about; before it begins `then` is told whether to go on."""
        note = "Enter begins, Esc goes back" if then else "Enter goes on"
        box = ListScreen(f"{self.level.id} {self.level.title}", story_rows(self.level_run), note)
        self._screen.app.push_screen(box, then)

    # panels

    def _task(self, width: int) -> tuple[str, list[Row]]:
        score = self.level_run.score()
        title = f"{self.level.id}  acts {score.acts}/{score.par}"
        if not self.shown:
            return f"{title}  (a fork; press o to go back)", []
        return title, task_rows(self.game, width, self._panels.density, self._panels.glyphs)

    def _incident(self, width: int) -> tuple[str, list[Row]]:
        if not self._panels.panel(INCIDENT).size.height or not self.shown:
            return INCIDENT, []
        return INCIDENT, incident_rows(self.game, self._mover.player.index, width)

    def incident(self) -> None:
        """Show the incident's lines beside the run's, or the task again."""
        here = self._panels.has_class("-incident")
        if here or not meaning.must_wait(self._screen, self._would_tell):
            self._bring(TASK if here else INCIDENT)

    def _bring(self, name: str) -> None:
        self._panels.choose_lower(name)
        self._panels.panel(name).focus()

    # going on

    @property
    def offered(self) -> tuple[Key, ...]:
        """What the footer offers: what can be done now, and nothing that is refused."""
        landed = self.stage.landed is not None
        return meaning.keys_now(self.game, self._mover.player.playing, landed, self._would_tell)

    @property
    def told(self) -> tuple[Key, ...]:
        """What the help names: before the picture, and behind it."""
        if self._panels.has_class("-onstage"):
            return meaning.keys_to_tell(self.offered, self._would_tell)
        return meaning.keys_behind(self.game)

    def _stop_in_time(self) -> None:
        """Stop time after each turn in a level by turns, else where it has come to a question."""
        if not (self.shown and self._mover.player.playing):
            return
        if self.level_run.level.by_turns:
            self._mover.player.playing = False
        elif self.game.question is not None and self._mover.at_end:
            self._mover.pause()
            self._bring(TASK)

    def _asks_first(self) -> bool:
        """Tell whether the run cannot go on yet, or no more; say so where a question waits."""
        if self.shown and (self.stage.landed is not None or not self.game.live):
            self._mover.player.playing = False
            self.go_on()
            self._screen.say()
            return True
        first = meaning.comes_first(self.game) if self.shown else ""
        if first:
            self._mover.pause()
            self._bring(TASK)
            self._screen.app.call_after_refresh(self._screen.say, first)
        return bool(first)

    def to_now(self) -> None:
        """Come to the end of the run before time goes on, where the picture shows that end."""
        if self.shown and self._panels.has_class("-onstage") and not self._mover.at_end:
            self._mover.to_end()

    def went_on(self) -> None:
        """Bring a question into sight that the run has come to."""
        if self.shown and self.game.question is not None:
            self._panels.choose_lower(TASK)

    def _look_for_end(self) -> None:
        """Keep what was earned at the moment the run ends, however it came there; then show it."""
        if self.stage.landed is not None:
            return
        ending = self.game.end()
        if ending is None:
            return
        self._sequel = ending
        self._mover.player.playing = False
        if self.stage.motion and ending.following:  # The picture of the stage is seen before.
            self._screen.set_timer(LAST_LOOK_S, self._end)
        else:
            self._screen.call_later(self._end)

    def _end(self) -> None:
        """Show the next stage of a level; what the whole level came to waits for the player."""
        ending, self._sequel = self._sequel, None
        if ending is not None and ending.following is not None:
            stage = ending.following.level_run.level
            self._play(ending.following, f"stage {stage.stage}: {stage.stage_title}")
        elif ending is not None:
            self._mover.to_end()
            self._screen.say(ending.trouble)
            self._bring(TASK)

    def read_on(self) -> None:
        """Go on from an answer, or say what does; after the end show what the run came to."""
        if self.go_on():
            return
        if self.level_run.playing:
            self._screen.say(meaning.how_to_go_on(self.game) if self.shown else "")
        elif self._sequel is not None:
            self._end()
        elif not self.leave_review():
            rows = rows_at_end(self.game, self.level, self._panels.glyphs)
            ending = EndScreen(f"{self.level.id}  {self.level.title}", rows)
            self._screen.app.push_screen(ending, self._leave_end)

    def leave_review(self) -> bool:
        """Go back from what was missed to the level's end; tell whether we were there."""
        if self.game.counts or self._over is None:
            return False
        self.game, self._over, self._sequel = self._over, None, None
        self.stage.take(self.game)
        self._runs.bring_back(self.game)
        self.read_on()
        return True

    def _leave_end(self, way: str | None) -> None:
        """Go on from the end of the level as the player chose."""
        if way == ON:
            way = AGAIN if self.level_run.outcome is Outcome.LOST else NEXT
        deeds = {AGAIN: self.restart, MISSED: self._practise, BACK: self.undo}
        if way in deeds:
            deeds[way]()
        elif way is not None:
            following = next_of(self.level) if way == NEXT else None
            name, after = (following.name, self.level.after) if following else ("", None)
            self._screen.post_message(LevelEnded(name, after))

    def _practise(self) -> None:
        """Play again what was missed."""
        if self.level_run.score().missed:
            self._over, again = self.game, Practice(self.level_run)
            self._play(again, again.announced)
        else:
            self._screen.say("nothing was missed")

    def restart(self) -> None:
        """Begin the level again."""
        before = self.level_run.notes.anew + 1
        self._play(LevelGame(begin_recorded(self.level, before=before)), "the level begins again")

    def _play(self, game: LevelGame, said: str) -> None:
        """Go on with another game, from its beginning: nothing joins it to the one before."""
        self.game, self._sequel = game, None
        self.stage.take(game)
        (self._runs.show_only if game.counts else self._runs.show_meanwhile)(game)
        self._panels.choose_lower(TASK)
        self._screen.say(said)

    # what the player does

    def _do(self, deed: Callable[..., object], *args: object) -> None:
        """Do something in the level, then show where it stands, and let time run if it may."""
        self._carry_out(deed, *args)
        self.let_run()

    def _carry_out(self, deed: Callable[..., object], *args: object) -> None:
        """Do something in the level, then show where it stands; say why it cannot be done."""
        with self._screen.refusals_said():
            self.stage.ask()
            reply = deed(*args)
            if isinstance(reply, Reply) and self.level.picture is not None:
                self.stage.land(reply)
            self._mover.to_end()
            self._panels.choose_lower(TASK)
            self._panels.query_one(f"#{TASK}", ChoicePanel).unchoose()

    def go_on(self) -> bool:
        """Go on from an answer that has landed; tell whether one had."""
        if not self.stage.go_on():
            return False
        self.game.forget_reply()
        self._mover.to_end()
        self._panels.choose_lower(TASK)
        self.let_run()
        return True

    def let_run(self) -> None:
        """Let time run by itself to the next decision, unless there is something to be done now."""
        may = self.shown and self.stage.motion and self.stage.landed is None
        if may and meaning.time_runs(self.game) and not self._mover.player.playing:
            self._mover.play_or_pause()

    def _choose(self, ask: Ask) -> None:
        """Enter on a choice takes it."""
        if ask.kind == "choice":
            self._do(self.game.choose, int(ask.names[0]))

    def digit(self, digit: int) -> None:
        """Choose where there is something to choose, else jump.

        A digit answers or acts, never both. Time that runs while one acts runs on.
        """
        if self.stage.landed is not None:
            self._screen.say(meaning.GO_ON_FIRST)
        elif self.game.options:
            self._do(self.game.choose, digit)
        elif self.game.question is not None:
            self.answer(str(digit))
        elif not self._panels.has_class("-onstage"):
            self._mover.to_tenth(digit)

    def answer(self, begun: str = "") -> None:
        """Ask for the answer to the open question; its first digit may have been typed."""
        with self._screen.refusals_said():
            unit = self.game.asked().unit
            placeholder = f"your answer ({unit})" if unit else "your answer"
            self._screen.ask_for(placeholder, self.give, begun, meaning.TYPED)

    def give(self, text: str) -> None:
        """Answer the open question."""
        self._do(self.game.answer, text)

    def skip(self) -> None:
        """Skip the open question, and say what that means."""
        said: list[str] = []
        self._do(lambda: said.append(self.game.skip()))
        self._screen.say("".join(said))

    def hint(self) -> None:
        """Show the next hint: the first is free, each other costs a star."""
        self.game.hint()
        self._panels.choose_lower(TASK)
        self._panels.draw()

    def act_wanted(self) -> str:
        """Return what is asked for before an act; where there is none, say so: empty then."""
        self._mover.pause()
        return meaning.act_wanted(self._screen, self.level_run.level)

    def act(self, text: str) -> None:
        """Do an act in the level."""
        if text.strip():
            self._do(self.game.act, text)

    def undo(self) -> None:
        """Take back the player's last deed, and say which it was."""
        self.stage.go_on()
        self._sequel = None
        self._mover.pause()
        undone: list[str] = []
        self._carry_out(lambda: undone.append(self.game.undo()))
        if undone:
            self._screen.say(f"undone: {undone[0]}")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._do(self.game.redo)

    def part(self) -> Parting:
        """End the recording; a level that was neither won nor lost goes on from it."""
        self.game.close()
        return meaning.parting(self.game)
