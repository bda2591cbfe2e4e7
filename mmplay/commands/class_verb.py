"""`mmplay class`: assign levels, and see how the class did."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from mmplay.commands.arguments import add_json, add_part, whole
from mmplay.commands.class_pages import add_pages, report, sheet
from mmplay.commands.output import output_path, print_json, progress_bar, remark, tell, told_of_disk
from mmplay.engine.errors import InputError, how_many
from mmplay.levels.classroom.assignment import (
    MAX_ATTEMPTS,
    MAX_WEIGHT,
    Assignment,
    load_teachers,
)
from mmplay.levels.classroom.unseen import faults_of
from mmplay.levels.classroom.writing import (
    Choice,
    New,
    new_assignment,
    student_edition,
    students_in,
    write_autograder,
)
from mmplay.levels.level_text import read_text
from mmplay.levels.pack import MAX_PACK_BYTES
from mmplay.recordings.files import replacing
from mmplay.recordings.parallel.spread import Workers

GOOD, FALSE = 0, 1
OWNER_ONLY = 0o600


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parts = parser.add_subparsers(dest="what", metavar="|".join(PARTS), required=True)
    new = add_part(
        parts.add_parser, "new", "write an assignment: levels, their weights, a due date"
    )
    new.add_argument("-o", dest="output", metavar="FILE", required=True, help="a new .toml file")
    level = "a level or a level file, and its weight (default: 1); may be given more than once"
    new.add_argument(
        "--level", dest="levels", metavar="LEVEL[=N]", action="append", required=True, help=level
    )
    due = "when it is due: date, time and offset, such as 2026-12-01T23:59:00+01:00"
    new.add_argument("--due", metavar="TIME", required=True, help=due)
    new.add_argument("--title", metavar="TEXT", help="what students see (default: the file's name)")
    new.add_argument(
        "--attempts", metavar="N", default="0", help="how many runs of a level count (default: all)"
    )
    check = add_part(
        parts.add_parser, "check", "check an assignment, and that its levels can be won"
    )
    edition = add_part(
        parts.add_parser,
        "student-edition",
        "write the file for students, without solutions and without the secret",
    )
    edition.add_argument(
        "-o", dest="output", metavar="FILE", required=True, help="a new .toml file"
    )
    scope = add_part(parts.add_parser, "gradescope", "write a folder that Gradescope grades with")
    scope.add_argument("-o", dest="output", metavar="DIR", required=True, help="a new folder")
    wheel = "a wheel to put into it: mmplay's own, and those of what it needs"
    scope.add_argument("--wheel", dest="wheels", metavar="FILE", nargs="+", default=[], help=wheel)
    for part in (check, edition, scope):
        part.add_argument("file", metavar="FILE", help="the teacher's file")
    for part in (new, edition):
        students = "a file with a student's id in each line, or in its first column"
        part.add_argument("--students", metavar="FILE", help=students)
    pages = [*add_pages(parts)]
    for part in (new, check, edition, scope, *pages):
        add_json(part)


def run(args: Namespace) -> int:
    """Do it; the status of check is 1 if a level of the assignment cannot be won."""
    return PARTS[args.what](args)


def _new(args: Namespace) -> int:
    path = Path(args.output)
    if path.suffix != ".toml":
        raise InputError(f"{path}: name a file that ends in .toml")
    new = New(
        path.stem,
        args.title or path.stem,
        args.due,
        whole(args.attempts, "--attempts", MAX_ATTEMPTS),
        [_choice(one) for one in args.levels],
        students_in(Path(args.students)) if args.students else (),
    )
    with progress_bar(path.name) as progress:
        text = new_assignment(new, str(path), Workers(progress=progress))
    with told_of_disk(path):
        try:
            # It holds the secret: nobody else on this machine reads it.
            with open(path, "x", encoding="utf-8", opener=_owner_only) as stream:
                _whole_or_gone(path, stream, text)
        except FileExistsError:
            raise InputError(f"{path}: it exists already; name another file") from None
    return _told(args, path, load_teachers(path))


def _whole_or_gone(path: Path, stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)


def _choice(text: str) -> Choice:
    name, equals, weight = text.rpartition("=")
    if not equals:
        return Choice(text, 1)
    return Choice(name, whole(weight, f"--level {name}", MAX_WEIGHT))


def _edition(args: Namespace) -> int:
    path, assignment = output_path(args.output, args.file), load_teachers(Path(args.file))
    students = students_in(Path(args.students)) if args.students else assignment.students
    text = student_edition(assignment, students, str(path))
    with told_of_disk(path), replacing(path) as stream:
        stream.write(text.encode())
    return _told(args, path, assignment._replace(students=tuple(students)))


def _told(args: Namespace, path: Path, assignment: Assignment) -> int:
    """Say what was written."""
    if args.json:
        print_json({"file": str(path), **_as_json(assignment)})
        return GOOD
    levels = ", ".join(f"{one.level.id} ({one.weight})" for one in assignment.levels)
    count = len(assignment.students)
    students = how_many(count, "students") if count else "no list of students"
    tell(f"{path}: {assignment.id}, due {assignment.due}: {levels}; {students}")
    return GOOD


def _as_json(assignment: Assignment) -> dict[str, object]:
    return {
        "assignment": assignment.id,
        "title": assignment.title,
        "due": assignment.due.isoformat(),
        "attempts": assignment.attempts,
        "levels": [
            {"level": one.level.id, "weight": one.weight, "digest": one.level.content}
            for one in assignment.levels
        ],
        "students": len(assignment.students),
    }


def _check(args: Namespace) -> int:
    assignment = load_teachers(Path(args.file))
    text = read_text(Path(args.file), MAX_PACK_BYTES)
    with progress_bar(assignment.id) as progress:
        faults = faults_of(text, args.file, Workers(progress=progress))
    if args.json:
        rows = [one._asdict() for one in faults]
        print_json({"good": not faults, **_as_json(assignment), "faults": rows})
        return FALSE if faults else GOOD
    for one in assignment.levels:
        problems = [fault.problem for fault in faults if fault.level == one.level.id]
        word = "BAD" if problems else "ok "
        said = "; ".join(problems) or f"can be won, counts {one.weight}"
        tell(f"  {word} {one.level.id} {one.level.title}: {said}")
    return FALSE if faults else GOOD


def _gradescope(args: Namespace) -> int:
    path, folder = Path(args.file), Path(args.output)
    load_teachers(path)
    with told_of_disk(folder):
        written = write_autograder(folder, path, [Path(one) for one in args.wheels])
    if args.json:
        print_json({"folder": str(folder), "files": [one.name for one in written]})
        return GOOD
    tell(f"{folder}: {', '.join(one.name for one in written)}; zip what is in it, and upload that")
    if not args.wheels:
        wheels = f"in the folder of mmplay's files: pip wheel . -w {folder.resolve()}"
        remark(f"put the wheels into it that setup.sh installs; {wheels}")
    return GOOD


PARTS: dict[str, Callable[[Namespace], int]] = {
    "new": _new,
    "check": _check,
    "student-edition": _edition,
    "gradescope": _gradescope,
    "report": report,
    "worksheet": sheet,
}
"""What `mmplay class` can do."""
