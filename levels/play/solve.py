"""Plays a list of moves: a level's solution, its losing line, or a player's file of actions."""

from __future__ import annotations

from collections.abc import Sequence

from mmplay.engine.errors import InputError
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.machines import machine_for
from mmplay.levels.model import ANSWER, PLACE, SKIP, Level, Move
from mmplay.levels.play.moments import moment
from mmplay.levels.play.run import LevelRun
from mmplay.recordings.session.session import Session
from mmplay.recordings.session.store import session_header
from mmplay.recordings.trace.writer import TraceWriter

ALL_TURNS = 1 << 30
START = "level"
"""What the header of a level's recording names as its start."""


def begin(level: Level, seed: int | None = None, writer: TraceWriter | None = None) -> LevelRun:
    """Return a run of a level that has not begun; raises InputError."""
    used = level.start.seed if seed is None else seed
    header = level_header(level, used)
    return LevelRun(level, Session(machine_for(level, seed), header, writer), used)


def level_header(level: Level, seed: int) -> dict[str, object]:
    """Return the header of a recording of this level."""
    return session_header(
        f"{level.id} {level.title}",
        start=START,
        level=level.id,
        level_digest=level.digest,
        kernel=level.kernel.name,
        seed=seed,
    )


def play(run: LevelRun, moves: Sequence[Move]) -> LevelRun:
    """Play moves in order, each at its time, and let the run go to its end.

    Questions that the moves leave out are skipped. Raises RefusedError, with the move's line, for
    an act that the level or the kernel does not take.
    """
    for move in moves:
        try:
            _wait_for(run, move)
            if not run.playing:
                break
            run.act(move.action, move.value)
        except InputError as error:
            raise RefusedError(f"line {move.line}: {move.action} {move.value}: {error}") from None
    while run.playing:
        question = run.open_question()
        if question is not None:
            run.skip(question.id)
        else:
            run.advance(ALL_TURNS)
    return run


def _wait_for(run: LevelRun, move: Move) -> None:
    """Go on to the move's time; to the question that an answer belongs to."""
    answers = move.action in (ANSWER, PLACE, SKIP)
    wanted = move.value.partition(" ")[0]
    there = moment(run.session.live, move.at or "now", run.end_turn)
    while run.playing:
        question = run.open_question()
        if question is not None and answers and question.id == wanted:
            return
        if question is not None:
            run.skip(question.id)
        elif not answers and there(run.session.to_end()):
            return
        elif run.advance(ALL_TURNS, None if answers else there) == 0 and run.playing:
            raise RefusedError("its time never comes")
