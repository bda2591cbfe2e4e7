"""Reads a level file's text and its tables; nothing in it is run as code."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from stat import S_ISREG

from mmplay.levels.lines import Lines, excess
from mmplay.levels.sections import LevelError, Place

MAX_BYTES = 1 << 16

_WHERE = re.compile(r" \(at line (\d+), column \d+\)$")


def read_text(path: Path, most: int) -> str:
    """Return the text of a file of up to `most` bytes; raises LevelError."""
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise LevelError(f"{path}: is no regular file")
            data = stream.read(most + 1)
    except OSError as error:
        raise LevelError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise LevelError(f"{path}: is larger than {most} bytes: no level is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LevelError(f"{path}: is no UTF-8 text at byte {error.start}") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to must not hold us up."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has no such flag


def read_toml(text: str, name: str) -> Place:
    """Return the top table of a TOML text; raises LevelError."""
    text = text.replace("\r\n", "\n")
    too_much = excess(text)
    if too_much is not None:
        raise LevelError(f"{name}:{too_much[0]}: {too_much[1]}")
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise LevelError(f"{name}: is nested too deeply for a level") from None
    except ValueError as error:
        found = _WHERE.search(str(error))
        line = f":{found[1]}" if found is not None else ""
        problem = _WHERE.sub("", str(error))
        raise LevelError(f"{name}{line}: is no TOML: {problem[:200]}") from None
    return Place(name, Lines(text), values)
