"""Values as a TOML text: what is read back is what was written. No comment survives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

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
