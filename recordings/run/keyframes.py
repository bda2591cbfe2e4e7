"""Keyframes: whole states every few turns, kept as what changed since an earlier one.

Keyframe k builds on the keyframe before it on its level: levels are powers of four, and every 256th
stands alone. So any of them is put together from at most 13 pieces, and most pieces are small.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict
from typing import Any, NamedTuple

from mmplay.engine.sim.state.delta import apply, difference
from mmplay.engine.sim.state.fields import PackError, Shape, names_of, pack_state, parts_of
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.unpacking import state_of, unpack_parts
from mmplay.recordings.trace.format import pack_plain, unpack_plain

KEEP_EVERY = 640
"""Turns between keyframes: running them again takes 2 to 6 ms."""

LEVEL, WHOLE_EVERY = 4, 256
NO_BASE = -1
TRUNK = 16
"""Every 16th keyframe is one that many build on: those are held apart from the others."""

FEWEST_KEPT, MOST_KEPT, KEPT_NUMBERS = 8, 48, 1 << 22
"""How many decoded keyframes are held of either sort, by how many numbers a state has.

Parts that did not change are shared between them, so that most take little of their own.
"""

MAX_STATE_BYTES = 1 << 23
MAX_CHANGE_BYTES = 1 << 19
"""More than this stands alone: nested lists of a byte each would fill the memory of a reader."""


class Decoded(NamedTuple):
    """A keyframe put together."""

    shape: Shape
    parts: list[array[int]]
    names: list[str]


class Fresh(NamedTuple):
    """A keyframe as it was added: lists compare faster than arrays where most is the same."""

    number: int
    parts: list[list[int]]
    names: list[str]


Held = OrderedDict[int, Decoded]


def level_of(number: int) -> int:
    """Return how often a keyframe's number divides by LEVEL; those of 0 are the top."""
    level = 0
    while number and number % LEVEL == 0:
        number //= LEVEL
        level += 1
    return level if number else WHOLE_EVERY


def base_of(number: int) -> int:
    """Return the keyframe that keyframe `number` builds on, NO_BASE if on none."""
    if number % WHOLE_EVERY == 0:
        return NO_BASE
    step = 1
    while number % (step * LEVEL) == 0:
        step *= LEVEL
    return number - step


class Keyframes:
    """All keyframes of a run by their turns."""

    def __init__(self) -> None:
        """None yet."""
        self.turns: list[int] = []
        self._pieces: list[tuple[int, bytes]] = []
        self._held: tuple[Held, Held] = (OrderedDict(), OrderedDict())
        self._fresh: dict[int, Fresh] = {}

    def add(self, turn: int, state: State) -> list[Any]:
        """Keep a state; return [base, packed] as the record has it."""
        number = len(self.turns)
        base = base_of(number)
        here = Fresh(number, [part[:] for part in parts_of(state)], names_of(state))
        packed = b"" if base == NO_BASE else _pack_changes(self._fresh_base(base), here)
        if not packed:
            base, packed = NO_BASE, zlib.compress(pack_state(state))
        self.load(turn, base, packed)
        self._fresh[level_of(number)] = here
        return [base, packed]

    def _fresh_base(self, number: int) -> Fresh:
        """Return a keyframe to build on: of every level the last one that was added is at hand."""
        fresh = self._fresh.get(level_of(number))
        if fresh is not None and fresh.number == number:
            return fresh
        known = self.decoded(number)
        return Fresh(number, [part.tolist() for part in known.parts], known.names)

    def load(self, turn: int, base: int, packed: bytes) -> None:
        """Take a keyframe from a record; raises PackError for one that cannot stand here."""
        number = len(self.turns)
        if base not in (NO_BASE, base_of(number)) or type(packed) is not bytes:
            raise PackError(f"keyframe {number} does not build on what it should")
        if self.turns and turn <= self.turns[-1]:
            raise PackError(f"keyframe {number} is not later than the one before it")
        self.turns.append(turn)
        self._pieces.append((base, packed))

    def drop_after(self, turn: int) -> None:
        """Forget the keyframes of later turns."""
        count = bisect_right(self.turns, turn)
        del self.turns[count:], self._pieces[count:]
        self._fresh = {level: one for level, one in self._fresh.items() if one.number < count}
        for held in self._held:
            for number in [number for number in held if number >= count]:
                del held[number]

    def turn_before(self, turn: int) -> int:
        """Return the turn of the nearest keyframe that is not later."""
        return self.turns[max(0, bisect_right(self.turns, turn) - 1)]

    def at_or_before(self, turn: int) -> tuple[int, State]:
        """Return the nearest keyframe that is not later: its turn and its state, a copy.

        Raises PackError for a damaged keyframe.
        """
        number = max(0, bisect_right(self.turns, turn) - 1)
        there = self.decoded(number)
        state = state_of(there.shape, there.parts, there.names)
        if state.turn != self.turns[number]:
            raise PackError(f"the keyframe of turn {self.turns[number]} is of turn {state.turn}")
        return state.turn, state

    def decoded(self, number: int) -> Decoded:
        """Return keyframe `number` put together; raises PackError for a damaged one."""
        held = self._held[number % TRUNK == 0]
        known = held.get(number)
        if known is not None:
            held.move_to_end(number)
            return known
        base, packed = self._pieces[number]
        if base == NO_BASE:
            found = Decoded(*unpack_parts(inflated(packed, MAX_STATE_BYTES)))
        else:
            found = _unpack_changes(self.decoded(base), packed)
        self._hold(number, found)
        return found

    def _hold(self, number: int, decoded: Decoded) -> None:
        held = self._held[number % TRUNK == 0]
        held[number] = decoded
        size = sum(map(len, decoded.parts))
        kept = max(FEWEST_KEPT, min(MOST_KEPT, KEPT_NUMBERS // max(1, size)))
        while len(held) > kept:
            held.popitem(last=False)


def _pack_changes(old: Fresh, new: Fresh) -> bytes:
    """Return the changes, or nothing if they are more than a reader takes."""
    changes = difference(old.parts, new.parts)
    plain = pack_plain([changes, new.names[len(old.names) :]])
    return zlib.compress(plain) if len(plain) <= MAX_CHANGE_BYTES else b""


def _unpack_changes(old: Decoded, packed: bytes) -> Decoded:
    try:
        changes, more = unpack_plain(inflated(packed, MAX_CHANGE_BYTES))
        names = [*old.names, *more] if more else old.names
        if set(map(type, more)) - {str}:
            raise PackError("a name is no text")
    except (ValueError, TypeError) as error:
        raise PackError(str(error)) from None
    parts = list(old.parts)
    apply(parts, changes)
    return Decoded(old.shape, parts, names)


def inflated(packed: bytes, limit: int) -> bytes:
    """Return the bytes behind compressed ones; raises PackError beyond `limit` or if damaged."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, limit)
    except zlib.error:
        raise PackError("compressed data is damaged") from None
    if not inflater.eof or inflater.unused_data:
        raise PackError("compressed data is cut or too large")
    return data
