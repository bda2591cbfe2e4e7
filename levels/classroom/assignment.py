"""An assignment file: which levels, what each counts, until when; the teacher's has a secret.

It is TOML and holds the levels themselves, so that everybody plays and grades the same. A student
edition has no [teacher] table and no solutions; in its place stand the practice seeds, each in a
row that only its student can name.

Whose machine has which seed is made from the secret, which the teacher alone has. Each student
plays a machine of his own, with the practice seed. The pass seed is that of another machine, on
which the teacher lets the same acts count; nobody else can compute it.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.language import MAX_TURNS
from mmplay.levels.level_text import (
    MAX_BYTES,
    LevelError,
    Place,
    check_kind,
    check_text,
    read_text,
    read_toml,
)
from mmplay.levels.load import read_level
from mmplay.levels.model import FileTable, Level, Needed, Number, listed, one_of, up_to
from mmplay.levels.pack import MAX_PACK_BYTES
from mmplay.levels.sections import typed

SECRET_BYTES = 32
SEED_BYTES = 4
ROW_DIGITS = 16

PASS = "pass"

_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)


def new_secret() -> str:
    """Return a fresh secret, in hex."""
    return token_hex(SECRET_BYTES)


def practice_seed(secret: str, assignment: str, student: str) -> int:
    """Return the seed that a student plays with."""
    return _seed(secret, assignment, student)


def pass_seed(secret: str, assignment: str, student: str) -> int:
    """Return the seed of the machine that a student never sees; it is in no file."""
    return _seed(secret, PASS, assignment, student)


def _seed(secret: str, *texts: str) -> int:
    digest = hmac.digest(secret.encode(), ":".join(texts).encode(), "sha256")
    return int.from_bytes(digest[:SEED_BYTES], "big")


def row_of(assignment: str, student: str) -> str:
    """Return the name of a student's row in the table of practice seeds."""
    return sha256(f"{assignment}:{student}".encode()).hexdigest()[:ROW_DIGITS]


def check_student(text: str) -> None:
    """Raise InputError for what is no student's id."""
    if not _STUDENT.fullmatch(text):
        problem = "no student id: write up to 64 letters, digits and . _ @ + - without blanks"
        raise InputError(f"{text[:64]!r} is {problem}")


FORMAT, KIND = 1, "assignment"
MAX_STUDENTS, MAX_LEVELS, MAX_WEIGHT, MAX_ATTEMPTS = 10_000, 40, 1000, 1000
MAX_SEED = (1 << 32) - 1

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class LevelTable(FileTable, frozen=True, kw_only=True):
    """[[level]]: one that is assigned. `text` is its whole file, `digest` that of its content.

    `unseen` tells that its acts must also hold on a machine that the student has not seen.
    """

    id: Needed
    digest: Needed
    weight: Annotated[int, up_to(MAX_WEIGHT)] = 1
    max_turns: Annotated[int, up_to(MAX_TURNS, 1)]
    unseen: bool = False
    text: str


class TeacherTable(FileTable, frozen=True, kw_only=True):
    """[teacher]: what no student edition has."""

    secret: Annotated[str, Meta(min_length=32)]
    students: Annotated[tuple[str, ...], listed(MAX_STUDENTS)] = ()


class AssignmentFile(FileTable, frozen=True, kw_only=True):
    """The file. `practice` has a seed for each row (`seeds.row_of`)."""

    format: Number
    kind: Annotated[str, one_of((KIND,))]
    id: Needed
    title: Needed
    due: Any
    attempts: Annotated[int, up_to(MAX_ATTEMPTS)] = 0
    practice: dict[str, Any] = {}  # noqa: RUF012  msgspec copies it
    teacher: TeacherTable | None = None
    level: Annotated[tuple[LevelTable, ...], listed(MAX_LEVELS)]


class Assigned(NamedTuple):
    """A level of an assignment, bounded as it says, with the rest of its table."""

    level: Level
    weight: int
    max_turns: int
    unseen: bool
    text: str


class Assignment(NamedTuple):
    """An assignment, read and checked.

    `attempts` is how many runs of a level a hand-in may hold, 0 for as many as one likes. `secret`
    is empty in a student edition, which has the rows of `practice` instead.
    """

    file: str
    id: str
    title: str
    due: datetime
    attempts: int
    levels: tuple[Assigned, ...]
    secret: str
    students: tuple[str, ...]
    practice: dict[str, int]

    def find(self, ident: str) -> Assigned:
        """Return the level of this id, in any case; raises InputError."""
        for one in self.levels:
            if one.level.id.casefold() == ident.casefold():
                return one
        ids = [one.level.id for one in self.levels]
        raise InputError(f"{self.file}: {no_such('level of this assignment', ident, ids)}")

    def seed_of(self, student: str) -> int:
        """Return a student's practice seed; raises InputError for one who has none here."""
        check_student(student)
        if self.secret:
            return practice_seed(self.secret, self.id, student)
        seed = self.practice.get(row_of(self.id, student))
        if seed is None:
            what = (
                "is not among the students of this assignment; write the id as your teacher gave it"
            )
            raise InputError(f"{self.file}: {student} {what}")
        return seed

    def played_by(self, student: str, ident: str) -> Level:
        """Return a level as a student plays it: with the practice seed, bound to him.

        The levels that are assigned after it follow it. Raises InputError for no such level, or
        student.
        """
        bound, seed = (("assignment", self.id), ("student", student)), self.seed_of(student)
        place = [one.level.id for one in self.levels].index(self.find(ident).level.id)
        after: Level | None = None
        for one in reversed(self.levels[place:]):
            after = with_seed(one.level, seed, bound)._replace(after=after)
        assert after is not None
        return after


def with_seed(level: Level, seed: int, bound: tuple[tuple[str, str], ...] = ()) -> Level:
    """Return a level whose runs count with another seed, and are bound to whom `bound` names."""
    start = level.start._replace(seed=seed)
    stages = tuple(with_seed(one, seed, bound) for one in level.stages)
    return level._replace(start=start, bound=bound, stages=stages)


def load_assignment(path: Path) -> Assignment:
    """Read an assignment file; raises LevelError with file, line and key."""
    return read_assignment(read_text(path, MAX_PACK_BYTES), str(path))


def load_teachers(path: Path) -> Assignment:
    """Read an assignment file that has the secret; raises LevelError."""
    found = load_assignment(path)
    if not found.secret:
        what = "is a student edition; name the teacher's file, which has a [teacher] table"
        raise LevelError(f"{path}: {what}")
    return found


def read_assignment(text: str, name: str) -> Assignment:
    """Return the assignment in a text; raises LevelError."""
    top = read_toml(text, name)
    check_kind(top, KIND)
    version = top.table.get("format")
    if isinstance(version, int) and version != FORMAT:
        raise top.error("format", f"this mmplay reads format {FORMAT}; is there a newer mmplay?")
    file = typed(top, AssignmentFile)
    top.checked("id", file.id, check_assignment_id)
    check_text(top, "title", file.title)
    return Assignment(
        name,
        file.id,
        file.title,
        _due(top, file.due),
        file.attempts,
        tuple(_levels(top, file.level)),
        file.teacher.secret if file.teacher is not None else "",
        _students(top, file.teacher),
        _practice(top, file.practice),
    )


def check_assignment_id(text: str) -> None:
    """Raise InputError for what is no id of an assignment."""
    if not _ID.fullmatch(text):
        raise InputError("write a letter or digit and up to 63 letters, digits, . - or _")


def due_of(text: str) -> datetime:
    """Return the date and time in a text; raises InputError without an offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        example = "2026-12-01T23:59:00+01:00"
        raise InputError(f"{text[:40]!r}: write date, time and offset, such as {example}")
    return found


def _due(top: Place, due: object) -> datetime:
    if not isinstance(due, datetime) or due.tzinfo is None:
        raise top.error("due", "write date, time and offset: 2026-12-01T23:59:00+01:00")
    return due


@lru_cache(maxsize=2)
def kept_assignment(text: str, name: str) -> Assignment:
    """Return the assignment in a text, for a process that works on many parts of the same one."""
    return read_assignment(text, name)


def _levels(top: Place, tables: Iterable[LevelTable]) -> list[Assigned]:
    found: list[Assigned] = []
    for number, table in enumerate(tables):
        place = top.at("level", number)
        if len(table.text) > MAX_BYTES:
            raise place.error("text", f"must be a text of up to {MAX_BYTES} characters")
        level = read_level(table.text, f"{top.file}({table.id})")
        if level.id != table.id:
            raise place.error("id", f"the level in the text is {level.id}")
        if level.content != table.digest:
            problem = f"the level in the text has the digest {level.content}: one was changed"
            raise place.error("digest", problem)
        if table.id.casefold() in {one.level.id.casefold() for one in found}:
            raise place.error("id", f"{table.id} is assigned already")
        rest = (table.weight, table.max_turns, table.unseen, table.text)
        found.append(Assigned(bounded(level, table.max_turns), *rest))
    if not found:
        raise top.error("level", "an assignment has at least one [[level]]")
    return found


def bounded(level: Level, max_turns: int) -> Level:
    """Return a level of which no run, and no stage, takes more turns."""
    stages = tuple(bounded(one, max_turns) for one in level.stages)
    return level._replace(max_turns=min(level.max_turns, max_turns), stages=stages)


def _students(top: Place, teacher: TeacherTable | None) -> tuple[str, ...]:
    students = teacher.students if teacher is not None else ()
    place = top.at("teacher")
    for one in students:
        place.checked("students", one, check_student)
    twice = Counter(students).most_common(1)
    if twice and twice[0][1] > 1:
        raise place.error("students", f"{twice[0][0]} is there twice")
    return students


def _practice(top: Place, rows: dict[str, Any]) -> dict[str, int]:
    for key, seed in rows.items():
        if type(seed) is not int or not 0 <= seed <= MAX_SEED:
            raise top.at("practice").error(key, f"must be a whole number from 0 to {MAX_SEED}")
    return rows
