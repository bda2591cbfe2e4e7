"""What the keys mean in a level now, in words: for its footer, for Enter, for an act."""

from __future__ import annotations

from mmplay.levels.model import Level
from mmplay.levels.play.game import LevelGame
from mmplay.tui.keys import CHOOSING, OVER, RUNNING, TYPING, WAITING

ANSWER_FIRST = "answer first, or press S to skip the question"
MISSED_AGAIN = "what you missed, again"
PRACTISED = "all that was missed is right now: R begins the level, q goes back"


def state_of(game: LevelGame, playing: bool) -> int:
    """Return what a level waits for, one of the keys of LEVEL_FOOTERS, if no answer has landed.

    `playing` tells that time runs.
    """
    question = game.question
    if question is not None:
        return CHOOSING if question.options else TYPING
    if not game.live:
        return OVER
    return RUNNING if playing else WAITING


def how_to_go_on(game: LevelGame) -> str:
    """Return what does something where Enter chooses nothing; empty if nothing can be done."""
    question, count = game.question, len(game.options)
    if not count:
        return "type the answer, then Enter" if question is not None else ""
    digits = f"1-{count}" if count > 1 else "1"
    does = "answers" if question is not None else "does it"
    return f"{digits} {does}; or choose with the arrows, then Enter"


def act_wanted(level: Level) -> str:
    """Return what is asked for before an act: what the level allows."""
    if not level.allow:
        return "in this level you only answer; Esc"
    example = level.choices[0].value if level.choices else f"{level.allow[0]} VALUE"
    return f"act: {', '.join(level.allow)}; for example {example}"
