"""From a line of text to the form it has: the parsing half of the line descriptions.

In a large text clues tell which lines may be the first of a form, without taking them apart. A clue
is a piece of text, or a pattern, that every first line of a form contains. A line without any clue
is of no form that can stand alone, whatever prefix stands before its text; a line with one is read
as usual, and so are the few lines behind one that was understood.
One search for all clues goes through a log many times faster than reading its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from mmplay.engine.printk.form import LineForm, Values, forms

HEAD_LENGTH = 3
"""Characters by which a line is looked up; every form with a fixed start has at least these."""

Read = tuple[LineForm, Values]
"""A form and the values that its lines have."""


class FormIndex:
    """Finds the form of a line without trying them all.

    A form is filed under the first characters of its fixed start, or, if it starts with a value,
    under a fixed text that any such line must contain.
    """

    def __init__(self, forms: Iterable[LineForm]) -> None:
        self._by_head: dict[str, list[LineForm]] = {}
        self._by_needle: list[tuple[str, LineForm]] = []
        for one in forms:
            literals = one.parts[0].literals
            if len(literals[0]) >= HEAD_LENGTH:
                self._by_head.setdefault(literals[0][:HEAD_LENGTH], []).append(one)
            else:
                self._by_needle.append((max(literals, key=len), one))

    def read_first(self, text: str) -> Iterator[Read]:
        """Yield every form whose first line is `text`, best first, with that line's values."""
        for one in self._by_head.get(text[:HEAD_LENGTH], ()):
            values = one.parts[0].parse(text)
            if values is not None:
                yield one, values
        for needle, one in self._by_needle:
            if needle in text:
                values = one.parts[0].parse(text)
                if values is not None:
                    yield one, values


@cache
def form_index() -> FormIndex:
    """Return the index over all forms; made when a log is first read."""
    return FormIndex(forms().values())


def read_lines(lines: Sequence[str]) -> Read | None:
    """Return the form that starts at `lines[0]` and its values, or None.

    `lines` are the texts of consecutive lines that one printk may have printed: those that share
    the time stamp of the first. A form of n lines takes the first n of them.
    """
    for one, values in form_index().read_first(lines[0]):
        whole = complete(one, values, lines)
        if whole is not None:
            return one, whole
    return None


def complete(one: LineForm, first: Values, lines: Sequence[str]) -> Values | None:
    """Return all values of `one`, whose first line gave `first`; None if the rest is not its."""
    if len(lines) < one.size:
        return None
    if one.size == 1:
        return first
    values = dict(first)
    for part, text in zip(one.parts[1:], lines[1:], strict=False):
        more = part.parse(text)
        if more is None:
            return None
        values.update(more)
    return values


STARTS = "qT_vgmr,"
"""Where a search stops to look: each form has a fixed text with one of these. They are few, and the
rarest in logs come first: both halve the time of a search."""

SHORTEST = 4
"""Characters that a fixed text needs to be a clue."""


def clue_of(form: LineForm) -> str:
    """Return a pattern that is found in every first line of `form`, line end included.

    It is the form's own clue, else a fixed text of it from one of STARTS on, else its own pattern.
    """
    if form.clue:
        return form.clue
    for start in STARTS:
        tails = [text[text.find(start) :] for text in form.parts[0].literals if start in text]
        fixed = max(tails, key=len, default="")
        if len(fixed) >= SHORTEST:
            return re.escape(fixed)
    return form.parts[0].pattern.pattern


def clues(forms: Iterable[LineForm]) -> re.Pattern[bytes]:
    """Return the pattern that is found in every line, with its line end, that a form may start."""
    by_start: dict[str, list[str]] = {}
    for clue in dict.fromkeys(clue_of(one) for one in forms):
        start = clue[: 2 if clue.startswith("\\") else 1]
        by_start.setdefault(start, []).append(clue[len(start) :])
    groups = (f"{start}(?:{'|'.join(rests)})" for start, rests in by_start.items())
    return re.compile("|".join(groups).encode("ascii"))


@cache
def line_clues() -> re.Pattern[bytes]:
    """Return the clues of all forms that may stand alone; compiled when a log is first read."""
    return clues(one for one in forms().values() if not one.follows)
