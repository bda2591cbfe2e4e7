"""A conservation checker: it looks at a machine, never changes it, and is off in play."""

from __future__ import annotations

from mmplay.engine.sim.mm.bio import POOL
from mmplay.engine.sim.mm.flusher import RUN
from mmplay.engine.sim.run.flusher_task import IDLE
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.counters import COUNTERS
from mmplay.engine.sim.state.tasks import THROTTLED
from mmplay.engine.sim.state.zone import PLACES, Zone


def check(m: Machine) -> list[str]:
    """Return what does not add up, one sentence each; empty if all is well."""
    found: list[str] = []
    for zone in m.state.zones:
        found += [f"{zone.name}: {what}" for what in _zone(m, zone)]
    found += _caches(m) + _works(m) + _tasks(m)
    counters = m.state.counters
    found += [f"{name} is negative" for name in COUNTERS if getattr(counters, name) < 0]
    return found


def _zone(m: Machine, zone: Zone) -> list[str]:
    found = []
    listed = zone.buddy.free_pages()
    if zone.real_free() != listed:
        found.append(f"free {zone.real_free()} but the lists hold {listed}")
    if listed + zone.on_pcp() + zone.used_pages != zone.managed:
        found.append(f"{listed} + {zone.on_pcp()} + {zone.used_pages} are not {zone.managed} pages")
    if zone.used_pages != zone.placed():
        found.append(f"{zone.used_pages} pages in use, {zone.placed()} have a place")
    if sum(zone.used[1::2]) != zone.used_pages:
        found.append("the runs of used pages do not add up")
    held = zone.dirty + zone.writeback + zone.clean + zone.clean_tail
    if held > zone.reclaimable():
        found.append(f"{held} dirty, writeback and clean pages on lists that are shorter")
    if zone.marked > zone.dirty + zone.writeback:
        found.append("more pages are marked for reclaim than are dirty or under writeback")
    fields = (*PLACES, "dirty", "writeback", "clean", "clean_tail", "marked", "pages_scanned")
    found += [f"{name} is {getattr(zone, name)}" for name in fields if getattr(zone, name) < 0]
    return found + _lists(zone)


def _lists(zone: Zone) -> list[str]:
    """The free lists and the map of blocks are two views of the same blocks."""
    buddy = zone.buddy
    blocks = sum(len(one) for one in buddy.lists)
    wrong = [
        page
        for index, one in enumerate(buddy.lists)
        for page in one
        if buddy.where.get(page) != index or page % (1 << index % MAX_ORDER)
    ]
    if blocks != len(buddy.where) or wrong:
        return ["the free lists and the map of free blocks disagree"]
    return []


def _caches(m: Machine) -> list[str]:
    state, found = m.state, []
    for number, zone in enumerate(state.zones):
        for reclaimable, counted, base in (
            (False, zone.slab_unreclaimable, zone.slab_base),
            (True, zone.slab_reclaimable, zone.slab_reclaimable_base),
        ):
            pages = sum(
                cache.pages(number)
                for kind, cache in zip(m.setup.caches, state.caches, strict=True)
                if kind.reclaimable == reclaimable
            )
            if pages + base != counted:
                found.append(f"{zone.name}: {counted} slab pages, caches own {pages} + {base}")
    for kind, cache in zip(m.setup.caches, state.caches, strict=True):
        slabs = [*cache.partial, *zip(cache.cpu_free, cache.cpu_objects, strict=True)]
        if any(not 0 <= slab[0] <= slab[1] for slab in slabs):
            found.append(f"{kind.name}: a slab has more free objects than objects")
    return found


def _works(m: Machine) -> list[str]:
    """Every work in hand or queued is counted, and every bio under I/O has a vector."""
    state = m.state
    if not 0 <= state.bio_pool_out <= POOL or state.bio_vectors < 0:
        return [f"{state.bio_vectors} vectors are out, {state.bio_pool_out} of the pool's {POOL}"]
    queued = sum(state.works[RUN - 1 :: RUN])
    in_hand = state.flusher_task >= 0 and state.tasks.pc[state.flusher_task] != IDLE
    if state.works_queued - queued not in (0, int(in_hand)):
        return [f"{state.works_queued} works queued, the list holds {queued}"]
    return []


def _tasks(m: Machine) -> list[str]:
    state = m.state
    tasks = state.tasks
    found = []
    for zone in state.zones:
        held = sum(one & 0xFF for one in tasks.isolated if one and one >> 8 == zone.index)
        if held != zone.isolated_file:
            found.append(f"{zone.name}: {zone.isolated_file} isolated, reclaimers hold {held}")
    if tasks.state.count(THROTTLED) > state.throttled:
        found.append("more tasks are throttled than were counted")
    return found
