"""Places in a level, by the way of its solution: a question, its answer, the end."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.model import Level
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play, playing


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
        return Station(play(begin(level), level.solution, knows), "")
    if kind not in ("ask", "answered") or not ident:
        raise InputError(f"{place}: places of a level are ask:ID, answered:ID and end")
    run = _asked(level, ident)
    question = run.open_question()
    answered = kind == "answered" and question is not None
    said = right_answer(question, run.truths[ident]) if answered and question is not None else ""
    return Station(run, said)


def _asked(level: Level, ident: str) -> LevelRun:
    """Return the run at the moment when a question is open."""
    first = begin(level)
    for run in chain([first], playing(first, level.solution, knows)):
        question = run.open_question()
        if question is not None and question.id == ident:
            return run
    idents = ", ".join(one.id for stage in (level, *level.stages) for one in stage.questions)
    raise InputError(f"{level.id} asks no {ident}; its questions are {idents or 'none'}")
