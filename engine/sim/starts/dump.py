"""Where memory was, by a dump: the Mem-Info of a report, or what /proc said of a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmplay.engine.errors import InputError
from mmplay.engine.report import MemDump, Report, ZoneDump
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.starts.bench import BenchZone, roomy_zone
from mmplay.engine.sim.starts.counters import shared
from mmplay.engine.sim.starts.plan import WORKS, Found
from mmplay.engine.sim.starts.zones import name_the_rest
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.zone import ZONE_TYPES, Zone

LISTS = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable")
COUNTED = (
    *LISTS,
    *("isolated_anon", "isolated_file", "slab_reclaimable", "slab_unreclaimable"),
    *("pagetables", "dirty", "writeback", "mapped", "shmem"),
)
"""What a zone's own line counts, or else the totals: then it is shared among the zones by room."""

ASSUMED = (
    "what the dump counts only for the whole machine is shared among the zones by their room",
    "pages of the per-CPU lists are in use; free pages beyond the lists are single ones",
    "inactive file pages that are neither dirty nor under writeback: clean",
)


def found_in_dump(dump: MemDump, time_ns: int, cpus: int, works: int = 0) -> Found:
    """Return where memory was; raises InputError for a dump that does not tell enough."""
    zones = sorted(dump.populated(), key=lambda zone: zone.index or 0)
    if not zones:
        raise InputError("there are no zones here, which a start needs; choose another place")
    for zone in zones:
        if zone.node or zone.index is None or zone.page_kb != PAGE_KB:
            problem = "a simulated machine has one node, pages of 4 kB and the zones of x86_64"
            raise InputError(f"{dump.label(zone)}: {problem}")
    managed = [_pages(zone, "managed") for zone in zones]
    room = [most - _pages(zone, "free") for most, zone in zip(managed, zones, strict=True)]
    places = {name: _counted(dump, zones, name, room) for name in COUNTED}
    made = [
        _zone(zone, {name: pages[number] for name, pages in places.items()}, cpus)
        for number, zone in enumerate(zones)
    ]
    return Found(time_ns, made, printed=True, works=works, assumed=ASSUMED)


def works_in(report: Report) -> int:
    """Return the slabs of works that a report's own SLUB lines count, all full; 0 if none do."""
    slub = report.request.slub if report.request is not None else None
    if slub is None or slub.cache != WORKS:
        return 0
    return sum(slabs for _, slabs, _, _ in slub.nodes)


def _counted(
    dump: MemDump, zones: Sequence[ZoneDump], name: str, room: Sequence[int]
) -> Sequence[int]:
    own = [zone.pages(name) for zone in zones]
    known = [pages for pages in own if pages is not None]
    if len(known) == len(own):
        return known
    return shared(dump.totals.get(name, 0), room)


def _zone(zone: ZoneDump, places: Mapping[str, int], cpus: int) -> Zone:
    blocks = tuple(
        (one.order, one.count, one.types or "M")
        for one in zone.blocks or ()
        if one.order < MAX_ORDER
    )
    listed = sum(count << order for order, count, _ in blocks)
    free = max(listed, _pages(zone, "free"))
    told = (
        *((name, pages) for name, pages in places.items()),
        ("stack_pages", zone.pages("kernel_stack") or 0),
        ("pages_scanned", zone.pages("pages_scanned") or 0),
    )
    present = _pages(zone, "present")
    one = BenchZone(zone.name, _pages(zone, "managed"), free, None, None, present, blocks, told)
    made = roomy_zone(one, cpus)
    made.min, made.low, made.high = (_pages(zone, name) for name in ("min", "low", "high"))
    made.batch = max(1, made.high - made.low)
    made.reserve = [*(zone.reserve or ()), *[0] * ZONE_TYPES][:ZONE_TYPES]
    made.marked = made.dirty + made.writeback
    made.clean = max(0, made.inactive_file - made.marked)
    name_the_rest(made)
    return made


def _pages(zone: ZoneDump, name: str) -> int:
    pages = zone.pages(name)
    if pages is None:
        raise InputError(f"zone {zone.name}: the dump has no {name}; a start needs it")
    return pages
