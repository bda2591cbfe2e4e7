"""A part of a recording as a recording of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from mmplay.engine.rules.versions import KERNELS
from mmplay.recordings.log.lines import LogItem, LogNote, RawBlock, read_log
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.replay import Replay
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import Record, TraceReader
from mmplay.recordings.trace.writer import TraceWriter

if TYPE_CHECKING:
    from mmplay.recordings.run.timeline import SessionTimeline

NEW_IN_CUT = frozenset({"format", "kind", "title", "writer", "engine", "level_digest"})
"""Fields of a header that a cut writes anew, or leaves out: a part of a run earns nothing."""


def cut_run(run: SessionTimeline, first: int, last: int, stream: BinaryIO) -> Session:
    """Write the turns of a run from frame `first` to frame `last`; return the session written.

    It begins with the whole state after that turn, before what was done there, and is made again
    from there on: acts and marks in between are kept, so it verifies like any run. Raises OSError.
    """
    parent = run.session
    begin, end = parent.first + first, parent.first + last
    header = _run_header(run, begin, end)
    writer = TraceWriter(stream, header)
    session = Session(Replay.of(parent, begin).machine, header, writer)
    for act in parent.acts:
        if begin <= act.turn <= end:
            session.advance(turns=act.turn - session.end)
            session.act(*act.fields)
    session.advance(turns=end - session.end)
    for mark in parent.tape.marks:
        if begin <= mark.turn <= end:
            session.mark(mark.turn, *mark.fields)
    session.reached()
    if session.tape.trouble:
        raise OSError(session.tape.trouble)
    writer.close()
    return session


def _run_header(run: SessionTimeline, begin: int, end: int) -> dict[str, Any]:
    kept = {name: value for name, value in run.header.items() if name not in NEW_IN_CUT}
    return session_header(run.name, **{**kept, "cut_from": begin, "cut_to": end})


def cut_log(log: Recording, first: int, last: int, source: BinaryIO, out: BinaryIO) -> int:
    """Write the log's lines from frame `first` to frame `last`; return how many there are.

    `source` is the log's trace, read once more from its start. Raises OSError.
    """
    from_line, to_line = log.frame(first).first_line, log.frame(last).last_line
    writer = TraceWriter(out, _log_header(log, first, last))
    source.seek(0)
    reader = TraceReader(source, log.name)
    for item, record in read_log(reader):
        for code, fields in _kept(item, record, from_line, to_line):
            writer.append(code, fields)
    writer.close()
    return to_line - from_line + 1


def _log_header(log: Recording, first: int, last: int) -> dict[str, Any]:
    """Return the header; it names the kernel where the lines that did may have been cut off."""
    header = {name: value for name, value in log.header.items() if name != "format"}
    kernels = {
        boot.kernel.name if boot.kernel and boot.kernel.name in KERNELS else boot.release
        for boot in log.boots
        if boot.first_frame <= last and boot.last_frame >= first
    }
    known = kernels.pop() if len(kernels) == 1 else None
    return {**header, "kernel": header.get("kernel") or known, "cut_from": first, "cut_to": last}


def _kept(item: LogItem, record: Record, first: int, last: int) -> Iterator[tuple[Code, list[Any]]]:
    """Yield the record, or what remains of it between two lines."""
    if isinstance(item, LogNote):
        if first <= item.line <= last:
            yield Code.NOTE, [item.line - first + 1, item.code, item.operands]
        return
    if item.number + max(1, item.size) <= first or item.number > last:
        return
    if isinstance(item, RawBlock):
        lines = [data for number, data in item.lines() if first <= number <= last]
        yield Code.RAW, [len(lines), b"".join(lines)]
    else:
        yield Code(record.code), record.fields
