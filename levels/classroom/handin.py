"""A hand-in, `.mmhand`: who hands in what for which assignment, with the traces as they are.

It is built as a trace is (`recordings.trace.format`): a header, then records with a check each, so
that a change, a cut, or bytes that were put behind it are seen before anything is run. A trace lies
in pieces of HANDED records: its number, its name, some of its bytes. Whoever makes one of their
recordings has each of them made again first.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mmplay import __version__
from mmplay.engine.errors import InputError
from mmplay.engine.sim import ENGINE
from mmplay.levels.classroom.assignment import Assignment, due_of
from mmplay.levels.classroom.tries import Try, best, fits, in_tries, stage_of, tries_of
from mmplay.levels.play.share_code import code_of
from mmplay.recordings.files import replacing
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import load_session
from mmplay.recordings.run.verify import verify_stream
from mmplay.recordings.trace.format import HAND_IN, Code, TraceError
from mmplay.recordings.trace.reader import Ending, TraceReader, open_trace
from mmplay.recordings.trace.writer import TraceWriter

SUFFIX = ".mmhand"
PIECE_BYTES = 1 << 12
"""Small, so that a file that was cut loses little of the trace in which it ends."""

MAX_HAND_BYTES = 1 << 25
"""A trace of the longest level is 0.3 MB."""

MAX_TRACES = 400
MAX_NAME = 80


class Handed(NamedTuple):
    """A trace of a hand-in: its name as the student had it, and its bytes."""

    name: str
    data: bytes


class HandIn(NamedTuple):
    """A hand-in, read. `written` is what it says of its time, None if that is none."""

    assignment: str
    student: str
    written: datetime | None
    engine: int
    traces: tuple[Handed, ...]
    ending: Ending


def write_handin(
    path: Path, assignment: str, student: str, written: datetime, traces: Sequence[Handed]
) -> None:
    """Write a hand-in; raises InputError if it is larger than one may be, OSError for the disk."""
    if len(traces) > MAX_TRACES or sum(len(one.data) for one in traces) > MAX_HAND_BYTES // 2:
        most = f"{MAX_TRACES} traces and {MAX_HAND_BYTES // 2 >> 20} MB"
        raise InputError(f"{path}: a hand-in takes at most {most}; leave some traces out")
    with replacing(path) as stream:
        stream.write(handin_bytes(assignment, student, written, traces))


def handin_bytes(
    assignment: str, student: str, written: datetime, traces: Iterable[Handed]
) -> bytes:
    """Return a hand-in as it stands in its file."""
    stream = io.BytesIO()
    header = {
        "kind": HAND_IN,
        "assignment": assignment,
        "student": student,
        "written": written.isoformat(timespec="seconds"),
        "writer": f"mmplay {__version__}",
        "engine": ENGINE,
    }
    writer = TraceWriter(stream, header)
    for number, (name, data) in enumerate(traces):
        for start in range(0, max(1, len(data)), PIECE_BYTES):
            writer.append(Code.HANDED, [number, name[:MAX_NAME], data[start : start + PIECE_BYTES]])
    writer.close()
    return stream.getvalue()


def read_handin(stream: BinaryIO, name: str) -> HandIn:
    """Return a hand-in with its traces; raises TraceError for what is none.

    Of a file that was cut or changed it is what stands before that, and the last trace may be cut,
    which its own ending says; see `ending`.
    """
    reader = TraceReader(stream, name)
    header = reader.header
    assignment, student = header.get("assignment"), header.get("student")
    if header.get("kind") != HAND_IN or not isinstance(assignment, str) or type(student) is not str:
        kind = str(header.get("kind"))[:40]
        raise TraceError(f"{name}: is no hand-in, but a {kind!r} recording; use mmplay submit")
    traces = _traces(reader, name)
    ending = reader.ending or Ending(closed=False, offset=0)
    engine = header.get("engine")
    number = engine if type(engine) is int else 0
    return HandIn(assignment, student, _written(header), number, tuple(traces), ending)


def _traces(reader: TraceReader, name: str) -> list[Handed]:
    found: list[tuple[str, list[bytes]]] = []
    size = 0
    for record in reader:
        if record.code != Code.HANDED:
            continue
        match record.fields:
            case [int() as number, str() as called, bytes() as data] if _follows(number, found):
                size += len(data)
                if size > MAX_HAND_BYTES:
                    raise TraceError(f"{name}: holds more than {MAX_HAND_BYTES >> 20} MB")
                if number == len(found):
                    found.append((called[:MAX_NAME], []))
                found[number][1].append(data)
            case _:
                raise TraceError(f"{name}: record at byte {record.offset} is no piece of a trace")
    return [Handed(called, b"".join(pieces)) for called, pieces in found]


def _follows(number: int, found: list[tuple[str, list[bytes]]]) -> bool:
    """Tell whether a piece belongs to the last trace, or begins the next."""
    return number in (len(found) - 1, len(found)) and 0 <= number < MAX_TRACES


def _written(header: dict[str, Any]) -> datetime | None:
    try:
        return due_of(str(header.get("written")))
    except InputError:
        return None


class Chosen(NamedTuple):
    """What is handed in of a level: a try, and in a word why that one."""

    level: str
    one: Try
    of: int


def best_tries(assignment: Assignment, student: str) -> list[Chosen]:
    """Return the best try of each level that a student has played; raises InputError for none."""
    assignment.seed_of(student)
    tries = tries_of(assignment, student)
    by_level = {
        one.level.id: [some for some in tries if some.level == one.level.id]
        for one in assignment.levels
    }
    found = [Chosen(ident, best(some), len(some)) for ident, some in by_level.items() if some]
    if not found:
        play = f"mmplay play --assignment {assignment.file} --student {student}"
        raise InputError(
            f"{student} has played no level of {assignment.id} here; begin with {play}"
        )
    return found


def traces_of(chosen: Sequence[Chosen]) -> list[Path]:
    """Return the files of what is handed in."""
    return [run.path for one in chosen for run in one.one.runs]


def read_traces(paths: Sequence[Path], assignment: Assignment, student: str) -> list[Handed]:
    """Return the traces in files, each made again.

    Raises InputError for one that is not the student's, is of no level of the assignment, or does
    not come out as it says.
    """
    assignment.seed_of(student)
    return [Handed(path.name, _checked(path, assignment, student)) for path in paths]


def _checked(path: Path, assignment: Assignment, student: str) -> bytes:
    with open_trace(path) as file:
        data = file.read(MAX_HAND_BYTES + 1)
    if len(data) > MAX_HAND_BYTES:
        raise InputError(f"{path}: is larger than {MAX_HAND_BYTES >> 20} MB: no level's trace is")
    if not fits(TraceReader(io.BytesIO(data), str(path)).header, assignment, student):
        what = f"is no recording that {student} made of a level of {assignment.id}"
        raise InputError(f"{path}: {what}; play with --assignment and --student")
    verdict = verify_stream(io.BytesIO(data), str(path))
    if verdict.fault is not None:
        raise InputError(f"{path}: cannot be handed in: {verdict.fault.text}")
    return data


class StageCode(NamedTuple):
    """The share code of what is handed in of a level; empty if too much was done for one."""

    level: str
    code: str


def codes_of(traces: Sequence[Handed]) -> list[StageCode]:
    """Return the share code of each try among traces; raises InputError for what is no run."""
    loaded = [load_session(io.BytesIO(one.data), one.name).session for one in traces]
    tries = in_tries(
        loaded, lambda one: str(one.header.get("level")), lambda one: stage_of(one.header)
    )
    return [StageCode(str(some[0].header.get("level")), _code(some)) for some in tries]


def _code(sessions: Sequence[Session]) -> str:
    try:
        return code_of(sessions)
    except InputError:
        return ""
