"""Checks a recording of any kind."""

from __future__ import annotations

from typing import BinaryIO

from mmplay.recordings.library import trace_path
from mmplay.recordings.opening import OPENERS, open_stream
from mmplay.recordings.session.load import KIND
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.reader import Ending, TraceReader, open_trace
from mmplay.recordings.verify.rerun import Rerun, rerun
from mmplay.recordings.verify.verdict import Fault, Verdict, damage


def verify(name: str) -> Verdict:
    """Check a trace, or a shipped recording by name; raises TraceError for what is no trace."""
    with open_trace(trace_path(name)) as stream:
        return verify_stream(stream, name)


def verify_stream(stream: BinaryIO, name: str) -> Verdict:
    """Check the trace in a stream; raises TraceError for what is no trace that can be read."""
    reader = TraceReader(stream, name)
    kind = str(reader.header.get("kind"))
    if kind not in OPENERS:
        raise TraceError(f"{name}: holds a {kind[:40]!r} recording; this mmplay knows none")
    found = rerun(reader) if kind == KIND else _intact(stream, reader, name)
    ending = reader.ending or Ending(closed=False, offset=0)
    engine = reader.header.get("engine")
    return Verdict(
        name=name,
        kind=kind,
        writer=str(reader.header.get("writer") or "unknown")[:80],
        engine=engine if type(engine) is int else None,
        records=found.records,
        turns=found.turns,
        time_us=found.time_us,
        closed=ending.closed,
        offset=ending.offset,
        fault=found.fault,
    )


def _intact(stream: BinaryIO, reader: TraceReader, name: str) -> Rerun:
    """Read every record; open the recording, so that what they hold is looked at too."""
    records = sum(1 for _ in reader)
    ending = reader.ending
    if ending is not None and ending.damaged:
        return Rerun(records, 0, None, damage(ending.offset, ending.why))
    return Rerun(records, 0, None, _opens(stream, name))


def _opens(stream: BinaryIO, name: str) -> Fault | None:
    stream.seek(0)
    try:
        open_stream(stream, name).close()
    except TraceError as error:
        return Fault(0, None, None, "record", None, None, str(error))
    return None
