"""Begins runs of levels and plays them by a list of moves, as a solution is.

By the way of its solution a run comes to any place of a level: a question, its answer, the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

from mmplay import engine, levels
from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.language import NOW
from mmplay.levels.machines import machine_for
from mmplay.levels.model import REPLIES, Level, Move, Question
from mmplay.levels.play.asking import NOTHING_SEEN, Before
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import Laters, Moment, laters_of, moment_test
from mmplay.levels.play.questions import ANEW, right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import WRITER, session_header
from mmplay.recordings.run.tape import Sink

ALL_TURNS = 1 << 30
RULES_BYTES = 8
START = "level"
"""What the header of a level's recording names as its start."""


Makes = Callable[[Machine, dict[str, object], Sink | None], Session]
"""Makes a session of a machine, its header, and what is to be written to."""


def begin(
    level: Level,
    seed: int | None = None,
    writer: Sink | None = None,
    laters: Laters | None = None,
    seen: Before = NOTHING_SEEN,
    make: Makes = Session,
) -> LevelRun:
    """Return a run of a level that has not begun; raises InputError.

    Runs of one level share the continuations that its questions are asked of. `seen` is what
    was asked before, by question; `make` makes the session, of a later stage too.
    """
    used, laters = level.start.seed if seed is None else seed, laters or laters_of(level)
    session = make(_machine(level, used, laters), level_header(level, used), writer)
    return LevelRun(level, session, used, laters, seen=seen)


def begin_anew(run: LevelRun, times: int) -> None:
    """Let a fresh run ask what it does where the level was begun so many times before.

    That is noted on the tape. Raises InputError for a run in which something was done.
    """
    if run.player_acts() or run.session.end != run.session.first:
        raise InputError("a run that has begun cannot begin anew")
    while run.session.undo() is not None:
        pass
    run.note(ANEW, str(times))


def following(run: LevelRun, writer: Sink | None = None) -> LevelRun | None:
    """Return a run of the stage after a won one; None if it is not won, or was the last.

    Nothing joins the two but the answers: each has a machine and a clock of its own. Raises
    InputError if the stage's machine cannot be built.
    """
    level = next_stage(run)
    if level is None:
        return None
    header = level_header(level, run.seed)
    session = run.session.beside(_machine(level, run.seed, run.laters), header, writer)
    return LevelRun(level, session, run.seed, run.laters, run, run.asking.seen)


def _machine(level: Level, seed: int, laters: Laters) -> Machine:
    """Return a machine of a level's own; runs that share continuations build it only once."""
    key = (level.stage, seed, level.start.variant)
    return laters.start(key, lambda: machine_for(level, seed))


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
        writer=level_writer(),
    )


@cache
def level_writer() -> str:
    """Return which mmplay plays a level: its version, and a digest of what decides how it plays.

    That is all of the engine and of the levels: builds of one version may differ in it.
    """
    digest = blake2b(digest_size=RULES_BYTES)
    for room in (engine, levels):
        top = Path(room.__path__[0])
        rules = (path for path in sorted(top.rglob("*")) if path.suffix in (".py", ".toml"))
        for path in rules:
            if path.parent != top / "data":  # Shipped levels have digests of their own.
                digest.update(path.relative_to(top).as_posix().encode())
                digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{WRITER}, rules {digest.hexdigest()}"


Replies = Callable[[LevelRun, Question], None]
"""What becomes of a question for which there is no move."""


def skips(run: LevelRun, question: Question) -> None:
    """Leave the question."""
    run.skip(question.id)


def knows(run: LevelRun, question: Question) -> None:
    """Answer it right."""
    run.answer(question.id, right_answer(question, run.truths[question.id]))


def play(run: LevelRun, moves: Sequence[Move], replies: Replies = skips) -> LevelRun:
    """Play moves in order, each at its time, and let the run go to its end.

    Of answers that follow each other the one that is asked for comes first, since a level may
    shuffle. Raises RefusedError, with the move's line, for an act that the level or the kernel does
    not take.

    Returns the run of the stage that was played last.
    """
    for last in playing(run, moves, replies):
        run = last
    return run


def playing(run: LevelRun, moves: Sequence[Move], replies: Replies = skips) -> Iterator[LevelRun]:
    """Play as `play` does, and yield the run after each step."""
    player = _Player(run, moves, replies)
    while player.run.playing and player.left:
        player.go_on()
        player.run = onward(player.run)
        yield player.run
    run = player.run
    while run.playing:
        question = run.open_question()
        if question is not None:
            replies(run, question)
        else:
            run.advance(ALL_TURNS)
        run = onward(run)
        yield run


def answer_rightly(run: LevelRun) -> None:
    """Answer the open question of a run; raises InputError if none is open."""
    question = run.open_question()
    if question is None:
        raise InputError("nothing is asked now")
    knows(run, question)


def won(
    level: Level, seed: int | None = None, laters: Laters | None = None, make: Makes = Session
) -> LevelRun:
    """Return the run of a level in which the solution's acts are done and no answer is wrong.

    Answers are the machine's own, so that any seed will do. Acts that never come to their time are
    left out. Raises InputError for one that is refused.
    """
    run = begin(level, seed, laters=laters, make=make)
    acts = [one for one in level.solution if one.action not in REPLIES]
    while run.playing:
        if run.open_question() is not None:
            answer_rightly(run)
        elif not acts:
            run.advance(ALL_TURNS)
        else:
            there = moment_test(run.session.live, acts[0].at or NOW, run.end_turn)
            if there(run.session.to_end()):
                run.act(acts[0].action, acts[0].value)
                del acts[0]
            elif not run.advance(ALL_TURNS, there):
                acts.clear()
        run = onward(run)
    return run


class _Player:
    """Plays the moves that are `left`."""

    def __init__(self, run: LevelRun, moves: Sequence[Move], replies: Replies) -> None:
        self.run, self.left, self.replies = run, list(moves), replies
        self._there: Moment | None = None

    def go_on(self) -> None:
        """Do the next move, or come nearer to its time."""
        question = self.run.open_question()
        if question is not None:
            self._reply(question)
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

    def _reply(self, question: Question) -> None:
        """Answer a question from the answers that come next, else as `replies` does."""
        answers = takewhile(_is_answer, self.left)
        ids = [one for one in answers if one.value.partition(" ")[0] == question.id]
        found = next(iter(ids), None)
        if found is None:
            self.replies(self.run, question)
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
    return move.action in REPLIES


class Station(NamedTuple):
    """A run that has come to a place, and the right answer that is given there; empty for none."""

    run: LevelRun
    answer: str


def come_to(level: Level, place: str) -> Station:
    """Return the run of a level's solution at a place; nothing is recorded.

    Raises InputError for what is no place of the level.
    """
    kind, _, ident = place.partition(":")
    if place == "end":
        return Station(play(begin(level), level.solution, knows), "")
    if kind not in ("ask", "answered") or not ident:
        raise InputError(f"{place}: places of a level are ask:ID, answered:ID and end")
    run = _asked(level, ident)
    question = run.open_question()
    answered = kind == "answered" and question is not None
    said = right_answer(question, run.truths[ident]) if answered and question is not None else ""
    return Station(run, said)


def _asked(level: Level, ident: str) -> LevelRun:
    """Return the run at the moment when a question is open."""
    first = begin(level)
    for run in chain([first], playing(first, level.solution, knows)):
        question = run.open_question()
        if question is not None and question.id == ident:
            return run
    idents = ", ".join(one.id for stage in (level, *level.stages) for one in stage.questions)
    raise InputError(f"{level.id} asks no {ident}; its questions are {idents or 'none'}")
