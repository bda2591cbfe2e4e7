"""A level as it is played: recorded from its first turn on, its stars kept at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, time_ns
from typing import NamedTuple, Self

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import Condition
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.catalogue import is_kept
from mmplay.levels.model import Level, Option, Question
from mmplay.levels.play.deeds import as_it_was_seen, can_be_done
from mmplay.levels.play.goals import ASKED
from mmplay.levels.play.questions import Reply, right_in_words
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.showing import Showing, showing
from mmplay.levels.play.solve import begin, begin_anew, following, level_header, next_stage
from mmplay.levels.progress import record
from mmplay.levels.tries import Try, left_of
from mmplay.levels.tries import keep as keep_try
from mmplay.recordings.run.store import open_writer
from mmplay.recordings.run.tape import BY_LEVEL, Entry
from mmplay.recordings.run.timeline import SessionTimeline

MS = 1_000_000
"""Nanoseconds."""


def begin_recorded(level: Level, seed: int | None = None, before: int = 0) -> LevelRun:
    """Return a fresh run of a level that is written while it is played; raises InputError.

    `before` is how often it was begun before: it asks other things then. Not where a level is bound
    to somebody who will ask for it: there all are asked the same.
    """
    used = level.start.seed if seed is None else seed
    run = begin(level, seed, open_writer(level_header(level, used)))
    if before and not level.bound:
        begin_anew(run, before)
    return run


def follow_recorded(run: LevelRun) -> LevelRun | None:
    """Return a run of the next stage, written to a file of its own; see `solve.following`."""
    level = next_stage(run)
    if level is None:
        return None
    found = following(run, open_writer(level_header(level, run.seed)))
    if found is not None and run.notes.anew:
        begin_anew(found, run.notes.anew)
    return found


def keep_result(run: LevelRun) -> str:
    """Keep a finished run: its recording and, if it is the best, its stars.

    Only runs that count are kept as progress: those of the level's own seed, of a level in the
    list. Returns what went wrong, else where a run of an assignment lies, else nothing.
    """
    run.session.reached()
    where = _where(run) if run.level.bound else ""
    if run.seed != run.level.start.seed or not is_kept(run.level):
        return where
    return record(run.level.id, run.score()) or where


def _where(run: LevelRun) -> str:
    name = getattr(run.session.tape.writer, "name", "")
    return f"recorded in {name}" if name else ""


def try_of(run: LevelRun, seconds: int, begun_ms: int) -> Try:
    """Return what a run has come to; `seconds` it took the player, who began it at `begun_ms`."""
    score = run.score()
    zones = {zone.name: zone for zone in run.session.live.state.zones}
    named = run.level.picture.zone if run.level.picture is not None else ""
    zone = zones.get(named) or max(zones.values(), key=lambda one: one.managed)
    left = int(not run.over)
    return Try(
        run.level.id, score.acts, score.missed, zone.lowest, seconds, score.stars, begun_ms, left
    )


class Clock(NamedTuple):
    """When a try began: since 1970, and by a clock that stands still while it is left."""

    begun_ms: int
    s: float


NO_WIN = "; with a skipped question the level is not won, and undo takes it back"
"""What skipping costs, where stars are kept."""


class LevelGame(SessionTimeline):
    """The conversation of one stage of a level, for a screen or a line mode to show.

    It is a timeline of the run, one frame a turn; growing stops where a question is asked or the
    run ends. `reply` is what the last answer was worth and `hinted` the last hint, until something
    else is done. What is done raises InputError, which says why, and then nothing has changed.
    `counts` tells whether its stars are kept.
    """

    counts = True

    def __init__(self, run: LevelRun) -> None:
        super().__init__(run.session)
        self.level_run = run
        self.reply: Reply | None = None
        self.hinted = ""
        self._ended = False
        self._clock = Clock(time_ns() // MS, monotonic())

    @classmethod
    def going_on(cls, run: LevelRun) -> Self:
        """Return the game of a run that was left: its try, and the time that it took, go on."""
        game, before = cls(run), left_of(run.level.id)
        if before is not None:
            game._clock = Clock(before.begun_ms, monotonic() - before.seconds)
        return game

    def close(self) -> None:
        """Finish the recording's file; a try that is left goes on with it, if anything was done."""
        name = getattr(self.session.tape.writer, "name", "")
        if self.live and self.level_run.player_acts():
            self._keep_try()
        super().close()
        if name and not self.begun:
            with suppress(OSError):
                Path(name).unlink()

    @property
    def begun(self) -> bool:
        """Whether the player has done anything, or let time pass."""
        return bool(self.level_run.player_acts()) or self.session.end > self.session.first

    def _keep_try(self) -> str:
        """Keep what the run has come to; return what went wrong."""
        clock = self._clock
        return keep_try(try_of(self.level_run, int(monotonic() - clock.s), clock.begun_ms))

    @property
    def live(self) -> bool:
        """Whether the run is neither won nor lost yet."""
        return self.level_run.playing

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return self.level_run.open_question()

    def place(self, question: Question) -> str:
        """Return which question of how many this is."""
        return numbered([one.id for one in self.level_run.questions], question)

    @property
    def showing(self) -> Showing:
        """What may be shown now, and the picture."""
        run, question = self.level_run, self.question
        truth = run.truths.get(question.id) if question is not None else None
        done, missed = run.notes.answered(run.questions), run.missed()
        shown = showing(run.level, self.session.live, question, truth, done, missed)
        found = tuple(run.truths[ident].text for ident in run.notes.answers if ident in run.truths)
        return shown._replace(known=found)

    @property
    def shown(self) -> Machine:
        """The machine that a picture shows: as the open question begins."""
        run = self.level_run
        return run.asking.premise(self.session.to_end(), run.notes)

    @property
    def acts_left(self) -> int:
        """How many more acts the level takes."""
        return self.level_run.notes.acts_left(self.level_run.level)

    @property
    def stands_still(self) -> bool:
        """Whether only an act changes anything: time does not pass then, which would only lose."""
        level, goals = self.level_run.level, self.level_run.goals
        timed = bool(level.end) or any(goal.at_end for goal in level.wins)
        if timed or self.session.to_end().state.heap or not self.acts_left:
            return False
        return any(not goal.met and goal.text != ASKED for goal in goals())

    def forget_reply(self) -> None:
        """Leave what the last answer was worth: the player goes on to what comes next."""
        self.reply = None

    @property
    def options(self) -> tuple[Option, ...]:
        """What can be chosen now: answers of the open question, else acts of the level."""
        return tuple(self.choices.values())

    @property
    def choices(self) -> dict[int, Option]:
        """What can be chosen now, by its number from 1: an act keeps it while another is not."""
        if not self.live:
            return {}
        question = self.question
        if question is not None:
            return dict(enumerate(question.options, 1))
        m, acts = self.session.to_end(), self.level_run.level.choices
        return {number: one for number, one in enumerate(acts, 1) if can_be_done(m, one)}

    def chosen(self, number: int) -> Option:
        """Return what a number stands for; raises InputError if it cannot be chosen now."""
        choices = self.choices
        if number not in choices:
            raise InputError(
                f"choose {digits(choices)}" if choices else "there is nothing to choose now"
            )
        return choices[number]

    def grow(self, frames: int) -> int:
        """Make so many strides of turns; none while a question is open or only acts do anything."""
        run = self.level_run
        if self.stands_still:
            return 0
        try:
            made = run.advance(frames * run.level.stride)
        except RefusedError:
            return 0
        self.reply, self.hinted = None, ""
        self.session.reached()
        return made

    def _advance(self, turns: int, watched: Condition) -> int:
        """Go on as the level lets time go on; raises RefusedError where a question is open."""
        made = self.level_run.advance(turns, watched.holds)
        self.reply, self.hinted = None, ""
        self.session.reached()
        return made

    def asked(self) -> Question:
        """Return the open question; raises InputError if there is none."""
        question = self.question
        if question is None:
            raise InputError("no question is open now")
        return question

    def choose(self, number: int) -> Reply | None:
        """Answer with an option of the question, or do what a choice of the level says."""
        chosen = self.chosen(number).value
        if self.question is not None:
            return self.answer(chosen)
        self.act(chosen)
        return None

    def answer(self, text: str) -> Reply:
        """Answer the open question, with a value or the number of an option."""
        question = self.asked()
        reply = self.level_run.answer(question.id, _meant(question, text.strip()))
        self._done(reply)
        return reply

    def skip(self) -> str:
        """Leave the open question; return which, what was right, and what that costs, in words."""
        question = self.asked()
        place, costs = self.place(question), NO_WIN if self.counts else ""
        self.level_run.skip(question.id)
        self._done()
        right = right_in_words(question, self.level_run.truths[question.id])
        return f"skipped: question {place}, whose answer is {right}{costs}"

    def act(self, text: str) -> None:
        """Do an act, `NAME VALUE`."""
        name, _, value = text.strip().partition(" ")
        self.level_run.act(name, value.strip())
        self._done()

    def undo(self) -> str:
        """Take back the last answer, act or turn, and an end that it led to; say what it was."""
        undone = self._take_back()
        if not undone:
            raise InputError("there is nothing to undo")
        if self._ended and self.live:
            self._keep_try()
        self._ended = not self.live
        self._done()
        return undone

    def _take_back(self) -> str:
        """Take back what the player did last; say what it was, empty if there was nothing."""
        return self.level_run.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        if not self.level_run.redo():
            raise InputError("there is nothing to redo")
        self._done()

    def hint(self) -> str:
        """Return the next hint and count it."""
        self.hinted = self.level_run.hint()
        return self.hinted

    def said_of(self, act: Entry) -> str:
        """Return what was done in the words that the player saw."""
        if act.fields[0].startswith(BY_LEVEL):
            return super().said_of(act)
        run = self.level_run
        return as_it_was_seen(run.level, run.asking.all_asked(), act.fields)

    def _done(self, reply: Reply | None = None) -> None:
        self.reply, self.hinted = reply, ""
        self.session.reached()
        self.changed()

    def end(self, keep: Callable[[LevelRun], str] = keep_result) -> Sequel | None:
        """Return what the end of the run leads to: once, at its end; None at any other time.

        What was earned is kept at that moment, by `keep`, unless another stage follows.
        """
        if self.live or self._ended:
            return None
        self._ended = True
        run = follow_recorded(self.level_run)
        if run is not None:
            game = LevelGame(run)
            game.reply = self.reply  # What the last answer was worth is still read.
            game._clock = self._clock
            return Sequel(game, "")
        return Sequel(None, keep(self.level_run) or self._keep_try())


class Sequel(NamedTuple):
    """What follows the end of a run: the game of the next stage, or (None) the end of the level.

    `trouble` says why what was earned could not be kept, or where it is kept if someone will ask
    for it; else it is empty.
    """

    following: LevelGame | None
    trouble: str


def numbered(idents: Sequence[str], question: Question) -> str:
    """Return the place of a question among others, as `2/8`."""
    return f"{idents.index(question.id) + 1}/{len(idents)}"


def digits(numbers: Iterable[int]) -> str:
    """Return what may be typed to choose, as `1-4`, or `1-2,7` where some cannot be chosen."""
    runs: list[list[int]] = []
    for one in sorted(numbers):
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _meant(question: Question, text: str) -> str:
    """Return the value that is meant: an option's number stands for its value.

    Raises InputError for a number that no option has.
    """
    values = [option.value for option in question.options]
    is_number = text.isascii() and text.isdigit() and len(text) < 4
    if text in values or not (values and is_number):
        return text
    if not 1 <= int(text) <= len(values):
        raise InputError(f"{text} is none of them; choose {digits(range(1, len(values) + 1))}")
    return values[int(text) - 1]
