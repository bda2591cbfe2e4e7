"""A pack: several levels in one file.

It is TOML, `pack = 1` and one [[level]] for each file with its `name` and its whole `text`. A name
is only shown: nothing is ever written to a place that a pack names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from mmplay.engine.errors import printable
from mmplay.levels.level_text import MAX_BYTES, LevelError, Place, read_text, read_toml
from mmplay.levels.load import read_level
from mmplay.levels.model import FileTable, Level, Number, listed
from mmplay.levels.sections import typed

PACK = 1
MAX_PACK_BYTES = 1 << 22
SUFFIX = ".toml"

_IS_PACK = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?\n)*+[ \t]*+pack[ \t]*=", re.ASCII)


class PackedTable(FileTable, frozen=True):
    """[[level]] of a pack: a name to be shown, and a whole level file."""

    name: str
    text: str


class PackFile(FileTable, frozen=True):
    """A pack: the number of its format, and up to a hundred level files."""

    pack: Number
    level: Annotated[tuple[PackedTable, ...], listed(100)] = ()


def is_pack(text: str) -> bool:
    """Tell whether a text is a pack: its first key is `pack`."""
    return _IS_PACK.match(text) is not None


def levels_in(path: Path) -> list[Level]:
    """Return the levels of a file, a pack or a single level; raises LevelError."""
    text = read_text(path, MAX_PACK_BYTES)
    if is_pack(text):
        return list(read_pack(text, str(path)))
    if len(text.encode()) > MAX_BYTES:
        raise LevelError(f"{path}: is larger than {MAX_BYTES} bytes: no level is")
    return [read_level(text, str(path))]


def read_pack(text: str, name: str) -> Iterator[Level]:
    """Yield the levels of a pack; raises LevelError, which names the file inside."""
    found: dict[str, str] = {}
    for place, inside, level_text in pack_tables(text, name):
        if not inside.strip():
            raise place.error("name", "must not be empty")
        if len(level_text) > MAX_BYTES:
            raise place.error("text", f"must be a text of up to {MAX_BYTES} characters")
        level = read_level(level_text, f"{name}({printable(inside)})")
        if level.id.casefold() in found:
            raise place.error("name", f"{level.id} is in {found[level.id.casefold()]} already")
        found[level.id.casefold()] = printable(inside)
        yield level


def pack_tables(text: str, name: str) -> list[tuple[Place, str, str]]:
    """Return place, name and text of every file in a pack; raises LevelError."""
    top = read_toml(text, name)
    pack = typed(top, PackFile)
    if pack.pack != PACK:
        raise top.error("pack", f"this mmplay reads pack {PACK}")
    return [(top.at("level", n), one.name, one.text) for n, one in enumerate(pack.level)]
