"""Reads a log line by line with bounded memory, from a file, a pipe or standard input."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from mmplay.engine.errors import InputError
from mmplay.recordings.trace.format import MAGIC
from mmplay.recordings.trace.reader import is_trace

MAX_LINE_BYTES = 1 << 16
"""A longer line is cut here; the rest of it is counted and thrown away."""

SKIP_BYTES = 1 << 20

STDIN = "-"

UNPACKERS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xfd7zXZ\x00", "lzma", "LZMAFile"),
    (b"\x1f\x8b", "gzip", "GzipFile"),
    (b"BZh", "bz2", "BZ2File"),
)
"""First bytes of compressed logs, and the class that unpacks them, loaded when needed."""


class SourceError(InputError):
    """A log that cannot be read at all; the message names the file and why."""


class RawLine(NamedTuple):
    """One line as it came: number from 1, bytes without the line end, and the line end.

    `cut_bytes` counts what was thrown away of a line over MAX_LINE_BYTES.
    """

    number: int
    data: bytes
    end: bytes
    cut_bytes: int = 0


@contextmanager
def open_source(name: str) -> Iterator[BinaryIO]:
    """Open a log by path, or standard input for `-`, unpacking xz, gzip and bzip2.

    Raises SourceError for a directory, a missing file or one without permission.
    """
    if name == STDIN:
        yield _unpacked(sys.stdin.buffer)
        return
    path = Path(name)
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise SourceError(f"{name}: is a directory; name a log file")
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{name!r}: is no file name") from None
    with stream:
        yield _unpacked(stream)


def _unpacked(stream: BinaryIO) -> BinaryIO:
    peek = getattr(stream, "peek", None)
    start = peek(8)[:8] if peek else b""
    for magic, module, name in UNPACKERS:
        if start.startswith(magic):
            unpacker = getattr(import_module(module), name)
            packed = {"fileobj": stream} if module == "gzip" else {"filename": stream}
            return cast(BinaryIO, unpacker(**packed))
    return stream


def _reading_errors() -> tuple[type[BaseException], ...]:
    """Return what reading may raise: a fault of the disk, or of an archive that is unpacked."""
    errors: list[type[BaseException]] = [OSError, EOFError]
    for module, name in (("lzma", "LZMAError"), ("zlib", "error")):
        if module in sys.modules:
            errors.append(getattr(sys.modules[module], name))
    return tuple(errors)


def read_lines(stream: BinaryIO, name: str) -> Iterator[RawLine]:
    """Yield every line of `stream`; raises SourceError if reading fails midway."""
    number = 0
    try:
        while data := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            yield _line(stream, number, data)
    except _reading_errors() as error:
        raise SourceError(f"{name}: line {number + 1}: cannot be read: {error}") from None


def _line(stream: BinaryIO, number: int, data: bytes) -> RawLine:
    if data.endswith(b"\r\n"):
        return RawLine(number, data[:-2], b"\r\n")
    if data.endswith(b"\n"):
        return RawLine(number, data[:-1], b"\n")
    if len(data) <= MAX_LINE_BYTES:
        return RawLine(number, data, b"")
    kept, skipped, end = data[:MAX_LINE_BYTES], len(data) - MAX_LINE_BYTES, b""
    while more := stream.readline(SKIP_BYTES):
        if more.endswith(b"\n"):
            end = b"\n"
            skipped += len(more) - 1
            break
        skipped += len(more)
    return RawLine(number, kept, end, skipped)


def claims_to_be_trace(path: Path) -> bool:
    """Tell whether a file starts like a trace; raises SourceError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return is_trace(stream.read(len(MAGIC)))
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
