"""Free pages of each zone over the frames of a recording, as far as they are known at no cost."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.report import MemDump, ZoneDump
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
