"""The words for numbers, counters, classes of callers and facts: one table of each for all.

They lie in `data`, TOML files beside this code. The sentences of findings are read by `finding`,
those of decisions by `decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmplay.engine.tables import Table, folded


class Words(NamedTuple):
    """What a number means: a title, a sentence, the kernel function and its file.

    `symbol` is how a formula writes it.
    """

    symbol: str
    title: str
    text: str
    function: str
    path: str


def _words(row: Mapping[str, str]) -> Words:
    return Words(**{name: folded(text) for name, text in row.items()})


WORDS = Table(_words, __package__, "words")
"""Every name that a Term, a rule or a counter may carry."""

MEANING = Table(folded, __package__, "counters")
"""What our own counters count; the others are those of /proc/vmstat."""


ACTS = Table(folded, __package__, "acts")
"""What a level does by itself, by the act's name, with slots for the words after it."""


class CallerWords(NamedTuple):
    """A class of callers: who is in it, how a caller comes into it, what is said of wrong answers.

    A wrong answer would `need` such a caller; it would be right under the `premise`; what holds
    for the class is told by `because`. `how` is empty for callers without any discount.
    """

    who: str
    how: str
    need: str
    premise: str
    because: str


CALLERS = Table(lambda row: CallerWords(**row), __package__, "callers")
"""By the name of the class."""


class Fact(NamedTuple):
    """One fact: its value (a name, or names in order), the sentence, and where it stands (4.5).

    `of` is what it is about, in words.
    """

    value: str | tuple[str, ...]
    why: str
    function: str
    path: str
    of: str


def _fact(row: Mapping[str, Any]) -> Fact:
    value = row["value"]
    shown = value if isinstance(value, str) else tuple(value)
    return Fact(shown, folded(row["why"]), row["function"], row["path"], row.get("of", ""))


FACTS = Table(_fact, __package__, "facts")
"""Facts that no formula gives, by group.name; those of one group are each other's wrong answers."""
