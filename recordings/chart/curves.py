"""What a zone is drawn from: free pages over the frames of a recording, its lines, its strips.

Free pages are taken as far as they are known at no cost. The lines are a zone's marks, and the
floors below min at which callers are refused; those that lie too close together are magnified.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmplay.engine.explain.gate import ladder, ordinary_class
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import MARKS
from mmplay.recordings.recording import Recording

ZoneKey = tuple[int, str]
"""Node and name of a zone."""


class Curve(NamedTuple):
    """Free pages of a zone: (frame, pages) in order.

    `exact` tells that between two of them the truth lies close to the line; else each is a dump,
    and between them nothing is known.
    """

    points: list[tuple[int, int]]
    exact: bool

    def note(self, index: int, free: int) -> None:
        """Add what a frame says, unless it is known."""
        at = bisect_left(self.points, (index, 0))
        if at == len(self.points) or self.points[at][0] != index:
            self.points.insert(at, (index, free))


class Reached(NamedTuple):
    """From one frame to another free pages lay between two numbers, in whichever run."""

    first: int
    last: int
    low: int
    high: int


def curves_of(recording: Recording, frames: range) -> dict[ZoneKey, Curve]:
    """Return the curve of every zone: of a run from the rows that it kept, else from dumps."""
    exact = recording.session is not None
    found = _kept(recording) if exact else _printed(recording, frames)
    curves: dict[ZoneKey, Curve] = {}
    for index, key, free in found:
        if index in frames:
            curves.setdefault(key, Curve([], exact)).points.append((index, free))
    return curves


def _kept(recording: Recording) -> Iterator[tuple[int, ZoneKey, int]]:
    series = recording.series()
    columns = [
        (at, (0, parts[1]))
        for at, name in enumerate(series.columns)
        if (parts := name.split("."))[0] == "zones" and parts[-1] == "free"
    ]
    for row in series.rows:
        turn = row[0] or 0
        for at, key in columns:
            free = row[at]
            if free is not None:
                yield turn - recording.first_turn, key, free


def _printed(recording: Recording, frames: range) -> Iterator[tuple[int, ZoneKey, int]]:
    for index in frames:
        shown = recording.frame(index).shown
        if shown is not None and shown.own:
            yield from ((index, *one) for one in free_pages(shown.dump))


def free_pages(dump: MemDump) -> Iterator[tuple[ZoneKey, int]]:
    """Yield every zone that has pages, and how many are free."""
    for zone in zones_with_pages(dump):
        free = zone.pages("free")
        if free is not None:
            yield (zone.node, zone.name), free


def zones_with_pages(dump: MemDump) -> list[ZoneDump]:
    """Return the zones that have pages, as far as the dump says so."""
    return [zone for zone in dump.zones if zone.kb and zone.pages("managed") != 0]


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


def line_name(zone: ZoneDump, name: str, pages: int) -> str:
    """Return what a floor is called beside its line.

    A mark's says which lowmem_reserve it holds for this class of caller, as `min+1732`.
    """
    kept = pages - (zone.pages(name) or pages) if name in MARKS else 0
    return f"{name}+{kept}" if kept > 0 else name


def floors_of(
    kernel: Kernel | None, dump: MemDump, zone: ZoneDump, class_index: int | None = None
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, caller, pages) of every floor that a request of class zone `class_index` meets.

    None is the class zone of an ordinary caller. Without rules only the marks themselves, as they
    were printed.
    """
    index = ordinary_class(dump) if class_index is None else class_index
    if kernel is None or index is None:
        for mark in reversed(MARKS):
            pages = zone.pages(mark)
            if pages is not None:
                yield mark, "", pages
        return
    for rung in ladder(kernel, zone, index):
        if rung.caller.name == "NO_WATERMARKS":
            continue
        plain = rung.caller.name == "plain"
        yield rung.mark if plain else rung.caller.name, rung.caller.name, rung.pages.value
