"""Makes a hand-in out of a student's recordings, once each of them was made again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.assignment import Assignment
from mmplay.levels.classroom.handin import MAX_HAND_BYTES, Handed
from mmplay.levels.classroom.tries import Try, best, fits, in_tries, stage_of, tries_of
from mmplay.levels.play.share_code import code_of
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import load_session
from mmplay.recordings.run.verify import verify_stream
from mmplay.recordings.trace.reader import TraceReader, open_trace


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


class Code(NamedTuple):
    """The share code of what is handed in of a level; empty if too much was done for one."""

    level: str
    code: str


def codes_of(traces: Sequence[Handed]) -> list[Code]:
    """Return the share code of each try among traces; raises InputError for what is no run."""
    loaded = [load_session(io.BytesIO(one.data), one.name).session for one in traces]
    tries = in_tries(loaded, lambda one: str(one.header.get("level")), _stage)
    return [Code(str(some[0].header.get("level")), _code(some)) for some in tries]


def _stage(session: Session) -> int:
    return stage_of(session.header)


def _code(sessions: Sequence[Session]) -> str:
    try:
        return code_of(sessions)
    except InputError:
        return ""
