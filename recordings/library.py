"""Finds recordings: the ones we ship by name, traces and kernel logs by path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mmplay.recordings.importer.source import STDIN, SourceError, claims_to_be_trace

if TYPE_CHECKING:
    from mmplay.recordings.progress import Progress
    from mmplay.recordings.recording import Recording

DATA = Path(__file__).parent / "data"
SUFFIX = ".mmtrace"


class Shipped(NamedTuple):
    """A recording that ships with mmplay."""

    name: str
    path: Path


def shipped() -> list[Shipped]:
    """Return the shipped recordings by name."""
    return [Shipped(path.stem, path) for path in sorted(DATA.glob(f"*{SUFFIX}"))]


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
    from mmplay.recordings.opening import open_trace_file

    if name != STDIN and not Path(name).exists():
        for one in shipped():
            if one.name == name:
                return open_trace_file(one.path)
        known = ", ".join(one.name for one in shipped())
        raise SourceError(f"{name}: no such file or recording; shipped recordings: {known}")
    path = Path(name)
    is_trace_file = path.suffix == SUFFIX or (path.is_file() and claims_to_be_trace(path))
    if name != STDIN and is_trace_file:
        return open_trace_file(path, progress)
    from mmplay.recordings.importer.run import import_to_memory

    return import_to_memory(name, kernel, progress)
