"""Blocks that are kept for high-order atomic requests: when, by whom, and when they go back."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.page_decisions import ReserveHighatomic, ZoneWatermarkOk
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.mm.page_alloc import unreserve_highatomic
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.buddy import HIGHATOMIC
from tests.engine.sim.machines import listened

CARD = "GFP_ATOMIC:softirq 3"
RESERVED = "zones.DMA32.reserved_highatomic"


def table(free: int, blocks: tuple[tuple[int, int, str], ...] = ((3, 40, "U"),)) -> Machine:
    """A zone with min 1300, low 1625 and a few blocks of order 3."""
    zone = BenchZone(
        "DMA32", 100_000, free, (1300, 1625, 1950), (0, 0, 0, 0), blocks=blocks, places=()
    )
    return from_bench(Bench((zone,)), Choice(kernel_named("4.5-rc7")))


def test_the_fast_path_reserves_nothing() -> None:
    m = table(3000)
    do_action(m, "request", CARD)
    assert (read(m, "request_served"), read(m, RESERVED)) == (1, 0)


def test_the_slow_path_keeps_the_pageblock() -> None:
    m = table(1600)
    made = listened(m)
    do_action(m, "request", CARD)
    block = m.state.blocks[1] >> 9
    assert read(m, RESERVED) == 512
    assert m.state.zones[0].buddy.block_types[block] == HIGHATOMIC
    assert any(isinstance(step, ReserveHighatomic) for step in made)
    words = next(worded(m, step) for step in made if isinstance(step, ReserveHighatomic))
    assert words.function == "reserve_highatomic_pageblock"
    assert "512 pages are set aside now" in words.text
    assert check(m) == []


@pytest.mark.parametrize(
    "who",
    [
        *("0x2200020:softirq 3", "GFP_NOWAIT 3", "GFP_ATOMIC:softirq 0"),
        "GFP_ATOMIC|__GFP_NOMEMALLOC:softirq 3",
    ],
)
def test_only_high_order_requests_with_alloc_harder_reserve(who: str) -> None:
    m = table(1600)
    do_action(m, "request", who)
    assert (read(m, "request_served"), read(m, RESERVED)) == (1, 0)


def test_the_next_one_sits_at_the_same_table() -> None:
    m = table(1600)
    for _ in range(3):
        do_action(m, "request", CARD)
    pages = m.state.blocks[1::3]
    assert (read(m, RESERVED), len({page >> 9 for page in pages})) == (512, 1)


def test_the_fast_path_does_not_sit_there() -> None:
    m = table(1600, ((3, 2, "U"),))
    do_action(m, "request", CARD)
    zone = m.state.zones[0]
    zone.low = 500
    m.refresh_gates()
    do_action(m, "request", "GFP_KERNEL 3")
    assert read(m, "request_refused") == 1


def test_who_has_no_alloc_harder_does_not_see_those_pages() -> None:
    m = table(1600)
    do_action(m, "request", CARD)
    do_action(m, "request", "GFP_KERNEL")
    do_action(m, "request", "GFP_ATOMIC")
    assert (read(m, "request_served"), read(m, "request_refused")) == (2, 1)


def test_no_more_than_a_hundredth_and_a_block() -> None:
    m = table(1600, ((9, 2, "U"), (3, 60, "U")))
    zone = m.state.zones[0]
    zone.reserved_highatomic = 100_000 // 100 + 512
    m.refresh_gates()
    do_action(m, "request", CARD)
    assert read(m, RESERVED) == 1512


@pytest.mark.parametrize(("had", "left"), [(1024, 512), (512, 512)])
def test_one_block_is_never_given_back(had: int, left: int) -> None:
    m = table(1600)
    do_action(m, "request", CARD)
    m.state.zones[0].reserved_highatomic = had
    unreserve_highatomic(m, m.ask(ask_key(m.kernel.gfp.encode("GFP_KERNEL"))))
    assert read(m, RESERVED) == left


def test_a_step_says_what_was_compared() -> None:
    m = table(1600)
    do_action(m, "request", CARD)
    made = listened(m)
    do_action(m, "request", "GFP_KERNEL")
    said = [worded(m, step).text for step in made if isinstance(step, ZoneWatermarkOk)]
    assert f"DMA32: {m.state.zones[0].free} - 512 <= 1300: refused" in said
