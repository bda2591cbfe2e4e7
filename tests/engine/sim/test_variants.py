"""Where each variant of the patch settles, and who is refused then."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.stacks import NET, Caller
from mmplay.engine.sim.machine.decisions import Decision, WbStartWriteback
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.page_decisions import NoWatermarks, ZoneWatermarkOk
from mmplay.engine.sim.mm.page_alloc import alloc_nowait
from mmplay.engine.sim.mm.slub import page_asks
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_until, turn
from tests.engine.sim.machines import NEXT, SECOND, incident, listened, log_1, log_text
from tests.sessions import incident_run


@pytest.fixture(scope="module")
def nomemalloc() -> Machine:
    m = incident("nomemalloc")
    run_until(m, 62_500_000_000)
    return m


def test_nomemalloc_settles_at_the_high_floors(nomemalloc: Machine) -> None:
    dma, dma32 = nomemalloc.state.zones
    assert dma.free == 1738
    assert 488 <= dma32.free <= 650


def test_nomemalloc_starves_the_network_but_not_the_ring(nomemalloc: Machine) -> None:
    counters = nomemalloc.state.counters
    assert counters.alloc_fail_net > 0
    assert counters.nf_drop + counters.nf_no_ext + counters.alloc_rx_buff_failed > 0
    assert counters.rx_alloc_frag_failed == 0
    assert nomemalloc.state.ring == 256


def test_dma_goes_one_page_lower_only_through_the_rings_own_requests() -> None:
    """Ring refill keeps __GFP_ATOMIC: HIGH and HARDER, one page below the HIGH floor of DMA."""
    m = incident("nomemalloc", packets=300)
    dma = m.state.zones[0]
    while dma.free > 1738 and m.state.now_ns < 80 * SECOND:
        turn(m)
    made = listened(m)
    while dma.free > 1737 and m.state.now_ns < 80 * SECOND:
        made.clear()
        turn(m)
    assert dma.free == 1737
    tests = [one for one in made if isinstance(one, ZoneWatermarkOk)]
    floors = [one.floor for one in tests if one.zone == 0 and one.ok]
    assert 1737 in floors


def test_log_1_comes_out_under_next() -> None:
    """The CPU was idle in the log: all tasks sleep while packets come."""
    m = incident("nomemalloc", NEXT, packets=20)
    run_until(m, 62 * SECOND)
    for tasks in ("file_io", "memeater"):
        do_action(m, "stop", tasks)
    run_until(m, 98 * SECOND)
    text = log_text(m)
    mode = "mode:0x2200020(GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK)"
    reports = reports_from(text, "swapper/2: page allocation failure: order:0, ")
    assert any("DMA free:6952kB min:44kB low:56kB high:68kB" in one for one in reports)
    report = next(one for one in reports if "__nf_ct_ext_add_length" in one)
    assert mode in report
    assert "min:5200kB low:6972kB high:8744kB" in report
    assert "lowmem_reserve[]: 0 1732 1732 1732" in report
    assert "on node -1, gfp=0x2088020(GFP_ATOMIC|__GFP_ZERO)" in report
    cache = "  cache: kmalloc-64, object size: 64, buffer size: 64, default order: 0, min order: 0"
    assert cache in report
    assert ", free: 0" in report


def reports_from(text: list[str], head: str) -> list[str]:
    """Return the reports with this in their first lines, each up to the next one."""
    ends = [n for n, line in enumerate(text) if "page allocation failure" in line]
    spans = zip(ends, (*ends[1:], len(text)), strict=True)
    return ["\n".join(text[at:end]) for at, end in spans if head in text[at]]


def test_nowait_never_takes_a_page_at_or_below_min() -> None:
    m = incident("nowait")
    made = listened(m)
    while m.state.now_ns < 60 * SECOND:
        made.clear()
        turn(m)
        _no_slab_below_min(made)
    run_until(m, 66 * SECOND)
    counters = m.state.counters
    assert counters.wb_nowork > 100_000
    assert counters.alloc_fail_net == 0
    assert not [line for line in log_text(m) if "page allocation failure" in line]
    assert m.state.zones[0].free >= 1738


def _no_slab_below_min(made: list[Decision]) -> None:
    """The floor that a new slab for works passed was min, in every zone."""
    if any(isinstance(one, WbStartWriteback) and one.got for one in made):
        assert not [one for one in made if isinstance(one, NoWatermarks)]


@pytest.mark.parametrize(("slab_mask", "served"), [("drops", False), ("keeps", True)])
def test_the_request_of_log_1_with_the_flag_kept(slab_mask: str, served: bool) -> None:
    m = log_1(slab_mask)
    assert [zone.free for zone in m.state.zones] == [1738, 629]
    caller = Caller(NET, -1, 2, m.masks.net_zeroed, Context.SOFTIRQ, "extension")
    _, ask = page_asks(m, 0, caller)
    assert (alloc_nowait(m, ask, 0, 2) >= 0) is served


def test_a_start_takes_the_slabs_that_the_log_counts() -> None:
    cache = log_1("drops").state.caches[0]
    assert (cache.slabs(), cache.objects(), cache.free_objects()) == (728, 46592, 0)
    assert not [line for line in log_1("drops").setup.assumed if "works_slabs" in line]
    assert [line for line in incident().setup.assumed if "works_slabs" in line]


def test_a_run_on_the_timeline_shows_its_reports() -> None:
    run = incident_run(61_530_000_000)
    first = run.frame(run.event_frames[0])
    assert first.title.startswith("OOM kill") or "4450" in first.title
    last = run.frame(run.event_frames[-1])
    assert last.report is not None
    assert last.report.request is not None
    assert last.report.request.mode == 0x2200020
    again = run.frame(run.event_frames[0])
    assert again.shown == first.shown
    run.close()
