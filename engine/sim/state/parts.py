"""A state as flat lists of ints, always in the same order, and back.

Packing, digests and differences all walk these parts, so that nothing can be forgotten in one of
them. A state of equal parts and names is an equal state.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from mmplay.engine.sim.state.buddy import MAX_ORDER, PCP_TYPES, TYPES, Buddy
from mmplay.engine.sim.state.counters import COUNTERS, Counters
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.state import CPU_NUMBERS, LISTS, NUMBERS, Cpu, State
from mmplay.engine.sim.state.tasks import COLUMNS, Tasks
from mmplay.engine.sim.state.zone import COUNTS, Zone

CACHE_COLUMNS = ("cpu_free", "cpu_objects", "cpu_zone", "cpu_order", "cpu_pfm")
SLAB = 5
"""Numbers of one slab or run of full slabs."""

HEAP_COLUMNS = ("time", "sequence", "kind", "number", "token")
RNG = NUMBERS.index("rng")
HALF_BITS = 32
HALF = (1 << HALF_BITS) - 1
"""The generator's 64 bits stand as two numbers, so that every number and change has a sign."""


Part: TypeAlias = "list[int] | array[int]"
"""Numbers of one kind. Parts that are kept are arrays: a tenth of the memory of a list."""


class PackError(ValueError):
    """Data that is no state."""


class Shape(NamedTuple):
    """How many of each there are, which decides how many parts follow."""

    zones: int
    cpus: int
    caches: int


MAX_SHAPE = Shape(4, 64, 64)

ZONE_FIXED = ("counts", "reserve", "diffs", "used", "block types")
"""Names of a zone's first parts; per-CPU lists and free lists follow."""


def shape_of(state: State) -> Shape:
    """Return how many zones, CPUs and caches a state has."""
    return Shape(len(state.zones), len(state.cpus), len(state.caches))


def parts_of(state: State) -> list[list[int]]:
    """Return the parts; lists of the state itself are not copied, so change none of them."""
    parts: list[list[int]] = [[getattr(state, name) for name in NUMBERS]]
    parts[0][RNG] = state.rng >> HALF_BITS
    parts[0].append(state.rng & HALF)
    parts += [getattr(state, name) for name in LISTS]
    parts.append([getattr(state.counters, name) for name in COUNTERS])
    for zone in state.zones:
        parts += _zone_parts(zone)
    for cpu in state.cpus:
        parts += ([getattr(cpu, name) for name in CPU_NUMBERS], cpu.queue)
    for cache in state.caches:
        parts += [getattr(cache, name) for name in CACHE_COLUMNS]
        parts += ([n for slab in cache.partial for n in slab], [n for r in cache.full for n in r])
    parts += [getattr(state.tasks, column) for column in COLUMNS]
    # By age: what was pushed later stands later, so that two moments differ little.
    events = sorted(state.heap, key=itemgetter(1))
    parts += [list(column) for column in zip(*events, strict=True)] or [[] for _ in HEAP_COLUMNS]
    return parts


def _zone_parts(zone: Zone) -> Iterator[list[int]]:
    yield [getattr(zone, name) for name in COUNTS]
    yield zone.reserve
    yield zone.diffs
    yield zone.used
    yield list(zone.buddy.block_types)
    for lists in zone.pcp:
        yield from lists
    yield from zone.buddy.lists


def names_of(state: State) -> list[str]:
    """Return the names of the zones and of the tasks."""
    return [*(zone.name for zone in state.zones), *state.tasks.names]


@lru_cache(maxsize=8)
def part_names(shape: Shape) -> tuple[str, ...]:
    """Return what each part is, for messages."""
    names = ["numbers", *LISTS, "counters"]
    for zone in range(shape.zones):
        names += [f"zone {zone} {name}" for name in ZONE_FIXED]
        names += [f"zone {zone} pcp {cpu}.{kind}" for cpu in range(shape.cpus) for kind in range(3)]
        names += [f"zone {zone} free list {n}" for n in range(TYPES * MAX_ORDER)]
    for cpu in range(shape.cpus):
        names += [f"cpu {cpu}", f"cpu {cpu} queue"]
    for cache in range(shape.caches):
        names += [f"cache {cache} {name}" for name in (*CACHE_COLUMNS, "partial", "full")]
    names += [f"tasks {column}" for column in COLUMNS]
    return (*names, *(f"events {column}" for column in HEAP_COLUMNS))


class _Parts:
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


def state_of(shape: Shape, parts: Sequence[Part], names: list[str]) -> State:
    """Return the state made of these parts; raises PackError for what is none."""
    if any(not 0 < n <= most for n, most in zip(shape[:2], MAX_SHAPE[:2], strict=True)):
        raise PackError(f"a machine cannot have {shape.zones} zones and {shape.cpus} CPUs")
    if len(parts) != len(part_names(shape)):
        raise PackError(f"{len(parts)} parts are not the parts of such a machine")
    take = _Parts(parts)
    state = State()
    *numbers, low = take.exactly(len(NUMBERS) + 1)
    for name, value in zip(NUMBERS, numbers, strict=True):
        setattr(state, name, value)
    state.rng = (state.rng & HALF) << HALF_BITS | low & HALF
    for name in LISTS:
        setattr(state, name, take.any())
    state.counters = Counters()
    _set(state.counters, COUNTERS, take)
    state.zones = [_take_zone(take, name, shape.cpus) for name in names[: shape.zones]]
    state.cpus = [_take_cpu(take) for _ in range(shape.cpus)]
    state.caches = [_take_cache(take, shape.cpus) for _ in range(shape.caches)]
    _take_tasks(state, take, names[shape.zones :])
    columns = [take.any() for _ in HEAP_COLUMNS]
    if len({len(column) for column in columns}) != 1:
        raise PackError("the columns of the events differ in length")
    state.heap = sorted((a, b, c, d, e) for a, b, c, d, e in zip(*columns, strict=True))
    take.done()
    return state


def _set(target: object, names: tuple[str, ...], take: _Parts) -> None:
    for name, value in zip(names, take.exactly(len(names)), strict=True):
        setattr(target, name, value)


def _take_tasks(state: State, take: _Parts, names: list[str]) -> None:
    state.tasks = Tasks()
    for column in COLUMNS:
        setattr(state.tasks, column, take.exactly(len(names)))
    state.tasks.names = list(names)


def _take_zone(take: _Parts, name: str, cpus: int) -> Zone:
    zone = Zone.__new__(Zone)
    _set(zone, COUNTS, take)
    zone.name = name
    zone.reserve = take.exactly(4)
    zone.diffs = take.exactly(cpus)
    zone.used = take.any()
    types = take.any()
    zone.pcp = [[take.any() for _ in range(PCP_TYPES)] for _ in range(cpus)]
    zone.buddy = Buddy(0)
    zone.buddy.lists = [take.any() for _ in range(TYPES * MAX_ORDER)]
    zone.buddy.where = {
        page: index for index, blocks in enumerate(zone.buddy.lists) for page in blocks
    }
    if not all(0 <= kind < TYPES for kind in types):
        raise PackError("a pageblock type is out of range")
    zone.buddy.block_types = bytearray(types)
    return zone


def _take_cpu(take: _Parts) -> Cpu:
    cpu = Cpu()
    _set(cpu, CPU_NUMBERS, take)
    cpu.queue = take.any()
    return cpu


def _take_cache(take: _Parts, cpus: int) -> Cache:
    cache = Cache(0)
    for name in CACHE_COLUMNS:
        setattr(cache, name, take.exactly(cpus))
    cache.partial = take.rows(SLAB)
    cache.full = take.rows(SLAB)
    return cache
