"""Blocks as one HTML page that needs nothing from elsewhere, or as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mmplay.recordings.export.blocks import (
    Block,
    Facts,
    Heading,
    Picture,
    Table,
    Text,
    markdown,
    markup,
    style,
)


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
    rows = [_row(tuple(map(markdown, row))) for row in (block.head, *block.rows)]
    return f"{markdown(block.caption)}:\n\n{rows[0]}{_row(rules)}{''.join(rows[1:])}"


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
