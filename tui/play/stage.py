"""The stage of a level: its picture, which moves; the choices beside it; the feedback under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.timer import Timer

from mmplay.engine.explain.finding import as_sentence
from mmplay.engine.sim.machine.machine import Machine
from mmplay.levels.model import HISTORY
from mmplay.levels.play.asking import after_answer
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.questions import Reply, taught_by
from mmplay.levels.play.showing import Showing
from mmplay.tui.cells import Row, plain, row
from mmplay.tui.panels.bars import VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.drawn import Veil
from mmplay.tui.play.history import History
from mmplay.tui.play.panels import ChoicePanel, StagePanel
from mmplay.tui.views.pictures.canvas import STEP_MS, STEPS
from mmplay.tui.views.pictures.kinds import Still
from mmplay.tui.views.pictures.sight import Sight, sight_of
from mmplay.tui.views.report import chosen_decision
from mmplay.tui.views.stage import (
    FREE_FOR_ALL,
    RUNNING,
    feedback_rows,
    question_rows,
    standing_rows,
    time_rows,
    waiting_rows,
)
from mmplay.tui.views.task import REVIEWED, caches_of, end_rows

if TYPE_CHECKING:
    from mmplay.tui.glyphs import Glyphs
    from mmplay.tui.play.panels import Panels
    from mmplay.tui.screens.base import BaseScreen

TASK, PICTURE, FEEDBACK = "task", "picture", "feedback"
STAGED = (PICTURE, TASK, FEEDBACK)
"""The panels that stand on the stage."""

LEAST_FEEDBACK, MOST_FEEDBACK = 3, 9
"""Rows under the picture: as many as are said, so that it keeps its size most of the time."""

REVIEW = "what you missed"
"""The title where what was missed has been played again."""

OF_QUESTIONS = ("bits", "rooms")
"""Pictures of what is asked: where nothing is, the last one stays."""

TURN_US = 1_200_000
"""How long a turn stays where the player may act between any two."""

STRIDE_US = 100_000
"""How long some turns stay, of those that are seen one after another."""

SLOW_TICKS = 100 // STEP_MS
"""So many steps whose frames were not drained make a line a slow one."""


CENTRED = ("loop", "blocks")
"""Pictures that are no higher however high their panel is: they stand in its middle."""


WIDEST = {"loop": 84, "ladder": 84}
"""Pictures that would fall apart on more columns: they stand in the middle of them."""


def in_the_middle(rows: list[Row], height: int) -> list[Row]:
    """Return a picture with as many blank rows above it as below it."""
    end = max((n for n, one in enumerate(rows, 1) if plain(one).strip()), default=0)
    return [row("")] * ((height - end) // 2) + rows[:end]


class StageBox(Container):
    """Where the panels of the stage stand."""

    def compose(self) -> ComposeResult:
        """Picture and choices side by side, the feedback below."""
        with Horizontal(id="pair"):
            yield StagePanel("picture", id=PICTURE)
            yield ChoicePanel("task", id=TASK)
        yield StagePanel("", id=FEEDBACK)


class Landed(NamedTuple):
    """An answer that the player still looks at: what it was worth, what the picture shows."""

    reply: Reply
    still: Still | None


class Stage:
    """What stands on the stage now.

    An answer lands first: the picture shows what came of it until the player goes on.
    """

    def __init__(
        self, screen: BaseScreen, panels: Panels, game: LevelGame, glyphs: Glyphs, motion: bool
    ) -> None:
        self._screen, self._panels, self._glyphs, self.motion = screen, panels, glyphs, motion
        self._history = History(panels.player)
        self.still: Still | None = None
        self._past: Still | None = None
        self._step = STEPS
        self._timer: Timer | None = None
        self._undrained = 0
        self._veil: tuple[tuple[int, ...], Veil] | None = None
        self.take(game)

    def take(self, game: LevelGame) -> None:
        """Show another game: nothing has landed in it yet."""
        self.game = game
        self.landed: Landed | None = None
        self._asked: Sight | None = None
        self._supposed: Machine | None = None
        self._caught: tuple[Still | None] | tuple[()] = ()
        self._taught = taught_by(game.level_run.level)
        game.level_run.settled = self._catch

    # what is shown

    def _sight(self, machine: Machine, showing: Showing) -> Sight:
        cache = next(iter(caches_of(self.game.level_run.level, machine)), "")
        facts = self._panels.frame.facts if self._panels.is_attached else None
        chosen = chosen_decision(facts, None) if facts is not None else None
        chain: tuple[str, ...] = ()
        if facts is not None and chosen is not None:
            chain = tuple(reversed(facts.decisions[chosen].stack))
        who = facts.actor if facts is not None else ""
        sight = sight_of(machine, self._glyphs, showing)
        return sight._replace(cache=cache, chain=chain, who=who, taught=self._taught)

    def ask(self) -> None:
        """Remember what is asked, as it is answered now."""
        run = self.game.level_run
        self._asked = self._open_sight()
        self._supposed = run.asking.supposed(run.session.to_end(), run.notes)
        self._caught = ()

    def _open_sight(self) -> Sight:
        game = self.game
        return self._sight(game.shown, game.showing)._replace(question=game.question)

    def _catch(self, machine: Machine) -> None:
        """Keep what an answer has led to: the next question may change the machine at once."""
        asked, game = self._asked, self.game
        if asked is None or asked.question is None:
            return
        shown = asked.showing
        showing = game.showing._replace(picture=shown.picture, caller=shown.caller)
        truth = game.level_run.truths[asked.question.id]
        done = game.level_run.notes.done(asked.question.id)
        then = self._supposed or (machine if done else after_answer(machine, asked.question))
        sight = self._sight(then, showing)
        sight = sight._replace(question=asked.question, dump=asked.dump)
        self._caught = (Still.of(sight.answered(then, truth)),)

    def land(self, reply: Reply) -> None:
        """Show what an answer has come to, until the player goes on."""
        if self._caught:
            self.landed = Landed(reply, *self._caught)
        self._asked, self._caught = None, ()

    def go_on(self) -> bool:
        """Leave what has landed; False if nothing had."""
        had, self.landed = self.landed is not None, None
        if had:
            self._screen.query_one(VerdictBar).let_shrink()
        return had

    def look(self) -> None:
        """Read the picture anew; let it move to what it shows now."""
        still = self._still_now()
        if still == self.still:
            return
        self.finish()
        if still is not None and still.moves_from(self.still) and self._moves():
            self._past, self._step = self.still, 0
            self._timer = self._screen.set_interval(STEP_MS / 1000, self._tick)
        self.still = still

    def _still_now(self) -> Still | None:
        """Return what the picture shows: what landed, else what is; at the end what it came to.

        A review comes to an end that nobody played: there the last picture stays.
        """
        if self.landed is not None:
            return self.landed.still
        stays = self.still is not None and self.still.kind in OF_QUESTIONS
        if not self.game.live and (stays or not self.game.counts):
            return self.still
        return Still.of(self._open_sight())

    def veil_of(self, name: str) -> Veil:
        """Return what hides a panel's numbers that would answer the open question."""
        showing = self.game.showing
        told = name in (TASK, FEEDBACK) or (name == PICTURE and self.landed is not None)
        if told or not showing.secrets:
            return str
        if self._veil is None or self._veil[0] != showing.secrets:
            self._veil = showing.secrets, showing.veiled
        return self._veil[1]

    # motion

    def _moves(self) -> bool:
        """Tell whether there is time for a move: frames that follow each other at once show it."""
        flows = self._panels.player.playing and not self._one_by_one()
        return self.motion and not flows and self._undrained < SLOW_TICKS

    def _one_by_one(self) -> bool:
        return self.still is not None and self.still.kind == "blocks"

    def _tick(self) -> None:
        self._undrained = self._undrained + 1 if self._is_behind() else 0
        self._step = STEPS if self._undrained >= SLOW_TICKS else min(STEPS, self._step + 1)
        if self._step == STEPS:
            self.finish()
        self.draw_picture()

    def _is_behind(self) -> bool:
        """Tell whether the terminal has not yet taken what was drawn before."""
        # Textual has no public way to ask its writer.
        thread = getattr(self._screen.app._driver, "_writer_thread", None)
        queue = getattr(thread, "_queue", None)
        return queue is not None and queue.qsize() > 1

    def finish(self) -> None:
        """End a move at once."""
        self._step, self._past = STEPS, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def least_us(self) -> int:
        """Return how long a frame stays at least: where each turn may want an act, long enough."""
        if not (self.motion and self._one_by_one()):
            return 0
        return TURN_US if self.game.level_run.level.by_turns else STRIDE_US

    @property
    def moving(self) -> bool:
        """Tell whether a move is on its way."""
        return self._timer is not None

    def skip_move(self) -> None:
        """A key was pressed: draw the end of the move that is on its way."""
        if self.moving:
            self.finish()
            self.draw_picture()

    # panels

    def draw_picture(self) -> None:
        """Draw the picture alone."""
        panel = self._panels.panel(PICTURE)
        title, rows = self.picture_rows(panel.size.width)
        panel.retitle(title)
        panel.show(rows)

    def picture_rows(self, width: int) -> tuple[str, list[Row]]:
        """Return the picture's title and rows at the step of its move."""
        panel = self._panels.panel(PICTURE)
        height, picture = panel.size.height, self.game.level_run.level.picture
        if self.still is None:
            of_history = picture is not None and picture.kind == HISTORY
            rows = self._history_rows(panel) if of_history else []
            return "free pages", rows
        title = self.still.title
        used = min(width, WIDEST.get(self.still.kind, width))
        rows = self.still.rows(used, height, self._glyphs, self._past, self._step)
        rows = [row(" " * ((width - used) // 2), *one) for one in rows]
        return title, in_the_middle(rows, height) if self.still.kind in CENTRED else rows

    def _history_rows(self, panel: CellPanel) -> list[Row]:
        return self._history.rows(self._panels.view_of(panel), self.game.showing)

    def task_rows(self, width: int) -> tuple[str, list[Row]]:
        """Return the title and rows beside the picture."""
        run, size = self.game.level_run, (width, self._panels.panel(TASK).size.height)
        if self.landed is not None:
            question, reply = self.landed.reply.question, self.landed.reply
            title = f"question {self.game.place(question)}"
            return title, question_rows(question, size, self._glyphs, reply)
        question_open = self.game.question
        if question_open is not None:
            title = f"question {self.game.place(question_open)}"
            again = question_open.id in run.missed()
            hints = run.hints_used if self.game.counts else FREE_FOR_ALL
            return title, question_rows(question_open, size, self._glyphs, again=again, hints=hints)
        if not run.playing:
            return str(run.outcome) if self.game.counts else REVIEW, end_rows(
                self.game, width, self._glyphs
            )
        if self._panels.player.playing:
            return "time is running", waiting_rows(self.game, size, RUNNING)
        return "your turn", waiting_rows(self.game, size, time_rows(self.game, width))

    def feedback_rows(self, width: int) -> tuple[str, list[Row]]:
        """Return what is said under the picture: of an answer, else how the goals stand."""
        game, waits = self.game, self.game.live and self.game.question is None
        rows = feedback_rows(game.reply, game.hinted, width)
        if not rows and waits:
            rows = standing_rows(game.level_run, width)
        self._panels.panel(FEEDBACK).styles.height = max(
            LEAST_FEEDBACK, min(MOST_FEEDBACK, len(rows))
        )
        return "", rows

    def sentence(self) -> str:
        """Return the sentence under the title: what is asked, else what the picture shows."""
        question = self.landed.reply.question if self.landed else self.game.question
        if question is not None:
            return question.text
        run = self.game.level_run
        if run.outcome is Outcome.WON and not self.game.counts:  # its goals were met by nobody
            return REVIEWED
        if not run.playing:
            return as_sentence(f"{run.outcome.capitalize()}: {run.reason}")
        return self.still.words() if self.still is not None else self.game.level_run.level.task
