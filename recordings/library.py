"""Finds recordings: the ones we ship by name, traces and kernel logs by path, played sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mmplay.recordings.files import TRACE, sessions_folder, user_paths

if TYPE_CHECKING:
    from mmplay.recordings.files import Progress
    from mmplay.recordings.recording import Recording

DATA = Path(__file__).parent / "data"


class Shipped(NamedTuple):
    """A recording that ships with mmplay."""

    name: str
    path: Path


def shipped() -> list[Shipped]:
    """Return the shipped recordings by name."""
    return [Shipped(path.stem, path) for path in sorted(DATA.glob(f"*{TRACE}"))]


def own_recordings() -> list[Shipped]:
    """Return the recordings in the user's own folder, by name; none if it cannot be read."""
    folder = user_paths()["recordings"]
    try:
        return [Shipped(path.stem, path) for path in sorted(folder.glob(f"*{TRACE}"))]
    except OSError:
        return []


def trace_path(name: str) -> Path:
    """Return the path of a trace: that of a shipped recording by name, else the name itself."""
    path = Path(name)
    return path if path.exists() else next((s.path for s in shipped() if s.name == name), path)


def open_recording(
    name: str, kernel: str | None = None, progress: Progress | None = None
) -> Recording:
    """Open a shipped recording by name, a trace, or a kernel log (`-` is standard input).

    `kernel` overrides what a log says of its kernel. Raises InputError.
    """
    # The menu lists recordings before it opens any: what opening needs is loaded here.
    from mmplay.recordings.log.source import STDIN, SourceError, claims_to_be_trace
    from mmplay.recordings.opening import open_trace_file

    if name != STDIN and not Path(name).exists():
        for one in shipped():
            if one.name == name:
                return open_trace_file(one.path)
        known = ", ".join(one.name for one in shipped())
        raise SourceError(f"{name}: no such file or recording; shipped recordings: {known}")
    path = Path(name)
    is_trace_file = path.suffix == TRACE or (path.is_file() and claims_to_be_trace(path))
    if name != STDIN and is_trace_file:
        return open_trace_file(path, progress)
    from mmplay.recordings.log.importing import import_to_memory

    return import_to_memory(name, kernel, progress)


def open_events(
    name: str, kernel: str | None = None, progress: Progress | None = None
) -> Recording:
    """Open a recording as `open_recording` does; of a long log only the lines around events.

    Its frames are the same. Its other lines are counted, and cannot be read. Raises InputError.
    """
    from mmplay.recordings.log.importing import import_to_memory
    from mmplay.recordings.log.skipping import events_only
    from mmplay.recordings.log.source import STDIN

    if name != STDIN and not _is_log(Path(name)):
        return open_recording(name, kernel, progress)

    return import_to_memory(name, kernel, progress, events_only)


def _is_log(path: Path) -> bool:
    from mmplay.recordings.log.source import claims_to_be_trace

    return path.suffix != TRACE and path.is_file() and not claims_to_be_trace(path)


RESULT = "result"
"""The mark at the end of a recorded run of a level: outcome and stars. The last one counts."""

NO_RESULT = "not finished"
UNFINISHED = (NO_RESULT, "playing")
"""Results of a level that still goes on; the second one of a level whose end was taken back."""


class Played(NamedTuple):
    """One session's file. `turns` and `time_us` are how far it got, `result` how it ended."""

    path: Path
    title: str
    kernel: str
    level: str
    turns: int
    time_us: int
    result: str
    whole: bool

    @property
    def unfinished(self) -> bool:
        """Tell whether it is a level that was neither won nor lost."""
        return self.result in UNFINISHED


def played_files(most: int = 200) -> list[Path]:
    """Return the files of the latest sessions, newest first; none without the folder."""
    try:
        found = sorted(sessions_folder().glob(f"*{TRACE}"), reverse=True)
    except OSError:
        return []
    return found[:most]


def played(path: Path) -> Played:
    """Return what a session's file says of it, without running anything; raises InputError."""
    # A list of names is made before any of them is opened.
    from mmplay.recordings.trace.reader import TraceReader, open_trace

    with open_trace(path) as stream:
        reader = TraceReader(stream, str(path))
        turns = time_us = first = -1
        for record in reader:
            if len(record.fields) >= 2 and all(type(n) is int for n in record.fields[:2]):
                first = record.fields[0] if first < 0 else first
                turns, time_us = record.fields[0], record.fields[1]
        header = reader.header
        results = [note for _, name, note in reader.marks if name == RESULT]
        ended = reader.ending is not None and reader.ending.closed
    return Played(
        path,
        str(header.get("title") or path.stem),
        str(header.get("kernel") or ""),
        str(header.get("level") or ""),
        max(0, turns - first),
        max(0, time_us),
        results[-1] if results else NO_RESULT if header.get("level") else "",
        ended,
    )
