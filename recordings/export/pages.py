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
)

STYLE = """
:root { --ink: #1b2028; --soft: #59636f; --paper: #fbfbf8;
  --line: #d5d9df; --head: #f0f1ee; --accent: #0b5cad; --no: #9c1c86; }
@media (prefers-color-scheme: dark) { :root { --ink: #d7dde6; --soft: #9aa5b4; --paper: #10141b;
  --line: #2c3542; --head: #1a212c; --accent: #7fb4ff; --no: #f06ad8; } }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 64rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; padding-top: 0.75rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 0.5rem; overflow-wrap: anywhere; }
p { max-width: 46rem; }
a { color: var(--accent); }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: 0.25rem 1rem; margin: 0.75rem 0; }
dt { color: var(--soft); grid-column: 1; }
dd { margin: 0; grid-column: 2; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 0.75rem 0; }
table { border-collapse: collapse; font-size: 0.92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.35rem; white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.9rem 0.25rem 0.4rem;
  border-bottom: 1px solid var(--line); }
thead th { background: var(--head); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
figcaption { color: var(--soft); }
@media (max-width: 40rem) { dl { display: block; } dd { margin-left: 1rem; } }
@media print { :root { --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --head: #eee; }
  body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; }
  h2, h3 { break-after: avoid; } figure, tr { break-inside: avoid; }
  figure svg { max-height: 15cm; } }
"""


def html_page(title: str, blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the page in pieces."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{markup(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    for block in blocks:
        yield WRITERS[type(block)](block)
    yield "</main>\n</body>\n</html>\n"


def _heading(block: Heading) -> str:
    return f"<h{block.level}>{markup(block.text)}</h{block.level}>\n"


def _text(block: Text) -> str:
    return f"<p>{markup(block.words)}</p>\n"


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


def _picture(block: Picture) -> str:
    return f"<figure>\n{block.svg}<figcaption>{markup(block.caption)}</figcaption>\n</figure>\n"


WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Heading: _heading,
    Text: _text,
    Facts: _facts,
    Table: _table,
    Picture: _picture,
}
"""How each kind of block is written."""


def markdown_page(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the text in pieces, a block each."""
    between = ""
    for block in blocks:
        yield between + MARKDOWN_WRITERS[type(block)](block)
        between = "\n"


def _md_heading(block: Heading) -> str:
    return f"{'#' * block.level} {markdown(block.text)}\n"


def _md_text(block: Text) -> str:
    return f"{markdown(block.words)}\n"


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


def _md_picture(block: Picture) -> str:
    return f"{markdown(block.words)}\n"


MARKDOWN_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Heading: _md_heading,
    Text: _md_text,
    Facts: _md_facts,
    Table: _md_table,
    Picture: _md_picture,
}
"""How each kind of block is written."""
