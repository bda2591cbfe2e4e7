"""What holds reclaimers for the disk, what kswapd looks at, and when the disk has an inode."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import DiskKind, Workload
from mmplay.engine.sim.mm.disk import room
from mmplay.engine.sim.mm.kswapd import run_kswapd
from mmplay.engine.sim.mm.vmscan import GOING_ON, reclaim, start_call
from mmplay.engine.sim.mm.writeback import has_dirty_io, start_works
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.tasks import BLOCKED
from tests.engine.sim.machines import RC7

FULL = 4000
"""Pages of the file list: fewer than 4096, so that priority 12 leaves none of them."""


def machine(dirty: int = 0, writeback: int = FULL) -> Machine:
    """Return a zone full of file pages that the disk never finishes, one task, and its caches."""
    places = (("inactive_file", FULL), ("dirty", dirty), ("writeback", writeback))
    zone = BenchZone("DMA32", 8192, 60, marks=(64, 80, 96), places=places)
    loads = (Workload("one", "parent", 1),)
    bench = Bench((zone,), caches=True, workloads=loads, disk=DiskKind(0, 0, 320))
    m = from_bench(bench, Choice(kernel_named(RC7)))
    while "one" not in m.state.tasks.names:
        turn(m)
    return m


@pytest.mark.parametrize(("mask", "waits"), [("kernel", 5), ("page_cache", 1)])
def test_too_much_under_writeback_holds_who_may_wait_for_it(mask: str, waits: int) -> None:
    m = machine()
    m.state.dirty_limit = 100
    task = m.state.tasks.names.index("one")
    ask = m.ask(ask_key(getattr(m.masks, mask)))
    m.state.zones[0].pages_scanned = 6 * FULL
    start_call(m, task)
    for _ in range(5):
        progress, _ = reclaim(m, task, 0, ask, "write")
        if progress != GOING_ON:
            break
        assert m.state.tasks.state[task] == BLOCKED
    assert m.state.counters.congestion_waits == waits
    m.state.dirty_limit = FULL
    assert reclaim(m, task, 0, ask, "write")[0] != GOING_ON


def test_kswapd_looks_at_32_pages_of_a_small_zone_that_was_given_up() -> None:
    m = machine()
    zone, kswapd = m.state.zones[0], m.state.kswapd_task
    m.state.dirty_limit = FULL
    run_kswapd(m, kswapd, 0)
    assert (zone.pages_scanned, m.state.counters.pgscan_kswapd) == (0, 0)
    zone.pages_scanned = 6 * FULL
    m.state.tasks.pc[kswapd] = 0
    run_kswapd(m, kswapd, 0)
    assert (zone.pages_scanned, m.state.counters.pgscan_kswapd) == (6 * FULL + 32, 32)


def test_an_inode_stays_on_the_disk_s_list_while_the_flusher_writes_it() -> None:
    m = machine()
    task, flusher = m.state.tasks.names.index("one"), m.state.flusher_task
    assert not has_dirty_io(m)
    start_works(m, task, 0, "write", 3, 100)
    assert m.state.counters.wb_work == 0
    m.state.tasks.pc[flusher] = 1
    start_works(m, task, 0, "write", 3, 100)
    assert m.state.counters.wb_work == 3
    m.state.tasks.pc[flusher], m.state.zones[0].dirty = 0, 1
    assert has_dirty_io(m)


def test_requests_are_as_large_as_the_block_layer_makes_them() -> None:
    m = fresh_boot(256 * 1024, Choice(kernel_named(RC7), packets=0))
    assert room(m) == 128 * 320
