"""One or two fixed rows that take no focus: header, footer, status."""

from __future__ import annotations

from mmplay.tui.cells import Row, row
from mmplay.tui.panels.cell_panel import CellPanel


class LineBar(CellPanel, can_focus=False):
    """Rows across the whole screen."""

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id)

    def say(self, text: str) -> None:
        """Draw one row of plain text."""
        self.show([row(text)])

    def lines(self, rows: list[Row]) -> None:
        """Draw these rows."""
        self.show(rows)
