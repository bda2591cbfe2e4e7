"""What a report is made of before it is a page, and its texts, which nothing takes for markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import printable
from mmplay.engine.explain.finding import seconds

_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
_LIST_LIKE = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def markup(text: str) -> str:
    """Return a text for HTML and SVG, between tags or in a quoted attribute."""
    return escape(printable(text), quote=True)


def markdown(text: str) -> str:
    """Return a text for Markdown, anywhere in a line: every sign that means something is escaped.

    Tags and entities are written as in HTML.
    """
    plain = _SPECIAL.sub(r"\\\1", escape(printable(text), quote=False))
    return _LIST_LIKE.sub(r"\1\\\2\3", plain)


def style(name: str) -> str:
    """Return a style sheet of `data/`, behind a line end, as it stands in a page or a picture."""
    return "\n" + (Path(__file__).parent / "data" / f"{name}.css").read_text(encoding="utf-8")


def shortened(text: str, length: int) -> str:
    """Return at most so many characters, the last an ellipsis if some were left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def moment(time_us: int | None, wall: bool = False) -> str:
    """Return a moment: seconds since boot, or the time of day (UTC) of a log with wall times."""
    if time_us is None:
        return "no time"
    if not wall:
        return seconds(time_us)
    minutes, second = divmod(time_us // 1_000_000, 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{second:02d}"


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
