"""A log as a recording, and the same without names."""

from __future__ import annotations

import io
from pathlib import Path

from mmplay.recordings.anonymise import (
    new_header,
    rewrite,
    source_of,
)
from mmplay.recordings.log.importing import import_into, trace_header
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.trace.writer import TraceWriter, new_trace


def recorded(text: str, folder: Path) -> Path:
    """Import a log's text into a trace."""
    log, path = folder / "secret-host.log", folder / "in.mmtrace"
    log.write_bytes(text.encode("utf-8", "surrogateescape"))
    with new_trace(path, trace_header("imported", "secret-host", None)) as writer:
        import_into(writer, str(log))
    return path


def anonymised(path: Path) -> bytes:
    """Return the whole new trace."""
    out = io.BytesIO()
    source = source_of(path)
    writer = TraceWriter(out, new_header(source))
    rewrite(source, writer)
    writer.close()
    return out.getvalue()


def opened(data: bytes) -> ObservedTimeline:
    return ObservedTimeline(io.BytesIO(data), "anonymised")


def text_of(data: bytes) -> str:
    with opened(data) as timeline:
        return b"".join(timeline.text()).decode("utf-8", "surrogateescape")
