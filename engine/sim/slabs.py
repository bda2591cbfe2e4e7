"""The slabs of a cache one by one, as a screen lists them and as an action names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine
    from mmplay.engine.sim.state.slab_cache import Cache

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
    for free, objects, zone, order, reserves in cache.partial:
        used = objects - free
        rows.append(_row(m, place, PARTIAL, 1, used, objects, zone, order, reserves))
        place += 1
    for slabs, objects, zone, order, reserves in cache.full:
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
