"""Recordings in other formats: one module each, listed in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple, cast

from mmplay.recordings.recording import Recording

Exporter = Callable[[Recording], Iterator[bytes]]
"""An exporter yields the file in pieces."""


class Format(NamedTuple):
    """A format: where its exporter is, loaded only when it is used, and what it is for."""

    module: str
    function: str
    summary: str

    def load(self) -> Exporter:
        """Import the exporter."""
        return cast(Exporter, getattr(import_module(self.module), self.function))


_HERE = "mmplay.recordings.export"

FORMATS: dict[str, Format] = {
    "dmesg": Format(f"{_HERE}.table", "dmesg", "the kernel log's own text"),
    "csv": Format(f"{_HERE}.table", "as_csv", "every kept row of counters"),
    "json": Format(f"{_HERE}.table", "as_json", "counters, events, markers and acts"),
    "perfetto": Format(f"{_HERE}.perfetto", "perfetto", "a trace for ui.perfetto.dev"),
    "svg": Format(f"{_HERE}.picture", "as_svg", "free pages against the floors, as a picture"),
    "html": Format(f"{_HERE}.report", "as_html", "a report page on its own"),
}
"""Every export format by its name on the command line."""
