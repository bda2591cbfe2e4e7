"""What the tests of exporters share: one run, a hostile log, and files to compare with."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from mmplay.recordings.export import FORMATS
from mmplay.recordings.log.importing import import_to_memory
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.timeline import SessionTimeline
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text
from tests.sessions import incident_run

GOLDEN = Path(__file__).parent / "golden"

HOSTILE = "<b>&\"'|`_*#</b>"
"""A task's name that would be markup everywhere, if it were let."""


def export(recording: Recording, name: str) -> bytes:
    """Return a whole export."""
    return b"".join(FORMATS[name].load()(recording))


@lru_cache(maxsize=1)
def short_run() -> SessionTimeline:
    """The incident's run past its depletion and its second kill, with an act and a mark."""
    run = incident_run(60_000_000_000)
    session = run.session
    session.act("min_free_kbytes", "8192")
    session.advance(until_ns=61_530_000_000)
    session.mark(session.first + 500, "half & <half>", 'a "note"')
    run.changed()
    return run


def logged(folder: Path, text: bytes) -> Recording:
    """Return a log's recording."""
    path = folder / "kern.log"
    path.write_bytes(text)
    return import_to_memory(str(path))


def hostile_log(folder: Path) -> Recording:
    """Return a recording of two boots, with a task of a hostile name and a dump that lacks a zone.

    The second boot's Mem-Info has no line for DMA32.
    """
    name = HOSTILE.encode()
    first = incident_text(INCIDENT_RC7).replace(b"kthreadd: page", name + b": page")
    later = incident_text(INCIDENT_NEXT).splitlines(keepends=True)
    second = b"".join(line for line in later if b" DMA32 free:" not in line)
    return logged(folder, first + b"[    0.000000] Linux version 4.5.0-rc7-next\n" + second)


def same_as_golden(name: str, data: bytes) -> bool:
    """Compare with a golden file; with MMPLAY_GOLDEN=write in the environment, write it first."""
    path = GOLDEN / name
    if os.environ.get("MMPLAY_GOLDEN") == "write":
        path.write_bytes(data)
    return path.read_bytes() == data
