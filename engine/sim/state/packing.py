"""A state as bytes and back: its shape, then every part with its length before it, then the names.

The bytes are little-endian 64-bit numbers on every machine.
"""

from __future__ import annotations

import struct
import sys
from array import array

from mmplay.engine.sim.state.parts import (
    MAX_SHAPE,
    PackError,
    Shape,
    names_of,
    part_names,
    parts_of,
    shape_of,
    state_of,
)
from mmplay.engine.sim.state.state import State


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
    for _ in part_names(shape):
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
