"""The one kind of error that a user can cause."""

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
    near = same or get_close_matches(word, names, 1)
    hint = f" did you mean {near[0]}?" if near else ""
    if len(names) > MANY_NAMES:
        return f"{word[:40]!r} is no {what};{hint or f' there are {len(names)}'}"
    return f"{word[:40]!r} is no {what};{hint} there are {', '.join(names)}"
