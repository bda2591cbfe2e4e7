"""Traces taken apart and put together again, their checks computed anew: what a forger would do."""

from __future__ import annotations

import io
from typing import Any

from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import TraceReader
from mmplay.recordings.trace.writer import TraceWriter

Records = list[tuple[Code, list[Any]]]


def taken_apart(data: bytes) -> tuple[dict[str, Any], Records]:
    """Return header and records of a trace."""
    reader = TraceReader(io.BytesIO(data), "test")
    return reader.header, [(Code(record.code), record.fields) for record in reader]


def put_together(header: dict[str, Any], records: Records, *, closed: bool = True) -> bytes:
    """Return the trace of these records, with right checks."""
    stream = io.BytesIO()
    writer = TraceWriter(stream, header)
    for code, fields in records:
        writer.append(code, fields)
    if closed:
        writer.close()
    return stream.getvalue()


def offsets_of(data: bytes) -> list[int]:
    """Return where each record starts, that of the END too, but not that of the header."""
    reader = TraceReader(io.BytesIO(data), "test")
    records = list(reader)
    last = records[-1].end if records else 0
    return [*(record.offset for record in records), last]
