"""What a report is made of, written as one HTML page or as Markdown.

The page needs nothing from elsewhere, and nothing takes a text for markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from mmplay.engine.errors import printable
from mmplay.engine.explain.finding import seconds
from mmplay.recordings.log.clocks import clock_text

_MEANS_SOMETHING = re.compile(
    r"""
    [`*~$]                            # code, emphasis, struck out, a formula
    | \\ (?= [!-/:-@\[-`{-~] | $ )    # would take the meaning of what follows
    | \] (?= [(\[\]] )                # the text of a link ends
    | ^ (?: \[ | > | \# (?= [#\s] | $ ) | [-+] (?= \s | $ ) | - (?= [-\s]*$ ) )
    | (?<! \S ) \# (?= [#]*$ )        # the end of a heading
    """,
    re.VERBOSE | re.ASCII,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)", re.ASCII)
_EDGE = re.compile(r"(?<!\w)_+|_+(?!\w)")
_CLOSES = re.compile(r"[^\s_]_+(?!\w)|^[_\s]+$")
"""Underscores at the edge of a word, and those that may end emphasis or make a line: without them
none means anything."""

_TAG, _ENTITY = re.compile(r"<(?=[A-Za-z/!?])", re.ASCII), re.compile(r"&(?=#?\w+;)", re.ASCII)


def markup(text: str) -> str:
    """Return a text for HTML and SVG, between tags or in a quoted attribute."""
    return escape(printable(text), quote=True)


def markdown(text: str) -> str:
    """Return a text for Markdown, anywhere but in a table, with what means something escaped.

    All else stays as it is, for it is read in a terminal, too. Tags and entities are written as in
    HTML, which takes hold where a reader of Markdown knows no escape of them.
    """
    shown = printable(text).strip()
    plain = _NUMBERED.sub(r"\1\\\2", _MEANS_SOMETHING.sub(r"\\\g<0>", shown))
    if _CLOSES.search(shown):
        plain = _EDGE.sub(lambda found: found[0].replace("_", r"\_"), plain)
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", plain))


def style(name: str) -> str:
    """Return a style sheet of `data/`, behind a line end, as it stands in a page or a picture."""
    return "\n" + (Path(__file__).parent / "data" / f"{name}.css").read_text(encoding="utf-8")


def shortened(text: str, length: int) -> str:
    """Return at most so many characters, the last an ellipsis if some were left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def moment(time_us: int | None, wall: bool = False) -> str:
    """Return a moment: seconds since boot, or date and clock time of a log with clock times."""
    if time_us is None:
        return "no time"
    return clock_text(time_us) if wall else seconds(time_us)


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


def html_page(title: str, blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the page in pieces."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{markup(title)}</title>\n<style>{style('page')}</style>\n</head>\n<body>\n<main>\n"
    )
    for block in blocks:
        yield WRITERS[type(block)](block)
    yield "</main>\n</body>\n</html>\n"


def _facts(block: Facts) -> str:
    rows = (
        f"<dt>{markup(label)}</dt>" + "".join(f"<dd>{markup(line)}</dd>" for line in lines)
        for label, lines in block.rows
    )
    return "<dl>\n" + "\n".join(rows) + "\n</dl>\n"


def _table(block: Table) -> str:
    head = "".join(_cell("th", n, text, block, "col") for n, text in enumerate(block.head))
    rows = (
        "<tr>"
        + "".join(
            _cell("td" if n else "th", n, text, block, "" if n else "row")
            for n, text in enumerate(row)
        )
        + "</tr>"
        for row in block.rows
    )
    return (
        f'<div class="scroll">\n<table>\n<caption>{markup(block.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n"
        "</table>\n</div>\n"
    )


def _cell(tag: str, column: int, text: str, block: Table, scope: str) -> str:
    attributes = f' scope="{scope}"' if scope else ""
    attributes += ' class="n"' if column in block.numbers else ""
    return f"<{tag}{attributes}>{markup(text)}</{tag}>"


WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Heading: lambda one: f"<h{one.level}>{markup(one.text)}</h{one.level}>\n",
    Text: lambda one: f"<p>{markup(one.words)}</p>\n",
    Facts: _facts,
    Table: _table,
    Picture: lambda one: (
        f"<figure>\n{one.svg}<figcaption>{markup(one.caption)}</figcaption>\n</figure>\n"
    ),
}
"""How each kind of block is written."""


def markdown_page(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the text in pieces, a block each."""
    between = ""
    for block in blocks:
        yield between + MARKDOWN_WRITERS[type(block)](block)
        between = "\n"


def _md_facts(block: Facts) -> str:
    return "".join(_fact(label, [markdown(line) for line in lines]) for label, lines in block.rows)


def _fact(label: str, lines: list[str]) -> str:
    if len(lines) == 1:
        return f"- **{markdown(label)}**: {lines[0]}\n"
    return f"- **{markdown(label)}**:\n" + "".join(f"  - {line}\n" for line in lines)


def _md_table(block: Table) -> str:
    rules = tuple("---:" if n in block.numbers else "---" for n in range(len(block.head)))
    rows = [_row(tuple(map(_md_cell, row))) for row in (block.head, *block.rows)]
    return f"{markdown(block.caption)}:\n\n{rows[0]}{_row(rules)}{''.join(rows[1:])}"


def _md_cell(text: str) -> str:
    return markdown(text).replace("|", r"\|")


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


MARKDOWN_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Heading: lambda one: f"{'#' * one.level} {markdown(one.text)}\n",
    Text: lambda one: f"{markdown(one.words)}\n",
    Facts: _md_facts,
    Table: _md_table,
    Picture: lambda one: f"{markdown(one.words)}\n",
}
"""How each kind of block is written."""
