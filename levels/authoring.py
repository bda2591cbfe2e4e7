"""For those who write levels: a new file, the digest of its solution, a pack of several.

And the values of any table as a TOML text: what is read back is what was written. No comment
survives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from string import Template

from mmplay.engine.errors import InputError, printable
from mmplay.levels.level_text import MAX_BYTES, KeyLines, read_text
from mmplay.levels.model import Level
from mmplay.levels.pack import PACK, SUFFIX, is_pack, read_pack
from mmplay.recordings.files import replacing

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
WIDE = 100
"""A longer list has a line for each of its items."""


def toml_text(values: Mapping[str, object]) -> str:
    """Return tables, lists, texts, numbers, truth values and times as TOML."""
    return "\n".join(_table(values, ())).strip("\n") + "\n"


def _table(values: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table: its own keys, then the tables in it."""
    inside = [key for key, value in values.items() if _is_table(value) or _are_tables(value)]
    for key, value in values.items():
        if key not in inside:
            yield f"{_key(key)} = {_value(value)}"
    for key in inside:
        value, name = values[key], ".".join(map(_key, (*path, key)))
        for one in value if isinstance(value, list) else ():
            yield from ("", f"[[{name}]]", *_table(one, (*path, key)))
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_table(value, (*path, key)))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else quoted(key)


def _value(value: object) -> str:
    if isinstance(value, str):
        return block(value) if "\n" in value else quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + "}"
    assert isinstance(value, list | tuple), f"TOML knows no {type(value).__name__}"
    items = [_value(one) for one in value]
    line = f"[{', '.join(items)}]"
    return line if len(line) <= WIDE else "\n".join(["[", *(f"  {one}," for one in items), "]"])


def quoted(text: str) -> str:
    """Return a text on one line."""
    if text.isprintable() and '"' in text and "'" not in text:
        return f"'{text}'"
    return f'"{_escaped(text)}"'.replace("\n", "\\n")


def block(text: str) -> str:
    """Return a text of several lines, as it is wherever TOML allows that."""
    as_it_is = all(c.isprintable() or c in "\n\t" for c in text) and not text.endswith(("'", '"'))
    if as_it_is and '"""' not in text and "\\" not in text:
        return f'"""\n{text}"""'
    if as_it_is and "'''" not in text:
        return f"'''\n{text}'''"
    return f'"""\n{_escaped(text)}"""'


def _escaped(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\\", "\\\\").replace('"', '\\"')
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}" for c in text)


_DIGEST = re.compile(r"""(\s*digest\s*=\s*)(?:"[^"]*"|'[^']*')""")
NEW_LEVEL = Path(__file__).parent / "data" / "new_level.toml"


def new_level(ident: str, file: str) -> str:
    """Return the text of a new level file."""
    text = NEW_LEVEL.read_text(encoding="utf-8")
    return Template(text).substitute(ident=ident, file=printable(file))


def update_digest(path: Path, digest: str) -> None:
    """Write a digest into a level file.

    Raises InputError for a pack, or where the line cannot be found, OSError if the disk fails.
    """
    text = read_text(path, MAX_BYTES)
    if is_pack(text):
        raise InputError(f"{path}: this is a pack; update the level files that it was made of")
    with replacing(path) as stream:
        stream.write(with_digest(text, digest, str(path)).encode())


def with_digest(text: str, digest: str, name: str) -> str:
    """Return a level's text with this digest; a new line follows `max_turns` if it had none."""
    rows = text.split("\n")
    known = KeyLines(text)
    at, after = known.of("", 0, "digest"), known.of("", 0, "max_turns")
    if _DIGEST.match(rows[at - 1]):
        rows[at - 1] = _DIGEST.sub(rf'\g<1>"{digest}"', rows[at - 1], count=1)
    elif rows[after - 1].lstrip().startswith("max_turns"):
        rows.insert(after, f'digest = "{digest}"')
    else:
        raise InputError(f'{name}: write the line digest = "{digest}" into it')
    return "\n".join(rows)


def packed(folder: Path) -> tuple[str, list[Level]]:
    """Return the pack of a folder's level files as text, and its levels.

    Raises InputError for a folder without levels, LevelError for a level that cannot be used.
    """
    try:
        paths = sorted(one for one in folder.iterdir() if one.suffix == SUFFIX)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    if not paths:
        raise InputError(f"{folder}: there is no level here; levels are files that end in {SUFFIX}")
    texts = [(path.name, read_text(path, MAX_BYTES)) for path in paths]
    text = pack_text(texts)
    return text, list(read_pack(text, str(folder)))


def pack_text(texts: Sequence[tuple[str, str]]) -> str:
    """Return a pack of named texts."""
    tables = [f"[[level]]\nname = {quoted(name)}\ntext = {block(text)}\n" for name, text in texts]
    return "\n".join([f"# Levels for mmplay.\npack = {PACK}\n", *tables])
