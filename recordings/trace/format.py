"""The bytes of a trace: a magic word, then records, each `[check, body]` in msgpack.

    magic   msgpack str "mmtrace"
    record  msgpack array of two: bin of 8 bytes (check), bin (body)
    body    msgpack array: record code, then its fields

A record's check is a digest over the check before it and its own body, so that it covers both the
record and its place: nothing can be changed, removed or moved unnoticed. The whole file is valid
msgpack, but it is read with fixed bounds before anything is allocated, and ext types are refused.
A finished file ends with an END record; one without it was cut or is still being written.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b
from typing import Any

import msgpack

from mmplay.engine.errors import InputError

FORMAT = 2
"""Version of the format; a reader refuses a later one and reads every earlier one.

Since 2 the header of a level's run has `level_digest`, the digest of the level as it was played.
"""

MAGIC = msgpack.packb("mmtrace")
CHECK_BYTES = 8
MAX_BODY_BYTES = 1 << 22
MAX_HEADER_BYTES = 1 << 16
MAX_ITEMS = 1 << 20
MAX_FIELDS = 1 << 10
MAX_PLAIN_BYTES = 1 << 18
"""What a body may hold beside its bytes fields: an empty list is one byte here, 64 in memory."""

SMALL_BODY_BYTES = 1 << 12
"""A body up to this size is unpacked without weighing it first, whatever it claims to hold."""

RECORD_HEAD = b"\x92\xc4" + bytes([CHECK_BYTES])
"""How every record starts: array of two, bin8 of CHECK_BYTES."""

BIN_SIZES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
"""msgpack's bin types and the bytes of their length."""


class Code(IntEnum):
    """Record codes. A number is never reused; a reader skips the ones it does not know."""

    HEADER = 0
    PRINTK = 1
    RAW = 2
    NOTE = 3
    MARK = 4
    SETUP = 5
    KEY = 6
    ACT = 7
    UNDO = 8
    ROW = 9
    EVENT = 10
    LOG = 11
    REACHED = 12
    HANDED = 13
    END = 15
    SAMPLE_KEY = 20
    SAMPLE = 21


class TraceError(InputError):
    """A file that is no readable trace; the message names the place and what to do."""


class NewerError(TraceError):
    """A trace of a format that only a later version reads."""


HAND_IN = "hand-in"
"""The kind of a file that holds recordings and is none itself."""


def unknown_kind(name: str, kind: object) -> TraceError:
    """Return the complaint about a file whose header says that it holds something else."""
    if kind == HAND_IN:
        return TraceError(f"{name}: is a hand-in of recordings; mmplay grade looks into it")
    return TraceError(f"{name}: holds a {str(kind)[:40]!r} recording; this mmplay knows none")


def check_of(previous: bytes, body: bytes) -> bytes:
    """Return the check of a record: a digest over the check before it and the body."""
    check = blake2b(previous, digest_size=CHECK_BYTES)
    check.update(body)
    return check.digest()


def pack_body(code: int, fields: list[Any]) -> bytes:
    """Return a record's body."""
    body: bytes = msgpack.packb([int(code), *fields], unicode_errors="surrogateescape")
    return body


def pack_record(check: bytes, body: bytes) -> bytes:
    """Return a whole record as it stands in the file."""
    packed: bytes = msgpack.packb([check, body])
    return packed


def pack_plain(value: Any) -> bytes:
    """Return lists, texts and numbers as msgpack."""
    packed: bytes = msgpack.packb(value)
    return packed


def unpack_plain(data: bytes) -> Any:
    """Return what `pack_plain` packed; raises ValueError for anything but plain values."""
    return _unpacked(data)


def _refuse_ext(code: int, data: bytes) -> Any:
    raise ValueError(f"ext type {code} does not belong in a trace")


def unpack_body(body: bytes) -> list[Any]:
    """Return [code, *fields]; raises ValueError on anything but a plain array with a code."""
    if len(body) > SMALL_BODY_BYTES:
        _weigh(body)
    value = _unpacked(body)
    if not isinstance(value, list) or not value or type(value[0]) is not int:
        raise ValueError("a record must be an array that starts with its code")
    return value


def _unpacked(data: bytes) -> Any:
    most = min(len(data), MAX_ITEMS)
    return msgpack.unpackb(
        data,
        ext_hook=_refuse_ext,
        unicode_errors="surrogateescape",
        strict_map_key=True,
        max_array_len=most,
        max_map_len=most,
        max_ext_len=0,
    )


def _weigh(body: bytes) -> None:
    """Raise ValueError if the body holds less than it claims, or more than a record may."""
    unpacker = msgpack.Unpacker(max_buffer_size=len(body))
    unpacker.feed(body)
    plain = 0
    try:
        fields = unpacker.read_array_header()
        if fields > MAX_FIELDS:
            raise ValueError(f"{fields} fields cannot be")
        for _ in range(fields):
            start = unpacker.tell()
            unpacker.skip()
            if body[start] not in BIN_SIZES:
                plain += unpacker.tell() - start
    except msgpack.OutOfData:
        raise ValueError("it ends early") from None
    if plain > MAX_PLAIN_BYTES:
        raise ValueError("it holds too much")
