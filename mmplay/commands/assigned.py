"""Levels of an assignment, for the commands that play or hand in: options, and who plays what."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmplay.commands.output import tell
from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import find_level
from mmplay.levels.classroom.assignment import Assignment, load_assignment
from mmplay.levels.classroom.tries import tries_of
from mmplay.levels.model import Level


def add_assignment(parser: ArgumentParser, required: bool = False) -> None:
    """Declare `--assignment` and `--student`."""
    what = "the assignment that your teacher gave you, a .toml file"
    parser.add_argument("--assignment", metavar="FILE", required=required, help=what)
    who = "your id, as your teacher has it"
    parser.add_argument("--student", metavar="ID", required=required, help=who)


def level_to_play(args: Namespace, name: str | None) -> Level:
    """Return the level that is named, of the assignment if there is one; raises InputError.

    Without a name it is the first level of the assignment that the student has not won here.
    """
    if (args.assignment is None) != (args.student is None):
        raise InputError("name both: --assignment FILE --student ID")
    if args.assignment is None:
        if name is None:
            raise InputError("name a level, such as L05, or an assignment")
        return find_level(name)
    assignment = load_assignment(Path(args.assignment))
    return assignment.played_by(args.student, name or _next(assignment, args.student))


def _next(assignment: Assignment, student: str) -> str:
    assignment.seed_of(student)
    tries = tries_of(assignment, student)
    won = {one.level for one in tries if one.claim is not None and one.claim.stars}
    ids = [one.level.id for one in assignment.levels]
    left = [ident for ident in ids if ident not in won]
    if not left:
        raise InputError(f"you have won every level of {assignment.id}; name one: {', '.join(ids)}")
    return left[0]


def tell_recorded(args: Namespace, level: Level) -> None:
    """Say where the latest try of a level lies, and how it is handed in."""
    if args.assignment is None:
        return
    tries = tries_of(load_assignment(Path(args.assignment)), args.student)
    mine = [one for one in tries if one.level == level.id]
    if mine:
        latest = mine[-1]
        paths = ", ".join(str(run.path) for run in latest.runs)
        hand = f"mmplay submit --assignment {args.assignment} --student {args.student}"
        tell(f"{level.id}: {latest.said}; recorded in {paths}", f"to hand in: {hand}")
