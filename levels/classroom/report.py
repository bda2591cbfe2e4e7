"""What grades tell about a class: who needs help, which misconception, where it gets stuck.

It is made from the JSON of `mmplay grade`, so that nothing is graded twice.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct, ValidationError, convert

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.collecting import Found
from mmplay.levels.classroom.deciding import Replay
from mmplay.levels.classroom.formats import SCHEMA, shown
from mmplay.levels.classroom.judging import Status
from mmplay.levels.level_text import read_text
from mmplay.levels.play.questions import UNEXPLAINED

MAX_JSON_BYTES = 1 << 28
MANY_HINTS, MANY_TRIES = 3, 5
HALF = 2
MOST_ROWS = 15
NO_CODE, NO_RULE = "wrong.other", "answers that no rule here gives"
_NUMBER = re.compile(r"\d+")

_QUESTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}(?:\.\d+)?: ", re.ASCII)
IN_ORDER = (Status.GRADED, Status.NONE, Status.NOT_GRADED)


Points = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=1 << 53)]


class PartRow(Struct, frozen=True):
    """A goal or question in the JSON of grades."""

    name: str
    score: Points
    max_score: Points
    reason: str


class SlipRow(Struct, frozen=True):
    """A wrong answer: to which question, the code of its slip, the sentence about it."""

    question: str
    code: str
    text: str


class AgainRow(Struct, frozen=True):
    """What a level came to when it was made again."""

    outcome: str
    stars: Count
    acts: Count


class LevelRow(Struct, frozen=True):
    """A student's level in the JSON of grades."""

    level: str
    status: str
    reason: str
    reexecuted: AgainRow | None
    score: Points
    max_score: Points
    parts: tuple[PartRow, ...]
    tries: Count
    hints: Count
    lowest_free: Count | None
    slips: tuple[SlipRow, ...]
    replay: Replay | None = None


class StudentRow(Struct, frozen=True):
    """A student in the JSON of grades."""

    student: str
    score: Points
    max_score: Points
    late: bool | None
    levels: tuple[LevelRow, ...]


class FileRow(Struct, frozen=True):
    """What became of a file, in the JSON of grades."""

    path: str
    student: str | None
    status: str
    reason: str


class AlikeRow(Struct, frozen=True):
    """Acts that are alike, in the JSON of grades."""

    level: str
    students: tuple[str, ...]
    same_acts: Count
    acts: Count


class GradesFile(Struct, frozen=True):
    """The JSON of `mmplay grade`, as far as a report needs it."""

    schema: int
    assignment: str
    title: str
    due: str
    students: tuple[StudentRow, ...]
    similar: tuple[AlikeRow, ...]
    files: tuple[FileRow, ...] = ()


class Help(NamedTuple):
    """A student who needs help, and with what."""

    student: str
    reasons: tuple[str, ...]


class Misconception(NamedTuple):
    """A slip that several answers came from: who made it, where, and the sentence about it.

    The same slip has the same sentence but for its numbers, which are drawn.
    """

    code: str
    text: str
    questions: tuple[str, ...]
    students: tuple[str, ...]


class Hard(NamedTuple):
    """A question or goal that so many of those who came to it did not get at once."""

    level: str
    name: str
    missed: int
    of: int


class Figures(NamedTuple):
    """How a level was played: the numbers of all who handed it in."""

    level: str
    handed_in: int
    won: int
    acts: tuple[int, ...]
    lowest_free: tuple[int, ...]
    hints: tuple[int, ...]
    tries: tuple[int, ...]


class Report(NamedTuple):
    """Everything about a class; `found` is what was handed in, empty if that is not at hand."""

    grades: GradesFile
    help: tuple[Help, ...]
    misconceptions: tuple[Misconception, ...]
    hard: tuple[Hard, ...]
    figures: tuple[Figures, ...]
    found: tuple[Found, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return everything but the grades themselves as plain data."""
        return {
            "assignment": self.grades.assignment,
            "title": self.grades.title,
            "help": [one._asdict() for one in self.help],
            "misconceptions": [one._asdict() for one in self.misconceptions],
            "hard": [one._asdict() for one in self.hard],
            "levels": [one._asdict() for one in self.figures],
        }


def read_grades(path: Path) -> GradesFile:
    """Return the grades in a file that `mmplay grade --format json` wrote; raises InputError."""
    try:
        values = json.loads(read_text(path, MAX_JSON_BYTES), parse_constant=_no_number)
        return grades_from(values)
    except (ValueError, RecursionError, ValidationError):
        what = "holds no grades; write them with mmplay grade --format json"
        raise InputError(f"{path}: {what}") from None


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads in a JSON file."""
    raise ValueError(word)


def grades_from(values: Mapping[str, Any]) -> GradesFile:
    """Return the grades in plain data; raises ValidationError."""
    found = convert(values, GradesFile)
    if found.schema != SCHEMA:
        raise ValidationError(f"schema {found.schema}")
    return found


def report_of(grades: GradesFile, found: Sequence[Found] = ()) -> Report:
    """Return what grades tell about a class; `found` are the hand-ins that they are of."""
    return Report(
        grades,
        tuple(sorted(_helped(grades), key=lambda one: (-len(one.reasons), one.student))),
        tuple(sorted(_misconceptions(grades), key=_commonest_first)),
        tuple(sorted(_hard(grades), key=_most_first)),
        tuple(_figures(grades)),
        tuple(found),
    )


def odd_files(grades: GradesFile) -> list[FileRow]:
    """Return the files that are not in order, but those that a student's level speaks of."""
    told = {
        one.student
        for one in grades.students
        if any(level.status not in IN_ORDER for level in one.levels)
    }
    return [
        one
        for one in grades.files
        if one.status != Status.NOT_GRADED and one.reason and one.student not in told
    ]


def handed_in(student: StudentRow) -> bool:
    """Tell whether a student has handed something in, in order or not."""
    return any(level.status not in (Status.NONE, Status.NOT_GRADED) for level in student.levels)


def _commonest_first(one: Misconception) -> tuple[bool, int, str]:
    """Sort by how many made a slip; answers that come from no known one stand last."""
    return one.code == NO_CODE, -len(one.students), one.code


def _most_first(one: Hard) -> tuple[int, int, str]:
    """Sort by how many missed it: one of one tells less of a class than five of nine."""
    return -one.missed, one.of, one.name


def _helped(grades: GradesFile) -> Iterator[Help]:
    for one in grades.students:
        reasons = tuple(_reasons(one))
        if reasons:
            yield Help(one.student, reasons)


def _reasons(one: StudentRow) -> Iterator[str]:
    """Yield why a student needs help, the plainest reason first."""
    missing = [level.level for level in one.levels if level.status == Status.NONE]
    if len(missing) == len(one.levels):
        yield "handed in nothing"
        return
    if one.score * HALF < one.max_score:
        yield f"has {shown(one.score)} of {shown(one.max_score)} points"
    if missing:
        yield f"handed in nothing for {', '.join(missing)}"
    for level in one.levels:
        if level.status not in IN_ORDER:
            yield f"{level.level} is {level.status}: talk about it"
        elif level.hints >= MANY_HINTS:
            yield f"took {level.hints} hints in {level.level}"
        if level.tries >= MANY_TRIES and not _won(level):
            yield f"tried {level.level} {level.tries} times without winning"


def _won(level: LevelRow) -> bool:
    return level.reexecuted is not None and level.reexecuted.stars > 0


def _misconceptions(grades: GradesFile) -> Iterator[Misconception]:
    by_slip: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for student in grades.students:
        for level in student.levels:
            for slip in level.slips:
                where = f"{level.level} {slip.question}"
                known = slip.code not in UNEXPLAINED
                code, text = (slip.code, slip.text) if known else (NO_CODE, NO_RULE)
                key = code, _NUMBER.sub("0", text)
                by_slip[key].append((student.student, where, text))
    for (code, _), found in by_slip.items():
        texts = [text for _, _, text in found]
        yield Misconception(
            code,
            max(texts, key=texts.count),
            tuple(dict.fromkeys(where for _, where, _ in found)),
            tuple(dict.fromkeys(student for student, _, _ in found)),
        )


def _hard(grades: GradesFile) -> Iterator[Hard]:
    """Yield the parts that somebody missed, of those whose run could be made again."""
    missed: dict[tuple[str, str], list[bool]] = defaultdict(list)
    names: dict[tuple[str, str], str] = {}
    for student in grades.students:
        for level in student.levels:
            for part in level.parts if level.reexecuted is not None else ():
                # Numbers of a question are drawn: who it is, is said by its id.
                ident = _QUESTION.match(part.name)
                key = level.level, ident[0] if ident is not None else part.name
                names.setdefault(key, part.name)
                missed[key].append(part.score < part.max_score)
    for key, all_of_them in missed.items():
        if any(all_of_them):
            yield Hard(key[0], names[key], sum(all_of_them), len(all_of_them))


def _figures(grades: GradesFile) -> Iterator[Figures]:
    ids = dict.fromkeys(level.level for one in grades.students for level in one.levels)
    for ident in ids:
        rows = [level for one in grades.students for level in one.levels if level.level == ident]
        played = [row for row in rows if row.reexecuted is not None]
        yield Figures(
            ident,
            sum(row.status != Status.NONE for row in rows),
            sum(map(_won, played)),
            tuple(row.reexecuted.acts for row in played if row.reexecuted is not None),
            tuple(row.lowest_free for row in played if row.lowest_free is not None),
            tuple(row.hints for row in played),
            tuple(row.tries for row in played),
        )


class Bin(NamedTuple):
    """A bar of a histogram: numbers from `low` to `high`, and how many there are."""

    low: int
    high: int
    many: int

    @property
    def label(self) -> str:
        """The numbers in words."""
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def bins(values: Iterable[int], most: int = 10) -> list[Bin]:
    """Return the bars of a histogram, of a round width each, at most so many and one more."""
    numbers = sorted(values)
    if not numbers:
        return []
    from mmplay.recordings.export.svg import round_step

    step = round_step(numbers[-1] - numbers[0] + 1, most)
    start = numbers[0] // step * step
    count = (numbers[-1] - start) // step + 1
    found = [0] * count
    for number in numbers:
        found[(number - start) // step] += 1
    lows = [start + place * step for place in range(count)]
    return [Bin(low, low + step - 1, some) for low, some in zip(lows, found, strict=True)]
