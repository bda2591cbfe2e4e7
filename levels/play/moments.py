"""Moments of a run: when a question is asked, when an answer comes true, when a run ends."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import InputError
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.watch import condition

START, END, NOW, TURN, AFTER = "start", "end", "now", "turn ", "after "

Moment = Callable[[Machine], bool]
"""Tells whether the moment has come."""


def moment(m: Machine, text: str, end_turn: int) -> Moment:
    """Return the test of a moment on this machine; raises InputError.

    `start`, `now`: at once; `end`: at the last turn; `turn N`; else a condition.
    """
    if text in (START, NOW):
        return lambda m: True
    if text == END:
        return lambda m: m.state.turn >= end_turn
    if text.startswith(TURN):
        number = _whole(text.removeprefix(TURN))
        return lambda m: m.state.turn >= number
    return condition(m, text).holds


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise InputError(f"{text[:40]!r} is no number of turns")
    return int(text)


def later(m: Machine, when: str, end_turn: int) -> Machine:
    """Return another machine at a moment of this one's own continuation, nobody interfering.

    `+N turns` counts from here. What never comes is asked of the last turn. Raises InputError.
    """
    other = Machine(m.setup, m.state.copy())
    if when == NOW:
        return other
    if when.startswith("+"):
        last = m.state.turn + _whole(when[1:].removesuffix("turns").strip())
        there: Moment = lambda m: m.state.turn >= last  # noqa: E731
        end_turn = max(end_turn, last)
    else:
        there = moment(other, when, end_turn)
    while not there(other) and other.state.turn < end_turn and turn(other):
        other.log.clear()
    return other
