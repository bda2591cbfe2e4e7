"""Moments of a run: when a question is asked, when an answer comes true, when a run ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import condition
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import turn
from mmplay.levels.language import END, NOW, START, TURN, turn_count, turns_on
from mmplay.levels.model import Level
from mmplay.levels.truth import Truth

Moment = Callable[[Machine], bool]
"""Tells whether the moment has come."""

KEPT = 64
"""Continuations that are held."""

LEVELS_KEPT = 2
"""Levels whose continuations are held: machines are large. One is played, one looked at."""

Acts = tuple[tuple[str, str], ...]
"""Acts by name and value."""


def moment_test(m: Machine, text: str, end_turn: int) -> Moment:
    """Return the test of a moment on this machine; raises InputError.

    `start`, `now`: at once; `end`: at the last turn; `turn N`, counted from the machine's start as
    the screen does; else a condition.
    """
    if text in (START, NOW):
        return lambda m: True
    if text == END:
        return lambda m: m.state.turn >= end_turn
    if text.startswith(TURN):
        number = turn_count(text.removeprefix(TURN))
        return lambda m: m.state.turn >= number
    return condition(m, text).holds


def later(m: Machine, when: str, end: str, end_turn: int, acts: Acts = ()) -> Machine:
    """Return another machine at a moment of this one's own continuation, nobody interfering.

    `acts` are done first. `+N turns` counts from here, `end` is the level's moment `end`. What
    never comes is asked of the last turn. Raises InputError.
    """
    other = Machine(m.setup, m.state.copy())
    for name, value in acts:
        do_action(other, name, value)
    if when == NOW:
        return other
    count = turns_on(when)
    if count is None:
        there = moment_test(other, end if when == END else when, end_turn)
    else:
        end_turn = m.state.turn + count
        there = lambda m: False  # noqa: E731
    state = other.state
    while state.turn < end_turn and not there(other) and turn(other):
        other.log.clear()
    return other


class Laters:
    """The continuations that were made of one level's machines, each once.

    Several questions may ask for the same, and so do many runs of one level.
    """

    def __init__(self) -> None:
        self._machines: OrderedDict[tuple[str, str, Acts], Machine] = OrderedDict()
        self._starts: dict[tuple[int, int, str], Machine] = {}
        self._truths: dict[Hashable, Truth] = {}

    def start(self, key: tuple[int, int, str], build: Callable[[], Machine]) -> Machine:
        """Return a copy of the machine of a start, which is built once."""
        if key not in self._starts:
            self._starts[key] = build()
        kept = self._starts[key]
        return Machine(kept.setup, kept.state.copy())

    def truth(self, key: Hashable, find: Callable[[], Truth]) -> Truth:
        """Return the answer to what the key names, found once; `find` raises what it raises."""
        if key not in self._truths:
            self._truths[key] = find()
        return self._truths[key]

    def machine(self, m: Machine, when: str, end: str, end_turn: int, acts: Acts) -> Machine:
        """Return `later`, or the machine itself for now; it is looked at only. Raises InputError.

        Runs that share this must be of one level and have the same last turn.
        """
        if when == NOW and not acts:
            return m
        key = (m.state.digest(), when, acts)
        if key not in self._machines:
            self._machines[key] = later(m, when, end, end_turn, acts)
        self._machines.move_to_end(key)
        while len(self._machines) > KEPT:
            self._machines.popitem(last=False)
        return self._machines[key]


def laters_of(level: Level) -> Laters:
    """Return what all runs of this very level share, however often it begins anew.

    A level that was read with changes may have the same content: each object has its own. Those of
    the last few levels are kept.
    """
    held = _held.setdefault(id(level), (level, Laters()))
    _held.move_to_end(id(level))
    while len(_held) > LEVELS_KEPT:
        _held.popitem(last=False)
    return held[1]


_held: OrderedDict[int, tuple[Level, Laters]] = OrderedDict()
