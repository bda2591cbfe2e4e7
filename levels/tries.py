"""What the player's own tries of a level came to: for the histogram at its end.

`tries.jsonl` in the state folder has a line for each try that came to an end, or was left before
it, the newest last. It is only ever added to; of a long file the end is read, and of a try the last
line counts: an end that was taken back was none. A line that cannot be read is passed over.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from mmplay.recordings.files import user_paths

MOST_BYTES = 1 << 18
"""How much of the file's end is read."""

MOST = 1 << 50

LEAST_TRIES = 2
"""From how many tries on there is something to compare."""


class Try(NamedTuple):
    """One try: acts, first answers missed, the zone's lowest free pages, seconds, stars.

    `begun_ms` is when it began, since 1970: by it the lines of one try are known, and 0 stands for
    nothing. `left` is 1 as long as it has not come to an end.
    """

    level: str
    acts: int
    missed: int
    lowest_free: int
    seconds: int
    stars: int
    begun_ms: int = 0
    left: int = 0


NEEDED = frozenset(Try._fields) - frozenset(Try._field_defaults)
"""What stands in every line."""


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
    """Return the tries of a level, or all, as they ended; none where there is no file."""
    return [one for one in _latest() if level in ("", one.level) and not one.left]


def left_of(level: str) -> Try | None:
    """Return the try of a level that was left last, if no other has ended since."""
    found = [one for one in _latest() if one.level == level]
    return found[-1] if found and found[-1].left else None


def _latest() -> list[Try]:
    """Return the last line of every try, in their order."""
    read = (_read(line) for line in _last_lines())
    found: dict[object, Try] = {}
    for number, one in enumerate(read):
        if one is not None:
            key = (one.level, one.begun_ms) if one.begun_ms else number
            found.pop(key, None)
            found[key] = one
    return [*found.values()]


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
    if not isinstance(values, dict) or not NEEDED <= set(values) <= set(Try._fields):
        return None
    numbers = [value for name, value in values.items() if name != "level"]
    if not isinstance(values["level"], str):
        return None
    if any(type(one) is not int or not 0 <= one < MOST for one in numbers):
        return None
    return Try(**values)
