"""From bytes or parts back to a state, and the name of every number for whoever compares two."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mmplay.engine.sim.state.fields import (
    HALF,
    HALF_BITS,
    HEAP_COLUMNS,
    Label,
    PackError,
    Part,
    Parts,
    Shape,
)
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.state import Counters, Cpu, State
from mmplay.engine.sim.state.tasks import Tasks
from mmplay.engine.sim.state.zone import Zone

MAX_SHAPE = Shape(4, 64, 64)

EVENTS = "events"


def unpack_state(data: bytes) -> State:
    """Return the state in these bytes; raises PackError."""
    return state_of(*unpack_parts(data))


def unpack_parts(data: bytes) -> tuple[Shape, list[array[int]], list[str]]:
    """Return shape, parts and names of the state in these bytes.

    Raises PackError; whether the parts are those of a state shows when it is made (`state_of`).
    """
    numbers, names = _split(data)
    shape = Shape(*_some(numbers, 0, len(Shape._fields)))
    if any(not 0 <= n <= most for n, most in zip(shape, MAX_SHAPE, strict=True)):
        raise PackError("no machine is as large")
    at = len(shape)
    parts: list[array[int]] = []
    for _ in part_labels(shape):
        (length,) = _some(numbers, at, 1)
        parts.append(_some(numbers, at + 1, length))
        at += 1 + length
    if at != len(numbers):
        raise PackError("numbers are left over")
    return shape, parts, names


def _split(data: bytes) -> tuple[array[int], list[str]]:
    try:
        count, name_bytes = struct.unpack_from("<QQ", data)
    except struct.error:
        raise PackError("too short") from None
    if len(data) != 16 + 8 * count + name_bytes:
        raise PackError("wrong length")
    numbers = array("q", data[16 : 16 + 8 * count])
    if sys.byteorder == "big":
        numbers.byteswap()
    try:
        return numbers, data[16 + 8 * count :].decode().split("\n")
    except UnicodeDecodeError:
        raise PackError("a name cannot be read") from None


def _some(numbers: array[int], at: int, count: int) -> array[int]:
    if not 0 <= count <= len(numbers) - at:
        raise PackError("numbers are missing")
    return numbers[at : at + count]


def state_of(shape: Shape, parts: Sequence[Part], names: list[str]) -> State:
    """Return the state made of these parts; raises PackError for what is none."""
    if any(not 0 < n <= most for n, most in zip(shape[:2], MAX_SHAPE[:2], strict=True)):
        raise PackError(f"a machine cannot have {shape.zones} zones and {shape.cpus} CPUs")
    if len(parts) != len(part_labels(shape)):
        raise PackError(f"{len(parts)} parts are not the parts of such a machine")
    take = Parts(parts)
    state = State()
    *numbers, low = take.exactly(len(State.numbers) + 1)
    state.fill(numbers)
    state.rng = (state.rng & HALF) << HALF_BITS | low & HALF
    for name in State.lists:
        setattr(state, name, take.any())
    state.counters.take(take, {})
    state.zones = [Zone.taken(take, name, shape.cpus) for name in names[: shape.zones]]
    state.cpus = [Cpu() for _ in range(shape.cpus)]
    for cpu in state.cpus:
        cpu.take(take, {})
    state.caches = [Cache.taken(take, shape.cpus) for _ in range(shape.caches)]
    state.tasks = Tasks.taken(take, names[shape.zones :])
    columns = [take.any() for _ in HEAP_COLUMNS]
    if len({len(column) for column in columns}) != 1:
        raise PackError("the columns of the events differ in length")
    state.heap = sorted((a, b, c, d, e) for a, b, c, d, e in zip(*columns, strict=True))
    take.done()
    return state


# names


class PartLabel(NamedTuple):
    """What a part is of: a kind of owner, its number, and the part's own label."""

    owner: str
    number: int
    label: Label


@lru_cache(maxsize=8)
def part_labels(shape: Shape) -> tuple[PartLabel, ...]:
    """Return what each part is, in the order of `fields.parts_of`."""
    numbers, *lists = State.labels()
    first = numbers._replace(numbers=(*numbers.numbers, "rng"))
    zones, cpus, caches = (range(count) for count in shape)
    return (
        *(PartLabel("", 0, label) for label in (first, *lists, *Counters.labels())),
        *(PartLabel("zone", n, label) for n in zones for label in Zone.labels_for(shape.cpus)),
        *(PartLabel("CPU", n, label) for n in cpus for label in Cpu.labels()),
        *(PartLabel("cache", n, label) for n in caches for label in Cache.labels()),
        *(PartLabel("task", 0, label) for label in Tasks.labels()),
        *(PartLabel(EVENTS, 0, Label(name)) for name in HEAP_COLUMNS),
    )


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

    `names` are those of the zones and tasks, as `fields.names_of` returns them.
    """
    owner, number, label = part_labels(shape)[part]
    what = label.numbers[at] if label.numbers else f"{label.what}[{at}]"
    if owner == "zone":
        return f"zone {names[number]} {what}"
    if owner == "task":
        tasks = names[shape.zones :]
        return f"task {tasks[at] if at < len(tasks) else at} {label.what}"
    of = owner if owner in ("", EVENTS) else f"{owner} {number}"
    return f"{of} {what}".lstrip()
