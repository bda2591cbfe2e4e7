"""Writes assignments: a new one, the student edition of one, and the folder of an autograder.

Gradescope takes that folder: two scripts, the assignment, the wheels.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.authoring import toml_text
from mmplay.levels.catalogue import OF_PACK, find_level
from mmplay.levels.classroom.assignment import (
    FORMAT,
    KIND,
    MAX_STUDENTS,
    Assigned,
    Assignment,
    check_assignment_id,
    check_student,
    due_of,
    new_secret,
    practice_seed,
    read_assignment,
    row_of,
)
from mmplay.levels.classroom.unseen import ALONE, carries_over
from mmplay.levels.level_text import read_text
from mmplay.levels.load import read_level
from mmplay.levels.model import Level
from mmplay.levels.pack import MAX_PACK_BYTES, is_pack, pack_tables
from mmplay.recordings.parallel.spread import Told, Workers, spread

MAX_STUDENT_BYTES = 1 << 20

OF_TEACHER = ("solution", "losing", "digest")
"""Keys of a level that no student edition has."""


class Choice(NamedTuple):
    """A level that is to be assigned: how it is named, what it counts."""

    name: str
    weight: int


class New(NamedTuple):
    """What a new assignment says."""

    id: str
    title: str
    due: str
    attempts: int
    levels: Sequence[Choice]
    students: Sequence[str]


TEACHERS = "# The teacher's file: it holds the secret. Students get its student edition.\n"
STUDENTS = "# An assignment for mmplay: mmplay play --assignment FILE --student ID\n"


def new_assignment(new: New, file: str, on: Workers = ALONE) -> str:
    """Return the text of an assignment with a fresh secret; raises InputError.

    Each level is played a few times, to see whether its solution carries over to other machines.
    """
    try:
        check_assignment_id(new.id)
    except InputError as error:
        raise InputError(f"{file}: the id is the name before .toml: {error}") from None
    values = {
        **_head(new.id, new.title, due_of(new.due), new.attempts),
        "teacher": {"secret": new_secret(), "students": list(new.students)},
        "level": list(spread(_level_table, new.levels, on, told=Told("trying", "levels"))),
    }
    text = TEACHERS + toml_text(values)
    read_assignment(text, file)
    return text


def _head(ident: str, title: str, due: datetime, attempts: int) -> dict[str, object]:
    head = {"format": FORMAT, "kind": KIND, "id": ident, "title": title}
    return {**head, "due": due, "attempts": attempts}


def _level_table(choice: Choice) -> dict[str, object]:
    level = find_level(choice.name)
    return {
        "id": level.id,
        "digest": level.content,
        "weight": choice.weight,
        "max_turns": max(one.max_turns for one in (level, *level.stages)),
        "unseen": carries_over(level),
        "text": _text_of(level, choice.name),
    }


def _text_of(level: Level, name: str) -> str:
    """Return the text of the file, or of the part of a pack, that a level was read from."""
    path = Path(level.file)
    text = read_text(path if path.is_file() else Path(name.rpartition(OF_PACK)[0]), MAX_PACK_BYTES)
    if not is_pack(text):
        return text
    tables = pack_tables(text, name)
    return next(text for _, inside, text in tables if read_level(text, inside).id == level.id)


def student_edition(assignment: Assignment, students: Sequence[str], file: str) -> str:
    """Return the text of what students get; raises InputError without students."""
    if not students:
        problem = "name the students, so that each finds his seed: --students FILE"
        raise InputError(f"{assignment.file}: {problem}")
    ident, secret = assignment.id, assignment.secret
    seeds = {row_of(ident, one): practice_seed(secret, ident, one) for one in students}
    values = {
        **_head(ident, assignment.title, assignment.due, assignment.attempts),
        "practice": dict(sorted(seeds.items())),
        "level": [_handed_out(one) for one in assignment.levels],
    }
    text = STUDENTS + toml_text(values)
    read_assignment(text, file)
    return text


def _handed_out(assigned: Assigned) -> dict[str, object]:
    level = assigned.level
    return {
        "id": level.id,
        "digest": level.content,
        "weight": assigned.weight,
        "max_turns": assigned.max_turns,
        "unseen": assigned.unseen,
        "text": handout(assigned.text),
    }


def handout(text: str) -> str:
    """Return the text of a level without what would give it away; it has the same digest.

    Comments go too: they may say anything.
    """
    values = tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal)
    kept = {key: value for key, value in values.items() if key not in OF_TEACHER}
    return toml_text({**kept, "par": read_level(text, "").par})


def students_in(path: Path) -> list[str]:
    """Return the ids in a file: the first column of each line that is no comment.

    Raises InputError, with the line, for what is no id, and for one that is there twice.
    """
    found: list[str] = []
    # A spreadsheet begins its CSV with a byte order mark.
    text = read_text(path, MAX_STUDENT_BYTES).removeprefix("\ufeff")
    for number, line in enumerate(text.splitlines(), 1):
        ident = line.partition(",")[0].strip().strip('"')
        if not ident or ident.startswith("#"):
            continue
        try:
            check_student(ident)
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
        if ident in found:
            raise InputError(f"{path}:{number}: {ident} is there already")
        found.append(ident)
    if not 0 < len(found) <= MAX_STUDENTS:
        raise InputError(f"{path}: holds {len(found)} students; 1 to {MAX_STUDENTS} can be")
    return found


DATA = Path(__file__).parent / "data"
SCRIPTS = ("setup.sh", "run_autograder")
ASSIGNMENT = "assignment.toml"
WHEEL = ".whl"
OWNER_ONLY, RUNNABLE = 0o600, 0o755


def write_autograder(folder: Path, assignment: Path, wheels: Sequence[Path]) -> list[Path]:
    """Write the folder, which must be new or empty; return its files.

    Raises InputError for what is no wheel, and for a folder with something in it, OSError for the
    disk, which leaves nothing behind.
    """
    for wheel in wheels:
        if wheel.suffix != WHEEL or not wheel.is_file():
            raise InputError(f"{wheel}: is no wheel, a file that ends in {WHEEL}")
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder}: there is something in it already; name a new folder")
    try:
        return _filled(folder, assignment, wheels)
    except BaseException:
        for one in folder.iterdir():
            one.unlink()
        if new:
            folder.rmdir()
        raise


def _filled(folder: Path, assignment: Path, wheels: Sequence[Path]) -> list[Path]:
    written = [_copied(DATA / name, folder / name, RUNNABLE) for name in SCRIPTS]
    written.append(_copied(assignment, folder / ASSIGNMENT, OWNER_ONLY))
    return [*written, *(_copied(wheel, folder / wheel.name, 0o644) for wheel in wheels)]


def _copied(source: Path, target: Path, mode: int) -> Path:
    shutil.copyfile(source, target)
    target.chmod(mode)
    return target
