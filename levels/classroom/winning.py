"""Wins a level on any machine: by its solution's acts, each question answered by its rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.assignment import (
    Assigned,
    Assignment,
    read_assignment,
    with_seed,
)
from mmplay.levels.classroom.seeds import practice_seed
from mmplay.levels.play.solve import won
from mmplay.recordings.parallel.crew import Told
from mmplay.recordings.parallel.spread import Workers, spread

ALONE = Workers(cores=1)


class Fault(NamedTuple):
    """Why a level of an assignment cannot be handed out as it is."""

    level: str
    problem: str


def faults_of(text: str, name: str, on: Workers = ALONE) -> list[Fault]:
    """Return what is wrong with the levels of a teacher's assignment, the text of a file.

    Each level is won with the seed of every student, or with some seed if no students are named.
    """
    assignment = read_assignment(text, name)
    students = assignment.students or ("student",)
    levels = range(len(assignment.levels))
    items = [(place, student) for place in levels for student in students]
    work = partial(_problem_at, text, name)
    problems = dict(zip(items, spread(work, items, on, told=Told("winning", "runs")), strict=True))
    return [
        Fault(one.level.id, _told(bad, len(students)))
        for place, one in enumerate(assignment.levels)
        if (bad := [(who, why) for who in students if (why := problems[place, who])])
    ]


def _told(bad: Sequence[tuple[str, str]], of: int) -> str:
    """Say with whose seeds a level cannot be won, and why with the first of them."""
    student, why = bad[0]
    if of == 1:
        return why
    return f"cannot be won with the seeds of {len(bad)} of {of} students; that of {student}: {why}"


@lru_cache(maxsize=2)
def _assignment(text: str, name: str) -> Assignment:
    return read_assignment(text, name)


def _problem_at(text: str, name: str, item: tuple[int, str]) -> str:
    assignment = _assignment(text, name)
    return problem_of(assignment.levels[item[0]], assignment, item[1])


def problem_of(assigned: Assigned, assignment: Assignment, student: str) -> str:
    """Say why a level cannot be won with a student's practice seed, empty if it can."""
    seed = practice_seed(assignment.secret, assignment.id, student)
    if assigned.level.wins and not assigned.level.solution:
        return "has no [[solution]]; assign the level itself, not a handout of it"
    try:
        run = won(with_seed(assigned.level, seed))
    except InputError as error:
        return str(error)
    return "" if run.score().won else f"its solution does not win: {run.reason}"
