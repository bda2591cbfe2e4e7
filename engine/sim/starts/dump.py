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
from mmplay.engine.sim.state.buddy import LETTERS, MAX_ORDER
from mmplay.engine.sim.state.zone import ZONE_TYPES, Zone

LISTS = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable")
FILE = ("active_file", "inactive_file")
PARTS = {
    "dirty": FILE,
    "writeback": FILE,
    "mapped": FILE,
    "shmem": ("active_anon", "inactive_anon"),
}
"""Pages that stand on a list already, and on which."""

COUNTED = (
    *LISTS,
    *("isolated_anon", "isolated_file", "slab_reclaimable", "slab_unreclaimable"),
    *("pagetables", *PARTS),
)
"""What a zone's own line counts, or else the totals: then it is shared among the zones."""

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
    places = _places(dump, zones)
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


def _places(dump: MemDump, zones: Sequence[ZoneDump]) -> dict[str, Sequence[int]]:
    """Return pages by zone for each name that is counted.

    What only the totals count is shared: pages of a list by the list, all else by the room that
    free pages and the zones' own counts leave.
    """
    places: dict[str, Sequence[int]] = {}
    room = [_pages(zone, "managed") - _pages(zone, "free") for zone in zones]
    for name in COUNTED:
        own = [pages for zone in zones if (pages := zone.pages(name)) is not None]
        if len(own) == len(zones):
            places[name] = own
            if name not in PARTS:
                room = [most - pages for most, pages in zip(room, own, strict=True)]
    room = [
        max(0, most - (zone.pages("kernel_stack") or 0))
        for most, zone in zip(room, zones, strict=True)
    ]
    for name in (*COUNTED[: -len(PARTS)], *PARTS):
        if name not in places:
            lists = PARTS.get(name, ())
            by = [sum(places[one][number] for one in lists) for number in range(len(zones))]
            places[name] = shared(dump.totals.get(name, 0), by if lists else room)
    return places


def _zone(zone: ZoneDump, places: Mapping[str, int], cpus: int) -> Zone:
    blocks = tuple(
        (one.order, one.count, _letters(one.types))
        for one in zone.blocks or ()
        if one.order < MAX_ORDER
    )
    listed = sum(count << order for order, count, _ in blocks)
    places = _on_lists(places)
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


def _on_lists(places: Mapping[str, int]) -> dict[str, int]:
    """Return the places with no more dirty and writeback pages than there are on the file lists.

    Counters are not read at one moment, so those of a dump may contradict each other a little.
    """
    room = places["active_file"] + places["inactive_file"] + places["isolated_file"]
    writeback = min(places["writeback"], room)
    return {**places, "writeback": writeback, "dirty": min(places["dirty"], room - writeback)}


def _letters(types: str) -> str:
    """Return the letters of types that 4.5 has; a list with none of them is movable."""
    return "".join(letter for letter in types if letter in LETTERS) or "M"


def _pages(zone: ZoneDump, name: str) -> int:
    pages = zone.pages(name)
    if pages is None:
        raise InputError(f"zone {zone.name}: the dump has no {name}; a start needs it")
    return pages
