"""Every number that no rule and no log determines, each with its reason. The one place for them.

They lie in `data`. A start quotes the reasons of those that it uses in the run's header.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.tables import Table


class Constant(NamedTuple):
    """One constant: its value, and why it is what it is."""

    value: int
    reason: str


CALIBRATED = Table(Constant._make, __package__, "calibrated")
"""What was fitted to a measured or logged result."""

ASSUMED = Table(Constant._make, __package__, "assumed")
"""What was chosen because something had to be."""

RULES = Table(tuple[str, ...], __package__, "rules")
"""How a start from a frame chooses what the log does not say, for the run's header."""


def value(name: str) -> int:
    """Return a constant by name; raises KeyError."""
    return (CALIBRATED.get(name) or ASSUMED[name]).value


def reasons(table: Table[Constant], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `name value: reason` for the constants that a start used."""
    return tuple(f"{name} {table[name].value}: {table[name].reason}" for name in names)
