"""sync, the background threshold, writers that pause, and the numbers that goals read of them."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import DiskKind, Workload
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.mm.writeback import SYNC
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import listened

SECOND = 1_000_000_000
DIRTY, RATE = 3000, 1000
WRITERS = 2


def machine(
    free: int = 4096, background: int = 79, burst: int = 0, kernel: str = "4.5-rc7"
) -> Machine:
    """A machine with dirty pages, a slow disk; with `burst` two writers write as much a second."""
    places = (("inactive_file", 6000), ("dirty", DIRTY), ("clean", 3000))
    zone = BenchZone("DMA32", 20_000, free, (1300, 1625, 1950), places=places)
    zone = zone._replace(blocks=((8, free >> 8, "M"),))
    load = Workload("writer", "writer", WRITERS, burst=burst, gap_ns=SECOND)
    bench = Bench(
        zones=(zone,),
        caches=True,
        workloads=(load,) if burst else (),
        disk=DiskKind(RATE, 128, 64),
        settings=(("dirty_ratio", 80), ("dirty_background_ratio", background)),
    )
    return from_bench(bench, Choice(kernel_named(kernel)))


def run_s(m: Machine, seconds: float) -> None:
    run_until(m, START_NS + int(seconds * SECOND))


@pytest.mark.parametrize("kernel", ["4.5-rc7", "next-20160311"])
def test_sync_writes_what_is_dirty_now(kernel: str) -> None:
    m = machine(kernel=kernel)
    run_s(m, 1)
    assert read(m, "dirty") == DIRTY
    made = listened(m)
    do_action(m, "sync", "")
    assert m.state.works == [DIRTY, SYNC, 1]
    assert "3000 pages are dirty; 1 of 1 work item" in " ".join(worded(m, one).text for one in made)
    assert check(m) == []
    assert unpack_state(pack_state(m.state)).digest() == m.state.digest()
    run_s(m, 2 + DIRTY / RATE)
    assert read(m, "dirty") == read(m, "writeback") == 0
    assert read(m, "nr_written") == DIRTY
    assert read(m, "wb_done") == 1
    assert check(m) == []
    assert faults(m.setup, m.state) == []


def test_sync_does_nothing_where_nothing_is_dirty() -> None:
    m = machine()
    do_action(m, "sync", "")
    run_s(m, 5)
    digest = m.state.digest()
    do_action(m, "sync", "")
    assert m.state.digest() == digest


def test_sync_without_memory_wakes_the_flusher_and_no_more() -> None:
    m = machine()
    do_action(m, "set_free", "DMA32 600")
    do_action(m, "kmalloc", "kmalloc-64 64")
    do_action(m, "sync", "")
    assert read(m, "wb_nowork") == 1
    assert m.state.works == []
    run_s(m, 1)
    assert read(m, "nr_written") == 0
    said = [values for _, form, values in m.log if "comm" in values]
    assert {values["comm"] for values in said} == {"sync"}
    assert check(m) == []


def test_a_machine_without_slabs_takes_no_sync() -> None:
    m = from_bench(Bench((BenchZone("DMA32", 100, 50),)), Choice(kernel_named("4.5-rc7")))
    with pytest.raises(RefusedError, match="no slab caches"):
        do_action(m, "sync", "")


@pytest.mark.parametrize(("background", "begins"), [(79, False), (5, True)])
def test_whoever_writes_wakes_the_flusher_above_the_background_threshold(
    background: int, begins: bool
) -> None:
    """Though it is far below the free run, where nobody waits (balance_dirty_pages)."""
    m = machine(background=background, burst=60)
    run_s(m, 0.5)
    assert (
        read(m, "dirty") + read(m, "writeback")
        < sum(read(m, name) for name in ("dirty_background_threshold", "dirty_threshold")) // 2
    )
    assert (read(m, "nr_written") > 0) is begins
    assert read(m, "balance_pauses") == 0
    assert check(m) == []


def test_writers_pause_after_each_burst() -> None:
    m = machine(burst=50)
    for second in range(1, 4):
        run_s(m, second)
        assert read(m, "tasks.writer.done") == WRITERS * 50 * second
    assert check(m) == []


def test_the_dirty_share_and_what_could_be_dropped() -> None:
    m = machine(burst=100)
    for _ in range(600):
        turn(m)
        zone = m.state.zones[0]
        listed = zone.active_file + zone.inactive_file
        assert read(m, "dirty_per_mille") == zone.dirty * 1000 // listed
        assert read(m, "clean_file") == zone.clean + zone.clean_tail
        assert read(m, "clean_and_free") == read(m, "clean_file") + zone.free
        assert read(m, "clean_file") + zone.dirty + zone.writeback <= listed
