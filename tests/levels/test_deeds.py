"""Every level with acts is won, and every one with a [[lose]] is lost, by what keys do alone.

Keys do three things: they choose a number, type a text, and let one stride go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mmplay.levels.language import NOW
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import REPLIES, Move
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import moment_test
from mmplay.levels.play.questions import right_answer
from tests.levels.proofs import unread

PATHS = [(path, load_level(path)) for path in shipped_levels()]
WITH_ACTS = [
    pytest.param(path, id=path.stem)
    for path, level in PATHS
    if any(move.action not in REPLIES for move in level.solution)
]
WITH_LOSES = [pytest.param(path, id=path.stem) for path, level in PATHS if level.losing]

MOST_STEPS = 20_000


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is won here counts for the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def number_or_text(game: LevelGame, said: str) -> None:
    """Choose what is numbered, type what is not."""
    numbers = {option.value: number for number, option in game.choices.items()}
    if numbers.get(said, 10) < 10:
        game.choose(numbers[said])
    elif game.question is not None:
        game.answer(said)
    else:
        game.act(said)


def onward(game: LevelGame) -> LevelGame:
    """Return the game of the stage that follows, if this one is over and one does."""
    sequel = game.end(keep=lambda run: "not kept")
    return sequel.following or game if sequel is not None else game


def is_time_for(game: LevelGame, move: Move) -> bool:
    """Tell whether a move's time has come, or was passed within a stride."""
    run = game.level_run
    there = moment_test(run.session.live, move.at or NOW, run.end_turn)
    return there(run.session.to_end())


def played(path: Path, moves: Sequence[Move]) -> LevelGame:
    """Return a level's game at its end: the acts at their times, every question answered right."""
    game, left = LevelGame(unread(load_level(path))), list(moves)
    for _ in range(MOST_STEPS):
        game = onward(game)
        question = game.question
        if not game.live:
            return game
        if question is not None:
            number_or_text(game, right_answer(question, game.level_run.truths[question.id]))
        elif left and is_time_for(game, left[0]):
            move = left.pop(0)
            number_or_text(game, f"{move.action} {move.value}".strip())
        else:
            game.grow(1)
    raise AssertionError(f"{path.stem} does not end")


def acts(moves: Sequence[Move]) -> list[Move]:
    """Return what is not an answer: those are given as they are asked for."""
    return [move for move in moves if move.action not in REPLIES]


@pytest.mark.parametrize("path", WITH_ACTS)
def test_a_level_with_acts_is_won_with_three_stars(path: Path) -> None:
    game = played(path, acts(load_level(path).solution))
    score = game.level_run.score()
    assert (score.stars, score.acts) == (3, score.par), game.level_run.reason


@pytest.mark.parametrize("path", WITH_LOSES)
def test_a_level_that_can_be_lost_is_lost(path: Path) -> None:
    level = load_level(path)
    run = played(path, acts(level.losing)).level_run
    assert run.outcome is Outcome.LOST
    reasons = tuple(goal.text for one in (level, *level.stages) for goal in one.loses)
    assert run.reason.startswith(reasons)
