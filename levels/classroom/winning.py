"""Wins a level on any machine: by its solution's acts, each question answered by its rule."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.assignment import (
    Assigned,
    Assignment,
    read_assignment,
    with_seed,
)
from mmplay.levels.classroom.seeds import practice_seed
from mmplay.levels.language import NOW
from mmplay.levels.model import REPLIES, Level
from mmplay.levels.play.moments import moment_test
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import ALL_TURNS, begin, knows, onward
from mmplay.recordings.parallel.crew import Told
from mmplay.recordings.parallel.spread import Workers, spread

ALONE = Workers(cores=1)


def answer_rightly(run: LevelRun) -> None:
    """Answer the open question of a run; raises InputError if none is open."""
    question = run.open_question()
    if question is None:
        raise InputError("nothing is asked now")
    knows(run, question)


def won(level: Level) -> LevelRun:
    """Return the run of a level in which the solution's acts are done and no answer is wrong.

    Acts that never come to their time are left out. Raises InputError for one that is refused.
    """
    run = begin(level)
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


class Fault(NamedTuple):
    """Why a level of an assignment cannot be handed out as it is."""

    level: str
    problem: str


def faults_of(text: str, name: str, on: Workers = ALONE) -> list[Fault]:
    """Return what is wrong with the levels of a teacher's assignment, the text of a file."""
    assignment = read_assignment(text, name)
    places = range(len(assignment.levels))
    work = partial(_problem_at, text, name)
    problems = spread(work, places, on, told=Told("winning", "levels"))
    ids = [one.level.id for one in assignment.levels]
    return [Fault(*one) for one in zip(ids, problems, strict=True) if one[1]]


def _problem_at(text: str, name: str, place: int) -> str:
    assignment = read_assignment(text, name)
    return problem_of(assignment.levels[place], assignment)


def problem_of(assigned: Assigned, assignment: Assignment) -> str:
    """Say why a level cannot be won with a practice seed, empty if it can."""
    student = (*assignment.students, "student")[0]
    seed = practice_seed(assignment.secret, assignment.id, student)
    if assigned.level.wins and not assigned.level.solution:
        return "has no [[solution]]; assign the level itself, not a handout of it"
    try:
        run = won(with_seed(assigned.level, seed))
    except InputError as error:
        return str(error)
    if run.score().won:
        return ""
    return f"its solution does not win with the practice seed of {student}: {run.reason}"
