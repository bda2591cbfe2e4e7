"""The glossary: the list of terms, and one term with everything that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from mmplay.engine.errors import shortened
from mmplay.engine.frame import Ask
from mmplay.tui.cells import Cell, Row, fit, row, wrap

if TYPE_CHECKING:
    from mmplay.levels.glossary import GlossaryEntry

TERM = "term"
"""The kind of question that a term is."""

LABEL_WIDTH = 9
NAME_WIDTH = 25
GAP = 2
TITLE_FROM = 40
"""A list this wide shows titles, too."""


def term_ask(name: str) -> Ask:
    """Return the question that leads to a term."""
    return Ask(TERM, (name,))


def list_rows(entries: list[GlossaryEntry], width: int) -> list[Row]:
    """Return one row a term, with its title where there is room."""
    if width < TITLE_FROM:
        return [row(Cell(fit(one.id, width), "label", term_ask(one.id))) for one in entries]
    return [
        row(
            Cell(fit(one.id, NAME_WIDTH), "label", term_ask(one.id)),
            Cell(shortened(one.title, width - NAME_WIDTH), "dim"),
        )
        for one in entries
    ]


def term_rows(entry: GlossaryEntry, width: int) -> list[Row]:
    """Return a term: title, paragraph, formula, counters, kernels, source, levels, links."""
    rows = [row(Cell(line, "label")) for line in wrap(entry.title, width)]
    rows += [row(Cell(line)) for line in wrap(entry.text, width)]
    for label, lines, role in (
        ("value", entry.values, "number"),
        ("formula", entry.formulas, "number"),
        ("counts", entry.counts, "text"),
    ):
        for n, line in enumerate(lines):
            rows += labelled(label if n == 0 else "", line, width, role)
    others = ", ".join(name for name in entry.names[1:] if not _counted(entry, name))
    for label, text in (
        ("kernels", entry.kernels),
        ("from", entry.source),
        ("also", others),
        ("levels", " ".join(entry.levels)),
    ):
        rows += labelled(label, text, width, "dim") if text else []
    return rows + _links(entry, width)


def _counted(entry: GlossaryEntry, name: str) -> bool:
    return any(line.startswith(f"{name}: ") for line in entry.counts)


def labelled(label: str, text: str, width: int, role: str) -> list[Row]:
    """Return a text with a label before its first line."""
    lines = wrap(text, max(20, width - LABEL_WIDTH))
    return [
        row(Cell(f"{label if n == 0 else '':<{LABEL_WIDTH}}", "dim"), Cell(line, role))
        for n, line in enumerate(lines)
    ]


def _links(entry: GlossaryEntry, width: int) -> list[Row]:
    """Return the related terms as links, as many in a row as fit."""
    rows: list[Row] = []
    cells: list[Cell] = []
    used = LABEL_WIDTH
    for name in entry.related:
        if cells and used + GAP + cell_len(name) > width:
            rows.append(_link_row(cells, bool(rows)))
            cells, used = [], LABEL_WIDTH
        if cells:
            cells.append(Cell(" " * GAP))
            used += GAP
        cells.append(Cell(name, "link", term_ask(name)))
        used += cell_len(name)
    return [*rows, _link_row(cells, bool(rows))] if cells else rows


def _link_row(cells: list[Cell], again: bool) -> Row:
    return row(Cell(f"{'' if again else 'see':<{LABEL_WIDTH}}", "dim"), *cells)
