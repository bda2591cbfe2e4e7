"""State is declared once: slots, copies, parts and their names follow from the declaration."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.state.fields import Fields, PackError, Parts, parts_of, shape_of
from mmplay.engine.sim.state.slab_cache import Slab
from mmplay.engine.sim.state.unpacking import part_labels
from tests.engine.sim.machines import incident


class Declared(Fields):
    """Two numbers and a list."""

    first: int
    second: int
    queue: list[int]


def test_everything_follows_from_the_declaration() -> None:
    one = Declared()
    one.second = 7
    one.queue.append(3)
    other = one.copy()
    other.queue.append(4)
    assert one.parts() == [[0, 7], [3]]
    assert [tuple(label) for label in Declared.labels()] == [
        ("", ("first", "second")),
        ("queue", ()),
    ]
    again = Declared()
    again.take(Parts(other.parts()), {"queue": 2})
    assert again.parts() == [[0, 7], [3, 4]]
    assert not hasattr(one, "__dict__")
    with pytest.raises(PackError, match="2 numbers, not 1"):
        again.take(Parts(other.parts()), {"queue": 1})


def test_a_slab_has_names() -> None:
    slab = Slab.of(3, 64, 1, 0, 1)
    assert (slab.free, slab.objects, slab.zone, slab.pfmemalloc) == (3, 64, 1, 1)
    assert slab.row() == [3, 64, 1, 0, 1]


def test_every_part_of_a_machine_has_a_name_for_every_number() -> None:
    state = incident().state
    parts, labels = parts_of(state), part_labels(shape_of(state))
    named = [(part, one.label) for part, one in zip(parts, labels, strict=True)]
    assert all(len(part) == len(label.numbers) for part, label in named if label.numbers)
