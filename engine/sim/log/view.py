"""A machine as a screen lists it: its Mem-Info, its blocks, its slabs, and what a run comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.report import FreeBlocks, MemDump, Request, ZoneDump
from mmplay.engine.sim.log.reports import HUGE_KB, free_lists, hugepages, tail, totals, zone_line
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.state.slab_cache import Cache


REPORTING_CPU = 0
NOT_KB = ("node", "zone", "all_unreclaimable")


def memory_of(m: Machine) -> MemDump:
    """Return what show_mem would print at this moment."""
    time_us = m.state.now_ns // 1000
    dump = MemDump(time_us, totals=dict(totals(m)))
    dump.zones = [_zone(m, zone, time_us) for zone in m.state.zones]
    dump.hugepages = [values for values in map(hugepages, HUGE_KB)]
    for _, values in tail(m):
        dump.tail.update(values)
    return dump


def request_of(m: Machine, task: int) -> Request:
    """Return the page request that a task makes, or made last, as its report would name it."""
    tasks = m.state.tasks
    return Request(tasks.names[task], tasks.order[task], tasks.ask[task], pid=tasks.pid[task])


def _zone(m: Machine, zone: Zone, time_us: int) -> ZoneDump:
    line, lists = zone_line(m, zone, REPORTING_CPU), free_lists(zone)
    return ZoneDump(
        node=0,
        name=zone.name,
        time_us=time_us,
        kb={name: value for name, value in line.items() if name not in NOT_KB},
        all_unreclaimable=line["all_unreclaimable"],
        reserve=tuple(zone.reserve),
        blocks=tuple(
            FreeBlocks(order, count, size_kb, types)
            for order, (count, size_kb, types) in enumerate(lists["blocks"])
        ),
        blocks_total_kb=lists["total"],
    )


FREE, HELD, USED = "free", "held", "in use"


class Placed(NamedTuple):
    """Pages `first` to `last` of a zone: a free block, a block that is held, or pages in use."""

    first: int
    last: int
    what: str


def blocks_of(m: Machine, zone: Zone) -> list[Placed]:
    """Return a zone's blocks by page; pages of no block that is known run together."""
    number, blocks = m.zone_number(zone), m.state.blocks
    known = [
        (page, 1 << index % MAX_ORDER, FREE) for page, index in sorted(zone.buddy.where.items())
    ]
    known += [
        (blocks[at + 1], 1 << blocks[at + 2], HELD)
        for at in range(0, len(blocks), BLOCK_NUMBERS)
        if blocks[at] == number
    ]
    found, page = [], 0
    for first, pages, what in (*sorted(known), (zone.managed, 0, "")):
        if page < first:
            found.append(Placed(page, first - 1, USED))
        if pages:
            found.append(Placed(first, first + pages - 1, what))
        page = first + pages
    return found


CPU, PARTIAL, FULL = "cpu", "partial", "full"
"""Where a slab is: a CPU's own, on the node's partial list, or full and on no list."""


class SlabRow(NamedTuple):
    """One slab, or a run of `slabs` full ones that are alike.

    `place` is its number in the list (that of a run's first slab), from 1; `zone` a zone's name,
    `pages` those of one slab; `cpu` is -1 unless it is a CPU's own; `reserves` tells that its page
    came from below every floor (pfmemalloc).
    """

    place: int
    where: str
    slabs: int
    in_use: int
    objects: int
    zone: str
    pages: int
    cpu: int = -1
    reserves: bool = False


def slabs_of(m: Machine, cache_name: str) -> list[SlabRow]:
    """Return the slabs of a cache: the CPUs' own, the partial list from its head, full ones.

    Raises KeyError for a cache that the machine does not have.
    """
    cache = m.state.caches[m.cache_numbers[cache_name]]
    rows = [*_of_cpus(m, cache)]
    place = len(rows) + 1
    for slab in cache.partial:
        free, objects, zone, order, reserves = slab.row()
        used = objects - free
        rows.append(_row(m, place, PARTIAL, 1, used, objects, zone, order, reserves))
        place += 1
    for run in cache.full:
        slabs, objects, zone, order, reserves = run.row()
        rows.append(_row(m, place, FULL, slabs, objects, objects, zone, order, reserves))
        place += slabs
    return rows


def _of_cpus(m: Machine, cache: Cache) -> list[SlabRow]:
    rows: list[SlabRow] = []
    for cpu, zone in enumerate(cache.cpu_zone):
        if zone < 0:
            continue
        objects, used = cache.cpu_objects[cpu], cache.cpu_objects[cpu] - cache.cpu_free[cpu]
        order, reserves = cache.cpu_order[cpu], cache.cpu_pfm[cpu]
        row = _row(m, len(rows) + 1, CPU, 1, used, objects, zone, order, reserves)
        rows.append(row._replace(cpu=cpu))
    return rows


def _row(m: Machine, place: int, where: str, slabs: int, *numbers: int) -> SlabRow:
    used, objects, zone, order, reserves = numbers
    name = m.state.zones[zone].name
    return SlabRow(place, where, slabs, used, objects, name, 1 << order, reserves=bool(reserves))


def summary(m: Machine) -> dict[str, object]:
    """Return time, turns, digest, zones, slabs, counters and lowest free pages."""
    state = m.state
    return {
        "time_us": state.now_ns // 1000,
        "turns": state.turn,
        "digest": state.digest(),
        "zones": {
            zone.name: {
                "free": zone.free_seen,
                "min": zone.min,
                "low": zone.low,
                "high": zone.high,
                "reserve": list(zone.reserve),
                "inactive_file": zone.inactive_file,
                "active_anon": zone.active_anon,
                "dirty": zone.dirty,
                "writeback": zone.writeback,
                "slab_unreclaimable": zone.slab_unreclaimable,
                "pages_scanned": zone.pages_scanned,
                "all_unreclaimable": not m.reclaimable(zone),
            }
            for zone in state.zones
        },
        "slab": {
            kind.name: {
                "slabs": cache.slabs(),
                "objs": cache.objects(),
                "free": cache.free_objects(),
            }
            for kind, cache in zip(m.setup.caches, state.caches, strict=True)
        },
        "counters": state.counters.as_dict(),
        "min_free": {zone.name: zone.lowest for zone in state.zones},
        "first_fail": first_failure(m),
    }


def first_failure(m: Machine) -> dict[str, object] | None:
    """Return when wb_start_writeback was first refused and whose context it ran in."""
    state = m.state
    if not state.first_fail_ns:
        return None
    task = state.first_fail_task
    return {
        "time_us": state.first_fail_ns // 1000,
        "comm": state.tasks.names[task],
        "pid": state.tasks.pid[task],
    }
