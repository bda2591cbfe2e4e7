"""The text of a level file: read, parsed, and where in it everything stands.

Nothing in it is run as code. Before anything parses a text it is told whether that is larger than
any level needs; where its keys stand is known, so that complaints can name the line. What the
tables must look like is said in `model`.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError, printable

MAX_LINE = 2000
MAX_LINES = 1 << 16
"""As many as the largest level file has bytes; a pack of a hundred levels has fewer."""

MAX_DOTS = 8
"""A dotted key costs a TOML parser the square of its length; no level needs more dots in a line.

The dot of a number with decimals is none of them."""
_DECIMAL = re.compile(r"(?<![\w.\-])\d++\.\d++(?![\w.])", re.ASCII)

# Every part takes all that it can and gives nothing back (`*+`), and a string that is never closed
# is taken too: each character is looked at once, whatever stands there.
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+(?:"{3,}|\\?\Z)'
    r"|'''(?:[^']|'{1,2}(?!'))*+(?:'{3,}|\Z)"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
_WORD = re.compile(r"""["']([\w\-]+)["']$""", re.ASCII)
_HEADER = re.compile(r"\s*\[{1,2}\s*([\w\-]+(?:\s*\.\s*[\w\-]+)*)\s*\]{1,2}\s*$", re.ASCII)
_KEY = re.compile(r"\s*([\w\-]+)\s*[.=]", re.ASCII)


def without_texts(text: str) -> list[str]:
    """Return the lines of a TOML text without its strings and comments; quoted words stay."""
    return _TEXT.sub(_blank, text).split("\n")


def _blank(found: re.Match[str]) -> str:
    word = _WORD.match(found[0])
    return word[1] if word is not None else "\n" * found[0].count("\n")


def excess(text: str) -> tuple[int, str] | None:
    """Return line and problem of what no level needs and a parser suffers from, None if fine."""
    if text.count("\n") >= MAX_LINES:
        return MAX_LINES, f"the text has more than {MAX_LINES} lines"
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            return number, f"the line is longer than {MAX_LINE} characters"
    for number, line in enumerate(without_texts(text), 1):
        if _DECIMAL.sub("", line).count(".") > MAX_DOTS:
            return number, f"more than {MAX_DOTS} dots outside texts"
    return None


class KeyLines:
    """The lines, from 1, of every table and its keys."""

    def __init__(self, text: str) -> None:
        """Look through a text that is valid TOML."""
        keys: dict[str, int] = {}
        self._tables: dict[str, list[tuple[int, dict[str, int]]]] = {"": [(1, keys)]}
        depth = 0
        for number, line in enumerate(without_texts(text), 1):
            header = None if depth else _HEADER.match(line)
            if header is not None:
                keys = {}
                name = re.sub(r"\s", "", header[1])
                self._tables.setdefault(name, []).append((number, keys))
                continue
            key = None if depth else _KEY.match(line)
            if key is not None:
                keys.setdefault(key[1], number)
            depth += sum(line.count(c) for c in "[{") - sum(line.count(c) for c in "]}")

    def of(self, table: str, number: int = 0, key: str = "") -> int:
        """Return the line of a key of the table's `number`th occurrence, else the table's own.

        A key may be a table of its own.
        """
        heads = self._tables.get(table)
        if heads is None:  # An inline table stands where the key is that holds it.
            owner, _, last = table.rpartition(".")
            return self.of(owner, 0, last)
        line, keys = heads[min(number, len(heads) - 1)]
        if key in keys:
            return keys[key]
        below = self._tables.get(f"{table}.{key}" if table else key)
        return below[0][0] if below is not None else line


MAX_TEXT = 4000
MAX_BYTES = 1 << 16

LINE = " line"
"""The key under which the line of a table is put into it; a file can have no use for it."""

SLOT = " slot"
"""The key of which of several drawn questions one is; no file has it."""

NUMBERED = ("ask", "win", "lose", "hint", "solution", "losing")
"""Lists whose tables are complained about while the level is played."""

_WHERE = re.compile(r" \(at line (\d+), column \d+\)$")

DIGEST_BYTES = 16

PROVEN = frozenset({"digest", "solution", "losing", "par"})
"""Top keys that the proof of a level needs or writes; they say nothing of what is played.

Without them a level is the same: a handout has the digest of the level that it was made of.
"""


class LevelError(InputError):
    """A level file that cannot be used; the message names file, line, key and remedy."""


class Place(NamedTuple):
    """A table of a file: the file's name and lines, its top table, and the way to this one."""

    file: str
    lines: KeyLines
    top: dict[str, Any]
    path: tuple[str | int, ...] = ()

    def at(self, *steps: str | int) -> Place:
        """Return the table that so many names and numbers lead to from here."""
        return self._replace(path=(*self.path, *steps))

    @property
    def table(self) -> Any:
        """What stands there: a dict, unless the file is wrong."""
        found: Any = self.top
        for step in self.path:
            found = found[step]
        return found

    @property
    def name(self) -> str:
        """The table's name as a header has it."""
        return ".".join(step for step in self.path if isinstance(step, str))

    def line(self, key: str = "") -> int:
        """Return the line of a key of this table, else the table's own."""
        tables: list[Any] = [self.top]
        for step in self.path:
            if isinstance(step, str):
                inside = [one.get(step, []) for one in tables if isinstance(one, dict)]
                tables = [
                    one for some in inside for one in (some if isinstance(some, list) else [some])
                ]
        own = self.table
        number = next((n for n, one in enumerate(tables) if one is own), 0)
        return self.lines.of(self.name, number, key)

    def error(self, key: str, problem: str) -> LevelError:
        """Return a complaint about a key of this table, or (no key) about the table."""
        where = f"{printable(key)}: " if key else ""
        return LevelError(f"{self.file}:{self.line(key)}: {where}{problem}")

    def checked(self, key: str, text: str, check: Callable[[str], object]) -> str:
        """Return the text, once `check` has taken it; an InputError of it names the line."""
        try:
            check(text)
        except InputError as error:
            raise self.error(key, str(error)) from None
        return text


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
    """Return the top table of a TOML text, decimals exact; raises LevelError."""
    text = text.replace("\r\n", "\n")
    too_much = excess(text)
    if too_much is not None:
        raise LevelError(f"{name}:{too_much[0]}: {too_much[1]}")
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise LevelError(f"{name}: is nested too deeply for a level") from None
    except ValueError as error:
        raise _no_toml(text, name, str(error)) from None
    return Place(name, KeyLines(text), values)


_PROBLEMS = {
    "Cannot overwrite a value": "it stands there twice",
    "Invalid value": "no value follows; a text needs quotes",
    "Illegal character '\\n'": "the quote is not closed",
}
"""What a TOML parser says, in words for whoever wrote the file."""


def _no_toml(text: str, name: str, said: str) -> LevelError:
    """Return the complaint about what a parser said: line, key and problem, as far as known."""
    found, problem = _WHERE.search(said), _WHERE.sub("", said)[:200]
    if found is None:
        return LevelError(f"{name}: is no TOML: {problem}")
    line = int(found[1])
    if (opened := _left_open(text, line)) is not None:
        line, problem = opened, "a bracket is not closed"
    key = _KEY.match(text.split("\n")[line - 1])
    where = f"{key[1]}: " if key is not None else ""
    return LevelError(f"{name}:{line}: {where}is no TOML: {_PROBLEMS.get(problem, problem)}")


def _left_open(text: str, line: int) -> int | None:
    """Return the line of a bracket that is open where a line begins, None if none is."""
    depth, start = 0, 0
    for number, one in enumerate(without_texts(text)[: line - 1], 1):
        start = start if depth else number
        depth += sum(one.count(c) for c in "[{") - sum(one.count(c) for c in "]}")
    return start if depth > 0 else None


KINDS = {
    "scenario": "is a scenario: 'mmplay run {}' runs it",
    "assignment": "is an assignment: 'mmplay play --assignment {} --student ID' plays it",
}
"""What a file can be besides a level, by its `kind`, and which command takes it."""


def check_kind(top: Place, own: str = "") -> None:
    """Complain about a file that is of another kind than `own`; raises LevelError."""
    kind = top.table.get("kind")
    if kind != own and isinstance(kind, str) and kind in KINDS:
        raise LevelError(f"{top.file}: {KINDS[kind].format(top.file)}")


def digest_of_content(text: str) -> str:
    """Return the digest of a level file's content, in hex: its keys and values, without PROVEN.

    Comments, order of keys and line ends do not count. Raises ValueError for what is no TOML.
    """
    values = tomllib.loads(text.replace("\r\n", "\n"))
    played = {key: value for key, value in values.items() if key not in PROVEN}
    canonical = json.dumps(played, sort_keys=True, ensure_ascii=True, default=str)
    return blake2b(canonical.encode(), digest_size=DIGEST_BYTES).hexdigest()


def flow_texts(place: Place, raw: tuple[str, ...]) -> None:
    """Give every text line breaks at blank lines only; those under the keys `raw` stay as they are.

    Texts in lists stay too; tables of NUMBERED lists get their line. Raises LevelError for a text
    that is too long or cannot be shown.
    """
    for key, value in place.table.items():
        if isinstance(value, dict):
            flow_texts(place.at(key), raw)
        elif isinstance(value, str):
            check_text(place, key, value)
            place.table[key] = value.strip("\n") if key in raw else _flowing(value)
        for number, one in enumerate(value if isinstance(value, list) else ()):
            if isinstance(one, dict):
                flow_texts(place.at(key, number), raw)
                if key in NUMBERED:
                    one[LINE] = place.at(key, number).line()
            elif isinstance(one, str):
                check_text(place, key, one)


def _flowing(text: str) -> str:
    return "\n\n".join(" ".join(one.split()) for one in text.strip().split("\n\n"))


def check_format(top: Place, known: int) -> None:
    """Complain about a file of another format than the one that is known; raises LevelError."""
    version = top.table.get("format")
    if isinstance(version, int) and version != known:
        raise top.error("format", f"this mmplay reads format {known}")


def check_text(place: Place, key: str, text: str) -> None:
    """Complain about a text that is too long, or not to be shown; raises LevelError."""
    if len(text) > MAX_TEXT:
        raise place.error(key, f"must be a text of up to {MAX_TEXT} characters")
    strange = next((c for c in text if not c.isprintable() and c != "\n"), "")
    if strange:
        raise place.error(key, f"holds the character {strange!r}; only printable text is shown")
