"""Whatever is answered wrong first, each question comes at its own moment, with its own truth."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import Level, Question
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows, playing
from mmplay.levels.truth.truths import NUMBER
from tests.levels.proofs import unread

LEVELS = [pytest.param(path, id=path.stem) for path in shipped_levels()]


class Asked(NamedTuple):
    """A question as it was put first: when, in which words, and what was right then."""

    turn: int
    text: str
    right: str


def misses(run: LevelRun, question: Question) -> None:
    """Answer wrong, with another option or a number that is not meant."""
    truth = run.truths[question.id]
    wrong = [one.value for one in question.options if not truth.accepts(one.value)]
    run.answer(question.id, wrong[0] if wrong else "987654321" if truth.kind == NUMBER else "none")


def asked_in(level: Level, missed: frozenset[str]) -> dict[str, Asked]:
    """Play the solution, these questions missed at first; return how each was put at first."""
    count = sum(len(one.questions) for one in (level, *level.stages))
    found: dict[str, Asked] = {}

    def reply(run: LevelRun, question: Question) -> None:
        truth = run.truths[question.id]
        if question.id not in found:
            found[question.id] = Asked(run.session.end, question.text, truth.shown())
        if question.id in missed and question.id not in run.missed():
            misses(run, question)
        else:
            knows(run, question)

    acts = [move for move in level.solution if move.action not in ("answer", "place")]
    for _ in playing(unread(level), acts, reply):
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("path", LEVELS)
def test_a_miss_moves_no_other_question(path: Path) -> None:
    level = load_level(path)
    straight = asked_in(level, frozenset())
    missed = frozenset(list(straight)[::2])
    assert asked_in(level, missed) == straight
