"""How long a writer sleeps: the hard limit, the disk's bandwidth, the rate, and a CPU's slices."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.machine.machine import Machine, slice_ns
from mmplay.engine.sim.machine.setup import HZ, DiskKind, Workload
from mmplay.engine.sim.mm.balance import (
    GO_ON,
    INIT_BW,
    MAX_PAUSE_NS,
    Pause,
    begin_rates,
    followed,
    measured,
    pause_of,
    position_ratio,
)
from mmplay.engine.sim.mm.writeback import dirty_limits
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from tests.engine.sim.machines import RC7, SECOND

PAGES = 40_000


def machine(dirty: int, limit: int = 0) -> tuple[Machine, int]:
    """Return a machine of 40 000 file pages whose limits are 5 % and 10 %, and its task."""
    places = (("inactive_file", PAGES), ("dirty", dirty), ("clean", PAGES - dirty))
    zone = BenchZone("DMA32", 50_000, 1000, marks=(640, 800, 960), places=places)
    loads = (Workload("one", "parent", 1),)
    settings = (("dirty_ratio", 10), ("dirty_background_ratio", 5))
    bench = Bench((zone,), caches=True, workloads=loads, disk=DiskKind(0, 0, 64), settings=settings)
    m = from_bench(bench, Choice(kernel_named(RC7)))
    while "one" not in m.state.tasks.names:
        turn(m)
    m.state.dirty_limit = limit
    m.state.now_ns = m.state.dirty_limit_ns = START_NS + SECOND
    task = m.state.tasks.names.index("one")
    m.state.tasks.dirtied[task] = 8
    return m, task


def test_nobody_waits_below_the_free_run() -> None:
    m, task = machine(dirty=2900)
    assert dirty_limits(m) == (2002, 4004)
    assert pause_of(m, task) == GO_ON
    assert (m.state.tasks.dirtied[task], m.state.tasks.pause_at[task]) == (0, 32)


def test_a_writer_over_the_hard_limit_looks_again_and_again() -> None:
    m, task = machine(dirty=6000, limit=6000)
    begin_rates(m.state, 2048, 100)
    assert pause_of(m, task) == Pause(MAX_PAUSE_NS, again=True)
    assert m.state.tasks.dirtied[task] == 8


def test_a_writer_between_threshold_and_hard_limit_leaves_after_one_pause() -> None:
    m, task = machine(dirty=6000, limit=8000)
    begin_rates(m.state, 2048, 100)
    pause = pause_of(m, task)
    assert not pause.again
    assert pause.ns == MAX_PAUSE_NS
    assert (m.state.tasks.dirtied[task], m.state.tasks.pause_at[task]) == (0, 3)


def test_a_short_pause_is_saved_up() -> None:
    m, task = machine(dirty=3100)
    begin_rates(m.state, 2048, 1)
    assert pause_of(m, task) == GO_ON
    saved_ns = m.state.tasks.paused_ns[task]
    assert 0 < saved_ns <= SECOND // 100
    assert m.state.tasks.dirtied[task] == 0


@pytest.mark.parametrize(("dirty", "ratio"), [(5000, 1024), (7000, 0), (8000, 0), (6000, 896)])
def test_the_rate_is_even_in_the_middle_and_0_at_the_limit(dirty: int, ratio: int) -> None:
    m, _ = machine(dirty=0, limit=7000)
    begin_rates(m.state, INIT_BW, 1)
    found = position_ratio(m.state, 2000, 4000, dirty)
    assert found == pytest.approx(ratio, abs=8)


def test_the_hard_limit_is_up_at_once_and_down_slowly_but_not_below_what_is_dirty() -> None:
    assert followed(1000, 2000, 500) == 2000
    assert followed(4200, 1000, 500) == 4200 - 100
    assert followed(4200, 1000, 4200) == 4200
    assert followed(4030, 1000, 4000) == 4030


def test_a_disk_that_stands_still_is_forgotten_slowly() -> None:
    bandwidth, mean = measured(INIT_BW, INIT_BW, 0, 200)
    assert bandwidth == INIT_BW * (4096 - 200) // 4096
    assert mean == INIT_BW
    assert measured(bandwidth, mean, 0, 200)[1] < INIT_BW
    assert measured(INIT_BW, INIT_BW, 50_000, 5 * HZ) == (10_000, 10_000)


def test_the_rate_follows_what_the_disk_writes() -> None:
    m, task = machine(dirty=6000, limit=8000)
    counters = m.state.counters
    for _ in range(40):
        m.state.now_ns += SECOND // 5
        counters.nr_dirtied += 1000
        counters.nr_written += 20
        pause_of(m, task)
    assert m.state.mean_bandwidth < INIT_BW // 4
    assert m.state.dirty_ratelimit < INIT_BW


@pytest.mark.parametrize(("cpus", "waiting", "ms"), [(2, 96, 2), (4, 250, 3), (1, 0, 7), (2, 1, 7)])
def test_a_slice_follows_the_scheduler_s_rule(cpus: int, waiting: int, ms: int) -> None:
    m, _ = machine(dirty=0)
    m.setup = m.setup._replace(cpus=cpus)
    m.state.cpus[0].queue = [0] * waiting
    assert slice_ns(m, m.state.cpus[0]) == ms * 1_000_000
    m.setup = m.setup._replace(costs=m.setup.costs._replace(time_slice=5))
    assert slice_ns(m, m.state.cpus[0]) == 5
