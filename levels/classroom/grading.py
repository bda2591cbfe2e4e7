"""Grades a class: hand-ins, each by itself on any core, then put together student by student."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim import ENGINE
from mmplay.levels.classroom.assignment import Assignment, kept_assignment, read_assignment
from mmplay.levels.classroom.collecting import EMPTY, Found, data_of, names_of
from mmplay.levels.classroom.deciding import NOT_MADE_AGAIN, Deciding
from mmplay.levels.classroom.handin import Handed, HandIn, read_handin
from mmplay.levels.classroom.judging import Judged, Status, judged, not_judged, seat_of
from mmplay.levels.classroom.tries import in_tries, stage_of
from mmplay.recordings.parallel.spread import Told, Workers, spread
from mmplay.recordings.trace.format import NewerError, TraceError
from mmplay.recordings.trace.reader import TraceReader, is_trace


class Graded(NamedTuple):
    """What became of one file. `number` is its digest, `tries` are those that were judged.

    `missing` says why a level may not be among them, of a file that could not be read to its end.
    """

    path: str
    student: str
    status: Status
    reason: str
    number: str = ""
    written: datetime | None = None
    tries: tuple[Judged, ...] = ()
    missing: str = ""


class LevelGrade(NamedTuple):
    """What a student has earned in a level, by the best try; `tries` is of how many."""

    judged: Judged
    tries: int
    graded: Graded | None


class Grade(NamedTuple):
    """A student's grade. `late` is None if nobody knows; `late_by` says who says so."""

    student: str
    late: bool | None
    late_by: str
    levels: tuple[LevelGrade, ...]

    @property
    def score(self) -> Fraction:
        """All points."""
        return sum((one.judged.score for one in self.levels), Fraction(0))


class Grades(NamedTuple):
    """The grades of a class, and what became of every file."""

    assignment: Assignment
    students: tuple[Grade, ...]
    files: tuple[Graded, ...]

    @property
    def done(self) -> int:
        """How many files were looked at: all of them, unless Ctrl-C came."""
        return sum(one.status is not Status.NOT_GRADED for one in self.files)


STOPPED = "was not graded yet: Ctrl-C stopped the grading; grade again"

Received = Callable[[Found], datetime | None]
"""When a file was received, None if that is not known."""


def graded_class(
    text: str,
    name: str,
    found: Sequence[Found],
    received: Received = lambda _: None,
    on: Workers = Workers(),  # noqa: B008
) -> Grades:
    """Return the grades that files come to, by the assignment in a text.

    The same on one core as on many. Raises InputError for the assignment, and for a cluster that
    cannot be used; a file that cannot be read is one of the files. After Ctrl-C, what was not
    graded yet says so.
    """
    assignment = read_assignment(text, name)
    work = partial(_grade_item, text, name)
    items = _Carried(found) if on.scheduler else [_Item(*one) for one in enumerate(found)]
    files = [Graded(one.label, "", Status.NOT_GRADED, STOPPED) for one in found]
    with suppress(KeyboardInterrupt):
        told = Told("grading", "files")
        for place, graded in spread(work, items, on, told=told, lost=_lost):
            files[place] = graded
    files = list(_as_a_whole(files, found, assignment))
    return Grades(assignment, tuple(_students(assignment, found, files, received)), tuple(files))


# one file


class _Item(NamedTuple):
    """A file to be graded, and its place; where other machines do it, it carries its bytes."""

    place: int
    found: Found
    data: bytes | None = None


class _Carried(Sequence[_Item]):
    """Files that carry their bytes, read when they are sent."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, place: int) -> _Item:  # type: ignore[override]
        one = self._found[place]
        try:
            return _Item(place, one, None if one.problem else data_of(one))
        except InputError as error:
            return _Item(place, one._replace(problem=str(error)))


def _lost(item: _Item) -> tuple[int, Graded]:
    what = "could not be graded: the process that did it was killed again and again"
    return item.place, _unread(item.found.label, "", Status.DAMAGED, what)


def _grade_item(text: str, name: str, item: _Item) -> tuple[int, Graded]:
    """Grade one; what comes of it says itself in which place it stands."""
    return item.place, _graded(text, name, item)


def _graded(text: str, name: str, item: _Item) -> Graded:
    one = item.found
    if one.problem:
        if one.problem == EMPTY:
            return Graded(one.label, "", Status.NONE, EMPTY)
        return _unread(one.label, "", Status.FOREIGN, one.problem)
    try:
        data = data_of(one) if item.data is None else item.data
    except InputError as error:
        return _unread(one.label, "", Status.DAMAGED, str(error))
    return graded_file(kept_assignment(text, name), one.label, data)


def graded_file(assignment: Assignment, label: str, data: bytes) -> Graded:
    """Return what one hand-in is worth; raises nothing that it could cause."""
    number = sha256(data).hexdigest() if data else ""
    try:
        hand = read_handin(io.BytesIO(data), label)
    except NewerError as error:
        return _unread(label, "", Status.NEWER, _said(error, label), number)
    except TraceError as error:
        return _unread(label, "", *_unreadable(data, error, label), number)
    refused = _refused(assignment, hand)
    if refused is not None:
        return _unread(label, hand.student[:64], *refused, number, hand.written)
    tries = tuple(_tries(assignment, hand))
    status, reason = _of_file(hand, tries)
    missing = "" if hand.ending.closed else f"{label}: {_ending(hand)[1]}"
    return Graded(label, hand.student, status, reason, number, hand.written, tries, missing)


def _unread(
    label: str,
    student: str,
    status: Status,
    why: str,
    number: str = "",
    written: datetime | None = None,
) -> Graded:
    """Return what is said of a file of which nothing was graded."""
    return Graded(label, student, status, why, number, written, missing=f"{label}: {why}")


def _said(error: InputError, label: str) -> str:
    return str(error).removeprefix(f"{label}: ")


def _unreadable(data: bytes, error: TraceError, label: str) -> tuple[Status, str]:
    """Say what a file is called that cannot be read as a hand-in, and why."""
    if not data:
        return Status.CUT, "is empty"
    if not is_trace(data):
        return Status.FOREIGN, "is no hand-in, whatever its name says"
    return Status.DAMAGED, _said(error, label)


def _refused(assignment: Assignment, hand: HandIn) -> tuple[Status, str] | None:
    """Return why a hand-in is not looked into."""
    if hand.engine > ENGINE:
        what = f"was made with engine {hand.engine}, this is {ENGINE}: update mmplay"
        return Status.NEWER, what
    if hand.assignment != assignment.id:
        return Status.OTHER_ASSIGNMENT, f"is for {hand.assignment[:40]}, not for {assignment.id}"
    try:
        seat_of(assignment, hand.student)
    except InputError as error:
        return Status.FOREIGN, str(error)
    if assignment.students and hand.student not in assignment.students:
        return Status.FOREIGN, f"{hand.student} is not in the list of students"
    return None


def _tries(assignment: Assignment, hand: HandIn) -> Iterator[Judged]:
    """Yield every try that counts: of each level so many as the assignment allows."""
    seat = seat_of(assignment, hand.student)
    headed = [(_header(one), number) for number, one in enumerate(hand.traces)]
    by_level = in_tries(headed, lambda one: one[0][0], lambda one: one[0][1])
    for assigned in assignment.levels:
        mine = [some for some in by_level if some[0][0][0] == assigned.level.id]
        for some in mine[: assignment.attempts or None]:
            numbers = [number for _, number in some]
            found = judged(assigned, seat, [hand.traces[number] for number in numbers])
            yield found._replace(deciding=_in_file(found.deciding, numbers))
    ids = [one.level.id for one in assignment.levels]
    for some in by_level:
        (level, _), number = some[0]
        if level not in ids:
            yield _of_no_level(level, hand.traces[number])


def _in_file(deciding: Deciding | None, numbers: Sequence[int]) -> Deciding:
    """Return where a try was decided, by the numbers that its recordings have in the hand-in."""
    if deciding is None:
        return Deciding(numbers[-1], None, NOT_MADE_AGAIN)
    return deciding._replace(recording=numbers[deciding.recording])


def _of_no_level(level: str, trace: Handed) -> Judged:
    """Return what is said of a recording that is of no level of the assignment."""
    status, reason = Status.FOREIGN, "is not a level of this assignment"
    try:
        TraceReader(io.BytesIO(trace.data), trace.name)
    except TraceError as error:
        newer = isinstance(error, NewerError)
        status, reason = Status.NEWER if newer else Status.DAMAGED, str(error)
    return Judged(level, status, reason, None, "", 0, 0, ())


def _header(trace: Handed) -> tuple[str, int]:
    """Return the level and stage that a trace says it is of; no level for what cannot be read."""
    try:
        header = TraceReader(io.BytesIO(trace.data), trace.name).header
    except TraceError:
        return "", 0
    return str(header.get("level"))[:40], stage_of(header)


def _of_file(hand: HandIn, tries: Sequence[Judged]) -> tuple[Status, str]:
    """Return what a file is called: by itself, else by the first try that is not in order."""
    bad = [one for one in tries if one.status is not Status.GRADED]
    problems = [f"{one.level} {one.reason}".strip() for one in bad]
    if not hand.ending.closed:
        status, why = _ending(hand)
        return status, "; ".join([why, *problems])
    if not tries:
        return Status.NONE, "holds no recording of a level of this assignment"
    return bad[0].status if bad else Status.GRADED, "; ".join(problems)


def _ending(hand: HandIn) -> tuple[Status, str]:
    """Return what a file is called that could not be read to its end."""
    if hand.ending.damaged:
        return Status.DAMAGED, f"is damaged at byte {hand.ending.offset}: {hand.ending.why}"
    return Status.CUT, "ends early: something is missing"


# the class


def _as_a_whole(
    files: Sequence[Graded], found: Sequence[Found], assignment: Assignment
) -> Iterator[Graded]:
    """Yield the files with what only all of them together can tell."""
    seen: dict[str, str] = {}
    known = {*assignment.students, *(one.student for one in files if one.student)}
    for one, where in zip(files, found, strict=True):
        if one.number in seen:
            what = f"is the same file as {seen[one.number]}"
            yield one._replace(status=Status.DUPLICATE, reason=what, tries=(), missing="")
            continue
        if one.number:
            seen[one.number] = one.path
        other = [name for name in names_of(where) if name in known and name != one.student]
        if one.student and other and one.student not in names_of(where):
            what = f"its file name says {other[0]}, but the file itself says {one.student}"
            one = one._replace(reason="; ".join(filter(None, (one.reason, what))))
        yield one


def _students(
    assignment: Assignment, found: Sequence[Found], files: Sequence[Graded], received: Received
) -> Iterator[Grade]:
    """Yield a grade for every student of the list, or for each who handed something in."""
    times = {id(one): received(where) for one, where in zip(files, found, strict=True)}
    names = assignment.students or sorted({one.student for one in files if one.tries})
    none = (Status.NONE, "nothing was handed in")
    if any(one.status is Status.NOT_GRADED for one in files):
        none = (Status.NOT_GRADED, STOPPED)
    named = [(one, names_of(where)) for one, where in zip(files, found, strict=True)]
    for student in names:
        mine = [one for one in files if one.student == student and one.tries]
        lost = next(_lost_files(student, named), None)
        why = none if lost is None else (lost.status, lost.missing)
        levels = tuple(_levels(assignment, mine, why))
        counted = [one.graded for one in levels if one.graded is not None]
        yield Grade(student, *_late(assignment, counted, times), levels)


def _lost_files(student: str, named: Sequence[tuple[Graded, list[str]]]) -> Iterator[Graded]:
    """Yield the files of a student that a missing level may have been in, unless one is whole.

    A file that does not say whose it is belongs to whom its name says.
    """
    mine = [one for one, names in named if student in ([one.student] if one.student else names)]
    if all(one.missing or not one.tries for one in mine):
        yield from (one for one in mine if one.missing)


def _levels(
    assignment: Assignment, mine: Sequence[Graded], why: tuple[Status, str]
) -> Iterator[LevelGrade]:
    """Yield a student's best try of each level; `why` there may be none."""
    for assigned in assignment.levels:
        ident = assigned.level.id
        tries = [(one, file) for file in mine for one in file.tries if one.level == ident]
        if tries:
            best, file = max(tries, key=lambda one: (one[0].score, one[0].status is Status.GRADED))
            yield LevelGrade(best, len(tries), file)
            continue
        yield LevelGrade(not_judged(assigned, *why), 0, None)


RECEIVED, CLAIMED = "received", "claimed"


def _late(
    assignment: Assignment, counted: Iterable[Graded], times: dict[int, datetime | None]
) -> tuple[bool | None, str]:
    """Return whether one of the files that count came late, and who says so."""
    said = [
        (time > assignment.due, RECEIVED if times[id(one)] is not None else CLAIMED)
        for one in counted
        if (time := times[id(one)] or one.written) is not None
    ]
    if not said:
        return None, ""
    late = any(one for one, _ in said)
    return late, CLAIMED if (late, CLAIMED) in said else RECEIVED
