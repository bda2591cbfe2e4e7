"""A state as flat lists of ints, always in the same order, and as bytes.

Packing, digests and differences all walk these parts; what they are follows from what the classes
of a state declare (`fields`). A state of equal parts and names is an equal state. The bytes are its
shape, then every part with its length before it, as little-endian 64-bit numbers on every machine,
then the names. The way back is `unpacking`.
"""

from __future__ import annotations

import struct
import sys
from array import array
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mmplay.engine.sim.state.state import State

HEAP_COLUMNS = ("time", "sequence", "kind", "number", "token")
HALF_BITS = 32
HALF = (1 << HALF_BITS) - 1
"""The generator's 64 bits stand as two numbers, so that every number and change has a sign."""


class Shape(NamedTuple):
    """How many of each there are, which decides how many parts follow."""

    zones: int
    cpus: int
    caches: int


def shape_of(state: State) -> Shape:
    """Return how many zones, CPUs and caches a state has."""
    return Shape(len(state.zones), len(state.cpus), len(state.caches))


def parts_of(state: State) -> list[list[int]]:
    """Return the parts; lists of the state itself are not copied, so change none of them."""
    parts = state.parts()
    parts[0][state.numbers.index("rng")] = state.rng >> HALF_BITS
    parts[0].append(state.rng & HALF)
    for one in (state.counters, *state.zones, *state.cpus, *state.caches, state.tasks):
        parts += one.parts()
    # By age: what was pushed later stands later, so that two moments differ little.
    events = sorted(state.heap, key=itemgetter(1))
    parts += [list(column) for column in zip(*events, strict=True)] or [[] for _ in HEAP_COLUMNS]
    return parts


def names_of(state: State) -> list[str]:
    """Return the names of the zones and of the tasks."""
    return [*(zone.name for zone in state.zones), *state.tasks.names]


def pack_state(state: State) -> bytes:
    """Return the state as bytes."""
    out: list[int] = [*shape_of(state)]
    for part in parts_of(state):
        out.append(len(part))
        out += part
    numbers = array("q", out)
    if sys.byteorder == "big":
        numbers.byteswap()
    names = "\n".join(names_of(state)).encode()
    return struct.pack("<QQ", len(numbers), len(names)) + numbers.tobytes() + names
