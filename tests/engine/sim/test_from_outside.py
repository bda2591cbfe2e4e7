"""A setup and a state that came from outside: what cannot be is named, what passes can be run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.setup_fields import SetupError, setup_fields, setup_of
from mmplay.engine.sim.run.turns import run_turns
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import incident

INCIDENT = incident()
run_turns(INCIDENT, 40)
PACKED = pack_state(INCIDENT.state)
NUMBERS = (
    *("flusher_task", "kswapd_task", "first_fail_task", "wb_mask", "dirty_ratio"),
    *("dirty_background_ratio", "dirty_bytes", "dirty_background_bytes", "swappiness", "ring"),
    *("bio_vectors", "bio_pool_out", "disk_rate", "packet_rate", "kswapd_order", "kswapd_class"),
    *("now_ns", "works_queued"),
)


def state() -> State:
    return unpack_state(PACKED)


def test_the_state_of_a_run_has_no_faults() -> None:
    assert faults(INCIDENT.setup, state()) == []


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-2, 1 << 63])
def test_a_number_out_of_its_place_is_named(name: str, value: int) -> None:
    one = state()
    setattr(one, name, value)
    assert f"{name} is {value}" in faults(INCIDENT.setup, one)


def _of_zone(name: str, value: int) -> Callable[[State], object]:
    return lambda one: setattr(one.zones[1], name, value)


def _heap(place: int, value: int) -> Callable[[State], object]:
    def spoil(one: State) -> None:
        entry = list(one.heap[0])
        entry[place] = value
        one.heap[0] = tuple(entry)  # type: ignore[assignment]

    return spoil


def _column(name: str, value: int) -> Callable[[State], object]:
    def spoil(one: State) -> None:
        getattr(one.tasks, name)[0] = value

    return spoil


SPOILED: tuple[tuple[Callable[[State], object], str], ...] = (
    (lambda one: one.zones.reverse(), "the zones are none or in no order"),
    (lambda one: setattr(one.zones[0], "name", "DMA32"), "a zone has another's name"),
    (lambda one: one.cpus.pop(), "the state is of another machine than the setup"),
    (lambda one: one.caches.pop(), "the state is of another machine than the setup"),
    (lambda one: one.lowmem_reserve_ratio.append(1), "lowmem_reserve_ratio has another length"),
    (lambda one: one.limits.pop(), "a list is cut"),
    (lambda one: one.works.append(1), "a list is cut"),
    (lambda one: one.blocks.extend((0, 1)), "a list is cut"),
    (lambda one: one.works.extend((1, -1, 1)), "a list holds an impossible number"),
    (lambda one: one.blocks.extend((0, 0, 11)), "a block is held that cannot be"),
    (lambda one: one.blocks.extend((9, 0, 0)), "a block is held that cannot be"),
    (lambda one: setattr(one.cpus[0], "current", 99_999), "CPU 0 runs a task that is not there"),
    (lambda one: one.cpus[0].queue.append(-1), "CPU 0 runs a task that is not there"),
    (lambda one: setattr(one.cpus[0], "busy", 2), "CPU 0 is in no state that can be"),
    (lambda one: setattr(one.cpus[0], "first", -1), "CPU 0 is in no state that can be"),
    (_column("kind", 999), "a task has an impossible kind"),
    (_column("state", -1), "a task has an impossible state"),
    (_column("cpu", 64), "a task has an impossible cpu"),
    (_column("order", 11), "a task has an impossible order"),
    (_column("purpose", 999), "a task has an impossible purpose"),
    (_column("isolated", 3 << 8 | 1), "a task holds pages of no zone"),
    (_heap(2, 99), "an event is for nobody"),
    (_heap(3, -1), "an event is for nobody"),
    (_heap(0, -1), "an event is for nobody"),
    (_heap(1, 1 << 62), "an event has an impossible number"),
    (_of_zone("managed", 0), "DMA32 has 0 pages"),
    (_of_zone("managed", 1 << 40), "DMA32 has 1099511627776 pages"),
    (_of_zone("pcp_batch", -1), "DMA32 has an impossible number"),
    (_of_zone("low", 1 << 50), "DMA32 has an impossible number"),
    (lambda one: one.zones[1].used.append(1), "DMA32: a run of used pages is impossible"),
)


@pytest.mark.parametrize(("spoil", "why"), SPOILED, ids=[why for _, why in SPOILED])
def test_what_cannot_be_is_said_in_a_sentence(spoil: Callable[[State], object], why: str) -> None:
    one = state()
    spoil(one)
    assert why in faults(INCIDENT.setup, one)


MISCOUNTED: tuple[tuple[Callable[[State], object], str], ...] = (
    (_of_zone("used_pages", 1), "pages in use"),
    (_of_zone("marked", 1 << 20), "marked for reclaim"),
    (_of_zone("dirty", 1 << 30), "pages on lists that are shorter"),
    (_of_zone("slab_unreclaimable", 1), "slab pages"),
    (lambda one: setattr(one.counters, "pgfault", -1), "pgfault is negative"),
    (lambda one: one.zones[0].buddy.where.popitem(), "the map of free blocks disagree"),
)


@pytest.mark.parametrize(("spoil", "why"), MISCOUNTED, ids=[why for _, why in MISCOUNTED])
def test_what_does_not_add_up_is_noticed(spoil: Callable[[State], object], why: str) -> None:
    one = state()
    spoil(one)
    found = check(Machine(INCIDENT.setup, one))
    assert any(why in text for text in found), found
    assert faults(INCIDENT.setup, one)


@settings(max_examples=40)
@given(st.sampled_from(NUMBERS), st.integers(-(1 << 64), 1 << 64))
def test_what_passes_can_be_run(name: str, value: int) -> None:
    """A number that is let through may change what happens; it never breaks the machine."""
    one = state()
    setattr(one, name, value)
    if faults(INCIDENT.setup, one):
        return
    m = Machine(INCIDENT.setup, one)
    run_turns(m, 20)
    assert check(m) == []


# Setups

FIELDS = setup_fields(INCIDENT.setup)


def fields() -> list[Any]:
    """Return the fields of the incident's setup, free to be spoiled."""
    return setup_fields(setup_of(FIELDS))


def test_a_setup_comes_back_as_it_was() -> None:
    assert setup_of(FIELDS) == INCIDENT.setup
    assert setup_fields(setup_of(FIELDS)) == FIELDS


KERNEL, CPUS, COSTS, FLOW, CACHES, LOADS, SCRIPT = 1, 2, 7, 9, 10, 11, 12

WRONG: tuple[tuple[int, Any, str], ...] = (
    (0, 5, "a text is expected"),
    (0, "x" * 5000, "a text is expected"),
    (KERNEL, "4.6", "kernel 4.6 cannot be simulated"),
    (KERNEL, "4", "the rules of kernel '4' are not known"),
    (KERNEL, None, "a text is expected"),
    (CPUS, 0, "a number from 1 to 64 is expected"),
    (CPUS, 65, "a number from 1 to 64 is expected"),
    (CPUS, True, "a number from 1 to 64 is expected"),
    (CPUS, 1.5, "a number from 1 to 64 is expected"),
    (COSTS, [], "numbers are expected"),
    (COSTS, None, "a list is expected"),
    (COSTS, [-1] * len(INCIDENT.setup.costs), "a number from 0 to"),
    (FLOW, [1], "numbers are expected"),
    (CACHES, [[]], "no setup: "),
    (CACHES, "ab", "a list is expected"),
    (LOADS, [["x"]], "no setup: "),
    (SCRIPT, [[1, "reboot", ""]], "the script names no action"),
    (SCRIPT, [[-1, "kill", "1"]], "a number from 0 to"),
    (SCRIPT, [[1, "kill"]], "no setup: "),
    (13, [1], "a text is expected"),
    (14, ["x"] * 2000, "a list is expected"),
)


@pytest.mark.parametrize(("place", "value", "why"), WRONG)
def test_a_setup_that_cannot_be_is_refused(place: int, value: Any, why: str) -> None:
    spoiled = fields()
    spoiled[place] = value
    with pytest.raises(SetupError, match=why):
        setup_of(spoiled)


def test_too_few_and_too_many_fields_are_refused() -> None:
    for spoiled in ([], FIELDS[:-1], [*FIELDS, 1]):
        with pytest.raises(SetupError, match="no setup: "):
            setup_of(spoiled)


def test_a_card_interrupts_a_cpu_that_is_there() -> None:
    spoiled = fields()
    spoiled[CPUS] = 1
    flow = INCIDENT.setup.flow
    assert flow is not None
    spoiled[FLOW] = list(flow._replace(cpu=1))
    with pytest.raises(SetupError, match="a CPU that is not there"):
        setup_of(spoiled)


@pytest.mark.parametrize("program", ["", "init", 7])
def test_a_workload_runs_a_program_that_is_known(program: object) -> None:
    spoiled = fields()
    spoiled[LOADS][0][1] = program
    with pytest.raises(SetupError, match="no workload is like this"):
        setup_of(spoiled)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)


@given(st.integers(0, len(FIELDS) - 1), ANYTHING)
def test_whatever_stands_there_is_a_setup_or_refused(place: int, value: Any) -> None:
    spoiled = fields()
    spoiled[place] = value
    try:
        made = setup_of(spoiled)
    except SetupError:
        return
    assert setup_fields(made) == spoiled
