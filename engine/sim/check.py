"""Whether a machine adds up, and whether a state that came from outside can be run at all.

`check` looks at a machine, never changes it, and is off in play. `faults` looks at every number
that is used as a place: what passes and adds up runs without surprise, or is stopped by the first
rule that meets something impossible.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.sim.machine.asks import PURPOSES, WB_VARIANTS
from mmplay.engine.sim.machine.machine import (
    CPU,
    DISK,
    NIC,
    SCRIPT,
    TIMER,
    VMSTAT,
    WORKER_KILL,
    WORKLOAD,
    Machine,
)
from mmplay.engine.sim.machine.setup import Setup
from mmplay.engine.sim.mm.disk import POOL
from mmplay.engine.sim.mm.slowpath import FAILED
from mmplay.engine.sim.mm.writeback import RUN
from mmplay.engine.sim.run.flusher_task import IDLE
from mmplay.engine.sim.run.programs import PROGRAMS
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.slab_cache import FullSlabs, Slab
from mmplay.engine.sim.state.state import COUNTERS, LIMIT_NUMBERS, RATE_LIMITS, State
from mmplay.engine.sim.state.tasks import EXITED, THROTTLED
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
        slabs = [(slab.free, slab.objects) for slab in cache.partial]
        slabs += zip(cache.cpu_free, cache.cpu_objects, strict=True)
        if any(not 0 <= free <= objects for free, objects in slabs):
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


MOST = 1 << 62
LONG_MAX = (1 << 63) - 1
MOST_PAGES = 1 << 28
"""1 TB: the largest machine that a start makes."""

MOST_COUNT = 1 << 44
ZONE_NAMES = ("DMA", "DMA32", "Normal", "Movable")


def faults(setup: Setup, state: State) -> list[str]:
    """Return why this state of this setup cannot be run, one sentence each; empty if it can."""
    found = [*_shape(setup, state)]
    if not found:
        found = [*_numbers(setup, state), *_task_faults(setup, state), *_events(setup, state)]
    if not found:
        found = [text for zone in state.zones for text in _zone_faults(zone)]
    return found or check(Machine(setup, state))[:8]


def _shape(setup: Setup, state: State) -> Iterator[str]:
    indexes = [zone.index for zone in state.zones]
    if indexes != sorted(set(indexes)) or not all(0 <= index < 4 for index in indexes):
        yield "the zones are none or in no order"
    if not all(zone.name == ZONE_NAMES[zone.index & 3] for zone in state.zones):
        yield "a zone has another's name"
    if len(state.cpus) != setup.cpus or len(state.caches) != len(setup.caches):
        yield "the state is of another machine than the setup"
    if len(state.lowmem_reserve_ratio) != len(setup.kernel.lowmem_reserve_ratio):
        yield "lowmem_reserve_ratio has another length"
    limits = len(state.limits) // LIMIT_NUMBERS
    lists = (state.limits, state.works, state.frags, state.flows, state.blocks)
    if limits not in (RATE_LIMITS, RATE_LIMITS + 1) or any(len(values) % 3 for values in lists):
        yield "a list is cut"


def _numbers(setup: Setup, state: State) -> Iterator[str]:
    tasks = len(state.tasks)
    places = (
        ("flusher_task", -1, tasks - 1),
        ("kswapd_task", -1, tasks - 1),
        ("first_fail_task", -1, tasks - 1),
        ("wb_mask", 0, len(WB_VARIANTS) - 1),
        ("dirty_ratio", 0, 100),
        ("dirty_background_ratio", 0, 100),
        ("dirty_bytes", 0, LONG_MAX),
        ("dirty_background_bytes", 0, LONG_MAX),
        ("swappiness", 0, 100),
        ("ring", 0, 256),
        ("bio_vectors", 0, MOST_COUNT),
        ("bio_pool_out", 0, POOL),
        ("disk_rate", 0, MOST_COUNT),
        ("packet_rate", 0, 1 << 20),
        ("kswapd_order", 0, 10),
        ("kswapd_class", 0, 3),
        ("now_ns", 0, MOST),
        ("works_queued", 0, MOST_COUNT),
    )
    for name, least, most in places:
        if not least <= getattr(state, name) <= most:
            yield f"{name} is {getattr(state, name)}"
    lists = (*state.works, *state.frags, *state.flows, *state.limits, *state.blocks)
    if not all(0 <= number <= MOST for number in lists):
        yield "a list holds an impossible number"
    zones, orders = state.blocks[0::3], state.blocks[2::3]
    if any(zone >= len(state.zones) for zone in zones) or any(order > 10 for order in orders):
        yield "a block is held that cannot be"
    yield from _cpus(state, tasks)
    yield from _slabs(state)


def _cpus(state: State, tasks: int) -> Iterator[str]:
    for number, cpu in enumerate(state.cpus):
        if not -1 <= cpu.current < tasks or not all(0 <= task < tasks for task in cpu.queue):
            yield f"CPU {number} runs a task that is not there"
        if not 0 <= cpu.first <= len(cpu.queue) or cpu.busy not in (0, 1):
            yield f"CPU {number} is in no state that can be"


def _slabs(state: State) -> Iterator[str]:
    for cache in state.caches:
        slabs: list[Slab | FullSlabs] = [*cache.partial, *cache.full]
        zones = [*cache.cpu_zone, *(slab.zone for slab in slabs)]
        orders = [*cache.cpu_order, *(slab.order for slab in slabs)]
        counts = [number for slab in slabs for number in slab.row()[:2]]
        if not all(-1 <= number < len(state.zones) for number in zones):
            yield "a slab lies in no zone"
        if not all(0 <= order <= 3 for order in orders) or not all(
            0 <= number <= MOST_COUNT for number in counts
        ):
            yield "a slab is impossible"


def _task_faults(setup: Setup, state: State) -> Iterator[str]:
    tasks = state.tasks
    bounds = {
        "kind": len(PROGRAMS),
        "load": len(setup.workloads),
        "state": EXITED + 1,
        "cpu": setup.cpus,
        "stage": FAILED + 1,
        "order": 11,
        "purpose": len(PURPOSES),
    }
    for column in tasks.lists:
        most = bounds.get(column, MOST)
        if not all(-MOST < value < most for value in getattr(tasks, column)) or (
            column in bounds and any(value < 0 for value in getattr(tasks, column))
        ):
            yield f"a task has an impossible {column}"
    zones = {zone.index for zone in state.zones}
    if not all(held == 0 or held >> 8 in zones for held in tasks.isolated):
        yield "a task holds pages of no zone"


def _events(setup: Setup, state: State) -> Iterator[str]:
    counts = {
        CPU: setup.cpus,
        TIMER: len(state.tasks),
        DISK: MOST,
        NIC: setup.cpus,
        VMSTAT: setup.cpus,
        SCRIPT: len(setup.script),
        WORKLOAD: len(setup.workloads),
        WORKER_KILL: setup.cpus,
    }
    for time_ns, sequence, kind, number, token in state.heap:
        if not 0 <= number < counts.get(kind, 0) or not 0 <= time_ns <= MOST:
            yield "an event is for nobody"
            return
        if not 0 <= sequence <= state.sequence or abs(token) > MOST:
            yield "an event has an impossible number"
            return


def _zone_faults(zone: Zone) -> Iterator[str]:
    if not 0 < zone.managed <= MOST_PAGES:
        yield f"{zone.name} has {zone.managed} pages"
        return
    span = len(zone.buddy.block_types) << 9
    wrong = any(not -MOST_COUNT < getattr(zone, name) < MOST_COUNT for name in zone.numbers)
    if wrong or not 0 <= zone.pcp_batch <= 1 << 12 or not 0 <= zone.pcp_high <= 1 << 15:
        yield f"{zone.name} has an impossible number"
    if zone.managed > span or span > 2 * MOST_PAGES:
        yield f"{zone.name} does not fit its blocks"
    used = zone.used
    if len(used) % 2 or not all(0 <= n <= span for n in used) or 0 in used[1::2]:
        yield f"{zone.name}: a run of used pages is impossible"
    pages = [page for lists in zone.pcp for listed in lists for page in listed]
    if not all(0 <= page < span for page in (*pages, *zone.buddy.where)):
        yield f"{zone.name}: a page lies outside"
