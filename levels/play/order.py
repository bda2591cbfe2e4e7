"""The order in which a level asks: as written, or each [[ask]] shuffled by the seed."""

from __future__ import annotations

from itertools import groupby

from mmplay.engine.sim.state.rng import advance
from mmplay.levels.model import Level, Question


def in_order(level: Level, seed: int) -> tuple[Question, ...]:
    """Return the questions; the lines of one [[ask]] stay together."""
    if not level.shuffle:
        return level.questions
    found: list[Question] = []
    for _, group in groupby(level.questions, key=lambda one: one.group):
        questions = list(group)
        for last in range(len(questions) - 1, 0, -1):
            seed, number = advance(seed)
            place = number % (last + 1)
            questions[last], questions[place] = questions[place], questions[last]
        found += questions
    return tuple(found)
