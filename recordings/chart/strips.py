"""How much of a zone a strip of a picture shows: the floors too close together are magnified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BEYOND = 3
"""A strip reaches up to this many times its highest floor; more free pages run along its top."""

CLOSE = 12
"""Floors that lie in less than this part of a strip are shown once more, magnified."""


class Strip(NamedTuple):
    """Pages from `low` to `high`; `near` tells that the floors are magnified."""

    low: int
    high: int
    near: bool


def strips_of(floors: Sequence[int], most: int) -> list[Strip]:
    """Return the strips of a zone with these floors: one, or two, the magnified one first.

    `most` is the largest number of free pages that is to be seen.
    """
    floors = floors or [1]
    high = max(10, max(floors) * 23 // 20, min(most * 21 // 20, max(floors) * BEYOND))
    whole = Strip(0, high, near=False)
    spread = max(floors) - min(floors)
    if len(floors) == 1 or spread * CLOSE > high:
        return [whole]
    pad = max(2, spread // 3)
    return [Strip(max(0, min(floors) - pad), max(floors) + pad, near=True), whole]
