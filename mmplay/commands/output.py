"""How verbs write: lines, JSON, remarks, how far a long reading is, and what a disk refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mmplay.engine.errors import InputError, printable
from mmplay.recordings.files import Done, Progress

SCHEMA = 1
EVERY_S = 0.1
MB = 1_000_000
NARROWEST = 10
"""Columns that a bar needs to say anything."""

LONGEST_NAME = 30
INTERRUPTED = 130
"""The exit status after Ctrl-C."""


def tell(*texts: str) -> None:
    """Print texts; what a file put into them cannot command the terminal.

    Tabs and ends of lines stay.
    """
    for bar in _bars:
        bar.clear()
    for line in "\n".join(texts).split("\n"):
        print("\t".join(map(printable, line.split("\t"))))


def remark(text: str) -> None:
    """Print a line about the work itself on stderr, where it is not part of the result."""
    print(printable(f"mmplay: {text}"), file=sys.stderr, flush=True)


def stopped(done: int, of: int, what: str) -> int:
    """Say what Ctrl-C left of a work with many parts; return the exit status."""
    remark(f"stopped after {done} of {of} {what}")
    return INTERRUPTED


@contextmanager
def one_ctrl_c() -> Iterator[None]:
    """Let the first Ctrl-C end the work; further ones do not end the telling of what is done."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler:  # It is ignored, or means something else.
        yield
        return

    def first(*_: object) -> None:
        """End the work; from now on Ctrl-C is ignored."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def print_json(values: dict[str, object]) -> None:
    """Print one object with its schema version first."""
    json.dump({"schema": SCHEMA, **values}, sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")


class JsonObject:
    """One object printed field by field: a long list needs no more memory than a short one."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        out.write(f'{{\n "schema": {SCHEMA}')

    def field(self, name: str, value: object) -> None:
        """Print one field."""
        self._out.write(f',\n "{name}": {json.dumps(value)}')

    def rows(self, name: str, rows: Iterable[str]) -> None:
        """Print a list of what is JSON text already, a row a line."""
        self._out.write(f',\n "{name}": [')
        before = "\n  "
        for row in rows:
            self._out.write(before)
            self._out.write(row)
            before = ",\n  "
        self._out.write("]")

    def close(self) -> None:
        """Print the end."""
        self._out.write("}\n")


def output_path(text: str, *sources: str) -> Path:
    """Return the file that `-o` names; `sources` are what it is made from.

    Raises InputError for a name that is none, for one of the sources, which would be lost, and for
    the file that standard output goes to.
    """
    path = Path(text)
    if text in ("", "-"):
        raise InputError(f"-o {text or repr(text)}: name a file to write to")
    if any(_are_one(path, Path(source)) for source in sources):
        raise InputError(f"{path}: it would be lost, as this reads it; name another file after -o")
    if _is_stdout(path):
        raise InputError(f"{path}: standard output goes there, too; name another file after -o")
    return path


def _is_stdout(path: Path) -> bool:
    try:
        return path.is_file() and os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # a stream of tests has no file, a closed one no number
        return False


def _are_one(path: Path, other: Path) -> bool:
    try:
        return path.is_file() and path.samefile(other)
    except OSError:
        return False


@contextmanager
def told_of_disk(path: Path) -> Iterator[None]:
    """Turn a failed write to `path` into one line that names it."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def progress_bar(name: str) -> Iterator[Progress | None]:
    """Yield what shows progress on stderr; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(sys.stderr, name)
    _bars.append(bar)
    try:
        yield bar.show
    finally:
        _bars.remove(bar)
        bar.clear()


class _Bar:
    def __init__(self, out: TextIO, name: str) -> None:
        self._out = out
        self._name = printable(name)[-LONGEST_NAME:]
        self._step = ""
        self._begun = self._shown = time.monotonic()

    def show(self, done: Done) -> None:
        """Draw how far the work is, unless it was drawn a moment ago."""
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
        """Leave an empty line."""
        self._out.write("\r\x1b[K")
        self._out.flush()


_bars: list[_Bar] = []
"""What is on the terminal while something is printed."""


def bar_line(name: str, done: Done, seconds: float, width: int) -> str:
    """Return the line: what is done, a bar, percent, megabytes, their rate; `width` columns."""
    rate = f"{done.bytes / MB / seconds:.0f} MB/s" if seconds > 0 else ""
    if not done.size:
        return f"{done.step} {name}  {done.bytes // MB} MB  {rate}"[:width]
    part = min(1.0, done.bytes / done.size)
    before = f"{done.step} {name} "
    told = done.told or f"{done.bytes // MB} of {done.size // MB} MB  {rate:>9}"
    behind = f" {int(part * 100):3d} %  {told}"
    columns = width - len(before) - len(behind) - 2
    if columns < NARROWEST:
        return f"{done.step}{behind}"[:width]
    full = int(part * columns)
    return f"{before}[{'#' * full}{'.' * (columns - full)}]{behind}"
