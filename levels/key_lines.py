"""Where the keys of a TOML text stand, so that complaints can name the line.

Also says of a text, before anything parses it, whether it is larger than any level needs.
"""

from __future__ import annotations

import re

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
        """Return the line of a key of the table's `number`th occurrence, else the table's own."""
        heads = self._tables.get(table)
        if heads is None:  # An inline table stands where the key is that holds it.
            owner, _, last = table.rpartition(".")
            return self.of(owner, 0, last)
        line, keys = heads[min(number, len(heads) - 1)]
        return keys.get(key, line)
