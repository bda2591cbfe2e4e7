"""The incident's timeline out of rules: from the OOM frame at 59.56 s to depleted reserves."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.log.stacks import WB, symbol_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.pcp import fold, give_pages
from mmplay.engine.sim.mm.throttle import EXEMPT
from mmplay.engine.sim.run.turns import run_until, turn
from tests.engine.sim.machines import SECOND, incident, log_text, until_depleted, without_kill


@pytest.fixture(scope="module")
def depleted() -> Machine:
    return until_depleted(incident())


def test_first_refusal_falls_where_the_log_has_it(depleted: Machine) -> None:
    assert 61.40 * SECOND <= depleted.state.first_fail_ns <= 61.526 * SECOND


def test_nothing_is_left(depleted: Machine) -> None:
    assert sum(zone.free for zone in depleted.state.zones) <= 8


def test_slab_pages(depleted: Machine) -> None:
    pages = sum(zone.slab_unreclaimable for zone in depleted.state.zones)
    assert abs(pages - 10070) <= 10070 * 3 // 100


def test_works_slabs(depleted: Machine) -> None:
    cache = depleted.state.caches[0]
    assert abs(cache.slabs() - 3218) <= 3218 * 3 // 100
    assert cache.objects() == 64 * cache.slabs()
    assert cache.free_objects() == 0


def test_the_first_task_refused_is_exempt_from_the_throttle(depleted: Machine) -> None:
    assert depleted.state.tasks.flags[depleted.state.first_fail_task] & EXEMPT


def test_two_page_failures_for_each_failed_work(depleted: Machine) -> None:
    counters = depleted.state.counters
    assert counters.wb_nowork > 0
    assert getattr(counters, WB) == 2 * counters.wb_nowork


def test_the_failure_is_printed_as_the_log_prints_it(depleted: Machine) -> None:
    text = log_text(depleted)
    failures = [line for line in text if "page allocation failure" in line]
    assert failures[0].endswith("page allocation failure: order:0, mode:0x2200020")
    assert any("SLUB: Unable to allocate memory on node -1 (gfp=0x2088020)" in one for one in text)
    slabs = depleted.state.caches[0].slabs()
    cache = "  cache: kmalloc-64, object size: 64, buffer size: 64, default order: 0, min order: 0"
    at = next(n for n, line in enumerate(text) if line.endswith(cache))
    assert text[at + 1].endswith(f"  node 0: slabs: {slabs}, objs: {64 * slabs}, free: 0")
    assert any("wakeup_flusher_threads+" in line for line in text)


def test_a_report_takes_time_in_which_others_are_refused() -> None:
    """Ten are printed, not all by one caller: a call goes on once its report is out."""
    m = until_depleted(incident())
    run_until(m, m.state.now_ns + 5_000_000)
    failures = [line for line in log_text(m) if "page allocation failure" in line]
    pids = {line.split("PID: ")[1].split()[0] for line in log_text(m) if "PID: " in line}
    assert len(failures) == 10
    assert len(pids) > 1


def test_dma32_goes_to_its_high_floor_then_dma_then_both_to_nothing() -> None:
    """The stops are exact once the counters have what CPUs held back."""
    m = incident()
    for zone in m.state.zones:
        for cpu in range(4):
            fold(zone, cpu)
    dma, dma32 = m.state.zones
    lowest_before_dma_moves = dma32.free
    dma_when_dma32_passes_its_floor = 0
    while dma32.free > 0 and turn(m):
        if dma.free == 1741:
            lowest_before_dma_moves = min(lowest_before_dma_moves, dma32.free)
        elif dma32.free < 650 - 31 and not dma_when_dma32_passes_its_floor:
            dma_when_dma32_passes_its_floor = dma.free
    assert 650 - 31 <= lowest_before_dma_moves <= 650
    assert dma_when_dma32_passes_its_floor in (1737, 1738)
    assert dma.free in (1736, 1737, 1738)


def test_the_kill_is_the_logs_kill() -> None:
    m = incident()
    run_until(m, 59_640_000_000)
    text = log_text(m)
    assert text[0] == (
        "[   59.628838] Out of memory: Kill process 4450 (file_io.00) score 998 or sacrifice child"
    )
    assert "anon-rss:100kB, file-rss:1184kB" in text[1]


def test_sixty_four_works_take_a_page(depleted: Machine) -> None:
    counters, cache = depleted.state.counters, depleted.state.caches[0]
    objects = counters.wb_work + counters.nf_new - counters.nf_no_ext
    assert objects + sum(cache.cpu_free) == 64 * (cache.slabs() - 165)


def test_without_the_kill_half_of_the_mins_stays() -> None:
    """The kill and throttle_direct_reclaim decide the result."""
    m = without_kill()
    run_until(m, 61_200_000_000)
    dma, dma32 = m.state.zones
    assert 650 <= dma.free <= 655
    assert dma32.free == 0
    assert m.state.throttled > 100
    calls, free = m.state.counters.reclaim_calls, m.state.zones[0].free
    run_until(m, 61_500_000_000)
    assert m.state.counters.reclaim_calls == calls
    assert m.state.zones[0].free == free


def test_a_throttled_task_makes_one_call_a_second() -> None:
    m = without_kill()
    run_until(m, 61_500_000_000)
    tasks = m.state.throttled
    for second in (62, 63):
        before = m.state.counters.reclaim_calls
        run_until(m, second * SECOND + 500_000_000)
        assert abs(m.state.counters.reclaim_calls - before - tasks) <= tasks // 50
    assert m.state.zones[0].free < 655


def test_who_cannot_enter_the_file_system_never_calls_the_oom_killer() -> None:
    m = without_kill(eater_asks=False)
    run_until(m, 61 * SECOND)
    counters = m.state.counters
    assert counters.reclaim_calls > 5000
    assert (counters.oom_kill, counters.oom_aborts) == (0, 0)


def test_pages_that_reach_the_free_lists_reset_the_scan_count() -> None:
    m = incident()
    dma32 = m.state.zones[1]
    scanned = dma32.pages_scanned
    give_pages(m, dma32, 0, 1, cold=False)
    assert dma32.pages_scanned == scanned
    give_pages(m, dma32, 0, dma32.pcp_high, cold=False)
    assert dma32.pages_scanned == 0


def test_a_function_that_called_twice_has_two_return_addresses(depleted: Machine) -> None:
    """The offsets are those of the incident's own trace."""
    text = [line for line in log_text(depleted) if "__alloc_pages_nodemask" in line][:2]
    assert text[0].endswith("[<ffffffff81109e3f>] __alloc_pages_nodemask+0x23f/0xa60")
    assert text[1].endswith("[<ffffffff8110a166>] __alloc_pages_nodemask+0x566/0xa60")


@pytest.mark.parametrize("kernel", ["4.5-rc7", "next-20160311"])
def test_a_place_that_no_log_shows_lies_inside_its_function(kernel: str) -> None:
    usual = symbol_of(kernel, "__alloc_pages_nodemask", "warn_alloc_failed")
    for callee in ("out_of_memory", "try_to_free_pages"):
        place = symbol_of(kernel, "__alloc_pages_nodemask", callee)
        assert place.symbol == "__alloc_pages_nodemask"
        assert place.address - place.offset == usual.address - usual.offset
        assert place.offset != usual.offset
        assert 0 < place.offset < place.size


def test_the_header_says_what_was_assumed() -> None:
    assumed = "\n".join(incident().setup.assumed)
    assert "other pages, which no counter names: DMA 173, DMA32 8127" in assumed
    for text in ("HZ 1000", "lowmem_reserve: as printed", "vmstat drift", "page_ns 500"):
        assert text in assumed
    assert "vmstat drift" in "\n".join(incident("nomemalloc").setup.assumed)


def test_without_works_the_reserves_stay() -> None:
    m = incident("none")
    run_until(m, 61_526_000_000)
    assert m.state.caches[0].slabs() <= 226 + m.state.counters.nf_new // 64
    assert m.state.zones[0].free >= 1742 - 4
