"""Runs an import: a log into a trace, kept in a file or only in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from mmplay import __version__
from mmplay.recordings.importer.source import (
    STDIN,
    SourceError,
    claims_to_be_trace,
    open_source,
    read_lines,
)
from mmplay.recordings.importer.to_trace import LogToTrace, Progress
from mmplay.recordings.observed import ObservedTimeline
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
        return ObservedTimeline(spool, name)
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
    with open_source(name) as stream:
        log.write(read_lines(stream, name), progress)
    if log.lines == 0:
        raise SourceError(f"{name}: is empty: nothing to read")
    if log.understood == 0:
        raise SourceError(f"{name}: no line of it is a kernel memory report: nothing to read")
    return log


def title_of_source(name: str) -> str:
    """Return the title of a recording made from a log of this name."""
    return "standard input" if name == STDIN else Path(name).name.removesuffix(".log")
