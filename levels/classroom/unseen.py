"""A level on other machines: the acts of a student on one that was not seen, its solution on any.

Whoever understood a level wins it elsewhere, too; and every machine that is handed out can be won,
by the solution's acts, each question answered by its rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.classroom.assignment import (
    Assigned,
    Assignment,
    kept_assignment,
    practice_seed,
    read_assignment,
    with_seed,
)
from mmplay.levels.language import NOW
from mmplay.levels.machines import machine_for
from mmplay.levels.model import ANSWER, NUMBER, PLACE, SKIP, Level, Question
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import ALL_TURNS, answer_rightly, begin, following, won
from mmplay.recordings.parallel.spread import Told, Workers, spread
from mmplay.recordings.run.tape import BY_LEVEL, Entry

TRIALS = ((101, 202), (303, 404), (505, 606))
"""Seeds of pairs of machines on which it is tried whether a level's own acts carry over."""

EASY = "marks {} low"
"""A question whose answer costs nothing; see `_without_continuations`."""


def on_another(runs: Sequence[LevelRun], seed: int) -> list[LevelRun]:
    """Return the runs of a level in which the acts of these are done at the same turns.

    Every question is answered right: what counts there are the goals. An act that is refused is
    left out; a stage is reached if the one before it is won.
    """
    first = _without_continuations(runs[0].level, runs[0].session.live)
    found = [_repeated(begin(with_seed(first, seed)), runs[0])]
    for run in runs[1:]:
        next_run = following(found[-1])
        if next_run is None:
            break
        found.append(_repeated(next_run, run))
    return found


def _repeated(run: LevelRun, played: LevelRun) -> LevelRun:
    start = played.session.first
    for act in deeds(played.session.acts):
        _go_to(run, act.turn - start)
        try:
            run.act(*act.fields)
        except RefusedError:
            continue
    _go_to(run, ALL_TURNS)
    return run


def deeds(acts: Iterable[Entry]) -> list[Entry]:
    """Return what a player did himself, without answers."""
    replies = (ANSWER, PLACE, SKIP)
    mine = [act for act in acts if not act.fields[0].startswith(BY_LEVEL)]
    return [act for act in mine if act.fields[0] not in replies]


def _go_to(run: LevelRun, turns: int) -> None:
    """Bring a run so many turns from its start, questions answered, or to its end."""
    while run.playing:
        if run.open_question() is not None:
            answer_rightly(run)
        elif run.session.end - run.session.first >= turns:
            return
        elif not run.advance(turns - (run.session.end - run.session.first)):
            break  # Nothing happens any more.


def _without_continuations(level: Level, m: Machine) -> Level:
    """Return a level whose questions ask nothing of the future: that would cost a run each.

    `m` is a machine of it.
    """
    easy = EASY.format(m.state.zones[0].name)
    stages = tuple(_without_continuations(one, m) for one in level.stages)
    needed = {one.start.variant_from for one in level.stages}
    questions = tuple(
        one if _is_cheap(one) or one.id in needed else _eased(one, easy) for one in level.questions
    )
    return level._replace(questions=questions, stages=stages)


def _is_cheap(question: Question) -> bool:
    return all(one.when == NOW and not one.suppose for one in question.ways)


def _eased(question: Question, easy: str) -> Question:
    return question._replace(truth=easy, kind=NUMBER, options=(), when=NOW, suppose=(), forms=())


def carries_over(level: Level) -> bool:
    """Tell whether the solution's acts reach the goals of a level on other machines, too.

    A level without goals or acts has nothing that could.
    """
    stages = (level, *level.stages)
    if not any(one.wins and one.allow for one in stages):
        return False
    easy = _without_continuations(level, machine_for(level))
    return all(_carries(easy, *seeds) for seeds in TRIALS)


def _carries(level: Level, here: int, there: int) -> bool:
    played = won(with_seed(level, here))
    if not played.score().won:
        return False
    others = on_another(played.all_stages(), there)
    goals = [goal for run in others for goal in run.goals()[: len(run.level.wins)]]
    return len(others) == len(played.all_stages()) and all(goal.met for goal in goals)


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


def _problem_at(text: str, name: str, item: tuple[int, str]) -> str:
    assignment = kept_assignment(text, name)
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
