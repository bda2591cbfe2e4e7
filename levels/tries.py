"""What the player's own tries of a level came to: for the histogram at its end.

`tries.jsonl` in the state folder has a line for each try that came to an end, the newest last. It
is only ever added to; of a long file the end is read. A line that cannot be read is passed over.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from mmplay.recordings.files import user_paths

MOST_BYTES = 1 << 18
"""How much of the file's end is read."""

MOST = 1 << 50


class Try(NamedTuple):
    """One try: acts, first answers missed, the zone's lowest free pages, seconds, stars."""

    level: str
    acts: int
    missed: int
    lowest_free: int
    seconds: int
    stars: int


def tries_path() -> Path:
    """Return where tries are kept; the file need not exist."""
    return user_paths()["state"] / "tries.jsonl"


def keep(one: Try) -> str:
    """Add a try; return what went wrong, empty if nothing did."""
    path = tries_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            stream.write(f"{json.dumps(one._asdict())}\n".encode())
    except OSError as error:
        return f"{path}: this try cannot be kept: {error.strerror or error}"
    return ""


def tries_of(level: str = "") -> list[Try]:
    """Return the tries of a level, or all, oldest first; none where there is no file."""
    found = [one for line in _last_lines() if (one := _read(line)) is not None]
    return [one for one in found if level in ("", one.level)]


def _last_lines() -> list[bytes]:
    path = tries_path()
    try:
        if not path.is_file():  # a pipe would hold us up for ever
            return []
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - MOST_BYTES))
            return stream.read(MOST_BYTES).split(b"\n")
    except OSError:
        return []


def _read(line: bytes) -> Try | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or set(values) != set(Try._fields):
        return None
    numbers = [values[name] for name in Try._fields[1:]]
    if not isinstance(values["level"], str):
        return None
    if any(type(one) is not int or not 0 <= one < MOST for one in numbers):
        return None
    return Try(**values)
