"""Levels for a list: id, title and world of each, read without checking the whole file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError, printable
from mmplay.recordings.files import user_paths

if TYPE_CHECKING:
    from mmplay.levels.model import Level

WORLDS: dict[int, str] = {
    1: "Ground",
    2: "Flags and floors",
    3: "Reserves",
    4: "Tuning and orders",
    5: "The incident, and after",
}
"""Titles of the worlds; levels of any other world are a user's own."""

DATA = Path(__file__).parent / "data"
OWN = "Your levels"
HEAD_BYTES = 2048
_LINE = re.compile(r'^(id|title|world)\s*=\s*"?([^"\n]*)"?\s*$', re.MULTILINE)


class LevelLine(NamedTuple):
    """One level of the list; `name` is what it is opened by."""

    name: str
    id: str
    title: str
    world: int


def shipped_levels() -> list[Path]:
    """Return the files of the shipped levels, in order."""
    return sorted(DATA.glob("L[0-9][0-9]*.toml"))


def level_lines() -> list[LevelLine]:
    """Return the shipped levels in order, then the user's own; unreadable files are left out."""
    own = sorted(user_paths()["levels"].glob("*.toml"))
    shipped = [line for path in shipped_levels() if (line := _line(path)) is not None]
    return [*shipped, *(line for path in own for line in _own_lines(path))]


def line_after(ident: str) -> LevelLine | None:
    """Return the level of the list that follows the one with this id, None after the last."""
    lines = level_lines()
    at = next((n for n, line in enumerate(lines) if line.id == ident), len(lines))
    return lines[at + 1] if at + 1 < len(lines) else None


def next_of(level: Level) -> LevelLine | None:
    """Return the next level of an assignment, or of the list where a level is not assigned."""
    after = level.after
    if not level.bound:
        return line_after(level.id)
    return LevelLine(after.file, after.id, after.title, after.world) if after else None


def _own_lines(path: Path) -> list[LevelLine]:
    """Return the level of a user's file, or those of a pack."""
    from mmplay.levels.pack import levels_in

    try:
        levels = levels_in(path)
    except InputError:
        line = _line(path)
        return [line] if line is not None else []
    if len(levels) == 1:
        return [LevelLine(str(path), levels[0].id, levels[0].title, 0)]
    return [LevelLine(f"{path}:{one.id}", one.id, one.title, 0) for one in levels]


def _line(path: Path) -> LevelLine | None:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    found = dict(_LINE.findall(head.partition("\n[")[0]))
    world = found.get("world", "0")
    return LevelLine(
        str(path),
        printable(found.get("id", path.stem)),
        printable(found.get("title", path.name)),
        int(world) if world.isdigit() else 0,
    )


def world_title(world: int) -> str:
    """Return a world's heading."""
    return f"{world} {WORLDS[world]}" if world in WORLDS else OWN
