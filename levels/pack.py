"""A pack: several levels in one file.

It is TOML, `pack = 1` and one [[level]] for each file with its `name` and its whole `text`. A name
is only shown: nothing is ever written to a place that a pack names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmplay.engine.errors import InputError
from mmplay.engine.printable import printable
from mmplay.levels.file import PackFile
from mmplay.levels.load import read_level
from mmplay.levels.model import Level
from mmplay.levels.reading import MAX_BYTES, read_text, read_toml
from mmplay.levels.sections import LevelError, Place, typed

PACK = 1
MAX_PACK_BYTES = 1 << 22
SUFFIX = ".toml"

_IS_PACK = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?\n)*+[ \t]*+pack[ \t]*=", re.ASCII)


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


def packed(folder: Path) -> tuple[str, list[Level]]:
    """Return the pack of a folder's level files as text, and its levels.

    Raises InputError for a folder without levels, LevelError for a level that cannot be used.
    """
    try:
        paths = sorted(one for one in folder.iterdir() if one.suffix == SUFFIX)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    if not paths:
        raise InputError(f"{folder}: holds no level; levels are files that end in {SUFFIX}")
    texts = [(path.name, read_text(path, MAX_BYTES)) for path in paths]
    text = pack_text(texts)
    return text, list(read_pack(text, str(folder)))


def pack_text(texts: Sequence[tuple[str, str]]) -> str:
    """Return a pack of named texts."""
    tables = [f"[[level]]\nname = {_quoted(name)}\ntext = {_block(text)}\n" for name, text in texts]
    return "\n".join([f"# Levels for mmplay.\npack = {PACK}\n", *tables])


def _escaped(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\\", "\\\\").replace('"', '\\"')
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}" for c in text)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'.replace("\n", "\\n")


def _block(text: str) -> str:
    return f'"""\n{_escaped(text)}"""'
