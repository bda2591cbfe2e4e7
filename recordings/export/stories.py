"""The stories of zones, told from every turn of a run, or from the dumps of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mmplay.engine.explain.gate import ladder
from mmplay.engine.frame import BootSpan
from mmplay.engine.report.memory import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.rules.zones import class_zone
from mmplay.engine.sim.state.zone import Zone
from mmplay.engine.sim.view import memory_of
from mmplay.recordings.export.kinds import SIMULATED, of_kind
from mmplay.recordings.export.zone_story import BootStory, Spans, ZoneStory
from mmplay.recordings.recording import Recording
from mmplay.recordings.session.replay import made_again

MARKS = ("high", "low", "min")


def stories_of(recording: Recording) -> list[BootStory]:
    """Return the story of every boot that has a time axis and a zone."""
    return [story for story in of_kind(recording, STORIES, _observed)(recording) if story.zones]


def _events(recording: Recording, boot: BootSpan) -> list[tuple[int, int, str]]:
    return [
        (index, time_us, recording.frame(index).title)
        for index in recording.event_frames
        if boot.first_frame <= index <= boot.last_frame
        and (time_us := recording.time_us(index)) is not None
    ]


def floors_of(
    kernel: Kernel | None, dump: MemDump, zone: ZoneDump
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, caller, pages) of every floor that an ordinary caller's request can meet.

    Without rules only the marks themselves, as they were printed.
    """
    index = _class_zone(dump)
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


def _class_zone(dump: MemDump) -> int | None:
    indexes = (zone.index for zone in dump.populated() if zone.index is not None)
    return class_zone(ZONES.index("Normal"), indexes)


def _named_class(dump: MemDump) -> str:
    index = _class_zone(dump)
    return "" if index is None else ZONES[index]


# observed


def _observed(recording: Recording) -> list[BootStory]:
    return [_observed_boot(recording, boot) for boot in recording.boots]


def _observed_boot(recording: Recording, boot: BootSpan) -> BootStory:
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
        story.set_floors(time_us, floors_of(kernel, dump, zone))
        story.see(time_us, free, spans)


# simulated


def _simulated(timeline: Any) -> list[BootStory]:
    session = timeline.session
    (boot,) = timeline.boots
    last_us = session.machine_at(session.end).state.now_ns // 1000
    first_us = session.machine_at(session.first).state.now_ns // 1000
    teller = _Teller(boot.kernel, Spans(first_us, last_us))
    for one in made_again(session):
        teller.take(one.time_ns // 1000, one.machine)
    events = _events(timeline, boot)
    return [BootStory(boot, teller.zones, events, first_us, last_us, exact=True)]


STORIES: dict[str, Callable[[Any], list[BootStory]]] = {SIMULATED: _simulated}
"""By the kind of the header; other kinds are read frame by frame."""


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
                self.zones[number].see(time_us, zone.free, self._spans)

    def _set_floors(self, time_us: int, dump: MemDump) -> None:
        for story, zone in zip(self.zones, dump.zones, strict=True):
            story.class_zone = _named_class(dump)
            story.set_floors(time_us, floors_of(self._kernel, dump, zone))
