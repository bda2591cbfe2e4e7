"""What a player may do besides the engine's actions: answer, place, skip, wait, mark."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmplay.levels.language import whole
from mmplay.levels.model import ANSWER, MARK, PLACE, SKIP, WAIT

if TYPE_CHECKING:
    from mmplay.levels.play.run import LevelRun


def _answer(run: LevelRun, value: str) -> None:
    ident, _, answer = value.partition(" ")
    run.answer(ident, answer)


def _skip(run: LevelRun, value: str) -> None:
    run.skip(value)


def _wait(run: LevelRun, value: str) -> None:
    run.advance(whole(value) if value else run.level.stride)


def _mark(run: LevelRun, value: str) -> None:
    run.session.mark(run.session.end, value[:40] or "mark")


VERB_ACTS: dict[str, Callable[[LevelRun, str], None]] = {
    ANSWER: _answer,
    PLACE: _answer,
    SKIP: _skip,
    WAIT: _wait,
    MARK: _mark,
}
"""What a player may do besides the engine's actions."""
