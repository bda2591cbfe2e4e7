"""Reads one table of a level file: every key by name and kind, and nothing else is allowed.

A complaint names the file, the line, the key, what is allowed, and the nearest right word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError

MAX_TEXT = 4000
MAX_NUMBER = 1 << 50

_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.\-\"]+)\s*\]{1,2}")
_KEY = re.compile(r"\s*([\w\-]+)\s*=")


class LevelError(InputError):
    """A level file that cannot be used; the message names file, line, key and remedy."""


class Place(NamedTuple):
    """Where a table stands: the file's name, its lines, and the line of the table's header."""

    file: str
    lines: tuple[str, ...]
    line: int

    def key_line(self, key: str) -> int:
        """Return the line of a key of this table, else the table's own."""
        in_text = False
        for number in range(self.line, len(self.lines)):
            line = self.lines[number]
            if not in_text and number > self.line and _HEADER.match(line):
                break
            found = None if in_text else _KEY.match(line)
            if found is not None and found[1] == key:
                return number + 1
            if line.count('"""') % 2 or line.count("'''") % 2:
                in_text = not in_text
        return self.line + (0 if self.line else 1)


def headers(text: str) -> dict[str, list[int]]:
    """Return the lines (from 0) at which each table of a TOML text begins."""
    found: dict[str, list[int]] = {"": [0]}
    in_text = False
    for number, line in enumerate(text.split("\n")):
        match = None if in_text else _HEADER.match(line)
        if match is not None:
            found.setdefault(match[1].replace('"', ""), []).append(number + 1)
        if line.count('"""') % 2 or line.count("'''") % 2:
            in_text = not in_text
    return found


class Section:
    """One table of the file. Keys are taken one by one; `done` complains about what is left."""

    def __init__(self, values: object, name: str, place: Place) -> None:
        """Raises LevelError for anything but a table."""
        self.name = name
        self.place = place
        self._known: list[str] = []
        if not isinstance(values, dict):
            raise self.error("", f"[{name}] must be a table")
        self._values: dict[str, Any] = dict(values)

    def error(self, key: str, problem: str) -> LevelError:
        """Return a complaint about a key of this table."""
        line = self.place.key_line(key) if key else max(1, self.place.line)
        where = f" {key}" if key else ""
        return LevelError(f"{self.place.file}:{line}:{where} {problem}")

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        return key in self._values

    def take(self, key: str, default: Any = None, required: bool = False) -> Any:
        """Return a value and cross it off."""
        self._known.append(key)
        if key not in self._values:
            if required:
                name = f"[{self.name}]" if self.name else "the file"
                raise self.error("", f"{name} lacks {key}")
            return default
        return self._values.pop(key)

    def text(self, key: str, default: str = "", required: bool = False) -> str:
        """Return a text with its line breaks at blank lines only."""
        value = self.take(key, default, required)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.error(key, f"must be a text of up to {MAX_TEXT} characters")
        paragraphs = value.strip().split("\n\n")
        return "\n\n".join(" ".join(one.split()) for one in paragraphs)

    def raw(self, key: str) -> str:
        """Return a text as it stands, without a line break at its end."""
        value = self.take(key, "")
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.error(key, f"must be a text of up to {MAX_TEXT} characters")
        return value.strip("\n")

    def number(
        self,
        key: str,
        default: int = 0,
        least: int = 0,
        most: int = MAX_NUMBER,
        required: bool = False,
    ) -> int:
        """Return a whole number within bounds."""
        value = self.take(key, default, required)
        if type(value) is not int or not least <= value <= most:
            raise self.error(key, f"must be a whole number from {least} to {most}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.take(key, default)
        if type(value) is not bool:
            raise self.error(key, "must be true or false")
        return value

    def one_of(
        self, key: str, allowed: Iterable[str], default: str = "", required: bool = False
    ) -> str:
        """Return a text that must be one of some words."""
        value = self.text(key, default, required)
        names = list(allowed)
        if value not in names and not (value == default and not required):
            raise self.error(key, _not_among(value, names))
        return value

    def texts(self, key: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each among `allowed` if that is given."""
        value = self.take(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(key, "must be a list of texts")
        names = None if allowed is None else list(allowed)
        for one in value:
            if names is not None and one not in names:
                raise self.error(key, _not_among(one, names))
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self.take(key, [])
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise self.error(key, "must be a list of whole numbers")
        return tuple(value)

    def checked(self, key: str, text: str, check: Callable[[str], object]) -> str:
        """Return the text, once `check` has taken it; an InputError of it names the line."""
        try:
            check(text)
        except InputError as error:
            raise self.error(key, str(error)) from None
        return text

    def done(self) -> None:
        """Complain about the first key that nothing asked for."""
        for key in self._values:
            raise self.error(key, _not_among(key, self._known))


def _not_among(word: str, names: list[str]) -> str:
    near = get_close_matches(word, names, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{word[:40]!r} is not known here; {hint}allowed: {', '.join(names)}"
