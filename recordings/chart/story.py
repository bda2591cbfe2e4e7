"""The stories of zones, told from every turn of a run, or from the dumps of anything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mmplay.engine.explain.gate import ordinary_class
from mmplay.engine.frame import BootSpan
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.state.zone import Zone
from mmplay.recordings.chart.curves import floors_of, line_name
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.replay import made_again
from mmplay.recordings.run.session import Session

if TYPE_CHECKING:
    from mmplay.recordings.answer import Reach

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
    """A floor over time: (time_us, pages) at each change. `name` is a mark or a caller's class.

    `label` is what stands beside the line: a mark's tells of the reserve that it holds.
    """

    name: str
    caller: str
    steps: list[tuple[int, int]] = field(default_factory=list)
    met: Meeting | None = None
    label: str = ""

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
    """One zone of one boot. `class_zone` is whose lowmem_reserve the floors hold.

    `band` is where free lay in other runs, within the bounds of what is assumed of a log's machine.
    """

    name: str
    levels: list[Level] = field(default_factory=list)
    floors: dict[str, FloorLine] = field(default_factory=dict)
    class_zone: str = ""
    band: Sequence[Reach] = ()
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

    def set_floors(
        self, time_us: int, zone: ZoneDump, floors: Iterable[tuple[str, str, int]]
    ) -> None:
        """Note the floors of the zone from a moment on: (name, caller, pages)."""
        for name, caller, pages in floors:
            line = self.floors.setdefault(name, FloorLine(name, caller))
            if not line.steps or line.pages != pages:
                line.steps.append((time_us, pages))
            line.label = line_name(zone, name, pages)

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


def stories_of(recording: Recording) -> list[BootStory]:
    """Return the story of every boot that has a time axis and a zone."""
    session = recording.session
    told = (
        _observed(recording, boot) if session is None else _simulated(recording, boot, session)
        for boot in recording.boots
    )
    return [story for story in told if story.zones]


def _events(recording: Recording, boot: BootSpan) -> list[tuple[int, int, str]]:
    return [
        (index, time_us, recording.frame(index).title)
        for index in recording.event_frames
        if boot.first_frame <= index <= boot.last_frame
        and (time_us := recording.time_us(index)) is not None
    ]


def _named_class(dump: MemDump) -> str:
    index = ordinary_class(dump)
    return "" if index is None else dump.columns()[index]


# observed


def _observed(recording: Recording, boot: BootSpan) -> BootStory:
    frames = range(boot.first_frame, boot.last_frame + 1)
    known = [time for n in frames if (time := recording.time_us(n)) is not None]
    spans = Spans(min(known, default=0), max(known, default=0))
    zones: dict[tuple[int, str], ZoneStory] = {}
    for index in frames:
        frame = recording.frame(index)
        if frame.shown is not None and frame.shown.own:
            _add_dump(zones, frame.kernel, frame.shown.dump, spans)
    last = max((zone.levels[-1].time_us for zone in zones.values()), default=0)
    first = min((zone.levels[0].time_us for zone in zones.values()), default=last)
    known += [first, last]
    events = _events(recording, boot)
    return BootStory(boot, list(zones.values()), events, min(known), max(known), exact=False)


def _add_dump(
    zones: dict[tuple[int, str], ZoneStory], kernel: Kernel | None, dump: MemDump, spans: Spans
) -> None:
    several = len({zone.node for zone in dump.zones}) > 1
    for zone in dump.zones:
        free, managed = zone.pages("free"), zone.pages("managed")
        time_us = zone.time_us if zone.time_us is not None else dump.time_us
        if free is None or time_us is None or managed == 0:
            continue
        name = f"{zone.name} of node {zone.node}" if several else zone.name
        story = zones.setdefault((zone.node, zone.name), ZoneStory(name))
        story.class_zone = _named_class(dump) if kernel else ""
        story.set_floors(time_us, zone, floors_of(kernel, dump, zone))
        story.see(time_us, free, spans)


# simulated


def _simulated(recording: Recording, boot: BootSpan, session: Session) -> BootStory:
    last_us = session.machine_at(session.end).state.now_ns // 1000
    first_us = session.machine_at(session.first).state.now_ns // 1000
    teller = _Teller(boot.kernel, Spans(first_us, last_us))
    for one in made_again(session):
        teller.take(one.time_ns // 1000, one.machine)
    for zone in teller.zones:
        zone.band = [one for one in session.bands.get(zone.name, ()) if one.from_us <= last_us]
    events = _events(recording, boot)
    return BootStory(boot, teller.zones, events, first_us, last_us, exact=True)


class _Teller:
    """Takes a run turn by turn."""

    def __init__(self, kernel: Kernel | None, spans: Spans) -> None:
        self.zones: list[ZoneStory] = []
        self._kernel = kernel
        self._spans = spans
        self._seen: list[tuple[object, ...]] = []
        self._free: list[int] = []

    def take(self, time_us: int, m: Any) -> None:
        """Take the machine as a turn left it."""
        zones: list[Zone] = m.state.zones
        if not self.zones:
            self.zones = [ZoneStory(zone.name) for zone in zones]
            self._free = [-1] * len(zones)
        marks: list[tuple[object, ...]] = [(z.min, z.low, z.high, *z.reserve) for z in zones]
        if marks != self._seen:
            self._seen = marks
            self._set_floors(time_us, memory_of(m))
            self._free = [-1] * len(zones)
        for number, zone in enumerate(zones):
            if zone.free != self._free[number]:
                self._free[number] = zone.free
                self.zones[number].see(time_us, zone.free_seen, self._spans)

    def _set_floors(self, time_us: int, dump: MemDump) -> None:
        for story, zone in zip(self.zones, dump.zones, strict=True):
            story.class_zone = _named_class(dump)
            story.set_floors(time_us, zone, floors_of(self._kernel, dump, zone))
