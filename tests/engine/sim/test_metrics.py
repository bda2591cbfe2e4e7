"""Numbers of a machine by name, conditions on them, and states that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.sim.check import faults
from mmplay.engine.sim.log.view import summary
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import condition, metric_names, read
from mmplay.engine.sim.mm.pcp import count_taken
from mmplay.engine.sim.run.setup_fields import SetupError, setup_fields, setup_of
from mmplay.engine.sim.run.turns import run_turns
from mmplay.engine.sim.state.state import State
from tests.engine.sim.machines import incident, until_depleted


@pytest.fixture(scope="module")
def depleted() -> Machine:
    return until_depleted(incident())


def test_names_are_those_of_run_json(depleted: Machine) -> None:
    said = summary(depleted)
    assert read(depleted, "zones.DMA32.free") == said["zones"]["DMA32"]["free"]  # type: ignore[index]
    assert read(depleted, "slab.kmalloc-64.objs") == said["slab"]["kmalloc-64"]["objs"]  # type: ignore[index]
    assert read(depleted, "min_free.DMA") == said["min_free"]["DMA"]  # type: ignore[index]
    assert read(depleted, "wb_work") == said["counters"]["wb_work"]  # type: ignore[index]
    assert read(depleted, "time_us") == said["time_us"]


def test_a_counter_below_zero_is_seen_as_none(depleted: Machine) -> None:
    """CPUs that hold pages back can take the counter below 0 (zone_page_state shows 0)."""
    m = Machine(depleted.setup, depleted.state.copy())
    zone = m.state.zones[1]
    zone.threshold = 9
    zone.free, zone.lowest = 5, 5
    count_taken(zone, 0, 20)
    assert zone.free == -15
    assert (read(m, "zones.DMA32.free"), read(m, "min_free.DMA32")) == (0, 0)
    assert summary(m)["zones"]["DMA32"]["free"] == 0  # type: ignore[index]


def test_every_name_reads_a_number(depleted: Machine) -> None:
    names = metric_names(depleted)
    assert len(names) == len(set(names)) > 100
    assert all(isinstance(read(depleted, name), int) for name in names)


def test_sums_are_sums(depleted: Machine) -> None:
    zones = [read(depleted, f"zones.{name}.free") for name in ("DMA", "DMA32")]
    assert read(depleted, "free") == sum(zones)
    parts = [read(depleted, f"alloc_fail_{who}") for who in ("wb", "net", "task")]
    assert read(depleted, "alloc_fail") == sum(parts) > 0


@pytest.mark.parametrize("name", ["zones.DMA33.free", "wb_wrok", "slab.kmalloc-65.objs", "zones"])
def test_an_unknown_name_is_told_the_nearest(depleted: Machine, name: str) -> None:
    with pytest.raises(InputError, match="no counter of that name"):
        read(depleted, name)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("free of DMA32 <= 650", True),
        ("zones.DMA32.free > 650", False),
        ("wb_nowork >= 1", True),
        ("oom_kill == 1", True),
        ("oom_kill != 1", False),
    ],
)
def test_conditions(depleted: Machine, text: str, holds: bool) -> None:
    assert condition(depleted, text).holds(depleted) is holds


@pytest.mark.parametrize("name", ["first refusal", "refusal", "kill", "report", "OOM"])
def test_events_come_when_their_counter_rises(name: str) -> None:
    m = incident()
    event = condition(m, name)
    assert not event.holds(m)
    while not event.holds(m):
        assert run_turns(m, 1)


@pytest.mark.parametrize("text", ["", "free", "free <", "free << 3", "nothing of DMA < 3", "1 < 2"])
def test_what_is_no_condition_is_refused(depleted: Machine, text: str) -> None:
    with pytest.raises(InputError):
        condition(depleted, text)


def test_a_setup_comes_back_from_its_fields() -> None:
    setup = incident().setup
    assert setup_of(setup_fields(setup)) == setup


@pytest.mark.parametrize("place", range(15))
@pytest.mark.parametrize("wrong", [None, -5, "x" * 5000, [1], {"a": 1}, 1 << 70])
def test_fields_of_another_kind_are_no_setup(place: int, wrong: object) -> None:
    fields = setup_fields(incident().setup)
    if fields[place] == wrong or (place == 9 and wrong is None):
        return
    fields[place] = wrong
    with pytest.raises(SetupError):
        setup_of(fields)


def test_a_measured_state_has_no_faults(depleted: Machine) -> None:
    assert faults(depleted.setup, depleted.state) == []


def _no_zone(state: State) -> None:
    state.zones.pop()


def _twice_free(state: State) -> None:
    state.zones[0].free += 1


def _foreign_task(state: State) -> None:
    state.cpus[0].queue.append(99_999)


def _foreign_event(state: State) -> None:
    state.heap.append((0, 1, 9, 0, 0))


def _wild_page(state: State) -> None:
    state.zones[0].used[0] = -3


def _wild_stage(state: State) -> None:
    state.tasks.stage[3] = 12


def _wild_slab(state: State) -> None:
    state.caches[0].cpu_zone[0] = 7


def _wild_mask(state: State) -> None:
    state.wb_mask = 9


@pytest.mark.parametrize(
    "harm",
    [
        *(_no_zone, _twice_free, _foreign_task, _foreign_event, _wild_page, _wild_stage),
        *(_wild_slab, _wild_mask),
    ],
)
def test_a_state_that_cannot_be_is_told(harm: Callable[[State], None]) -> None:
    m = incident()
    harm(m.state)
    assert faults(m.setup, m.state)
