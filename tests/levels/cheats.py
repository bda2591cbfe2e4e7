"""A class that was made up: honest hand-ins, and every kind of cheating and damage."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from mmplay.engine.sim import ENGINE
from mmplay.levels.authoring import toml_text
from mmplay.levels.classroom.assignment import Assignment, with_seed
from mmplay.levels.classroom.judging import Status
from mmplay.levels.load import read_level
from mmplay.levels.model import Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import ALL_TURNS, begin, level_header
from mmplay.recordings.library import RESULT
from mmplay.recordings.trace.format import FORMAT, Code
from mmplay.recordings.trace.reader import Record, TraceReader
from mmplay.recordings.trace.writer import TraceWriter
from tests.levels.classes import TOO_LATE, Player, hand_in, rightly, trace
from tests.sessions import Kept
from tests.waiting import as_long_as

Edit = Callable[[Record], Record | None]


def sealed(
    data: bytes, header: dict[str, Any] | None = None, edit: Edit = lambda record: record
) -> bytes:
    """Return a trace with another header, other records: every check fits again."""
    stream = Kept()
    reader = TraceReader(io.BytesIO(data), "x")
    writer = TraceWriter(stream, {**reader.header, **(header or {})})
    for record in reader:
        made = edit(record)
        if made is not None:
            writer.append_code(made.code, made.fields)
    writer.finish()
    return stream.kept


class Seat(NamedTuple):
    """Who hands in: a student of an assignment of one level, with acts that win."""

    assignment: Assignment
    student: str
    other: str
    acts: tuple[str, ...]
    random: Random

    def level(self, student: str = "") -> Level:
        ident = self.assignment.levels[0].level.id
        return self.assignment.played_by(student or self.student, ident)

    def honest(self, student: str = "") -> bytes:
        return trace(self.level(student), *self.acts)

    def handed(self, data: bytes, **more: Any) -> bytes:
        return hand_in(self.student, data, **more)

    def flipped(self, data: bytes) -> bytes:
        """Return the bytes with one bit changed, in the body of a record of the second half."""
        places = [record.end - 1 for record in TraceReader(io.BytesIO(data), "x")]
        at = self.random.choice([place for place in places if place >= places[-1] // 2])
        return data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1 :]


def wrongly(random: Random) -> Player:
    """Return a player who answers with what comes to hand."""

    def answer(run: LevelRun) -> bool:
        question = run.open_question()
        if question is not None and run.notes.missed[question.id]:
            run.skip(question.id)
        elif question is not None:
            said = random.choice([option.value for option in question.options] or ["12345"])
            try:
                run.answer(question.id, said)
            except Exception:  # an answer of another kind
                run.skip(question.id)
        return question is not None

    return answer


def right(seat: Seat) -> bytes:
    return seat.handed(seat.honest())


def late(seat: Seat) -> bytes:
    return seat.handed(seat.honest(), written=TOO_LATE)


def skipped(seat: Seat) -> bytes:
    """Leave a question, and lose."""

    def answer(run: LevelRun) -> bool:
        question = run.open_question()
        if question is not None:
            run.skip(question.id)
        return question is not None

    return seat.handed(trace(seat.level(), answers=answer))


def unfinished(seat: Seat) -> bytes:
    """Kill the terminal in the middle."""
    data = seat.honest()
    return seat.handed(data[: -seat.random.randrange(24, len(data) // 3)])


def bit_flipped(seat: Seat) -> bytes:
    return seat.handed(seat.flipped(seat.honest()))


def result_rewritten(seat: Seat) -> bytes:
    """Write another result over the run's own, and seal it."""

    def edit(record: Record) -> Record:
        if record.code == Code.MARK and record.fields[2] == RESULT:
            record.fields[3] = "won, 3 stars, 0 acts of par 7"
        return record

    return seat.handed(sealed(seat.honest(), edit=edit))


def result_added(seat: Seat) -> bytes:
    """Claim more at the end of a run that is recorded as it should be."""
    stream = Kept()
    level = seat.level()
    run = begin(level, level.start.seed, TraceWriter(stream, level_header(level, level.start.seed)))
    for _ in as_long_as(lambda: run.playing):
        if not rightly(run):
            run.advance(ALL_TURNS)
    score = run.score()
    run.session.mark(run.session.end, RESULT, f"won, 3 stars, {score.acts + 7} acts of par 40")
    run.session.finish()
    return seat.handed(stream.kept)


def answer_rewritten(seat: Seat) -> bytes:
    """Put another answer in the place of the first one, and seal it."""
    done: list[Record] = []

    def edit(record: Record) -> Record:
        if record.code == Code.ACT and record.fields[2] == "answer" and not done:
            done.append(record)
            record.fields[3] += "0"
        return record

    return seat.handed(sealed(seat.honest(), edit=edit))


def end_rewritten(seat: Seat) -> bytes:
    """Say that the run came to another end."""

    def edit(record: Record) -> Record:
        if record.code == Code.REACHED:
            record.fields[2] = seat.random.randbytes(16)
        return record

    return seat.handed(sealed(seat.honest(), edit=edit))


def easier(seat: Seat) -> Level:
    """Return the level with the same id, and more memory."""
    values = tomllib.loads(seat.assignment.levels[0].text)
    machine = values["machine"]
    if "zone" in machine:
        machine["zone"][0]["free"] += 7
    else:
        machine["packets"] = 7
    changed = read_level(toml_text(values), "own.toml")
    mine = seat.level()
    return with_seed(changed, mine.start.seed, mine.bound)


def own_level(seat: Seat) -> bytes:
    return seat.handed(trace(easier(seat), answers=wrongly(seat.random)))


def own_level_renamed(seat: Seat) -> bytes:
    """Play an easier level, and write the real one's digest into the header."""
    content = seat.assignment.levels[0].level.content
    data = trace(easier(seat)._replace(content=content), answers=wrongly(seat.random))
    return seat.handed(data)


def copied(seat: Seat) -> bytes:
    return seat.handed(seat.honest(seat.other))


def copied_and_renamed(seat: Seat) -> bytes:
    return seat.handed(sealed(seat.honest(seat.other), {"student": seat.student}))


def copied_with_seed(seat: Seat) -> bytes:
    mine = {"student": seat.student, "seed": seat.level().start.seed}
    return seat.handed(sealed(seat.honest(seat.other), mine))


def own_seed(seat: Seat) -> bytes:
    level = seat.level()
    return seat.handed(trace(with_seed(level, seat.random.randrange(1 << 31), level.bound)))


def other_assignment(seat: Seat) -> bytes:
    return seat.handed(seat.honest(), of="week2")


def other_course(seat: Seat) -> bytes:
    """Hand in what was played for another assignment."""
    bound = (("assignment", "week2"), ("student", seat.student))
    level = seat.level()
    return seat.handed(trace(with_seed(level, level.start.seed, bound), *seat.acts))


def newer_format(seat: Seat) -> bytes:
    return sealed(right(seat), {"format": FORMAT + 1})


def newer_engine(seat: Seat) -> bytes:
    return seat.handed(sealed(seat.honest(), {"engine": ENGINE + 1}))


def hand_in_cut(seat: Seat) -> bytes:
    data = right(seat)
    return data[: -seat.random.randrange(10, 60)]


def hand_in_damaged(seat: Seat) -> bytes:
    return seat.flipped(right(seat))


def two_students(seat: Seat) -> bytes:
    """Two traces in one hand-in, the second of somebody else."""
    return hand_in(seat.student, seat.honest(), seat.honest(seat.other))


def no_hand_in(seat: Seat) -> bytes:
    return b"%PDF-1.4\n" + seat.random.randbytes(300)


KINDS: dict[str, tuple[Callable[[Seat], bytes], Status]] = {
    "right": (right, Status.GRADED),
    "late": (late, Status.GRADED),
    "skipped": (skipped, Status.GRADED),
    "unfinished": (unfinished, Status.CUT),
    "bit flipped": (bit_flipped, Status.DAMAGED),
    "result rewritten": (result_rewritten, Status.FORGED_RESULT),
    "result added": (result_added, Status.FORGED_RESULT),
    "answer rewritten": (answer_rewritten, Status.FORGED_RESULT),
    "end rewritten": (end_rewritten, Status.FORGED_RESULT),
    "own level": (own_level, Status.FORGED_LEVEL),
    "own level renamed": (own_level_renamed, Status.FORGED_LEVEL),
    "copied": (copied, Status.FOREIGN),
    "copied and renamed": (copied_and_renamed, Status.WRONG_SEED),
    "copied with seed": (copied_with_seed, Status.FORGED_LEVEL),
    "own seed": (own_seed, Status.WRONG_SEED),
    "other assignment": (other_assignment, Status.OTHER_ASSIGNMENT),
    "other course": (other_course, Status.OTHER_ASSIGNMENT),
    "newer format": (newer_format, Status.NEWER),
    "newer engine": (newer_engine, Status.NEWER),
    "hand-in cut": (hand_in_cut, Status.CUT),
    "hand-in damaged": (hand_in_damaged, Status.DAMAGED),
    "two students": (two_students, Status.FOREIGN),
    "no hand-in": (no_hand_in, Status.FOREIGN),
}
"""Every kind of hand-in, and what it must be called."""


class Made(NamedTuple):
    """A hand-in of the class: whose, of which kind, its bytes, what it must be called."""

    student: str
    kind: str
    data: bytes
    status: Status


def made_up(
    assignment: Assignment, acts: tuple[str, ...], seed: int, count: int = 0
) -> Iterator[Made]:
    """Yield the hand-ins of a class, one a student, the kinds in turn."""
    students = assignment.students
    for number, student in enumerate(students[: count or None]):
        kind = [*KINDS][number % len(KINDS)]
        other = students[(number + 1) % len(students)]
        seat = Seat(assignment, student, other, acts, Random(f"{seed} {number}"))
        deed, status = KINDS[kind]
        yield Made(student, kind, deed(seat), status)
