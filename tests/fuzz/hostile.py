"""Values that no recording holds: huge, deep, of the wrong type, of types that msgpack adds."""

from __future__ import annotations

from random import Random
from typing import Any

import msgpack

DEEP = 900

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1 << 63,
        (1 << 64) - 1,
        -(1 << 63),
        1.5,
        float("nan"),
        float("inf"),
    ),
    *("", "x", "\x1b[31m\n\r\x00", "\udcff", "\u202e", "9" * 5000, "x" * 70_000, b"", b"\xff\n\n"),
    *([], {}, [[]], [None] * 3, {"": ""}, {"line": 1 << 70 >> 8}, ["a"] * 3000),
    *(msgpack.ExtType(5, b"payload"), msgpack.Timestamp(1, 0)),
)

RAW_BODIES: tuple[bytes, ...] = (
    b"",
    b"\xc1",
    b"\x90",
    b"\x91" * 100_000 + b"\x01",
    b"\xdd\xff\xff\xff\xff",
    b"\x91\xdb\xff\xff\xff\xff",
    b"\x91\xdf\xff\xff\xff\xff",
    b"\x91\xc9\xff\xff\xff\xff\x05",
    b"\xdd\x00\x10\x00\x00" + b"\x90" * (1 << 20),
    b"\xdd\x00\x00\x00\x10" + (b"\xdd\x00\x0f\xff\xf0" + b"\x90" * 0xFFFF0) * 15,
    b"\x92\x01" + b"\xdd\x00\x0f\xff\xff" * 600,
    b"\x93\x01\xa7ram/4.5\x01",
)
"""Bodies of a record as bytes: what msgpack's own packer would not write."""


def value(random: Random) -> Any:
    """Return some value that is hostile, or merely unexpected."""
    if random.random() < 0.1:
        return deep(random.randrange(1, DEEP))
    return random.choice(VALUES)


def deep(levels: int) -> list[Any]:
    """Return a list in a list in a list."""
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def pack(fields: Any) -> bytes:
    """Return msgpack of anything above."""
    packed: bytes = msgpack.packb(fields, unicode_errors="surrogatepass")
    return packed
