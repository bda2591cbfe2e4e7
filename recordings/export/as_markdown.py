"""Blocks as Markdown, with the tables of GitHub's dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mmplay.recordings.export.blocks import Block, Facts, Heading, Picture, Table, Text
from mmplay.recordings.export.text import markdown


def markdown_page(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the text in pieces, a block each."""
    between = ""
    for block in blocks:
        yield between + WRITERS[type(block)](block)
        between = "\n"


def _heading(block: Heading) -> str:
    return f"{'#' * block.level} {markdown(block.text)}\n"


def _text(block: Text) -> str:
    return f"{markdown(block.words)}\n"


def _facts(block: Facts) -> str:
    return "".join(_fact(label, [markdown(line) for line in lines]) for label, lines in block.rows)


def _fact(label: str, lines: list[str]) -> str:
    if len(lines) == 1:
        return f"- **{markdown(label)}**: {lines[0]}\n"
    return f"- **{markdown(label)}**:\n" + "".join(f"  - {line}\n" for line in lines)


def _table(block: Table) -> str:
    rules = tuple("---:" if n in block.numbers else "---" for n in range(len(block.head)))
    rows = [_row(tuple(map(markdown, row))) for row in (block.head, *block.rows)]
    return f"{markdown(block.caption)}:\n\n{rows[0]}{_row(rules)}{''.join(rows[1:])}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _picture(block: Picture) -> str:
    return f"{markdown(block.words)}\n"


WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Heading: _heading,
    Text: _text,
    Facts: _facts,
    Table: _table,
    Picture: _picture,
}
"""How each kind of block is written."""
