"""One line on the terminal that says how far a long reading is, and how fast."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from mmplay.engine.printable import printable
from mmplay.recordings.files import Done, Progress

EVERY_S = 0.1
MB = 1_000_000
NARROWEST = 10
"""Columns that a bar needs to say anything."""

LONGEST_NAME = 30


@contextmanager
def progress_bar(name: str) -> Iterator[Progress | None]:
    """Yield what shows progress on stderr; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(sys.stderr, name)
    try:
        yield bar.show
    finally:
        bar.clear()


class _Bar:
    def __init__(self, out: TextIO, name: str) -> None:
        self._out = out
        self._name = printable(name)[-LONGEST_NAME:]
        self._step = ""
        self._begun = self._shown = time.monotonic()

    def show(self, done: Done) -> None:
        now = time.monotonic()
        if done.step != self._step:
            self._step, self._begun = done.step, now
        if now - self._shown < EVERY_S:
            return
        self._shown = now
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r{bar_line(self._name, done, now - self._begun, width)}\x1b[K")
        self._out.flush()

    def clear(self) -> None:
        self._out.write("\r\x1b[K")
        self._out.flush()


def bar_line(name: str, done: Done, seconds: float, width: int) -> str:
    """Return the line: what is done, a bar, percent, megabytes, their rate; `width` columns."""
    rate = f"{done.bytes / MB / seconds:.0f} MB/s" if seconds > 0 else ""
    if not done.size:
        return f"{done.step} {name}  {done.bytes // MB} MB  {rate}"[:width]
    part = min(1.0, done.bytes / done.size)
    before = f"{done.step} {name} "
    behind = f" {int(part * 100):3d} %  {done.bytes // MB} of {done.size // MB} MB  {rate:>9}"
    columns = width - len(before) - len(behind) - 2
    if columns < NARROWEST:
        return f"{done.step}{behind}"[:width]
    full = int(part * columns)
    return f"{before}[{'#' * full}{'.' * (columns - full)}]{behind}"
