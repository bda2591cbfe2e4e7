"""Recordings in other formats: one module each, listed in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mmplay.recordings.export.dmesg import dmesg
from mmplay.recordings.recording import Recording

Exporter = Callable[[Recording], Iterator[bytes]]
"""An exporter yields the file in pieces."""

FORMATS: dict[str, Exporter] = {"dmesg": dmesg}
"""Every export format by its name on the command line."""
