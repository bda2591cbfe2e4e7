"""Begins runs of levels and plays them: by a list of moves, as a solution is, or at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from mmplay.engine.errors import InputError
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.state.state import advance
from mmplay.levels.language import NOW
from mmplay.levels.machines import machine_for
from mmplay.levels.model import ANSWER, PLACE, SKIP, Level, Move, Question
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import Laters, Moment, moment_test
from mmplay.levels.play.run import LevelRun
from mmplay.levels.truth.truths import NUMBER, OF_BITS, ORDER, YES_NO, shown
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.trace.writer import TraceWriter

ALL_TURNS = 1 << 30
START = "level"
"""What the header of a level's recording names as its start."""

MAX_STEPS = 2000
"""More acts and waits than any level takes; a run that is not over then never ends."""

VALUES = ("0", "1", "2", "5", "10", "50", "100", "256", "1000", "16384", "65536", "yes", "no", "on")
VALUE_SHARE, ACT_SHARE, UNDO_SHARE = 2, 3, 20


def begin(
    level: Level,
    seed: int | None = None,
    writer: TraceWriter | None = None,
    laters: Laters | None = None,
) -> LevelRun:
    """Return a run of a level that has not begun; raises InputError.

    Runs of one level may share the continuations that its questions are asked of.
    """
    used = level.start.seed if seed is None else seed
    header = level_header(level, used)
    return LevelRun(level, Session(machine_for(level, seed), header, writer), used, laters)


def following(run: LevelRun, writer: TraceWriter | None = None) -> LevelRun | None:
    """Return a run of the stage after a won one; None if it is not won, or was the last.

    Nothing joins the two but the answers: each has a machine and a clock of its own. Raises
    InputError if the stage's machine cannot be built.
    """
    level = next_stage(run)
    if level is None:
        return None
    header = level_header(level, run.seed)
    session = Session(machine_for(level, run.seed), header, writer)
    return LevelRun(level, session, run.seed, run.laters, run)


def next_stage(run: LevelRun) -> Level | None:
    """Return the stage after a won one, with what was chosen before; None if there is none."""
    if run.outcome is not Outcome.WON or not run.level.stages:
        return None
    level, *later = run.level.stages
    start = level.start
    if start.variant_from:
        answers = {ident: said for one in run.all_stages() for ident, said in one.answers.items()}
        start = start._replace(variant=answers[start.variant_from])
    return level._replace(start=start, stages=tuple(later))


def onward(run: LevelRun) -> LevelRun:
    """Return the run of the next stage if this one is won, else the same run."""
    return following(run) or run


def level_header(level: Level, seed: int) -> dict[str, object]:
    """Return the header of a recording of this level, or of one stage of it."""
    stage = {"stage": level.stage, "variant": level.start.variant} if level.stage_title else {}
    title = f"{level.id} {level.title}"
    return session_header(
        f"{title}, stage {level.stage}" if stage else title,
        **stage,
        **dict(level.bound),
        start=START,
        level=level.id,
        level_digest=level.content,
        kernel=level.kernel.name,
        seed=seed,
    )


def play(run: LevelRun, moves: Sequence[Move]) -> LevelRun:
    """Play moves in order, each at its time, and let the run go to its end.

    Of answers that follow each other the one that is asked for comes first, since a level may
    shuffle. Questions that the moves leave out are skipped. Raises RefusedError, with the move's
    line, for an act that the level or the kernel does not take.

    Returns the run of the stage that was played last.
    """
    for last in playing(run, moves):
        run = last
    return run


def playing(run: LevelRun, moves: Sequence[Move]) -> Iterator[LevelRun]:
    """Play as `play` does, and yield the run after each step."""
    player = _Player(run, moves)
    while player.run.playing and player.left:
        player.go_on()
        player.run = onward(player.run)
        yield player.run
    run = player.run
    while run.playing:
        question = run.open_question()
        if question is not None:
            run.skip(question.id)
        else:
            run.advance(ALL_TURNS)
        run = onward(run)
        yield run


class _Player:
    """Plays the moves that are `left`."""

    def __init__(self, run: LevelRun, moves: Sequence[Move]) -> None:
        self.run, self.left = run, list(moves)
        self._there: Moment | None = None

    def go_on(self) -> None:
        """Do the next move, or come nearer to its time."""
        question = self.run.open_question()
        if question is not None:
            self._reply(question.id)
        elif _is_answer(self.left[0]):
            self._advance(None)
        else:
            self._act_or_wait()

    def _act_or_wait(self) -> None:
        move = self.left[0]
        try:
            there = self._time(move)
        except InputError as error:
            raise _refused(move, str(error)) from None
        if there(self.run.session.to_end()):
            self._do(move)
        else:
            self._advance(there)

    def _reply(self, ident: str) -> None:
        """Answer a question from the answers that come next, else skip it."""
        answers = takewhile(_is_answer, self.left)
        found = next((one for one in answers if one.value.partition(" ")[0] == ident), None)
        if found is None:
            self.run.skip(ident)
        else:
            self._do(found)

    def _do(self, move: Move) -> None:
        self.left.remove(move)
        self._there = None
        try:
            self.run.act(move.action, move.value)
        except InputError as error:
            raise _refused(move, str(error)) from None

    def _time(self, move: Move) -> Moment:
        """Return the test of a move's time, the same one until the move is done."""
        if self._there is None:
            self._there = moment_test(self.run.session.live, move.at or NOW, self.run.end_turn)
        return self._there

    def _advance(self, until: Moment | None) -> None:
        if self.run.advance(ALL_TURNS, until) == 0 and self.run.playing:
            raise _refused(self.left[0], "its time never comes")


def _refused(move: Move, problem: str) -> RefusedError:
    return RefusedError(f"line {move.line}: {move.action} {move.value}: {problem}")


def _is_answer(move: Move) -> bool:
    return move.action in (ANSWER, PLACE, SKIP)


class Guesser:
    """A player who knows nothing, to show that a level cannot be won without a rule.

    It chooses among the options, types numbers that stand on the screen, and does what the level
    allows with values that lie around. The same seed guesses the same.
    """

    def __init__(self, run: LevelRun, seed: int) -> None:
        self.run = run
        self._state = seed

    def below(self, count: int) -> int:
        """Return a number from 0 to `count` - 1."""
        self._state, number = advance(self._state)
        return number % count

    def one_of(self, items: Sequence[str]) -> str:
        """Return one of the items."""
        return items[self.below(len(items))]

    def play(self) -> bool:
        """Play to the end; return False if there is none. Raises nothing but what is a fault."""
        run = self.run
        for _ in range(MAX_STEPS):
            self.run = run = onward(run)
            if not run.playing:
                return True
            question = run.open_question()
            if question is not None:
                self._answer(question)
            elif run.level.allow and not self.below(ACT_SHARE):
                self._act()
            else:
                run.advance(1 + self.below(max(1, run.level.max_turns // 8)))
        return not run.playing

    def _answer(self, question: Question) -> None:
        if not self.below(UNDO_SHARE):
            self.run.undo()
            return
        if not self.below(UNDO_SHARE):
            self.run.hint()
        try:
            self.run.answer(question.id, self._guess(question))
        except InputError:
            self.run.skip(question.id)

    def _guess(self, question: Question) -> str:
        truth = self.run.truths[question.id]
        if question.options and truth.kind != ORDER:
            return self.one_of([option.value for option in question.options])
        if truth.kind == YES_NO:
            return self.one_of(("yes", "no"))
        if truth.kind == NUMBER:
            return self.one_of(self._numbers_on_screen())
        if truth.kind == ORDER and isinstance(truth.value, tuple):
            return ", ".join(self._shuffled(list(truth.value)))
        if truth.kind in OF_BITS and truth.layout is not None:
            names = list(truth.layout.bits)
            return "|".join(self.one_of(names) for _ in range(3))
        others = [shown(other.value, truth.kind) for other in truth.others]
        return self.one_of([*others, truth.shown()])

    def _numbers_on_screen(self) -> list[str]:
        zones = self.run.session.to_end().state.zones
        return [
            str(number)
            for zone in zones
            for number in (zone.free, zone.min, zone.low, zone.high, zone.managed, *zone.reserve)
        ]

    def _shuffled(self, names: list[str]) -> list[str]:
        for last in range(len(names) - 1, 0, -1):
            place = self.below(last + 1)
            names[last], names[place] = names[place], names[last]
        return names

    def _act(self) -> None:
        level = self.run.level
        if level.choices and self.below(VALUE_SHARE):
            name, _, value = self.one_of([one.value for one in level.choices]).partition(" ")
        else:
            name, value = self.one_of(level.allow), self.one_of(self._values())
        try:
            self.run.act(name, value)
        except InputError:
            self.run.advance(1)

    def _values(self) -> list[str]:
        m = self.run.session.to_end()
        loads = [load.name for load in m.setup.workloads]
        zones = [f"{zone.name} {self.below(2000)}" for zone in m.state.zones]
        pids = [str(pid) for pid in m.state.tasks.pid]
        return [*VALUES, *loads, *zones, *pids, *(f"{load} 1" for load in loads)]
