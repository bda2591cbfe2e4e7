"""A machine put together on the bench: zones as they are wanted, from a few pages to many.

Whoever builds one says what the zones hold; what is left is in use by nobody that a counter names.
Used by levels and tests. Nothing here decides anything: the rules are those of every machine.

A trial is such a machine on which one call of direct reclaim is made, on a zone full of dirty file
pages: the rule is the simulator's own (`mm.vmscan`), run here and not written again.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import WB_NONE, ask_key
from mmplay.engine.sim.machine.gates import set_gaps, set_marks, set_reserves
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Setup, Workload
from mmplay.engine.sim.mm.pcp import set_batch
from mmplay.engine.sim.mm.vmscan import GOING_ON, reclaim, start_call
from mmplay.engine.sim.run.workloads import schedule
from mmplay.engine.sim.starts.common import (
    KERNEL_LOADS,
    KTHREADD,
    Choice,
    add_caches,
    add_kernel_threads,
    empty_state,
    fill_ring,
    plain_setup,
    start_events,
)
from mmplay.engine.sim.starts.zones import (
    NoRoomError,
    divide,
    fresh_zone,
    lay_blocks,
    name_the_rest,
    use_the_rest,
)
from mmplay.engine.sim.state.buddy import MOVABLE, PAGEBLOCK_PAGES
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.zone import PLACES, Zone

START_NS = 1_000_000_000
MAX_PAGES = 1 << 26

PLACED = (*(name for name in PLACES if name not in ("other", "held")),)
EXTRA = ("dirty", "writeback", "clean", "mapped", "shmem", "pages_scanned")
"""What a bench zone may also say of its file pages."""


class BenchZone(NamedTuple):
    """One zone: pages managed and free, and where the rest is (`places`: names of PLACED, EXTRA).

    `marks` are min, low, high (None: from min_free_kbytes); low and high of 0 follow from min.
    `reserve` is lowmem_reserve by class zone (None: from the ratios). `blocks` are free blocks as
    (order, count, type letter), no two of them buddies where there is room; what `free` counts
    beyond them are single pages. The lowest `unmovable_blocks` pageblocks hold kernel memory that
    does not move; then what lies above them was handed out in no order, page by page.
    """

    name: str
    managed: int
    free: int
    marks: tuple[int, int, int] | None = None
    reserve: tuple[int, ...] | None = None
    present: int = 0
    blocks: tuple[tuple[int, int, str], ...] = ()
    places: tuple[tuple[str, int], ...] = ()
    unmovable_blocks: int = 0


class Bench(NamedTuple):
    """A machine: zones from the lowest up, CPUs, tasks, network, disk, sysctls.

    `caches` tells whether SLUB's caches exist (a toy of a few pages has no room for them);
    `settings` are (field of the state, value).
    """

    zones: tuple[BenchZone, ...]
    min_free_kbytes: int = 0
    cpus: int = 1
    caches: bool = False
    workloads: tuple[Workload, ...] = ()
    flow: Flow | None = None
    disk: DiskKind = DiskKind(0, 0, 64)
    settings: tuple[tuple[str, int], ...] = ()
    name: str = "bench"


def from_bench(bench: Bench, choice: Choice) -> Machine:
    """Return the machine; raises InputError for zones that hold more than they manage.

    And for a writer on a machine without SLUB's caches.
    """
    _check_loads(bench)
    setup = _setup(bench, choice)
    state = empty_state(choice.kernel, choice, bench.cpus, START_NS)
    state.zones = [bench_zone(one, bench.cpus) for one in bench.zones]
    _check_order(state.zones)
    for name, number in bench.settings:
        setattr(state, name, number)
    _set_marks(bench, choice, state)
    _make_room(setup, state)
    for zone in state.zones:
        _place_rest(zone)
    add_caches(setup, state, {})
    if bench.flow is not None:
        fill_ring(state)
    state.disk_rate = bench.disk.pages_per_second
    state.under_io = sum(zone.writeback for zone in state.zones)
    m = Machine(setup, state)
    add_kernel_threads(m)
    state.next_pid = 1001
    for number in range(len(KERNEL_LOADS), len(setup.workloads)):
        if setup.workloads[number].groups:
            schedule(m, number)
    start_events(m)
    return m


def _setup(bench: Bench, choice: Choice) -> Setup:
    assumed = ("page_ns", "write_ns")
    setup = plain_setup(choice, bench.name, bench.cpus, bench.disk, bench.workloads, assumed)
    return setup._replace(flow=bench.flow, caches=setup.caches if bench.caches else ())


def bench_zone(one: BenchZone, cpus: int) -> Zone:
    """Return a zone without marks; raises InputError for one that cannot be."""
    if one.name not in ZONES:
        raise InputError(f"zone {one.name}: zones are {', '.join(ZONES)}")
    if not 0 < one.managed <= MAX_PAGES or not 0 <= one.free <= one.managed:
        raise InputError(f"zone {one.name}: {one.free} of {one.managed} pages cannot be free")
    zone = Zone(one.name, ZONES.index(one.name), one.managed, one.present or one.managed, cpus)
    set_batch(zone)
    for name, pages in one.places:
        if name not in (*PLACED, *EXTRA):
            raise InputError(f"zone {one.name}: {name} is no place; there are {', '.join(PLACED)}")
        setattr(zone, name, pages)
    zone.marked = 0
    zone.free = zone.lowest = one.free
    lay_blocks(zone, one.blocks)
    use_the_rest(zone)
    if one.unmovable_blocks:
        divide(zone, one.unmovable_blocks)
    return zone


def roomy_zone(one: BenchZone, cpus: int) -> Zone:
    """Return a zone as `bench_zone` does; where its free blocks do not lie apart, they merge.

    Of blocks that are kept for high-order atomic requests only the count stays, one pageblock.
    """
    try:
        return bench_zone(one, cpus)
    except NoRoomError:
        return merged_zone(one, cpus)


def merged_zone(one: BenchZone, cpus: int) -> Zone:
    """Return a zone whose free blocks are as large as they come; what is in use lies together."""
    zone = bench_zone(one._replace(free=0, blocks=()), cpus)
    fresh = fresh_zone(one.name, zone.index, one.managed, zone.present, cpus)
    for _ in range(one.managed - one.free):
        fresh.hand_out(fresh.buddy.take(0, MOVABLE), 1)
    zone.buddy, zone.used, zone.used_pages = fresh.buddy, fresh.used, fresh.used_pages
    zone.free = zone.lowest = one.free
    if any("H" in letters for _, _, letters in one.blocks):
        zone.reserved_highatomic = PAGEBLOCK_PAGES
    return zone


def _check_loads(bench: Bench) -> None:
    """A writer's pages need tree nodes, and SLUB's caches give them."""
    if not bench.caches and any(load.program == "writer" for load in bench.workloads):
        raise InputError("workload: a writer needs SLUB's caches: write caches = true")


def _check_order(zones: list[Zone]) -> None:
    indexes = [zone.index for zone in zones]
    if not indexes or indexes != sorted(set(indexes)):
        raise InputError("zones: name each once, the lowest first")


def _set_marks(bench: Bench, choice: Choice, state: State) -> None:
    kernel = choice.kernel
    state.min_free_kbytes = bench.min_free_kbytes
    set_marks(kernel, state)
    set_reserves(state)
    for zone, one in zip(state.zones, bench.zones, strict=True):
        if one.marks is not None:
            zone.min, zone.low, zone.high = one.marks
            if not zone.low:
                set_gaps(kernel, state, zone)
            zone.batch = max(1, zone.high - zone.low)
        if one.reserve is not None:
            zone.reserve = [*one.reserve, *[one.reserve[-1]] * 4][:4]
    if not bench.min_free_kbytes:
        state.min_free_kbytes = 4 * sum(zone.min for zone in state.zones)


def _make_room(setup: Setup, state: State) -> None:
    """Count the first slab of every cache among the slab pages of the highest zone."""
    zone = state.zones[-1]
    for kind in setup.caches:
        if kind.reclaimable:
            zone.slab_reclaimable += 1 << kind.orders.order
        else:
            zone.slab_unreclaimable += 1 << kind.orders.order


def _place_rest(zone: Zone) -> None:
    name_the_rest(zone)
    held = zone.dirty + zone.writeback + zone.clean
    if held > zone.reclaimable():
        raise InputError(f"zone {zone.name}: its file lists are shorter than what is on them")


DMA32 = 1
NAME = "trial"


class Trial(NamedTuple):
    """One call: the works it asked the flusher for, and the pages it scanned."""

    works: int
    scanned: int


def reclaim_call(kernel: Kernel, inactive_file: int, reclaimable: bool) -> Trial:
    """Try one call on a zone with so many dirty inactive file pages, none of which can be freed.

    `reclaimable` tells whether the zone still counts as worth scanning when the call begins.
    """
    m = _machine(kernel, inactive_file)
    zone = m.state.zones[0]
    if not reclaimable:
        zone.pages_scanned = kernel.simulated().unreclaimable_factor * inactive_file
    ask = m.ask(ask_key(m.masks.page_cache))
    start_call(m, KTHREADD)
    while reclaim(m, KTHREADD, 0, ask, "write")[0] == GOING_ON:
        pass
    return Trial(m.state.counters.wb_nowork, m.state.tasks.scanned[KTHREADD])


def _machine(kernel: Kernel, inactive_file: int) -> Machine:
    """Return a machine of one zone whose pages are all dirty; works are counted, not allocated."""
    state = empty_state(kernel, Choice(kernel), 1, 0)
    zone = Zone("DMA32", DMA32, inactive_file, inactive_file, 1)
    zone.inactive_file = zone.dirty = inactive_file
    state.zones = [zone]
    state.wb_mask = WB_NONE
    setup = plain_setup(Choice(kernel), NAME, 1, DiskKind(0, 0, 1))
    m = Machine(setup, state)
    add_kernel_threads(m)
    return m
