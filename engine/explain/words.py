"""The words for numbers, counters, classes of callers and facts: one table of each for all.

They lie in `data`, TOML files beside this code, found by code and read when first asked for; the
sentences of findings are in `sentences`, those of decisions in `decisions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pkgutil import get_data
from typing import Any, NamedTuple, TypeVar

Row = TypeVar("Row")


def read_data(name: str) -> dict[str, Any]:
    """Return what a file of words says; it comes with the code, so it is there and right."""
    # Not at the top: `mmplay --version` and the kernel's rules need no words.
    from tomllib import loads

    data = get_data("mmplay.engine.explain", f"data/{name}.toml")
    assert data is not None
    return loads(data.decode())


def folded(text: str) -> str:
    """Return a text with its line ends as spaces."""
    return " ".join(text.split())


class Table(Mapping[str, Row]):
    """The rows of one or more files by their codes; no file is read before a row is asked for."""

    def __init__(self, make: Callable[[Any], Row], *names: str) -> None:
        """Take what makes a row of a file's value, and the files' names."""
        self._make = make
        self._names = names

    @cached_property
    def _rows(self) -> dict[str, Row]:
        make = self._make
        return {
            code: make(value) for name in self._names for code, value in read_data(name).items()
        }

    def __getitem__(self, code: str) -> Row:
        return self._rows[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


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


WORDS = Table(_words, "words")
"""Every name that a Term, a rule or a counter may carry."""

MEANING = Table(folded, "counters")
"""What our own counters count; the others are those of /proc/vmstat."""


class CallerWords(NamedTuple):
    """A class of callers: how a caller comes into it, and what is said of wrong answers.

    A wrong answer would `need` such a caller; it would be right under the `premise`; what holds
    for the class is told by `because`. `how` is empty for callers without any discount.
    """

    how: str
    need: str
    premise: str
    because: str


CALLERS = Table(lambda row: CallerWords(**row), "callers")
"""By the name of the class."""


class Fact(NamedTuple):
    """One fact: its value (a name, or names in order), the sentence, and where it stands (4.5)."""

    value: str | tuple[str, ...]
    why: str
    function: str
    path: str


def _fact(row: Mapping[str, Any]) -> Fact:
    value = row["value"]
    shown = value if isinstance(value, str) else tuple(value)
    return Fact(shown, folded(row["why"]), row["function"], row["path"])


FACTS = Table(_fact, "facts")
"""Facts that no formula gives, by group.name; those of one group are each other's wrong answers."""
