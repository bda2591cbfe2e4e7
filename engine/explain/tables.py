"""The words as data: TOML files beside this code, found by code, read when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pkgutil import get_data
from typing import Any, TypeVar

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
