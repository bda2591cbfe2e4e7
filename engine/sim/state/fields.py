"""State that is declared once, in the order in which it is packed; as flat lists of ints; as bytes.

Slots, the empty state, copies, packing, digests, differences, the names in messages and the checks
all follow from the declaration, a class of annotated fields, so that no field can be forgotten in
one of them. A field is a number (`int`), a list of numbers (`list[int]`), or something that its
class says itself.

A state of equal parts and names is an equal state. The bytes are its shape, then every part with
its length before it, as little-endian 64-bit numbers on every machine, then the names. The way back
is `unpacking`.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias

if TYPE_CHECKING:
    from mmplay.engine.sim.state.state import State


Part: TypeAlias = "list[int] | array[int]"
"""Numbers of one kind. Parts that are kept are arrays: a tenth of the memory of a list."""


class PackError(ValueError):
    """Data that is no state."""


class Parts:
    """Takes parts from the front; raises PackError when one has not the length it must have."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._at = 0

    def any(self) -> list[int]:
        """Return a copy of the next part."""
        if self._at >= len(self._parts):
            raise PackError("parts are missing")
        self._at += 1
        part = self._parts[self._at - 1]
        return part[:] if isinstance(part, list) else part.tolist()

    def exactly(self, count: int) -> list[int]:
        """Return the next part, which must have so many numbers."""
        part = self.any()
        if len(part) != count:
            raise PackError(f"a part has {len(part)} numbers, not {count}")
        return part

    def rows(self, width: int) -> list[list[int]]:
        """Return the next part in rows."""
        part = self.any()
        if len(part) % width:
            raise PackError("a row is cut")
        return [part[at : at + width] for at in range(0, len(part), width)]

    def done(self) -> None:
        """Raise PackError unless everything was taken."""
        if self._at != len(self._parts):
            raise PackError("parts are left over")


class Label(NamedTuple):
    """What a part is: its name, and those of its numbers if each has its own."""

    what: str
    numbers: tuple[str, ...] = ()


class _Declared(type):
    """Makes slots of the annotated fields; `numbers` and `lists` name those of the plain kinds."""

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> _Declared:
        # Strings, since every module here postpones the evaluation of annotations.
        kinds: dict[str, str] = {} if not bases else space.get("__annotations__", {})
        space["__slots__"] = tuple(kinds)
        if bases:
            space["numbers"] = tuple(field for field, kind in kinds.items() if kind == "int")
            space["lists"] = tuple(field for field, kind in kinds.items() if kind == "list[int]")
        return super().__new__(mcs, name, bases, space)


class Fields(metaclass=_Declared):
    """Numbers and lists of numbers by name; see the module."""

    numbers: ClassVar[tuple[str, ...]]
    lists: ClassVar[tuple[str, ...]]

    def __init__(self) -> None:
        """Every number 0, every list empty."""
        for name in self.numbers:
            setattr(self, name, 0)
        for name in self.lists:
            setattr(self, name, [])

    @classmethod
    def of(cls, *numbers: int) -> Self:
        """Return one that is made of numbers alone, given in their order."""
        one = cls.__new__(cls)
        one.fill(numbers)
        return one

    def copy(self) -> Self:
        """Return an independent copy."""
        other = type(self).__new__(type(self))
        for name in self.numbers:
            setattr(other, name, getattr(self, name))
        for name in self.lists:
            setattr(other, name, getattr(self, name)[:])
        return other

    def parts(self) -> list[list[int]]:
        """Return the numbers, if there are any, and the lists; change none of these."""
        lists: list[list[int]] = [getattr(self, name) for name in self.lists]
        return [self.row(), *lists] if self.numbers else lists

    def row(self) -> list[int]:
        """Return the numbers in their order."""
        return [getattr(self, name) for name in self.numbers]

    @classmethod
    def labels(cls) -> list[Label]:
        """Return what each of `parts` is."""
        first = [Label("", cls.numbers)] if cls.numbers else []
        return first + [Label(name) for name in cls.lists]

    def fill(self, numbers: Sequence[int]) -> None:
        """Set the numbers, given in their order."""
        for name, value in zip(self.numbers, numbers, strict=True):
            setattr(self, name, value)

    def take(self, parts: Parts, lengths: Mapping[str, int]) -> None:
        """Set everything from `parts`; raises PackError where a list has not its length."""
        if self.numbers:
            self.fill(parts.exactly(len(self.numbers)))
        for name in self.lists:
            setattr(self, name, parts.exactly(lengths[name]) if name in lengths else parts.any())


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
