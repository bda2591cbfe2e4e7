"""Compacting whole zones, dropping the page cache, and doing with single pages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.buddy import MOVABLE, PAGEBLOCK_PAGES, UNMOVABLE
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.unpacking import unpack_state
from mmplay.engine.sim.state.zone import Zone
from tests.engine.sim.machines import listened

CHOICE = Choice(kernel_named("4.5-rc7"))
BLOCKS, UNMOVABLE_BLOCKS = 32, 8
FIRST = UNMOVABLE_BLOCKS * PAGEBLOCK_PAGES


def board(clean: int = 480, free: int = 1000, load: Workload | None = None) -> Machine:
    """A zone whose free pages all lie in unmovable pageblocks, below movable pages in use."""
    zone = BenchZone(
        "DMA32",
        BLOCKS * PAGEBLOCK_PAGES,
        free,
        (50, 62, 75),
        (0, 0, 0, 0),
        blocks=((1, free // 8, "U"),),
        places=(("inactive_file", 4000), ("active_anon", 6000), ("clean", clean)),
        unmovable_blocks=UNMOVABLE_BLOCKS,
    )
    return from_bench(Bench((zone,), workloads=(load,) if load else ()), CHOICE)


def zone_of(m: Machine) -> Zone:
    return m.state.zones[0]


def free_in(zone: Zone, kind: int) -> int:
    return sum(
        1 << index % 11
        for page, index in zone.buddy.where.items()
        if zone.buddy.type_of(page) == kind
    )


def test_a_divided_zone_adds_up_and_its_lowest_blocks_are_unmovable() -> None:
    m = board()
    zone = zone_of(m)
    assert check(m) == []
    assert faults(m.setup, m.state) == []
    assert list(zone.buddy.block_types[:9]) == [UNMOVABLE] * 8 + [MOVABLE]
    assert (free_in(zone, UNMOVABLE), free_in(zone, MOVABLE)) == (1000, 0)
    assert zone.buddy.letters(0) == "U"


@pytest.mark.parametrize("count", [1, 16, 480])
def test_the_oldest_pages_lie_scattered_over_the_movable_part(count: int) -> None:
    zone = zone_of(board())
    pages = sorted(zone.hand_back() for _ in range(count))
    span = zone.managed - FIRST
    gaps = [after - before for before, after in pairwise(pages)]
    assert pages[0] >= FIRST
    assert all(span // count // 4 < gap < 4 * span // count for gap in gaps)


def test_a_zone_needs_a_movable_block() -> None:
    zone = BenchZone("DMA32", 1024, 10, unmovable_blocks=2)
    with pytest.raises(InputError, match="one must be movable"):
        from_bench(Bench((zone,)), CHOICE)


# vm.compact_memory


def test_free_pages_in_unmovable_blocks_are_no_target() -> None:
    m = board()
    before = m.state.digest()
    do_action(m, "compact_memory", "1")
    assert m.state.digest() == before
    assert read(m, "zones.DMA32.largest_order") == 1


def test_holes_become_one_piece_at_the_lower_end_of_the_movable_part() -> None:
    m = board()
    do_action(m, "drop_caches", "1")
    zone = zone_of(m)
    holes, orders = free_in(zone, MOVABLE), zone.buddy.count(8)
    used = sorted(page for page in zone.used[::2] if page < FIRST)
    do_action(m, "compact_memory", "1")
    assert check(m) == []
    assert (orders, zone.buddy.count(8)) == (0, 1)
    assert free_in(zone, MOVABLE) == holes
    movable = [page for page in zone.buddy.where if page >= FIRST]
    assert min(movable) == FIRST
    assert max(movable) < FIRST + holes + PAGEBLOCK_PAGES
    assert sorted(page for page in zone.used[::2] if page < FIRST) == used


def test_compacted_twice_is_compacted_once() -> None:
    m = board()
    do_action(m, "drop_caches", "1")
    do_action(m, "compact_memory", "1")
    before = zone_of(m).buddy.where.copy()
    do_action(m, "compact_memory", "0")
    assert zone_of(m).buddy.where == before


def test_a_block_that_a_request_holds_stays_where_it_is() -> None:
    m = board(clean=0)
    zone = zone_of(m)
    for _ in range(64):
        page = zone.hand_back()
        zone.active_anon -= 1
        zone.buddy.give(page, 0, MOVABLE)
        zone.free += 1
    do_action(m, "request", "GFP_HIGHUSER_MOVABLE")
    held = m.state.blocks[1]
    do_action(m, "compact_memory", "1")
    assert m.state.blocks[1] == held
    runs = zip(zone.used[::2], zone.used[1::2], strict=True)
    assert any(first <= held < first + count for first, count in runs)
    do_action(m, "free", "1")
    assert check(m) == []


@pytest.mark.parametrize("value", ["", "-1", "x"])
def test_compact_memory_takes_numbers(value: str) -> None:
    with pytest.raises(RefusedError, match="EINVAL"):
        do_action(board(), "compact_memory", value)


# vm.drop_caches


def test_dropping_frees_what_is_clean_and_nothing_else() -> None:
    m = board()
    zone = zone_of(m)
    do_action(m, "drop_caches", "1")
    assert (zone.inactive_file, zone.clean, zone.active_anon) == (3520, 0, 6000)
    assert zone.free + zone.on_pcp() == 1480
    assert check(m) == []
    assert read(m, "zones.DMA32.largest_order") < 5


@pytest.mark.parametrize(("value", "left"), [("1", 0), ("2", 480), ("3", 0), ("4", 480)])
def test_bit_1_is_the_page_cache(value: str, left: int) -> None:
    m = board()
    do_action(m, "drop_caches", value)
    assert zone_of(m).clean == left


@pytest.mark.parametrize("value", ["0", "5", "all"])
def test_drop_caches_takes_1_to_4(value: str) -> None:
    m = board()
    before = m.state.digest()
    with pytest.raises(RefusedError, match="EINVAL"):
        do_action(m, "drop_caches", value)
    assert m.state.digest() == before


# fall_back


def driver(order: int = 5, pages: int = 64, gap_ns: int = 1_000_000) -> Workload:
    return Workload(
        *("driver", "allocator", 1),
        pages=pages,
        start_ns=START_NS + 1000,
        gap_ns=gap_ns,
        order=order,
        gfp="__GFP_COMP",
    )


def run(m: Machine, turns: int) -> Machine:
    for _ in range(turns):
        if not turn(m):
            break
        assert check(m) == []
    return m


def test_a_driver_is_refused_until_it_falls_back() -> None:
    m = run(board(load=driver()), 3)
    assert read(m, "tasks.driver.refused") == 1
    do_action(m, "fall_back", "driver")
    run(m, 300)
    assert (read(m, "tasks.driver.refused"), read(m, "tasks.driver.done")) == (1, 64)
    assert zone_of(m).held == 64


def test_single_pages_come_a_buffer_at_a_time() -> None:
    m = run(board(load=driver(pages=-1)), 3)
    do_action(m, "fall_back", "driver")
    times: dict[int, int] = {}
    while read(m, "tasks.driver.done") < 65:
        turn(m)
        times.setdefault(read(m, "tasks.driver.done"), m.state.now_ns)
    assert times[64] - times[33] < 100_000
    assert times[65] - times[64] >= 1_000_000


@pytest.mark.parametrize(
    ("value", "complaint"),
    [("nobody", "no workload"), ("driver", "no task now"), ("kthreadd", "no blocks")],
)
def test_who_cannot_fall_back(value: str, complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        do_action(board(load=driver()), "fall_back", value)


# together


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(("compact_memory", "1"), ("drop_caches", "3"), ("request", "GFP_ATOMIC 3")),
                *(("request", "GFP_KERNEL"), ("set_free", "DMA32 700"), ("free", "1")),
                *(("set_free", "DMA32 1300"), ("request", "GFP_HIGHUSER_MOVABLE 1")),
            ]
        ),
        max_size=12,
    )
)
def test_pages_are_conserved_and_the_state_survives_packing(acts: list[tuple[str, str]]) -> None:
    m = board()
    for name, value in acts:
        try:
            do_action(m, name, value)
        except RefusedError:
            assert name == "free"
        assert check(m) == []
    assert faults(m.setup, m.state) == []
    assert unpack_state(pack_state(m.state)).digest() == m.state.digest()


def test_both_have_words() -> None:
    m = board()
    made = listened(m)
    do_action(m, "drop_caches", "1")
    do_action(m, "compact_memory", "1")
    said = [worded(m, step) for step in made]
    texts = {one.code: one.text for one in said}
    assert "480 pages of clean page cache are dropped" in texts["drop_caches"]
    assert "the largest free order is 8 now" in texts["compact_memory"]
    assert {one.function for one in said} >= {"compact_zone", "invalidate_mapping_pages"}
