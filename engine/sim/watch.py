"""Conditions on a machine: what a breakpoint stops at and what a goal asks for.

`zones.DMA32.free <= 650`, `free of DMA32 <= 650`, `first refusal`, `report`, `kill`, `act`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.metrics import Metric, metric

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}

EVENTS: dict[str, tuple[str, ...]] = {
    "refusal": ("alloc_fail",),
    "report": ("warn_printed",),
    "kill": ("oom_kill",),
    "drop": ("nf_drop",),
    "wake": ("kswapd_wakes",),
}
"""Events by name: they happen when one of these counters rises."""

ALIASES = {"first refusal": "refusal", "oom": "kill", "oom kill": "kill", "failure": "report"}

_COMPARED = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(-?\d{1,18})$")
_OF_ZONE = re.compile(r"(\w+) of (\w+)$")

HELP = "a counter and a bound (free of DMA32 <= 650), or " + ", ".join(EVENTS)


class Condition(NamedTuple):
    """A number compared with a bound; for an event the bound is what the number was before."""

    text: str
    read: Metric
    compare: Callable[[int, int], bool]
    bound: int

    def holds(self, m: Machine) -> bool:
        """Tell whether the machine is there."""
        return self.compare(self.read(m), self.bound)


class Words(NamedTuple):
    """A condition as it is written: a number's name, an operator and its bound.

    An event has the name of its counter, and no bound yet.
    """

    name: str
    operator: str
    bound: int | None


def read_condition(text: str) -> Words:
    """Return what a text says, whatever machine it is asked of; raises InputError."""
    text = " ".join(text.split())
    parts = parts_of_condition(text)
    if parts is not None:
        return Words(*parts)
    name = ALIASES.get(text.lower(), text.lower())
    if name not in EVENTS:
        raise InputError(f"{text[:60]!r} is no condition; write {HELP}")
    (counter,) = EVENTS[name]
    return Words(counter, ">", None)


def condition(m: Machine, text: str) -> Condition:
    """Return the condition that a text describes on this machine; raises InputError."""
    words = read_condition(text)
    read = metric(m, words.name)
    bound = read(m) if words.bound is None else words.bound
    return Condition(" ".join(text.split()), read, OPERATORS[words.operator], bound)


def parts_of_condition(text: str) -> tuple[str, str, int] | None:
    """Return name, sign and bound of a comparison; None for an event or anything else."""
    found = _COMPARED.match(" ".join(text.split()))
    if found is None:
        return None
    return _OF_ZONE.sub(r"zones.\2.\1", found[1]), found[2], int(found[3])
