"""Opens a trace of any kind: the header says which timeline shows it.

It stands apart from `library`, which the menu lists with: this loads every kind of timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from mmplay.recordings.files import Progress
from mmplay.recordings.live.timeline import LiveTimeline
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.store import load_from
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.format import unknown_kind
from mmplay.recordings.trace.reader import TraceReader, closed_on_error, open_trace


def open_trace_file(path: Path, progress: Progress | None = None) -> Recording:
    """Open a trace; raises TraceError for what is none, or of a kind that is not known."""
    with closed_on_error(open_trace(path)) as stream:
        recording = open_stream(stream, str(path), progress)
        recording.path = path
        return recording


def open_stream(stream: BinaryIO, name: str, progress: Progress | None = None) -> Recording:
    """Open the trace in a stream, which the recording then owns; raises TraceError."""
    reader = TraceReader(stream, name)
    kind = reader.header.get("kind")
    opener = OPENERS.get(str(kind))
    if opener is None:
        raise unknown_kind(name, kind)
    return opener(reader, stream, name, progress)


Opener = Callable[[TraceReader, BinaryIO, str, Progress | None], Recording]


def _simulated(reader: TraceReader, stream: BinaryIO, name: str, _: Progress | None) -> Recording:
    loaded = load_from(reader, name)
    stream.close()
    return SessionTimeline(loaded.session, ending=loaded.ending)


OPENERS: dict[str, Opener] = {
    "imported": lambda reader, stream, name, told: ObservedTimeline(stream, name, reader, told),
    "live": lambda reader, stream, name, _: LiveTimeline(stream, name, reader),
    "simulated": _simulated,
}
"""By the `kind` of the header."""
