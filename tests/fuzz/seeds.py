"""What is mutated: the shipped recordings, kernel logs, and logs that are packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from functools import cache

from mmplay.recordings.library import shipped
from mmplay.recordings.log.importing import MAX_LINE_BYTES, LogToTrace, read_lines, trace_header
from mmplay.recordings.trace.writer import TraceWriter
from tests.bench.serial_log import serial_log
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text

SERIAL_BYTES = 40_000


def _recordings() -> dict[str, bytes]:
    files = {f"{one.name}.mmtrace": one.path.read_bytes() for one in shipped()}
    long_line = b"x" * (MAX_LINE_BYTES + 1) + b"\n"
    return {**files, "cut-line.mmtrace": _recorded(long_line + incident_text(INCIDENT_NEXT))}


def _recorded(log: bytes) -> bytes:
    stream = io.BytesIO()
    writer = TraceWriter(stream, trace_header("imported", "demo", None))
    LogToTrace(writer).write(read_lines(io.BytesIO(log), "demo"))
    writer.close()
    return stream.getvalue()


def _logs() -> dict[str, bytes]:
    old, new = incident_text(INCIDENT_RC7), incident_text(INCIDENT_NEXT)
    serial = b"".join(serial_log(SERIAL_BYTES))
    return {"rc7.log": old, "next.log": new, "boots.log": old + new + old, "serial.log": serial}


def _packed() -> dict[str, bytes]:
    log = incident_text(INCIDENT_RC7)
    return {
        "rc7.log.xz": lzma.compress(log),
        "rc7.log.gz": gzip.compress(log),
        "rc7.log.bz2": bz2.compress(log),
    }


FAMILIES: dict[str, Callable[[], dict[str, bytes]]] = {
    "recordings": _recordings,
    "logs": _logs,
    "packed": _packed,
}
"""Files of one kind; each kind is mutated in its own ways (`tests.fuzz.mutations.WAYS`)."""


@cache
def family(name: str) -> dict[str, bytes]:
    """Return the files of one kind by name."""
    return FAMILIES[name]()
