"""The free pages of each zone over time, the floors beside them, and where free met which floor.

A simulated run is made again, so that nothing between two kept rows is missed: every first meeting
has its turn. Observed recordings know free only where a dump was printed, and say no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mmplay.engine.frame import BootSpan

SPANS = 600
"""A boot's time is cut into so many spans; of each the lowest and the highest free are kept."""


class Level(NamedTuple):
    """Free pages in a span of time: the lowest, the highest, and those at its end."""

    time_us: int
    lowest: int
    highest: int
    last: int


class Meeting(NamedTuple):
    """When free was first seen at or below a floor, and when it was last looked at before that.

    `since_us` is None where free was there from the start; `pages` is the floor as it was then.
    """

    time_us: int
    since_us: int | None
    pages: int


@dataclass(slots=True)
class FloorLine:
    """A floor over time: (time_us, pages) at each change. `name` is a mark or a caller's class."""

    name: str
    caller: str
    steps: list[tuple[int, int]] = field(default_factory=list)
    met: Meeting | None = None

    @property
    def pages(self) -> int:
        """The floor as it was last."""
        return self.steps[-1][1]


class Spans(NamedTuple):
    """A stretch of time, cut into `SPANS` of equal length."""

    first_us: int
    last_us: int

    def start(self, time_us: int) -> int:
        """Return when the span began that a moment lies in."""
        length = max(1, (self.last_us - self.first_us) // SPANS)
        return time_us - (time_us - self.first_us) % length


@dataclass(slots=True)
class ZoneStory:
    """One zone of one boot. `class_zone` is whose lowmem_reserve the floors hold."""

    name: str
    levels: list[Level] = field(default_factory=list)
    floors: dict[str, FloorLine] = field(default_factory=dict)
    class_zone: str = ""
    _seen_us: int | None = None

    def see(self, time_us: int, free: int, spans: Spans) -> None:
        """Note a free count, and which floors it has met."""
        for line in self.floors.values():
            if line.met is None and free <= line.pages:
                line.met = Meeting(time_us, self._seen_us, line.pages)
        self._seen_us = time_us
        last = self.levels[-1] if self.levels else None
        if last is not None and last.time_us >= spans.start(time_us):
            low, high = min(last.lowest, free), max(last.highest, free)
            self.levels[-1] = last._replace(lowest=low, highest=high, last=free)
        else:
            self.levels.append(Level(time_us, free, free, free))

    def set_floors(self, time_us: int, floors: Iterable[tuple[str, str, int]]) -> None:
        """Note the floors from a moment on: (name, caller, pages)."""
        for name, caller, pages in floors:
            line = self.floors.setdefault(name, FloorLine(name, caller))
            if not line.steps or line.pages != pages:
                line.steps.append((time_us, pages))

    def ordered(self) -> list[FloorLine]:
        """Return the floors, highest first."""
        return sorted(self.floors.values(), key=lambda line: -line.pages)


class BootStory(NamedTuple):
    """One boot: its zones, its events as (frame, time, title), and what it spans.

    `exact` tells that free is known all the time, not only where it was printed.
    """

    boot: BootSpan
    zones: list[ZoneStory]
    events: list[tuple[int, int, str]]
    first_us: int
    last_us: int
    exact: bool
