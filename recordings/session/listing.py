"""The sessions that were played, for a list: what each was, how long, how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mmplay.recordings.library import SUFFIX
from mmplay.recordings.paths import sessions_folder

RESULT = "result"
"""Name of the mark that says how a run of a level ended."""

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
        found = sorted(sessions_folder().glob(f"*{SUFFIX}"), reverse=True)
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
