"""Goals on a machine, how they stand and why; what a run is worth."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import OPERATORS, Metric, metric
from mmplay.levels.level_text import LevelError
from mmplay.levels.model import Goal
from mmplay.levels.truth.wording import bound_in_words, spoken


class Outcome(StrEnum):
    """How a run stands."""

    PLAYING = "playing"
    WON = "won"
    LOST = "lost"
    ENDED = "ended"
    """Over, and not lost; but not won either, for a question is not answered."""


class GoalState(NamedTuple):
    """A goal, whether it is met, and why (not): what the number is, and what it must be.

    `now` says in fewer words what the number is; `early` tells that only the end will count.
    """

    text: str
    met: bool
    why: str
    now: str
    early: bool = False


class Score(NamedTuple):
    """What a run earned. `acts` were done by the player, `missed` says what was not right at first.

    For the stars see `stars`.
    """

    won: bool
    stars: int
    acts: int
    par: int
    right: int
    asked: int
    hints: int
    missed: int = 0


FREE_HINTS = 1


def result_text(outcome: Outcome, score: Score) -> str:
    """Return the note of a RESULT mark."""
    return f"{outcome}, {score.stars} stars, {score.acts} acts of par {score.par}"


class Missed(NamedTuple):
    """How many of the questions were not right at the first answer."""

    missed: int
    asked: int


STAR_RULE = (
    "One star: won. Two: within par, and at most a quarter of the first answers missed. "
    "Three: none missed, and at most the free hint."
)


def stars(won: bool, over_par: int, missed: Missed, hints: int) -> int:
    """Return what a run earned: one rule for all levels, in words STAR_RULE.

    `over_par` is how many acts more than par there were (less than 0: fewer).
    """
    if not won:
        return 0
    if not within_reach(over_par, missed):
        return 1
    return 3 if not missed.missed and hints <= FREE_HINTS else 2


def within_reach(over_par: int, missed: Missed) -> bool:
    """Tell whether a run may still earn two stars, unless acts are taken back."""
    return over_par <= 0 and missed.missed <= most_missed(missed.asked)


def most_missed(asked: int) -> int:
    """Return how many of so many questions may be missed for two stars: a quarter."""
    return asked // 4


ASKED = "answer every question right"
"""The goal that a level's questions are."""


def asked_goal(asked: int, right: int, skipped: int) -> GoalState:
    """Return the goal that a level's questions are: all of them answered right."""
    why = f"{right} of {asked} are"
    why += f", {skipped} skipped" if skipped else ""
    met = right == asked
    return GoalState(ASKED, met, why if met else f"not yet: {why}", why)


def not_answered(count: int) -> str:
    """Return why a run that is over is not won."""
    if count == 1:
        return "one question is not answered, so this is no win"
    return f"{count} questions are not answered, so this is no win"


UP_TO = ("==", "<=", "<")
"""Signs of bounds that a growing number passes for good."""


LOSES = {(">", 0): "one", ("<=", 0): "none left"}
"""Bounds that lose, where `at most 0` would say it badly."""


class Bound(NamedTuple):
    """A goal bound to the machine's number."""

    goal: Goal
    read: Metric
    compare: Callable[[int, int], bool]

    def met(self, m: Machine) -> bool:
        """Tell whether the number is there."""
        return self.compare(self.read(m), self.goal.value)

    def state(self, m: Machine) -> GoalState:
        """Return how the goal stands and why."""
        goal, met = self.goal, self.met(m)
        now, why = self._now(m), self.why(m)
        if met:
            return GoalState(goal.text, met, why, now, goal.at_end)
        if self._passed(m):
            never = "it can never be met any more"
            return GoalState(goal.text, met, f"{never}: {why}", f"{now}; {never}")
        return GoalState(goal.text, met, f"not yet: {why}", now)

    def _now(self, m: Machine) -> str:
        """Return the goal's counter in words, and what it stands at."""
        return f"{spoken(self.goal.counter)}: {self.read(m)}"

    def why(self, m: Machine) -> str:
        """Return what the number is, and what it must be."""
        wanted = bound_in_words(self.goal.op, self.goal.value)
        return f"{self._now(m)}, and it must be {wanted}"

    def unmet(self, m: Machine) -> str:
        """Return what was wanted and is not met, in the level's words, and what the number is."""
        return f"that {self.goal.text} ({self._now(m)})"

    def _passed(self, m: Machine) -> bool:
        """Tell whether a number that only grows is past what it must be."""
        only_grows = hasattr(m.state.counters, self.goal.counter)
        return only_grows and self.goal.op in UP_TO and self.read(m) >= self.goal.value

    def limit(self, m: Machine) -> str:
        """Return how near a number is to where it loses."""
        goal = self.goal
        loses = LOSES.get((goal.op, goal.value)) or bound_in_words(goal.op, goal.value)
        return f"{self._now(m)} ({loses} loses)"


def bound(m: Machine, goal: Goal, file: str) -> Bound:
    """Return a goal on this machine; raises LevelError if it has no such number."""
    try:
        return Bound(goal, metric(m, goal.counter), OPERATORS[goal.op])
    except InputError as error:
        raise LevelError(f"{file}:{goal.line}: counter: {error}") from None
