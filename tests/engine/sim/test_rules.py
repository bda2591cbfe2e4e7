"""Numbers that follow from the rules alone: floors, batches, work counts, limits, the score."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.machine.asks import CODES, HIGH_MARK, LOW, MIN, ask_key
from mmplay.engine.sim.machine.gates import set_thresholds, total_reserve
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.oom import badness, score, select_worst
from mmplay.engine.sim.mm.pcp import batch_size
from mmplay.engine.sim.mm.throttle import reserves_ok
from mmplay.engine.sim.mm.vmscan import GOING_ON, reclaim, start_call
from mmplay.engine.sim.mm.writeback import dirty_limits, dirtyable
from mmplay.engine.sim.state.slab_cache import slab_order
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.tasks import FATAL, TIF_MEMDIE
from tests.engine.sim.machines import NEXT, RC7, incident

DMA32_CLASS = 1
FLOORS = {
    MIN: (1300, 1743),
    MIN + 1: (975, 1741),
    MIN + 2: (650, 1738),
    MIN + 3: (488, 1737),
}


@pytest.mark.parametrize(("code", "floors"), FLOORS.items())
def test_floors_at_min(code: int, floors: tuple[int, int]) -> None:
    gate = incident().gates[DMA32_CLASS * CODES + code]
    assert tuple(floor for _, floor in gate) == floors


@pytest.mark.parametrize(
    ("kernel", "low", "high"),
    [(RC7, (1625, 1745), (1950, 1748)), (NEXT, (1743, 1746), (2186, 1749))],
)
def test_floors_at_low_and_high(kernel: str, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    m = incident(kernel=kernel)
    assert tuple(f for _, f in m.gates[DMA32_CLASS * CODES + LOW]) == low
    assert tuple(f for _, f in m.gates[DMA32_CLASS * CODES + HIGH_MARK]) == high


@pytest.mark.parametrize(("kernel", "pages"), [(RC7, 3698), (NEXT, 3935)])
def test_total_reserve(kernel: str, pages: int) -> None:
    assert sum(total_reserve(zone) for zone in incident(kernel=kernel).state.zones) == pages


def test_pcp_sizes() -> None:
    assert batch_size(443833) == 31
    assert batch_size(3976) == 0
    dma, dma32 = incident().state.zones
    assert (dma32.pcp_batch, dma32.pcp_high) == (31, 186)
    assert (dma.pcp_batch, dma.pcp_high) == (1, 0)


def test_counter_thresholds() -> None:
    m = incident()
    m.state.drift = 1
    set_thresholds(m.state)
    assert [zone.threshold for zone in m.state.zones] == [6, 30]
    m.state.kswapd_awake = 1
    set_thresholds(m.state)
    assert [zone.threshold for zone in m.state.zones] == [1, 81]


def test_dirty_limits() -> None:
    m = incident()
    assert abs(dirtyable(m) - 123_852) <= 100
    background, limit = dirty_limits(m)
    assert abs(limit - 24_770) <= 20
    assert abs(background - 12_385) <= 10


def test_the_throttle_holds_at_half_of_the_mins() -> None:
    m = incident()
    dma, dma32 = m.state.zones
    dma.free, dma32.free = 655, 0
    assert not reserves_ok(m)
    dma.free = 656
    assert reserves_ok(m)


def test_score_and_victim() -> None:
    m = incident()
    victim = select_worst(m)
    assert m.state.tasks.pid[victim] == 4450
    assert m.state.tasks.names[victim] == "file_io.00"
    assert score(m, victim) == 998
    assert badness(m, victim) == 447_000 + 25 + 296


def works_of_a_call(m: Machine, inactive: int) -> tuple[int, int]:
    """Return (works asked for, pages scanned) of one call with so many inactive pages in DMA32."""
    task = next(t for t in range(len(m.state.tasks)) if m.state.tasks.names[t] == "file_io.05")
    dma, dma32 = m.state.zones
    dma32.inactive_file, dma32.isolated_file = inactive, 0
    dma32.dirty = inactive - dma32.writeback
    dma.inactive_file = dma.active_file = dma.isolated_file = 0
    ask = m.ask(ask_key(m.masks.page_cache))
    start_call(m, task)
    while reclaim(m, task, 0, ask, "write")[0] == GOING_ON:
        pass
    counters = m.state.counters
    return counters.wb_work + counters.wb_nowork, m.state.tasks.scanned[task]


def given_up(m: Machine) -> Machine:
    for zone in m.state.zones:
        zone.pages_scanned = 1 << 40
    return m


@pytest.mark.parametrize(
    ("inactive", "works"),
    [(110_045, 13), (114_585, 13), (144_489, 13), (102_400, 13), (102_399, 0), (51_836, 0)],
)
def test_works_of_a_call_that_only_polls(inactive: int, works: int) -> None:
    asked, scanned = works_of_a_call(given_up(incident()), inactive)
    assert asked == works
    assert scanned == 2 * (inactive >> 12)


def test_works_of_a_call_that_scans_all() -> None:
    m = incident()
    for zone in m.state.zones:
        zone.pages_scanned = 0
    asked, scanned = works_of_a_call(m, 144_489)
    assert asked == 25
    assert 3.8 * 144_489 < scanned < 4.0 * 144_489


@pytest.mark.parametrize(
    ("size", "cpu_ids", "order", "objects"),
    [
        (64, 4, 0, 64),
        (64, 64, 0, 64),
        (64, 128, 0, 64),
        (192, 4, 0, 21),
        (192, 64, 1, 42),
        (256, 4, 0, 16),
        (256, 64, 1, 32),
        (256, 128, 2, 64),
        (320, 64, 2, 51),
        (512, 64, 2, 32),
        (576, 64, 3, 56),
        (1024, 64, 3, 32),
        (4096, 64, 3, 8),
    ],
)
def test_slab_orders(size: int, cpu_ids: int, order: int, objects: int) -> None:
    assert slab_order(size, cpu_ids)[:2] == (order, objects)


def test_masks_of_the_callers() -> None:
    masks = incident().masks
    assert masks.page_cache == 0x342004A
    assert masks.net_zeroed == 0x2088020
    assert masks.frag_single == 0x2080120
    assert masks.frag_large == 0x2095320
    assert masks.wb == (0x2088020, 0x2098020, 0x2018200, 0)


def test_reserves_are_for_reclaimers_and_victims_only() -> None:
    m = incident()
    for context in (Context.PF_MEMALLOC, Context.TIF_MEMDIE):
        assert m.ask(ask_key(m.masks.page_cache, context)).no_watermarks
    softirq = m.ask(ask_key(m.masks.net_atomic, Context.SOFTIRQ))
    assert not softirq.no_watermarks


def test_the_kill_marks_one_and_signals_all_that_share_its_mm() -> None:
    from mmplay.engine.sim.mm.oom import kill_worst

    m = incident()
    kill_worst(m, 3)
    tasks = m.state.tasks
    group = [task for task in range(len(tasks)) if tasks.group[task] == 4450]
    assert len(group) == 17
    assert all(tasks.flags[task] & FATAL for task in group)
    assert sum(bool(tasks.flags[task] & TIF_MEMDIE) for task in group) == 1


def test_an_empty_state_copies() -> None:
    assert State().copy().digest() == State().digest()
