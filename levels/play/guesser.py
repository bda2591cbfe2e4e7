"""A player who knows nothing, to show that a level cannot be won well without a rule."""

from __future__ import annotations

from collections.abc import Sequence

from mmplay.engine.errors import InputError
from mmplay.engine.sim.state.state import advance
from mmplay.levels.model import Question
from mmplay.levels.play.goals import Missed, within_reach
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows, onward
from mmplay.levels.truth.truths import NUMBER, OF_BITS, ORDER, YES_NO, shown

MAX_STEPS = 2000
"""More acts and waits than any level takes; a run that is not over then never ends."""

VALUES = ("0", "1", "2", "5", "10", "50", "100", "256", "1000", "16384", "65536", "yes", "no", "on")
VALUE_SHARE, ACT_SHARE, UNDO_SHARE = 2, 3, 20


def numbers_on_screen(run: LevelRun) -> list[str]:
    """Return numbers that stand on the screen of a run."""
    zones = run.session.to_end().state.zones
    return [
        str(number)
        for zone in zones
        for number in (zone.free, zone.min, zone.low, zone.high, zone.managed, *zone.reserve)
    ]


class Guesser:
    """See the module.

    It chooses among the options, types numbers that stand on the screen, and does what the level
    allows with values that lie around. What it missed it was told, so it is right the second time:
    only first answers count. The same seed guesses the same.
    """

    def __init__(self, run: LevelRun, seed: int) -> None:
        self.run = run
        self._state = seed

    def below(self, count: int) -> int:
        """Return a number from 0 to `count` - 1."""
        self._state, number = advance(self._state)
        return number % count

    def one_of(self, items: Sequence[str]) -> str:
        """Return one of the items."""
        return items[self.below(len(items))]

    def play(self) -> bool:
        """Play until it can earn no second star any more; return False if that never comes.

        Raises nothing but what is a fault.
        """
        run = self.run
        for _ in range(MAX_STEPS):
            self.run = run = onward(run)
            if not run.playing or not self._in_reach():
                return True
            question = run.open_question()
            if question is not None:
                self._answer(question)
            elif run.level.allow and not self.below(ACT_SHARE):
                self._act()
            else:
                run.advance(1 + self.below(max(1, run.level.max_turns // 8)))
        return not run.playing

    def _in_reach(self) -> bool:
        """Tell whether two stars may still come of it: who has missed too much cannot undo that."""
        runs = self.run.all_stages()
        asked = sum(len(run.questions) for run in runs)
        asked += sum(len(level.questions) for level in self.run.level.stages)
        missed = sum(len(run.missed()) for run in runs)
        acts = sum(run.notes.counted for run in runs)
        return within_reach(acts - self.run.level.par, Missed(missed, asked))

    def _answer(self, question: Question) -> None:
        if self.run.notes.missed[question.id]:
            knows(self.run, question)
            return
        if not self.below(UNDO_SHARE):
            self.run.undo()
            return
        if not self.below(UNDO_SHARE):
            self.run.hint()
        try:
            self.run.answer(question.id, self._guess(question))
        except InputError:
            self.run.skip(question.id)

    def _guess(self, question: Question) -> str:
        truth = self.run.truths[question.id]
        if question.options and truth.kind != ORDER:
            return self.one_of([option.value for option in question.options])
        if truth.kind == YES_NO:
            return self.one_of(("yes", "no"))
        if truth.kind == NUMBER:
            return self.one_of(numbers_on_screen(self.run))
        if truth.kind == ORDER and isinstance(truth.value, tuple):
            return ", ".join(self._shuffled(list(truth.value)))
        if truth.kind in OF_BITS and truth.layout is not None:
            names = list(truth.layout.bits)
            return "|".join(self.one_of(names) for _ in range(3))
        others = [shown(other.value, truth.kind) for other in truth.others]
        return self.one_of([*others, truth.shown()])

    def _shuffled(self, names: list[str]) -> list[str]:
        for last in range(len(names) - 1, 0, -1):
            place = self.below(last + 1)
            names[last], names[place] = names[place], names[last]
        return names

    def _act(self) -> None:
        level = self.run.level
        if level.choices and self.below(VALUE_SHARE):
            name, _, value = self.one_of([one.value for one in level.choices]).partition(" ")
        else:
            name, value = self.one_of(level.allow), self.one_of(self._values())
        try:
            self.run.act(name, value)
        except InputError:
            self.run.advance(1)

    def _values(self) -> list[str]:
        m = self.run.session.to_end()
        loads = [load.name for load in m.setup.workloads]
        zones = [f"{zone.name} {self.below(2000)}" for zone in m.state.zones]
        pids = [str(pid) for pid in m.state.tasks.pid]
        return [*VALUES, *loads, *zones, *pids, *(f"{load} 1" for load in loads)]
