"""Imports a log, in blocks of whole lines, into a trace kept in a file or only in memory.

Memory stays bounded however long the log or one of its lines is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from mmplay import __version__
from mmplay.recordings.files import Done, Progress
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.log.prefix import stored_prefix
from mmplay.recordings.log.scan import Lines, Message, count_lines, scan
from mmplay.recordings.log.source import (
    STDIN,
    NothingToRead,
    Source,
    SourceError,
    claims_to_be_trace,
    open_source,
)
from mmplay.recordings.log.unpacking import Reads, Unreadable, unpacking_errors
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import closed_on_error
from mmplay.recordings.trace.writer import TraceWriter

MAX_LINE_BYTES = 1 << 16
"""A longer line is cut here; the rest of it is counted and thrown away."""

BLOCK_BYTES = 1 << 20


def read_lines(stream: Reads, name: str, block_bytes: int = BLOCK_BYTES) -> Iterator[Lines]:
    """Yield all lines of `stream`, many at a time; a line that was cut comes alone.

    Raises SourceError if reading fails midway.
    """
    number = 1
    try:
        for data, cut_bytes in _Blocks(stream, block_bytes):
            yield Lines(number, data, cut_bytes)
            number += count_lines(data)
    except Unreadable as error:
        raise SourceError(f"{name}: {error}") from None
    except unpacking_errors() as error:
        raise SourceError(f"{name}: line {number} or soon after: cannot be read: {error}") from None


_Block = tuple[bytes, int]
"""Whole lines, and how many bytes were cut off the only one."""


class _Blocks:
    def __init__(self, stream: Reads, block_bytes: int) -> None:
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


RAW_BLOCK_BYTES = 1 << 18
"""Unknown lines are stored together up to this size."""

NEWLINE = b"\n"

ENCODING = "import.encoding"
"""The remark that says what a log was in; its lines are kept in UTF-8."""


class LogToTrace:
    """Appends a log to a trace, keeping the order of its lines."""

    def __init__(self, writer: TraceWriter) -> None:
        self._writer = writer
        self._raw = bytearray()
        self._raw_lines = 0
        self.lines = 0
        self.understood = 0

    def write(self, source: Iterable[Lines]) -> None:
        """Append every line of `source`; raises OSError if the trace cannot be written."""
        for item in scan(source):
            if isinstance(item, Message):
                self._message(item)
            else:
                self._unknown(item)
        self._flush()

    def _message(self, message: Message) -> None:
        self._flush()
        fields: list[Any] = [
            message.form.name,
            stored_prefix(message.prefix),
            [message.values[name] for name in message.form.names],
        ]
        if message.end != NEWLINE or message.raw is not None:
            fields.append(message.end)
        if message.raw is not None:
            fields += [message.raw, message.lost]
        self._writer.append(Code.PRINTK, fields)
        self.lines += message.size
        self.understood += message.size

    def _unknown(self, lines: Lines) -> None:
        if lines.skipped:
            self._flush()
            self._writer.append(Code.RAW, [lines.skipped, None])
            self.lines += lines.skipped
        start = 0
        while start < len(lines.data):
            start = self._keep(lines.data, start)
        if lines.cut_bytes:
            self._flush()
            cut = {"line": lines.number, "cut": lines.cut_bytes}
            self._writer.append(Code.NOTE, [lines.number, "import.cut", cut])

    def _keep(self, data: bytes, start: int) -> int:
        """Keep lines from `start` on, until a block is full; return where the next line starts."""
        room = RAW_BLOCK_BYTES - len(self._raw)
        end = len(data)
        if room <= end - start:
            end = data.find(b"\n", start + room - 1) + 1 or end
        kept = data[start:end]
        self._raw += kept
        count = count_lines(kept)
        self._raw_lines += count
        self.lines += count
        if len(self._raw) >= RAW_BLOCK_BYTES:
            self._flush()
        return end

    def _flush(self) -> None:
        if self._raw_lines:
            self._writer.append(Code.RAW, [self._raw_lines, bytes(self._raw)])
            self._raw.clear()
            self._raw_lines = 0


Choice = Callable[[Iterable[Lines]], Iterable[Lines]]
"""Which lines of a log are read: all, or those around events."""

SPOOL_BYTES = 1 << 26
"""A log imported only to be looked at stays in memory up to this size, then goes to a temp file."""


def trace_header(kind: str, title: str, kernel: str | None) -> dict[str, str | None]:
    """Return the header of a new trace; `kernel` is set only where the user chose it."""
    return {"kind": kind, "title": title, "kernel": kernel, "writer": f"mmplay {__version__}"}


def import_to_memory(
    name: str,
    kernel: str | None = None,
    progress: Progress | None = None,
    choose: Choice | None = None,
) -> ObservedTimeline:
    """Import a log without keeping the trace; raises InputError.

    `choose` may leave lines out, which then nobody can read or export.
    """
    # The timeline keeps reading from the spool, so nothing here may close it on the way out.
    spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115
    with closed_on_error(spool):
        write_import(spool, name, kernel, progress, choose)
        spool.seek(0)
        return ObservedTimeline(spool, name, progress=progress)


def write_import(
    stream: BinaryIO,
    name: str,
    kernel: str | None,
    progress: Progress | None = None,
    choose: Choice | None = None,
) -> LogToTrace:
    """Write the whole trace of a log to `stream`; raises InputError for an unreadable log."""
    writer = TraceWriter(stream, trace_header("imported", title_of_source(name), kernel))
    log = import_into(writer, name, progress, choose)
    writer.close()
    return log


def import_into(
    writer: TraceWriter,
    name: str,
    progress: Progress | None = None,
    choose: Choice | None = None,
) -> LogToTrace:
    """Append a log to a trace; raises SourceError if there is nothing in it to read."""
    log = LogToTrace(writer)
    if name != STDIN and Path(name).is_file() and claims_to_be_trace(Path(name)):
        raise SourceError(f"{name}: is a recording already; open it with 'mmplay replay {name}'")
    with open_source(name) as source:
        if source.encoding is not None:
            writer.append(Code.NOTE, [1, ENCODING, {"encoding": source.encoding}])
        lines = _told(read_lines(source.stream, name), source, progress)
        log.write(choose(lines) if choose is not None else lines)
    if log.lines == 0:
        raise NothingToRead(f"{name}: is empty: nothing to read")
    if log.understood == 0:
        raise NothingToRead(f"{name}: no line of it is a kernel memory report: nothing to read")
    return log


def _told(lines: Iterable[Lines], source: Source, progress: Progress | None) -> Iterator[Lines]:
    """Yield the lines, and tell after each block how far that is."""
    read = 0
    for block in lines:
        yield block
        if progress is not None:
            read += len(block.data) + block.cut_bytes
            last = block.number + count_lines(block.data) - 1
            progress(Done("reading", last, source.done(read), source.size))


def title_of_source(name: str) -> str:
    """Return the title of a recording made from a log of this name."""
    return "standard input" if name == STDIN else Path(name).name.removesuffix(".log")
