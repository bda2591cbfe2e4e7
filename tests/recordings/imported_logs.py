"""A log that is imported into memory."""

import io

from mmplay.recordings.log.importing import LogToTrace, read_lines
from mmplay.recordings.log.observed import ObservedTimeline, from_bytes
from mmplay.recordings.trace.writer import TraceWriter


def imported(data: bytes) -> ObservedTimeline:
    """Import a log that is held in memory."""
    stream = io.BytesIO()
    writer = TraceWriter(stream, {"title": "demo"})
    LogToTrace(writer).write(read_lines(io.BytesIO(data), "demo"))
    writer.close()
    return from_bytes(stream.getvalue(), "demo")
