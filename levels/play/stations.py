"""Places in a level, by the way of its solution: a question, its answer, the end."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.model import ANSWER, PLACE, Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, playing


class Station(NamedTuple):
    """A run that has come to a place, and the right answer that is given there; empty for none."""

    run: LevelRun
    answer: str


def come_to(level: Level, place: str) -> Station:
    """Return the run of a level's solution at a place; nothing is recorded.

    Raises InputError for what is no place of the level.
    """
    kind, _, ident = place.partition(":")
    if place == "end":
        *_, run = playing(begin(level), level.solution)
        return Station(run, "")
    if kind not in ("ask", "answered") or not ident:
        raise InputError(f"{place}: places of a level are ask:ID, answered:ID and end")
    return Station(_asked(level, ident), right_answer(level, ident) if kind == "answered" else "")


def _asked(level: Level, ident: str) -> LevelRun:
    """Return the run at the moment when a question is open."""
    start = begin(level)
    for run in chain((start,), playing(start, level.solution)):
        question = run.open_question()
        if question is not None and question.id == ident:
            return run
    idents = ", ".join(one.id for stage in (level, *level.stages) for one in stage.questions)
    raise InputError(f"{level.id} asks no {ident}; its questions are {idents or 'none'}")


def right_answer(level: Level, ident: str) -> str:
    """Return the answer that the level's solution gives; raises InputError if it gives none."""
    for move in level.solution:
        asked, _, value = move.value.partition(" ")
        if move.action in (ANSWER, PLACE) and asked == ident:
            return value
    raise InputError(f"{level.id}: its solution does not answer {ident}")
