"""Parts of a state and differences between two moments: exact both ways, damage refused."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_turns
from mmplay.engine.sim.state.delta import apply, difference
from mmplay.engine.sim.state.fields import HEAP_COLUMNS, PackError, names_of, parts_of, shape_of
from mmplay.engine.sim.state.unpacking import part_labels, state_of
from tests.engine.sim.machines import NEXT, incident

NUMBERS = st.lists(st.integers(-(1 << 40), 1 << 40), max_size=40)


def kept(parts: list[list[int]]) -> list[array[int]]:
    return [array("q", part) for part in parts]


def parts_now(m: Machine) -> list[array[int]]:
    return kept(parts_of(m.state))


@settings(max_examples=25)
@given(st.integers(0, 4000), st.integers(1, 3000), st.sampled_from(["atomic", "nowait"]))
def test_a_difference_applied_is_the_later_moment(start: int, more: int, variant: str) -> None:
    m = incident(variant)
    run_turns(m, start)
    before = parts_now(m)
    run_turns(m, more)
    changes = difference(before, parts_now(m))
    there = list(before)
    apply(there, changes)
    assert there == parts_now(m)
    state = state_of(shape_of(m.state), there, names_of(m.state))
    assert state.digest() == m.state.digest()
    assert sum(map(len, changes)) < sum(map(len, there)) // 3


def test_new_tasks_and_waiting_ones_are_in_the_difference() -> None:
    m = incident("nowait", NEXT)
    before = parts_now(m)
    do_action(m, "scale", "file_io 66")
    run_turns(m, 50)
    there = list(before)
    apply(there, difference(before, parts_now(m)))
    assert there == parts_now(m)


@given(NUMBERS, NUMBERS)
def test_any_two_lists_differ_by_something_that_can_be_applied(
    old: list[int], new: list[int]
) -> None:
    events: list[list[int]] = [[] for _ in HEAP_COLUMNS]
    before, after = kept([old, *events]), kept([new, *events])
    there = list(before)
    apply(there, difference(before, after))
    assert there == after


def test_equal_moments_have_no_difference() -> None:
    m = incident()
    assert difference(parts_now(m), parts_now(m)) == []


def test_every_part_has_a_name() -> None:
    state = incident().state
    assert len(part_labels(shape_of(state))) == len(parts_of(state))


@pytest.mark.parametrize(
    "change",
    [
        [10**6, 0, 0, 1],
        [-1, 0, 0, 1],
        [0, 0, 10**6, 1],
        [0, 0, 1],
        [0, 1, 0, 10**6, 0],
        [0, 1, -1, 0, 0],
        [0, 7],
        [0],
        [0, 2, 0],
        [0, 0, 0, 1 << 70],
        [0, 0, 0, 1.5],
        [0, 1, 0, 0, 0, "1"],
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: list[Any]) -> None:
    with pytest.raises(PackError):
        apply(parts_now(incident()), [change])


def test_parts_of_another_shape_are_no_state() -> None:
    state = incident().state
    parts, names = parts_of(state), names_of(state)
    for wrong in (parts[:-1], [*parts, []], [[], *parts[1:]], [*parts[:-1], [1]]):
        with pytest.raises(PackError):
            state_of(shape_of(state), wrong, names)
    with pytest.raises(PackError):
        state_of(shape_of(state)._replace(zones=0), parts, names)


def test_runs_that_move_up_a_queue_are_a_short_change() -> None:
    runs = [number for page in range(9000, 12000, 2) for number in (page, 1)]
    old = [runs, *[[0]] * len(HEAP_COLUMNS)]
    new = [[*runs[6:], 5, 1, 7, 1], *[[0]] * len(HEAP_COLUMNS)]
    (change,) = difference(old, new)
    assert len(change) < 12
    parts = [array("q", part) for part in old]
    apply(parts, [change])
    assert parts[0].tolist() == new[0]
