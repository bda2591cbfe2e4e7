"""Reads one table of a level file: every key by name and kind, and nothing else is allowed.

A complaint names the file, the line, the key, what is allowed, and the nearest right word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.lines import Lines

MAX_TEXT = 4000
MAX_NUMBER = 1 << 50
MAX_LIST = 120


class LevelError(InputError):
    """A level file that cannot be used; the message names file, line, key and remedy."""


class Place(NamedTuple):
    """Where a table stands: the file's name, its lines, the table's name and which of them."""

    file: str
    lines: Lines
    table: str = ""
    number: int = 0

    def line(self, key: str = "") -> int:
        """Return the line of a key of this table, else the table's own."""
        return self.lines.of(self.table, self.number, key)


class Section:
    """One table of the file. Keys are taken one by one; `done` complains about what is left."""

    def __init__(self, values: object, place: Place) -> None:
        """Raises LevelError for anything but a table."""
        self.place = place
        self._known: list[str] = []
        if not isinstance(values, dict):
            raise self.error("", f"[{place.table}] must be a table")
        self._values: dict[str, Any] = dict(values)

    def error(self, key: str, problem: str) -> LevelError:
        """Return a complaint about a key of this table, or (no key) about the table."""
        where = f"{key}: " if key else ""
        return LevelError(f"{self.place.file}:{self.place.line(key)}: {where}{problem}")

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        return key in self._values

    def take(self, key: str, default: Any = None, required: bool = False) -> Any:
        """Return a value and cross it off."""
        self._known.append(key)
        if key in self._values:
            return self._values.pop(key)
        if required:
            name = f"[{self.place.table}]" if self.place.table else "the file"
            raise self.error("", f"{name} lacks {key}")
        return default

    def tables(self, key: str, most: int = MAX_LIST) -> list[Section]:
        """Return the tables of an array of tables."""
        name = f"{self.place.table}.{key}".lstrip(".")
        value = self.take(key, [])
        if not isinstance(value, list) or len(value) > most:
            raise self.error(key, f"write [[{name}]], at most {most} of them")
        first = self.place.lines.take(name, len(value))
        return [
            Section(one, self.place._replace(table=name, number=number))
            for number, one in enumerate(value, first)
        ]

    def table(self, key: str) -> Section:
        """Return a table that must be there."""
        name = f"{self.place.table}.{key}".lstrip(".")
        value = self.take(key, required=True)
        number = self.place.lines.take(name, 1)
        return Section(value, self.place._replace(table=name, number=number))

    def text(self, key: str, default: str = "", required: bool = False) -> str:
        """Return a text with its line breaks at blank lines only."""
        paragraphs = self._text(key, default, required).strip().split("\n\n")
        return "\n\n".join(" ".join(one.split()) for one in paragraphs)

    def raw(self, key: str) -> str:
        """Return a text as it stands, without a line break at its end."""
        return self._text(key).strip("\n")

    def whole(self, key: str, most: int) -> str:
        """Return a text of up to `most` characters as it stands, whatever is in it."""
        value = self.take(key, required=True)
        if not isinstance(value, str) or len(value) > most:
            raise self.error(key, f"must be a text of up to {most} characters")
        return value

    def _text(self, key: str, default: str = "", required: bool = False) -> str:
        value = self.take(key, default, required)
        self._check_text(key, value)
        if required and not value.strip():
            raise self.error(key, "must not be empty")
        return str(value)

    def _check_text(self, key: str, value: object) -> None:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.error(key, f"must be a text of up to {MAX_TEXT} characters")
        strange = next((c for c in value if not c.isprintable() and c != "\n"), "")
        if strange:
            raise self.error(key, f"holds the character {strange!r}; only printable text is shown")

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
        if type(value) is not int or not (least <= value <= most or value == default):
            raise self.error(key, f"must be a whole number from {least} to {most}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.take(key, default)
        if type(value) is not bool:
            raise self.error(key, "must be true or false")
        return value

    def one_of(
        self, key: str, allowed: Collection[str], default: str = "", required: bool = False
    ) -> str:
        """Return a text that must be one of some words, if it is there."""
        there = self.has(key)
        value = self.text(key, default, required)
        if there and value not in allowed:
            raise self.error(key, no_such("word of this key", value, allowed))
        return value

    def texts(self, key: str, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each among `allowed` if that is given."""
        value = self.take(key, [])
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise self.error(key, f"must be a list of up to {MAX_LIST} texts")
        for one in value:
            self._check_text(key, one)
            if allowed is not None and one not in allowed:
                raise self.error(key, no_such("word of this key", one, allowed))
        return tuple(value)

    def numbers(self, key: str, most: int = MAX_NUMBER) -> tuple[int, ...]:
        """Return a list of up to four whole numbers, 0 to `most`."""
        value = self.take(key, [])
        fine = isinstance(value, list) and len(value) <= 4
        if not fine or not all(type(one) is int and 0 <= one <= most for one in value):
            raise self.error(key, f"must be a list of up to 4 whole numbers from 0 to {most}")
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
            raise self.error(key, no_such("key of this table", key, self._known))
