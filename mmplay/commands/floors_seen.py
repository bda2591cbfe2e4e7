"""The floors of zones as a kernel printed them: of a report in a log, or of this machine now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from mmplay.commands.floors_table import FloorRow, both, print_rows, row_json
from mmplay.commands.output import tell
from mmplay.engine.errors import InputError, how_many
from mmplay.engine.explain.evidence import candidates_for
from mmplay.engine.explain.gate import zone_floor
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Candidates, Kernel
from mmplay.engine.rules.watermarks import MARKS
from mmplay.recordings.diagnosis import seen_by
from mmplay.recordings.library import open_events
from mmplay.recordings.live.capture import Roots, now_us, release_of
from mmplay.recordings.live.numbers import numbers_of
from mmplay.recordings.live.samples import Text, memory_of
from mmplay.recordings.live.sources import ProcFiles


class SeenFloors(NamedTuple):
    """Zones with the marks and reserves that a kernel printed; `place` says where."""

    place: str
    found: Candidates
    release: str | None
    dump: MemDump

    @property
    def kernel(self) -> Kernel:
        """The likeliest rules."""
        return self.found.kernels[-1]

    @property
    def others(self) -> list[str]:
        """Further rules that may apply, the likeliest first."""
        return [one.name for one in self.found.kernels[-2::-1]]

    def rows(self, zone: ZoneDump) -> Iterator[FloorRow]:
        """Yield the floor of every class at every mark, for each class zone of the kernel."""
        columns = self.dump.columns()
        first = self.dump.index_of(zone)
        for index in range(first or 0, len(columns)):
            for mark in MARKS:
                for caller in self.kernel.classes_at(mark):
                    term = zone_floor(self.kernel, zone, caller, index, mark)
                    if term is not None:
                        yield FloorRow(columns[index], mark, caller.name, term)


def floors_of_log(name: str, forced: str | None, event: int | None) -> SeenFloors:
    """Return the floors of one event's own Mem-Info: that event, or the first that has one.

    Raises InputError for a log that cannot be read, or that has no such event or Mem-Info.
    """
    with open_events(name, forced) as timeline:
        frames = range(len(timeline)) if event is None else [event - 1]
        if event is not None and not 0 < event <= len(timeline):
            raise InputError(f"--event {event}: {name} has {how_many(len(timeline), 'events')}")
        for index in frames:
            frame = timeline.frame(index)
            seen = seen_by(timeline, frame)
            if seen is None or not seen.own or not seen.dump.zones:
                continue
            found = candidates_for(frame.kernel, frame.release, frame.report, seen.dump)
            if not found.kernels:
                raise InputError(f"{name}: {frame.release} is older than all that was read")
            place = f"{name} #{index + 1}"
            return SeenFloors(place, found, frame.release, seen.dump)
    which = "no event has" if event is None else f"event {event} does not have"
    raise InputError(f"{name}: {which} a Mem-Info of its own")


def floors_now(kernel: Kernel | None, roots: Roots) -> SeenFloors:
    """Return the floors of this machine, from /proc/zoneinfo; `kernel` if the user chose one.

    Raises InputError without it, or for a kernel older than all that was read.
    """
    release, dump = memory_now(roots)
    found = candidates_for(kernel, release, None, dump)
    if not found.kernels:
        raise InputError(f"{release} is older than all that was read; name rules with --kernel")
    return SeenFloors("this machine", found, release, dump)


def seen_json(seen: SeenFloors) -> dict[str, object]:
    """Return the floors as plain data, in the shape of those that are computed."""
    return {
        "kernel": seen.kernel.name,
        "others": seen.others,
        "release": seen.release,
        "from": seen.place,
        "zones": [_zone_json(seen, zone) for zone in seen.dump.zones],
    }


def _zone_json(seen: SeenFloors, zone: ZoneDump) -> dict[str, object]:
    return {
        "zone": zone.name,
        "node": zone.node,
        "managed": zone.pages("managed"),
        "free": zone.pages("free"),
        **{mark: zone.pages(mark) for mark in MARKS},
        "boost": zone.pages("boost"),
        "lowmem_reserve": list(zone.reserve or ()),
        "floors": [row_json(row) for row in seen.rows(zone)],
    }


def print_seen(seen: SeenFloors) -> None:
    """Print the floors as text."""
    release = f"   release {seen.release}" if seen.release else ""
    tell(f"kernel {seen.kernel.name}{release}   zones of {seen.place}")
    if seen.others:
        tell(f"the rules of {', '.join(seen.others)} may apply as well: name one with --kernel")
    tell("a request of order 0 is refused when free <= floor; pages (kB)")
    for zone in seen.dump.zones:
        _print_zone(seen, zone)


def _print_zone(seen: SeenFloors, zone: ZoneDump) -> None:
    reserve = " ".join(map(str, zone.reserve or ())) or "not printed"
    tell("", f"node {zone.node} {zone.name}   lowmem_reserve[] {reserve}")
    for name in ("free", *MARKS, "boost"):
        pages = zone.pages(name)
        if pages is not None:
            tell(f"  {name:<5}{both(pages):>18}")
    print_rows(seen.rows(zone))


def memory_now(roots: Roots) -> tuple[str | None, MemDump]:
    """Return the kernel's release and its zones; raises InputError where there is no zoneinfo."""
    files = ProcFiles(roots.proc)
    try:
        read = {name: files.read(name) for name in files.names}
    finally:
        files.close()
    texts = {name: Text(text, numbers_of(text)) for name, text in read.items() if text is not None}
    page_kb = os.sysconf("SC_PAGE_SIZE") // 1024
    return release_of(roots.proc), memory_of(texts, now_us(), page_kb)
