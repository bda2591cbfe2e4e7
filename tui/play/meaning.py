"""What the keys mean in a level now, in words: for its footer, for Enter, for an act."""

from __future__ import annotations

from mmplay.levels.level_list import LevelLine, line_after
from mmplay.levels.model import Level
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.missed import Practice
from mmplay.tui.keys import CHOOSING, OVER, REVIEWED, RUNNING, TYPING, WAITING
from mmplay.tui.screens.base import Parting

ANSWER_FIRST = "answer first, or press S to skip the question"
TYPED = "Enter answers, Backspace corrects, Esc leaves"
MISSED_AGAIN = "what you missed, again"


def state_of(game: LevelGame, playing: bool) -> int:
    """Return what a level waits for, one of the keys of LEVEL_FOOTERS, if no answer has landed.

    `playing` tells that time runs.
    """
    question = game.question
    if question is not None:
        return CHOOSING if question.options else TYPING
    if not game.live:
        return OVER if game.counts else REVIEWED
    return RUNNING if playing else WAITING


def once_more(game: Practice) -> str:
    """Return what is said where what was missed begins again."""
    return "once more, with other numbers" if game.other_numbers else "once more"


def following(level: Level) -> LevelLine | None:
    """Return the next level of the assignment, or of the list where nothing is assigned."""
    after = level.after
    if not level.bound:
        return line_after(level.id)
    return LevelLine(after.file, after.id, after.title, after.world) if after else None


def how_to_go_on(game: LevelGame) -> str:
    """Return what does something where Enter chooses nothing; empty if nothing can be done."""
    question, count = game.question, len(game.options)
    if not count:
        return "type the answer, then Enter" if question is not None else ""
    digits = f"1-{count}" if count > 1 else "1"
    does = "answers" if question is not None else "does it"
    return f"{digits} {does}; or choose with the arrows, then Enter"


def parting(game: LevelGame) -> Parting:
    """Return what the menu says of a level that is left; one that is not over goes on."""
    name, trouble = game.level_run.level.id, game.level_run.session.tape.trouble
    if not (game.counts and game.live):
        return Parting()
    return (
        Parting(f"{name} is not kept: {trouble}") if trouble else Parting(f"{name} is kept", name)
    )


def act_wanted(level: Level) -> str:
    """Return what is asked for before an act: what the level allows."""
    if not level.allow:
        return "in this level you only answer; Esc"
    example = level.choices[0].value if level.choices else f"{level.allow[0]} VALUE"
    return f"act: {', '.join(level.allow)}; for example {example}"
