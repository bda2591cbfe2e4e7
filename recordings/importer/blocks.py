"""Reads a log in blocks of whole lines, with bounded memory however long it or its lines are."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import BinaryIO

from mmplay.recordings.importer.message import Lines, count_lines
from mmplay.recordings.importer.source import SourceError, reading_errors

MAX_LINE_BYTES = 1 << 16
"""A longer line is cut here; the rest of it is counted and thrown away."""

BLOCK_BYTES = 1 << 20


def read_lines(stream: BinaryIO, name: str, block_bytes: int = BLOCK_BYTES) -> Iterator[Lines]:
    """Yield all lines of `stream`, many at a time; a line that was cut comes alone.

    Raises SourceError if reading fails midway.
    """
    number = 1
    try:
        for data, cut_bytes in _Blocks(stream, block_bytes):
            yield Lines(number, data, cut_bytes)
            number += count_lines(data)
    except reading_errors() as error:
        raise SourceError(f"{name}: line {number} or soon after: cannot be read: {error}") from None


_Block = tuple[bytes, int]
"""Whole lines, and how many bytes were cut off the only one."""


class _Blocks:
    def __init__(self, stream: BinaryIO, block_bytes: int) -> None:
        self._stream = stream
        self._block_bytes = block_bytes

    def __iter__(self) -> Iterator[_Block]:
        begun = b""
        while more := self._stream.read(self._block_bytes):
            begun = yield from self._whole_lines(begun + more)
        if begun:
            yield begun, 0

    def _whole_lines(self, data: bytes) -> Generator[_Block, None, bytes]:
        """Yield the whole lines of `data`; return the line that has only begun."""
        start = 0
        while (long := _too_long(data, start)) >= 0:
            if long > start:
                yield data[start:long], 0
            cut, data = self._cut(data, long)
            yield cut
            start = 0
        end = data.rfind(b"\n", start) + 1
        if end > start:
            yield data[start:end], 0
        return data[max(start, end) :]

    def _cut(self, data: bytes, start: int) -> tuple[_Block, bytes]:
        """Return the too long line that starts there, cut, and what follows it."""
        kept, data = data[start : start + MAX_LINE_BYTES], data[start + MAX_LINE_BYTES :]
        cut_bytes = 0
        while (end := data.find(b"\n")) < 0:
            cut_bytes += len(data)
            data = self._stream.read(self._block_bytes)
            if not data:
                return (kept, cut_bytes), b""
        return (kept + b"\n", cut_bytes + end), data[end + 1 :]


def _too_long(data: bytes, start: int) -> int:
    """Return where the first line begins that has more than MAX_LINE_BYTES, or -1."""
    while len(data) - start > MAX_LINE_BYTES:
        end = data.rfind(b"\n", start, start + MAX_LINE_BYTES + 1)
        if end < 0:
            return start
        start = end + 1
    return -1
