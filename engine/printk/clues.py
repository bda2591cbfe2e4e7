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

COMMON_BYTES = "0 e1fdac428356tr7os9i:nxb,.up][lmg_Sk-hv)(=/wPyCTNAIUBEGFD"
"""Characters of kernel logs, the most common first; any other is rarer."""

SHORTEST = 4
"""Characters that a fixed text needs to be a clue by itself."""


def clue_of(form: LineForm) -> str:
    """Return a pattern that is found in every first line of `form`.

    It is the form's own clue, else a tail of one of its fixed texts, from a rare character on
    (searching stops at every character that some clue starts with), else the whole line's pattern.
    """
    if form.clue:
        return form.clue
    tails = [
        fixed[start:]
        for fixed in form.parts[0].literals
        for start in range(len(fixed) - SHORTEST + 1)
    ]
    if not tails:
        return form.parts[0].pattern.pattern
    return re.escape(max(tails, key=lambda tail: _rarity(tail[0])))


def _rarity(character: str) -> int:
    place = COMMON_BYTES.find(character)
    return len(COMMON_BYTES) if place < 0 else place


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
