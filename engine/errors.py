"""What is said to a user: the one kind of error that they can cause, and text made safe to show.

It stands alone, since every room needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MANY_NAMES = 40
"""Longer lists are not written out in an error."""


class InputError(Exception):
    """Input or use that cannot be worked with.

    The message is one line that names the file or argument, the place in it, and what to do.
    """


def no_such(what: str, word: str, known: Iterable[str]) -> str:
    """Return the complaint about a word that is none of the known ones, with the nearest."""
    names = list(known)
    same = [name for name in names if name.casefold() == word.casefold()]
    close = get_close_matches(word, names)
    near = same or sorted(close, key=lambda name: not name.startswith(word))
    hint = f" did you mean {near[0]}?" if near else ""
    if len(names) > MANY_NAMES:
        return f"{word[:40]!r} is no {what};{hint or f' there are {len(names)}'}"
    return f"{word[:40]!r} is no {what};{hint} there are {', '.join(names)}"


def how_many(count: int, things: str) -> str:
    """Return a count and what is counted, given in the plural: "1 page", "22 pages", "1 try"."""
    if count != 1:
        return f"{count} {things}"
    return f"1 {things[:-3]}y" if things.endswith("ies") else f"1 {things.removesuffix('s')}"


def shortened(text: str, length: int) -> str:
    """Return at most so many characters; three dots stand for what was left out."""
    return text if len(text) <= length else f"{text[: length - 3].rstrip()}..."


def printable(text: str) -> str:
    """Return `text` with a hexadecimal code for every character that cannot be shown."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{_byte(c):02x}" for c in text)


def _byte(character: str) -> int:
    """Return a byte that was no UTF-8 as it came, not the surrogate that stands for it."""
    code = ord(character)
    return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
