"""A small class for tests: an assignment, and the traces that its students make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from mmplay.levels.classroom.assignment import Assignment, read_assignment
from mmplay.levels.classroom.handin import Handed, handin_bytes
from mmplay.levels.classroom.writing import Choice, New, new_assignment
from mmplay.levels.model import Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import ALL_TURNS, begin, knows, level_header
from mmplay.recordings.trace.writer import TraceWriter
from tests.sessions import Kept
from tests.waiting import as_long_as

DUE = "2026-12-01T23:59:00+01:00"
IN_TIME = datetime(2026, 11, 30, tzinfo=UTC)
TOO_LATE = datetime(2026, 12, 2, tzinfo=UTC)
Player = Callable[[LevelRun], bool]
"""Does one thing in a run; tells whether it did."""


@cache
def _text(levels: tuple[str, ...], weight: int, attempts: int, students: int) -> str:
    choices = [Choice(name, weight) for name in levels]
    names = [f"st{number:02}" for number in range(1, students + 1)]
    return new_assignment(New("week3", "Week 3", DUE, attempts, choices, names), "week3.toml")


@cache
def _assignment(text: str) -> Assignment:
    return read_assignment(text, "week3.toml")


def assignment_text(*levels: str, weight: int = 10, attempts: int = 0, students: int = 6) -> str:
    """Return an assignment, always the same one."""
    return _text(levels, weight, attempts, students)


def assignment(*levels: str, weight: int = 10, attempts: int = 0, students: int = 6) -> Assignment:
    return _assignment(_text(levels, weight, attempts, students))


def rightly(run: LevelRun) -> bool:
    question = run.open_question()
    if question is not None:
        knows(run, question)
    return question is not None


def trace(level: Level, *acts: str, answers: Player = rightly) -> bytes:
    """Return the trace of a run: answers, then these acts, then on to the end."""
    stream = Kept()
    seed = level.start.seed
    run = begin(level, seed, TraceWriter(stream, level_header(level, seed)))
    left = list(acts)
    for _ in as_long_as(lambda: run.playing):
        if answers(run):
            continue
        if left:
            name, _, value = left.pop(0).partition(" ")
            run.act(name, value)
        else:
            run.advance(ALL_TURNS)
    run.session.finish()
    return stream.kept


def hand_in(student: str, *traces: bytes, of: str = "week3", written: datetime = IN_TIME) -> bytes:
    named = [Handed(f"{number}.mmtrace", data) for number, data in enumerate(traces)]
    return handin_bytes(of, student, written, named)
