"""A start from one row of counters that were read off a running machine.

The row says how many pages are where in the whole machine; what lies in DMA besides its free pages
is taken as in use by nobody that a counter names.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.sim.machine.asks import CACHE_PAGE
from mmplay.engine.sim.machine.machine import Machine, enqueue
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Setup, Workload
from mmplay.engine.sim.mm.pcp import set_batch
from mmplay.engine.sim.mm.slowpath import RETRY
from mmplay.engine.sim.mm.vmscan import SWAP_CLUSTER_MAX
from mmplay.engine.sim.run.workloads import add_task
from mmplay.engine.sim.starts.common import (
    KERNEL_LOADS,
    Choice,
    add_caches,
    add_kernel_threads,
    block,
    empty_state,
    fill_ring,
    plain_setup,
    start_events,
    value,
)
from mmplay.engine.sim.state.buddy import MOVABLE
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.tasks import RUNNABLE
from mmplay.engine.sim.state.zone import Zone

WRITERS = len(KERNEL_LOADS)
GIVEN_UP = 7


class Measured(NamedTuple):
    """One measured machine at one moment; counts are pages.

    `marks` and `managed` are of DMA and DMA32, `reserve` is what DMA keeps from DMA32's callers;
    `dirty_limit` is the hard limit as it stood; `kill_ns` when the first group of writers is
    killed (0 never).
    """

    time_ns: int
    row: dict[str, int]
    managed: tuple[int, int]
    marks: tuple[tuple[int, int, int], tuple[int, int, int]]
    reserve: int
    cpus: int
    groups: int
    per_group: int
    dirty_ratio: int
    dirty_limit: int
    kill_ns: int = 0


def from_counters(measured: Measured, choice: Choice) -> Machine:
    """Return the machine of a row."""
    setup = _setup(measured, choice)
    state = empty_state(choice.kernel, choice, measured.cpus, measured.time_ns)
    row = measured.row
    dma = _zone(measured, 0, row["free_dma"])
    dma32 = _zone(measured, 1, row["free_dma32"])
    state.zones = [dma, dma32]
    _place(dma, dma32, row)
    dma.reserve = [0, measured.reserve, measured.reserve, measured.reserve]
    state.min_free_kbytes = 4 * (dma.min + dma32.min)
    state.dirty_ratio, state.dirty_limit = measured.dirty_ratio, measured.dirty_limit
    add_caches(setup, state, {"kmalloc-64": row["k64_slabs"]})
    fill_ring(state)
    state.under_io = dma32.writeback
    m = Machine(setup, state)
    _add_tasks(m, measured)
    start_events(m)
    return m


def _setup(measured: Measured, choice: Choice) -> Setup:
    first_pid = 1001
    script = ((measured.kill_ns, "kill_group", str(first_pid)),) if measured.kill_ns else ()
    rate = measured.row["flows"] if choice.packets < 0 else choice.packets
    writers = Workload(
        "file_io", "writer", measured.groups, measured.per_group, adj=1000, numbered=True
    )
    disk = DiskKind(0, 0, value("pages_per_request"))
    assumed = ("page_ns", "write_ns", "time_slice_ns")
    setup = plain_setup(choice, "measured", measured.cpus, disk, (writers,), assumed)
    return setup._replace(release="4.5.0", flow=Flow(rate, 1, cpu=0), script=script)


def _zone(measured: Measured, index: int, free: int) -> Zone:
    """Return a zone whose free pages are single ones, no two of them buddies."""
    name = ("DMA", "DMA32")[index]
    managed = measured.managed[index]
    zone = Zone(name, index, managed, managed, measured.cpus)
    zone.min, zone.low, zone.high = measured.marks[index]
    zone.batch = zone.high - zone.low
    set_batch(zone)
    zone.free = zone.lowest = free
    step = 2 if 2 * free <= managed else 1
    for page in range(0, step * free, step):
        zone.buddy.lists[MOVABLE * 11].insert(0, page)
        zone.buddy.where[page] = MOVABLE * 11
    start = step * free
    if step == 2:
        for page in range(1, start, 2):
            zone.hand_out(page, 1)
    zone.hand_out(start, managed - start)
    return zone


def _place(dma: Zone, dma32: Zone, row: dict[str, int]) -> None:
    for name in ("active_anon", "inactive_anon", "active_file", "inactive_file", "dirty"):
        setattr(dma32, name, row[name])
    dma32.isolated_file = row["iso_file"]
    dma32.writeback = row["writeback"]
    dma32.marked = dma32.dirty + dma32.writeback
    dma32.mapped = row["active_file"]
    dma32.slab_unreclaimable = row["slab_unrecl"]
    dma32.slab_reclaimable = row["slab_recl"]
    _share_with_dma(dma, dma32, row["scanned_dma"])
    dma.pages_scanned, dma32.pages_scanned = row["scanned_dma"], row["scanned_dma32"]
    for zone in (dma, dma32):
        zone.other = zone.used_pages - zone.placed()


def _share_with_dma(dma: Zone, dma32: Zone, scanned: int) -> None:
    """Put as many of the file pages in DMA as its scan count says: it was given up long ago.

    Assumed: one in `GIVEN_UP` of the pages scanned there, all dirty; the row does not tell.
    """
    dma.inactive_file = dma.dirty = dma.marked = min(scanned // GIVEN_UP, dma32.dirty)
    dma32.inactive_file -= dma.inactive_file
    dma32.dirty -= dma.dirty
    dma32.marked -= dma.marked


def _add_tasks(m: Machine, measured: Measured) -> None:
    """Add the kernel's threads, of which kswapd and the flusher are stuck, and the writers."""
    add_kernel_threads(m)
    state: State = m.state
    tasks = state.tasks
    block(m, state.kswapd_task)
    block(m, state.flusher_task)
    state.flusher_waits = 2
    state.next_pid = 1001
    left = state.zones[-1].isolated_file
    held = min(left, SWAP_CLUSTER_MAX)
    tasks.isolated[state.kswapd_task] = 1 << 8 | held
    left -= held
    for group in range(measured.groups):
        owner = 0
        for _ in range(measured.per_group):
            task = add_task(m, WRITERS, owner, f"file_io.{group:02d}")
            owner = owner or tasks.pid[task]
            tasks.purpose[task] = CACHE_PAGE
            tasks.ask[task] = m.masks.page_cache
            tasks.stage[task] = RETRY
            tasks.pause_at[task] = 1
            held = min(left, SWAP_CLUSTER_MAX)
            tasks.isolated[task] = (1 << 8 | held) if held else 0
            left -= held
            tasks.state[task] = RUNNABLE
            enqueue(m, task)
