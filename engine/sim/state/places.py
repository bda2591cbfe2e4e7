"""The name of every number of a state, for whoever finds that two states differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mmplay.engine.sim.state.counters import COUNTERS
from mmplay.engine.sim.state.parts import Part, Shape, part_names
from mmplay.engine.sim.state.state import CPU_NUMBERS, NUMBERS
from mmplay.engine.sim.state.zone import COUNTS


class Place(NamedTuple):
    """One number that two states have differently; None where one of them has none there."""

    name: str
    first: int | None
    second: int | None


def first_difference(
    shape: Shape, names: list[str], first: Sequence[Part], second: Sequence[Part]
) -> Place | None:
    """Return the first number that differs between the parts of two states of one shape."""
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        if one != other:
            both = zip(one, other, strict=False)
            at = next((n for n, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))
            return Place(place_name(shape, names, number, at), _at(one, at), _at(other, at))
    return None


def _at(part: Part, at: int) -> int | None:
    return part[at] if at < len(part) else None


def place_name(shape: Shape, names: list[str], part: int, at: int) -> str:
    """Return what number `at` of a part is: `zone DMA32 free`, `task file_io.00 credit_ns`.

    `names` are those of the zones and tasks, as `parts.names_of` returns them.
    """
    label = part_names(shape)[part]
    kind, _, rest = label.partition(" ")
    name = _NAMERS.get(kind)
    return name(names, shape, rest, at) if name is not None else f"{label}[{at}]"


def _numbers(names: list[str], shape: Shape, rest: str, at: int) -> str:
    return NUMBERS[at] if at < len(NUMBERS) else "rng"


def _counters(names: list[str], shape: Shape, rest: str, at: int) -> str:
    return COUNTERS[at]


def _zone(names: list[str], shape: Shape, rest: str, at: int) -> str:
    number, _, what = rest.partition(" ")
    field = COUNTS[at] if what == "counts" else f"{what}[{at}]"
    return f"zone {names[int(number)]} {field}"


def _cpu(names: list[str], shape: Shape, rest: str, at: int) -> str:
    number, _, what = rest.partition(" ")
    return f"CPU {number} {f'{what}[{at}]' if what else CPU_NUMBERS[at]}"


def _task(names: list[str], shape: Shape, column: str, at: int) -> str:
    tasks = names[shape.zones :]
    return f"task {tasks[at] if at < len(tasks) else at} {column}"


_NAMERS: dict[str, Callable[[list[str], Shape, str, int], str]] = {
    "numbers": _numbers,
    "counters": _counters,
    "zone": _zone,
    "cpu": _cpu,
    "tasks": _task,
}
"""By the first word of a part's name."""
