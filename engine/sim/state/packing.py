"""A state as bytes and back: one flat list of 64-bit numbers, and the names of the tasks.

Lengths stand before what they count, so that reading needs no schema beside this module. The
bytes are little-endian on every machine.
"""

from __future__ import annotations

import struct
import sys
from array import array

from mmplay.engine.sim.state.buddy import MAX_ORDER, TYPES, Buddy
from mmplay.engine.sim.state.counters import COUNTERS, Counters
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.state import CPU_NUMBERS, LISTS, NUMBERS, Cpu, State
from mmplay.engine.sim.state.tasks import COLUMNS, Tasks
from mmplay.engine.sim.state.zone import COUNTS, Zone

CACHE_COLUMNS = ("cpu_free", "cpu_objects", "cpu_zone", "cpu_order", "cpu_pfm")
SIGN = 1 << 63


class PackError(ValueError):
    """Bytes that are no packed state."""


def pack_state(state: State) -> bytes:
    """Return the state as bytes."""
    out: list[int] = [getattr(state, name) for name in NUMBERS]
    for name in LISTS:
        _put_list(out, getattr(state, name))
    out += [getattr(state.counters, name) for name in COUNTERS]
    out.append(len(state.zones))
    for zone in state.zones:
        _put_zone(out, zone)
    out.append(len(state.cpus))
    for cpu in state.cpus:
        out += [getattr(cpu, name) for name in CPU_NUMBERS]
        _put_list(out, cpu.queue)
    out.append(len(state.caches))
    for cache in state.caches:
        _put_cache(out, cache)
    out.append(len(state.tasks))
    for column in COLUMNS:
        out += getattr(state.tasks, column)
    out.append(len(state.heap))
    for entry in sorted(state.heap):
        out += entry
    numbers = array("q", (n - (SIGN << 1) if n >= SIGN else n for n in out))
    if sys.byteorder == "big":
        numbers.byteswap()
    names = "\n".join([*(zone.name for zone in state.zones), *state.tasks.names]).encode()
    return struct.pack("<QQ", len(numbers), len(names)) + numbers.tobytes() + names


def _put_list(out: list[int], values: list[int]) -> None:
    out.append(len(values))
    out += values


def _put_zone(out: list[int], zone: Zone) -> None:
    out += [getattr(zone, name) for name in COUNTS]
    _put_list(out, zone.reserve)
    _put_list(out, zone.diffs)
    for lists in zone.pcp:
        for pages in lists:
            _put_list(out, pages)
    _put_list(out, zone.used)
    for blocks in zone.buddy.lists:
        _put_list(out, blocks)
    _put_list(out, list(zone.buddy.block_types))


def _put_cache(out: list[int], cache: Cache) -> None:
    for name in CACHE_COLUMNS:
        _put_list(out, getattr(cache, name))
    out.append(len(cache.partial))
    for slab in cache.partial:
        out += slab
    out.append(len(cache.full))
    for run in cache.full:
        out += run


class _Reader:
    """Takes numbers from the front; raises PackError when they run out."""

    def __init__(self, data: bytes) -> None:
        try:
            count, name_bytes = struct.unpack_from("<QQ", data)
        except struct.error:
            raise PackError("too short") from None
        if len(data) != 16 + 8 * count + name_bytes:
            raise PackError("wrong length")
        self._numbers = array("q", data[16 : 16 + 8 * count])
        if sys.byteorder == "big":
            self._numbers.byteswap()
        self._at = 0
        self.names = data[16 + 8 * count :].decode().split("\n")

    def one(self) -> int:
        """Return the next number."""
        if self._at >= len(self._numbers):
            raise PackError("numbers are missing")
        self._at += 1
        return self._numbers[self._at - 1]

    def some(self, count: int) -> list[int]:
        """Return the next `count` numbers."""
        if not 0 <= count <= len(self._numbers) - self._at:
            raise PackError("numbers are missing")
        self._at += count
        return self._numbers[self._at - count : self._at].tolist()

    def counted(self) -> list[int]:
        """Return a list that has its length before it."""
        return self.some(self.one())

    def done(self) -> None:
        """Raise PackError unless everything was taken."""
        if self._at != len(self._numbers):
            raise PackError("numbers are left over")


def unpack_state(data: bytes) -> State:
    """Return the state in these bytes; raises PackError."""
    reader = _Reader(data)
    state = State()
    for name in NUMBERS:
        setattr(state, name, reader.one())
    state.rng &= (SIGN << 1) - 1
    for name in LISTS:
        setattr(state, name, reader.counted())
    state.counters = Counters()
    for name in COUNTERS:
        setattr(state.counters, name, reader.one())
    zone_count = reader.one()
    zones = [Zone.__new__(Zone) for _ in range(min(zone_count, len(reader.names)))]
    state.zones = zones
    # CPUs are packed behind the zones, but zones need their number: it is the length of diffs.
    for zone, name in zip(zones, reader.names, strict=False):
        _take_zone(reader, zone, name)
    for _ in range(reader.one()):
        cpu = Cpu()
        for name in CPU_NUMBERS:
            setattr(cpu, name, reader.one())
        cpu.queue = reader.counted()
        state.cpus.append(cpu)
    state.caches = [_take_cache(reader) for _ in range(reader.one())]
    state.tasks = Tasks()
    tasks = reader.one()
    for column in COLUMNS:
        setattr(state.tasks, column, reader.some(tasks))
    state.tasks.names = [name for name in reader.names[zone_count:] if name]
    entries = [reader.some(5) for _ in range(reader.one())]
    state.heap = [(a, b, c, d, e) for a, b, c, d, e in entries]
    reader.done()
    return state


def _take_zone(reader: _Reader, zone: Zone, name: str) -> None:
    for field in COUNTS:
        setattr(zone, field, reader.one())
    zone.name = name
    zone.reserve = reader.counted()
    zone.diffs = reader.counted()
    zone.pcp = [[reader.counted() for _ in range(3)] for _ in zone.diffs]
    zone.used = reader.counted()
    zone.buddy = Buddy(0)
    zone.buddy.lists = [reader.counted() for _ in range(TYPES * MAX_ORDER)]
    zone.buddy.where = {
        page: index for index, blocks in enumerate(zone.buddy.lists) for page in blocks
    }
    try:
        zone.buddy.block_types = bytearray(reader.counted())
    except ValueError:
        raise PackError("a pageblock type is out of range") from None


def _take_cache(reader: _Reader) -> Cache:
    cache = Cache(0)
    for name in CACHE_COLUMNS:
        setattr(cache, name, reader.counted())
    cache.partial = [reader.some(5) for _ in range(reader.one())]
    cache.full = [reader.some(5) for _ in range(reader.one())]
    return cache
