"""The panels of a level: small letters are its keys there, and no choice is made beforehand."""

from __future__ import annotations

from textual.binding import Binding

from mmplay.tui.panels.cell_panel import CellPanel


class StagePanel(CellPanel):
    """A panel of a level: `h`, `l` and `s` do there what the footer says of `H`, `L` and `S`.

    The arrows move the cursor, and so do `j` and `k`.
    """

    BINDINGS = [
        Binding("h", "screen.meant('hint')", show=False),
        Binding("l", "screen.meant('machine')", show=False),
        Binding("s", "screen.meant('skip')", show=False),
    ]


class ChoicePanel(StagePanel):
    """A panel of things that can be done: none of them is chosen until somebody chooses."""

    def _first_of(self, places: list[tuple[int, int]]) -> tuple[int, int] | None:
        return None

    def unchoose(self) -> None:
        """Leave what was chosen: what comes next is another list."""
        before = self._in_sight()
        self.cursor = None
        self._redraw(before)
