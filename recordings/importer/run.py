"""Runs an import: a log into a trace, kept in a file or only in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from mmplay import __version__
from mmplay.recordings.importer.blocks import read_lines
from mmplay.recordings.importer.message import Lines, count_lines
from mmplay.recordings.importer.source import (
    STDIN,
    Source,
    SourceError,
    claims_to_be_trace,
    open_source,
)
from mmplay.recordings.importer.to_trace import LogToTrace
from mmplay.recordings.observed import ObservedTimeline
from mmplay.recordings.progress import Done, Progress
from mmplay.recordings.trace.writer import TraceWriter

SPOOL_BYTES = 1 << 26
"""A log imported only to be looked at stays in memory up to this size, then goes to a temp file."""


def trace_header(kind: str, title: str, kernel: str | None) -> dict[str, str | None]:
    """Return the header of a new trace; `kernel` is set only where the user chose it."""
    return {"kind": kind, "title": title, "kernel": kernel, "writer": f"mmplay {__version__}"}


def import_to_memory(
    name: str, kernel: str | None = None, progress: Progress | None = None
) -> ObservedTimeline:
    """Import a log without keeping the trace; raises InputError."""
    # The timeline keeps reading from the spool, so nothing here may close it on the way out.
    spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115
    try:
        write_import(spool, name, kernel, progress)
        spool.seek(0)
        return ObservedTimeline(spool, name, progress=progress)
    except BaseException:
        spool.close()
        raise


def write_import(
    stream: BinaryIO, name: str, kernel: str | None, progress: Progress | None = None
) -> LogToTrace:
    """Write the whole trace of a log to `stream`; raises InputError for an unreadable log."""
    writer = TraceWriter(stream, trace_header("imported", title_of_source(name), kernel))
    log = import_into(writer, name, progress)
    writer.close()
    return log


def import_into(writer: TraceWriter, name: str, progress: Progress | None = None) -> LogToTrace:
    """Append a log to a trace; raises SourceError if there is nothing in it to read."""
    log = LogToTrace(writer)
    if name != STDIN and Path(name).is_file() and claims_to_be_trace(Path(name)):
        raise SourceError(f"{name}: is a recording already; open it with 'mmplay replay {name}'")
    with open_source(name) as source:
        log.write(_told(read_lines(source.stream, name), source, progress))
    if log.lines == 0:
        raise SourceError(f"{name}: is empty: nothing to read")
    if log.understood == 0:
        raise SourceError(f"{name}: no line of it is a kernel memory report: nothing to read")
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
