"""Machines from the bench, and requests at the allocator's door."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.decisions import KINDS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import listened

MARKS, RESERVE = (1300, 1625, 1950), (0, 0, 0, 0)
CHOICE = Choice(kernel_named("4.5-rc7"))


def toy(pages: int = 16, order: int = 4) -> Machine:
    """A zone without marks, with one free block."""
    zone = BenchZone("DMA32", pages, 1 << order, (0, 0, 0), blocks=((order, 1, "M"),))
    return from_bench(Bench((zone,)), CHOICE)


def door(dma: int = 1900, dma32: int = 1700) -> Machine:
    """The incident's floors, with so many pages free."""
    low = BenchZone("DMA", 3976, dma, (11, 13, 16), (0, 1732, 1732, 1732))
    high = BenchZone("DMA32", 443_833, dma32, MARKS, RESERVE, places=(("inactive_file", 50_000),))
    return from_bench(Bench((low, high)), CHOICE)


def free(m: Machine) -> list[int]:
    return [zone.free for zone in m.state.zones]


def test_a_bench_is_what_was_asked_for() -> None:
    m = door()
    assert check(m) == []
    assert faults(m.setup, m.state) == []
    assert free(m) == [1900, 1700]
    assert m.state.zones[1].inactive_file == 50_000


@pytest.mark.parametrize(
    "zones",
    [
        (),
        (BenchZone("DMA33", 10, 1),),
        (BenchZone("DMA", 10, 11),),
        (BenchZone("DMA", 10, 5, places=(("inactive_file", 6),)),),
        (BenchZone("DMA", 10, 5, places=(("nowhere", 1),)),),
        (BenchZone("DMA32", 10, 5), BenchZone("DMA", 10, 5)),
        (BenchZone("DMA", 10, 5, places=(("dirty", 2),)),),
    ],
)
def test_a_bench_that_cannot_be_is_refused(zones: tuple[BenchZone, ...]) -> None:
    with pytest.raises(InputError):
        from_bench(Bench(zones), CHOICE)


def test_a_block_is_split_and_merges_again() -> None:
    m = toy()
    do_action(m, "request", "GFP_KERNEL 1")
    do_action(m, "request", "GFP_KERNEL 0")
    assert m.state.blocks == [0, 0, 1, 0, 2, 0]
    do_action(m, "free", "1")
    assert free(m) == [15]
    do_action(m, "free", "1")
    assert m.state.zones[0].buddy.lists[1 * 11 + 4] == [0]


@pytest.mark.parametrize(
    ("caller", "stop"),
    [
        ("GFP_KERNEL", (1743, 1300)),
        ("GFP_ATOMIC:slab:softirq", (1738, 650)),
        ("GFP_ATOMIC:softirq", (1737, 488)),
        ("GFP_KERNEL:pf_memalloc", (0, 0)),
    ],
)
def test_each_class_stops_at_its_floor(caller: str, stop: tuple[int, int]) -> None:
    m = door(1760, 1320)
    while not m.state.counters.request_refused:
        do_action(m, "request", caller)
    assert free(m)[0] == stop[0]
    # The last refill of the CPU's list takes a batch of 31 at once, below the floor.
    assert stop[1] - 31 < free(m)[1] <= stop[1]
    assert check(m) == []


def test_others_take_and_give_back_pages() -> None:
    m = door()
    for pages in (1000, 1760, 0, 3000):
        do_action(m, "set_free", f"DMA32 {pages}")
        assert free(m)[1] == pages
        assert check(m) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request", "GFP_MAGIC"),
        ("request", "GFP_KERNEL:nowhere"),
        ("request", "GFP_KERNEL 11"),
        ("free", "1"),
        ("set_free", "DMA33 3"),
        ("set_free", "DMA -1"),
    ],
)
def test_what_cannot_be_asked_changes_nothing(name: str, value: str) -> None:
    m = door()
    before = m.state.digest()
    with pytest.raises(InputError):
        do_action(m, name, value)
    assert m.state.digest() == before


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("rf"), st.integers(0, 3)), max_size=40))
def test_everything_adds_up_whatever_is_asked(moves: list[tuple[str, int]]) -> None:
    m = toy(64, 6)
    for kind, number in moves:
        try:
            if kind == "r":
                do_action(m, "request", f"GFP_KERNEL {number}")
            else:
                do_action(m, "free", str(number + 1))
        except RefusedError:
            continue
        assert check(m) == []
    assert unpack_state(pack_state(m.state)).digest() == m.state.digest()


def test_requests_are_told_in_words() -> None:
    m = door()
    made = listened(m)
    do_action(m, "request", "GFP_ATOMIC:slab:softirq")
    do_action(m, "set_free", "DMA32 640")
    do_action(m, "set_free", "DMA 1738")
    do_action(m, "request", "GFP_ATOMIC:slab:softirq")
    do_action(m, "free", "1")
    words = [worded(m, step) for step in made]
    assert any("served" in one.text for one in words)
    assert any(one.refused and "640 <= 650" in one.text for one in words)
    assert all(one.code in KINDS for one in words)
