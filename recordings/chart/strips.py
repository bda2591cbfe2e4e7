"""The lines of a zone, and how much of it a strip of a picture shows.

Its marks, and the floors below min at which callers are refused; those that lie too close together
are magnified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmplay.engine.explain.gate import ladder, ordinary_class
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel

MARKS = ("high", "low", "min")

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


def floors_of(
    kernel: Kernel | None, dump: MemDump, zone: ZoneDump, class_index: int | None = None
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, caller, pages) of every floor that a request of class zone `class_index` meets.

    None is the class zone of an ordinary caller. Without rules only the marks themselves, as they
    were printed.
    """
    index = ordinary_class(dump) if class_index is None else class_index
    if kernel is None or index is None:
        for mark in MARKS:
            pages = zone.pages(mark)
            if pages is not None:
                yield mark, "", pages
        return
    for rung in ladder(kernel, zone, index):
        if rung.caller.name == "NO_WATERMARKS":
            continue
        plain = rung.caller.name == "plain"
        yield rung.mark if plain else rung.caller.name, rung.caller.name, rung.pages.value
