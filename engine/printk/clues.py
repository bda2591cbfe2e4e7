"""Which lines of a large text may be the first line of a form, told without taking them apart.

A clue is a piece of text, or a pattern, that every first line of a form contains. A line without
any clue is certainly of no form, whatever prefix stands before its text; a line with one is read
as usual. One search for all clues goes through a log many times faster than reading its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from mmplay.engine.printk.form import LineForm
from mmplay.engine.printk.forms import FORMS

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
    """Return the clues of all forms; compiled when a log is first read."""
    return clues(FORMS)
