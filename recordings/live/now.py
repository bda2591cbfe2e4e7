"""What this machine is like now, without a recording."""

from __future__ import annotations

import os

from mmplay.engine.report import MemDump
from mmplay.recordings.live.capture import Roots, now_us, release_of
from mmplay.recordings.live.numbers import numbers_of
from mmplay.recordings.live.samples import Text, memory_of
from mmplay.recordings.live.sources import ProcFiles


def memory_now(roots: Roots) -> tuple[str | None, MemDump]:
    """Return the kernel's release and its zones; raises InputError where there is no zoneinfo."""
    files = ProcFiles(roots.proc)
    try:
        read = {name: files.read(name) for name in files.names}
    finally:
        files.close()
    texts = {name: Text(text, numbers_of(text)) for name, text in read.items() if text is not None}
    page_kb = os.sysconf("SC_PAGE_SIZE") // 1024
    return release_of(roots.proc), memory_of(texts, now_us(), page_kb)
