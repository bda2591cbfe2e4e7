"""A list to read over the screen below: what changed, what is assumed, a level's story."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from mmplay.tui.cells import Cell, Row, plain, wrap
from mmplay.tui.panels.cell_panel import CellPanel

BORDERS = 2
"""Rows of a box's edges."""


class ListScreen(ModalScreen[None]):
    """Rows in a box; any of the ways out closes it."""

    BINDINGS = [Binding("q,escape,enter,space", "dismiss", show=False, priority=True)]

    def __init__(self, title: str, rows: list[Row]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        """One panel."""
        yield CellPanel(self._title, id="listing")

    def on_mount(self) -> None:
        """Let its keys be felt."""
        self.query_one("#listing", CellPanel).focus()

    @on(CellPanel.Resized)
    def fill(self) -> None:
        """Fill the panel's width, and make it no higher than what it shows."""
        panel = self.query_one("#listing", CellPanel)
        panel.note("Enter goes on")
        rows = [line for one in self._rows for line in _wrapped(one, panel.size.width)]
        panel.styles.height = len(rows) + BORDERS
        panel.show(rows)


def _wrapped(cells: Row, width: int) -> list[Row]:
    """Return a row, or its text over several rows if it is too wide."""
    text = plain(cells)
    if len(text) <= width or not cells:
        return [cells]
    role = cells[-1].role
    return [(Cell(line, role),) for line in wrap(text, max(20, width))]
