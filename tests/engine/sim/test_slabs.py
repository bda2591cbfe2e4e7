"""Slabs one by one: kmalloc and kfree by hand, which slab is kept, and that nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.log.view import CPU, FULL, PARTIAL, slabs_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import listened

CACHE = "kmalloc-64"
EACH, LEAST = 64, 5
"""Objects of a slab, and min_partial of 64-byte objects."""


def machine(free: int = 1900, cpus: int = 1) -> Machine:
    zone = BenchZone("DMA32", 4000, free, (1300, 1625, 1950))
    return from_bench(Bench((zone,), caches=True, cpus=cpus), Choice(kernel_named("4.5-rc7")))


def with_slabs(full: int) -> Machine:
    """A machine whose cache has so many full slabs and the CPU's own, half full."""
    m = machine()
    do_action(m, "kmalloc", f"{CACHE} {full * EACH + EACH // 2}")
    return m


def number(m: Machine, field: str) -> int:
    return read(m, f"slab.{CACHE}.{field}")


def shapes(m: Machine) -> list[tuple[str, int, int]]:
    return [(row.where, row.slabs, row.in_use) for row in slabs_of(m, CACHE)]


def test_slabs_are_listed_by_place_and_kind() -> None:
    m = with_slabs(4)
    do_action(m, "kfree", f"{CACHE} full 3")
    assert shapes(m) == [(CPU, 1, 32), (PARTIAL, 1, 61), (FULL, 3, 64)]
    assert [row.place for row in slabs_of(m, CACHE)] == [1, 2, 3]
    assert {row.zone for row in slabs_of(m, CACHE)} == {"DMA32"}
    do_action(m, "kfree", f"{CACHE} 5 1")
    assert shapes(m) == [(CPU, 1, 32), (PARTIAL, 1, 61), (PARTIAL, 1, 63), (FULL, 2, 64)]


def test_every_slab_and_object_is_in_the_list() -> None:
    m = with_slabs(6)
    do_action(m, "kfree", f"{CACHE} full 10")
    rows = slabs_of(m, CACHE)
    assert sum(row.slabs for row in rows) == number(m, "slabs")
    assert sum(row.slabs * row.in_use for row in rows) == number(m, "in_use")
    assert sum(row.slabs * row.objects for row in rows) == number(m, "objs")


@pytest.mark.parametrize(("others", "pages"), [(0, 0), (3, 0), (4, 1), (5, 1)])
def test_an_empty_slab_goes_back_only_from_a_long_list(others: int, pages: int) -> None:
    m = with_slabs(8)
    for _ in range(others):
        do_action(m, "kfree", f"{CACHE} full 1")
    slabs, free = number(m, "slabs"), m.state.zones[0].free
    slab_pages = m.state.zones[0].slab_unreclaimable
    do_action(m, "kfree", f"{CACHE} full")
    assert slabs - number(m, "slabs") == pages
    assert m.state.zones[0].free - free == pages
    assert slab_pages - m.state.zones[0].slab_unreclaimable == pages
    assert number(m, "partial") == others + 1 - pages


def test_one_object_holds_its_page() -> None:
    m = with_slabs(9)
    for _ in range(9):
        do_action(m, "kfree", f"{CACHE} full 63")
    assert number(m, "slabs") == 10
    assert number(m, "in_use") == 9 + 32


def test_new_objects_go_into_the_slabs_that_are_there() -> None:
    m = with_slabs(2)
    do_action(m, "set_free", "DMA32 400")
    do_action(m, "kfree", f"{CACHE} full 10")
    before = number(m, "in_use")
    do_action(m, "kmalloc", f"{CACHE} 42")
    assert number(m, "in_use") == before + 42
    do_action(m, "kmalloc", f"{CACHE} 1")
    assert number(m, "in_use") == before + 42
    assert m.state.counters.alloc_fail_net == 2


@pytest.mark.parametrize(
    ("action", "value", "said"),
    [
        ("kfree", "kmalloc-64 full 65", "has 64 objects in use, not 65"),
        ("kfree", "kmalloc-64 partial 1", "full or partial"),
        ("kfree", "kmalloc-64 99 1", "write 1 to 4"),
        ("kfree", "kmalloc-64", "write 1 to 4"),
        ("kfree", "kmalloc-65 1 1", "no cache"),
        ("kfree", "kmalloc-64 1 -1", "EINVAL"),
        ("kmalloc", "kmalloc-64 0", "EINVAL"),
        ("kmalloc", "radix_tree_node 1", "allocates from kmalloc-64"),
        ("kmalloc", "", "no cache"),
    ],
)
def test_what_cannot_be_freed_changes_nothing(action: str, value: str, said: str) -> None:
    m = with_slabs(3)
    digest = m.state.digest()
    with pytest.raises(RefusedError, match=said):
        do_action(m, action, value)
    assert m.state.digest() == digest


def test_each_step_has_words() -> None:
    m = with_slabs(8)
    made = listened(m)
    for _ in range(4):
        do_action(m, "kfree", f"{CACHE} full 1")
    do_action(m, "kfree", f"{CACHE} full")
    do_action(m, "kfree", f"{CACHE} partial")
    do_action(m, "kmalloc", f"{CACHE} 2")
    said = [worded(m, step).text for step in made]
    assert "kmalloc-64: 1 object of one slab freed; 63 of its 64 are in use" in said
    assert any(
        "5 are on the partial list, 5 suffice: its page goes back to DMA32" in t for t in said
    )
    assert any("stays: 4 on the partial list, fewer than 5" in text for text in said)
    assert "2 objects of kmalloc-64 allocated, 0 refused" in said


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["kmalloc", "full", "partial", "1", "2", "3", "7"]),
        st.integers(1, 200),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(ACTS, st.integers(1, 3))
def test_objects_and_pages_are_never_lost(acts: list[tuple[str, int]], cpus: int) -> None:
    m = machine(1000, cpus)
    in_use = 0
    for what, count in acts:
        value = f"{CACHE} {count}" if what == "kmalloc" else f"{CACHE} {what} {count}"
        try:
            do_action(m, "kmalloc" if what == "kmalloc" else "kfree", value)
        except RefusedError:
            assert number(m, "in_use") == in_use
            continue
        change = number(m, "in_use") - in_use
        assert change == -count if what != "kmalloc" else 0 <= change <= count
        in_use += change
        assert check(m) == []
    assert faults(m.setup, m.state) == []
    assert unpack_state(pack_state(m.state)).digest() == m.state.digest()
    empty = [row for row in slabs_of(m, CACHE) if row.where == PARTIAL and not row.in_use]
    assert len(empty) < LEAST
