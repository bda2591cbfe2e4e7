"""Tables that lie in `data`: TOML files beside the code, found by code, read when asked for.

It stands alone, since every room of the engine may have such tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pkgutil import get_data
from typing import Any, TypeVar

Row = TypeVar("Row")


def read_data(package: str, name: str) -> dict[str, Any]:
    """Return what a file in a package's `data` says; it comes with the code, so it is there."""
    # Not at the top: `mmplay --version` and the kernel's rules need no data.
    from tomllib import loads

    data = get_data(package, f"data/{name}.toml")
    assert data is not None
    return loads(data.decode())


def folded(text: str) -> str:
    """Return a text with its line ends as spaces."""
    return " ".join(text.split())


class Table(Mapping[str, Row]):
    """The rows of one or more files by their codes; no file is read before a row is asked for."""

    def __init__(self, make: Callable[[Any], Row], package: str, *names: str) -> None:
        """Take what makes a row of a file's value, and where the files lie."""
        self._make = make
        self._package = package
        self._names = names

    @cached_property
    def _rows(self) -> dict[str, Row]:
        files = (read_data(self._package, name) for name in self._names)
        return {code: self._make(value) for rows in files for code, value in rows.items()}

    def __getitem__(self, code: str) -> Row:
        return self._rows[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
