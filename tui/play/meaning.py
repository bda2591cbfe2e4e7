"""What the keys mean in a level now, in words: for its footer, for Enter, for an act."""

from __future__ import annotations

from mmplay.levels.model import Level
from mmplay.levels.play.deeds import ONLY_ACTS, turn_passed
from mmplay.levels.play.game import LevelGame, digits
from mmplay.levels.play.goals import Outcome
from mmplay.tui.keys import (
    CHOOSING,
    LANDED,
    LEVEL_FOOTERS,
    LEVEL_KEYS,
    OVER,
    PLAY_KEYS,
    REVIEWED,
    RUN_KEYS,
    RUNNING,
    STAGE_KEYS,
    STEP,
    TENTHS,
    TO_ACT,
    TYPING,
    WAITING,
    Key,
)
from mmplay.tui.screens.base import BaseScreen, Parting
from mmplay.tui.views.stage import step_of

ANSWER_FIRST = "answer first, or press S to skip the question"
BEHIND = {"machine", "incident"}
"""What looks at more than the picture, and waits where that would tell the answer."""

ONLY_ANSWERS = "in this level you only answer"
TYPED = "Enter answers, Backspace corrects, Esc leaves"
TELLS = "that would tell the answer: answer first"
GO_ON_FIRST = "Enter goes on from this answer"
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


def comes_first(game: LevelGame) -> str:
    """Return what must be done before time goes on; empty if it may."""
    if game.question is not None:
        return ANSWER_FIRST
    return ONLY_ACTS if game.stands_still else ""


def must_wait(screen: BaseScreen, tells: bool) -> bool:
    """Tell whether a look would answer the open question, which the screen then says."""
    if tells:
        screen.say(TELLS)
    return tells


def time_runs(game: LevelGame) -> bool:
    """Tell whether time runs by itself now.

    As long as the level takes another act, and between the turns of one by turns, the player
    decides when it does.
    """
    acts = game.acts_left or game.level_run.level.by_turns
    return game.live and game.question is None and not acts


def run_us(level: Level, now_us: int) -> int:
    """Return how long a level's run lasts from now on; 0 if its end is no moment of the clock."""
    name, _, at = level.end.partition(" >= ")
    return max(0, int(at) - now_us) if name == "time_us" else 0


def keys_now(game: LevelGame, playing: bool, landed: bool, tells: bool) -> tuple[Key, ...]:
    """Return what can be done now, for the footer.

    `landed` tells that an answer waits to be gone on from, `tells` that the machine behind the
    picture would answer the open question.
    """
    if landed:
        return LEVEL_FOOTERS[LANDED]
    run, state = game.level_run, state_of(game, playing)
    level, undone = run.level, run.player_acts() or turn_passed(run.level, run.session)
    refused = (BEHIND if tells else set()) | (set() if undone else {"undo"})
    if state in (RUNNING, WAITING):
        refused |= set() if game.options and game.acts_left else {"jump(1)", ""}
    if state == WAITING:
        refused |= {"play_or_pause"} if level.by_turns or game.stands_still else set()
        refused |= {"step(1)"} if game.stands_still else set()
        refused |= set() if level.allow else {"act"}
    return tuple(_counted(one, game) for one in LEVEL_FOOTERS[state] if one.action not in refused)


def _counted(key: Key, game: LevelGame) -> Key:
    """Return a key as it is now: how far a step goes, the digits of what there is to choose."""
    shown, step = digits(game.choices), step_of(game.level_run.level)
    if key.action == STEP.action:
        return key._replace(help=f"let {step} pass", footer=f". {step}")
    if key.shown == TO_ACT.shown and shown:
        return key._replace(shown=shown, footer=key.footer.replace(key.shown, shown))
    return key


def keys_to_tell(now: tuple[Key, ...], tells: bool) -> tuple[Key, ...]:
    """Return what the help names while the picture is shown: what can be done now, and the rest."""
    named = {one.action for one in now if one.action} | (BEHIND if tells else set())
    return (*now, *(one for one in STAGE_KEYS if one.action not in named))


def keys_behind(game: LevelGame) -> tuple[Key, ...]:
    """Return what the help names where the machine is shown: all, and what a digit means."""
    question = game.question
    typed = LEVEL_FOOTERS[state_of(game, playing=False)][0] if question is not None else TENTHS
    if question is None and game.options:
        typed = TO_ACT
    return (_counted(typed, game), *LEVEL_KEYS, *PLAY_KEYS, *RUN_KEYS)


def how_to_go_on(game: LevelGame) -> str:
    """Return what does something where Enter chooses nothing; empty if nothing can be done."""
    question, shown = game.question, digits(game.choices)
    if not shown:
        return "type the answer, then Enter" if question is not None else ""
    does = "answers" if question is not None else "does it"
    return f"{shown} {does}; or choose with the arrows, then Enter"


def term_of(game: LevelGame) -> str:
    """Return the glossary's term for what is asked: the first of the level's that is named."""
    terms = game.level_run.level.terms
    asked = game.question.text if game.question is not None else ""
    return next((term for term in terms if term in asked), next(iter(terms), ""))


def parting(game: LevelGame) -> Parting:
    """Return what the menu says of a level that is left, and where it stands then.

    One that was begun goes on; one that was won leaves it to the menu, which has a next one.
    """
    name, trouble = game.level_run.level.id, game.level_run.session.tape.trouble
    if not (game.counts and game.live and game.begun):
        return Parting("", "" if game.level_run.outcome is Outcome.WON else name)
    return (
        Parting(f"{name} is not kept: {trouble}") if trouble else Parting(f"{name} is kept", name)
    )


def act_wanted(screen: BaseScreen, level: Level) -> str:
    """Return what is asked for before an act: what the level allows; say so where it has none."""
    if not level.allow:
        screen.say(ONLY_ANSWERS)
        return ""
    example = level.choices[0].value if level.choices else f"{level.allow[0]} VALUE"
    return f"act: {', '.join(level.allow)}; for example {example}"
