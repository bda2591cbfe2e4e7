"""What a report is made of, before it is HTML or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Heading(NamedTuple):
    """A heading; level 1 is the title and comes once."""

    level: int
    text: str


class Text(NamedTuple):
    """A paragraph."""

    words: str


class Facts(NamedTuple):
    """Labels, each with one or more sentences."""

    rows: list[tuple[str, list[str]]]


class Table(NamedTuple):
    """A table. The first column names the row; `numbers` are the columns that are set right."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()


class Picture(NamedTuple):
    """An svg element, a caption, and the same in words."""

    svg: str
    caption: str
    words: str


Block = Heading | Text | Facts | Table | Picture
