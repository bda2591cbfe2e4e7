"""Levels of an assignment, for the commands that play or hand in: options, and who plays what."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmplay.commands.arguments import MAX_SEED, whole
from mmplay.commands.output import tell
from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import find_level
from mmplay.levels.classroom.assignment import Assignment, load_assignment, with_seed
from mmplay.levels.classroom.tries import tries_of
from mmplay.levels.model import Level


def add_assignment(parser: ArgumentParser, required: bool = False) -> None:
    """Declare `--assignment` and `--student`."""
    what = "the assignment that your teacher gave you, a .toml file"
    parser.add_argument("--assignment", metavar="FILE", required=required, help=what)
    who = "your id, as your teacher has it"
    parser.add_argument("--student", metavar="ID", required=required, help=who)


def add_seed(parser: ArgumentParser) -> None:
    """Declare `--seed` of a level that is played."""
    what = "draw other questions and another load from this number (default: the level's own)"
    parser.add_argument("--seed", metavar="N", help=what)


def level_to_play(args: Namespace, name: str | None) -> Level:
    """Return the level that is named, of the assignment if there is one; raises InputError.

    Without a name it is the first level of the assignment that the student has not won here.
    """
    if (args.assignment is None) != (args.student is None):
        raise InputError("name both: --assignment FILE --student ID")
    if args.assignment is None:
        if name is None:
            raise InputError("name a level, such as L05, or an assignment")
        return _seeded(find_level(name), args.seed)
    if args.seed is not None:
        raise InputError("leave out --seed: an assignment gives each student a seed")
    assignment = load_assignment(Path(args.assignment))
    return assignment.played_by(args.student, name or _next(assignment, args.student))


def _seeded(level: Level, seed: str | None) -> Level:
    return level if seed is None else with_seed(level, whole(seed, "--seed", MAX_SEED))


def _next(assignment: Assignment, student: str) -> str:
    assignment.seed_of(student)
    tries = tries_of(assignment, student)
    won = {one.level for one in tries if one.claim is not None and one.claim.stars}
    ids = [one.level.id for one in assignment.levels]
    left = [ident for ident in ids if ident not in won]
    if not left:
        raise InputError(f"you have won every level of {assignment.id}; name one: {', '.join(ids)}")
    return left[0]


def tell_recorded(args: Namespace) -> None:
    """Say where the latest try of each assigned level lies, and how they are handed in."""
    if args.assignment is None:
        return
    assignment = load_assignment(Path(args.assignment))
    tries = {one.level: one for one in tries_of(assignment, args.student)}
    for ident in (one.level.id for one in assignment.levels):
        latest = tries.get(ident)
        if latest is not None:
            paths = ", ".join(str(run.path) for run in latest.runs)
            tell(f"{ident}: {latest.said}; recorded in {paths}")
        elif tries:
            tell(f"{ident}: not played yet")
    if tries:
        hand = f"mmplay submit --assignment {args.assignment} --student {args.student}"
        tell(f"to hand in: {hand}")
