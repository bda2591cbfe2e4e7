"""Opens a log: a file, a pipe or standard input, packed or not."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.log.unpacking import Reads, Unreadable, unpacked, unpacking_errors
from mmplay.recordings.trace.format import MAGIC
from mmplay.recordings.trace.reader import is_trace

STDIN = "-"


class SourceError(InputError):
    """A log that cannot be read at all; the message names the file and why."""


class NothingToRead(SourceError):
    """A log that can be read, but nothing in it is ours: no line, or no report."""


class Source(NamedTuple):
    """An open log: its bytes, unpacked, and the file or pipe that they come from.

    `size` are the bytes of the file as it lies on the disk, None where that is not known;
    `encoding` is the UTF-16 that the bytes were in, None for a log that is read as it is.
    """

    stream: Reads
    raw: BinaryIO
    size: int | None
    encoding: str | None = None

    def done(self, read: int) -> int:
        """Return how many of `size` bytes were taken; without a size, the `read` unpacked ones."""
        return read if self.size is None else self.raw.tell()


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a log by path, or standard input for `-`, and unpack it as `recordings.log.unpacking`.

    Raises SourceError for what holds no log: a directory, a device, a pipe that nobody writes to,
    a missing file or one without permission.
    """
    if name == STDIN:
        yield _unpacked(name, sys.stdin.buffer)
        return
    try:
        stream = _opened(Path(name))
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{name!r}: is no file name") from None
    with stream:
        yield _unpacked(name, stream)


def _opened(path: Path) -> BinaryIO:
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return path.open("rb")
    if stat.S_ISFIFO(mode):
        return _pipe(path)
    if stat.S_ISDIR(mode):
        raise SourceError(f"{path}: is a directory; name a log file")
    raise SourceError(f"{path}: is no file; name a log file, or - for standard input")


def _pipe(path: Path) -> BinaryIO:
    """Open a pipe without waiting for somebody to write to it."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(handle, True)
    stream = open(handle, "rb")  # noqa: SIM115
    if not stream.peek(1):
        stream.close()
        raise SourceError(f"{path}: is a pipe that nobody writes to; start its writer first")
    return stream


def _unpacked(name: str, raw: BinaryIO) -> Source:
    try:
        stream, encoding = unpacked(raw)
    except Unreadable as error:
        raise SourceError(f"{name}: {error}") from None
    except unpacking_errors() as error:
        raise SourceError(f"{name}: cannot be read: {error}") from None
    return Source(stream, raw, _size(raw), encoding)


def _size(raw: BinaryIO) -> int | None:
    """Return the size of a regular file."""
    try:
        about = os.fstat(raw.fileno())
    except OSError:
        return None
    return about.st_size if stat.S_ISREG(about.st_mode) else None


def claims_to_be_trace(path: Path) -> bool:
    """Tell whether a file starts like a trace; raises SourceError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return is_trace(stream.read(len(MAGIC)))
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
