"""Rows in colours: what a panel has drawn is kept until its row or its styles change."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from mmplay.engine.errors import printable
from mmplay.tui.cells import Row
from mmplay.tui.theme import REVERSE, style_of

Veil = Callable[[str], str]
"""Returns a text of the same length, without what may not be read now."""

OWN = ""
"""The role that stands for the widget's own style."""

MOST_STRIPS = 500
"""Drawn rows that are kept: more than a screen has."""


class DrawnRows:
    """The styles of a widget's roles, and its rows as strips."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}
        self._strips: dict[int, tuple[Row, int, Strip]] = {}
        self._veil: Veil = str

    def forget(self) -> None:
        """Draw everything anew: the theme or the widget's own style has changed."""
        self._styles.clear()
        self._strips.clear()

    def veiled_by(self, veil: Veil) -> bool:
        """Draw texts through a veil from now on; tell whether it is another one."""
        changed, self._veil = veil != self._veil, veil
        if changed:
            self._strips.clear()
        return changed

    def style(self, role: str) -> Style:
        """Return the style of a role in the current theme."""
        if role not in self._styles:
            own = self._styles.setdefault(OWN, self._widget.rich_style)
            variables = self._widget.app.theme_variables
            self._styles[role] = own + style_of(role, variables) if role != OWN else own
        return self._styles[role]

    def strip(self, n: int, cells: Row, marked: int, width: int) -> Strip:
        """Return row `n` in so many columns; the cell number `marked` is reversed.

        It knows where its text is, for the mouse to select.
        """
        kept = self._strips.get(n)
        if kept and kept[0] == cells and kept[1] == marked and kept[2].cell_length == width:
            return kept[2]
        segments = [
            Segment(self._veil(printable(cell.text)), self._style_at(cell.role, m == marked))
            for m, cell in enumerate(cells)
        ]
        strip = Strip(segments).crop_extend(0, width, self.style(OWN)).apply_offsets(0, n)
        if len(self._strips) > MOST_STRIPS:
            self._strips.clear()
        self._strips[n] = cells, marked, strip
        return strip

    def _style_at(self, role: str, here: bool) -> Style:
        return self.style(role) + REVERSE if here else self.style(role)


def marked(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    """Return a line with the columns of `span` in another style; an end of -1 is the line's."""
    start, end = span
    end = strip.cell_length if end == -1 else end
    before, chosen, after = strip.divide([start, end, strip.cell_length])
    return Strip.join([before, chosen.apply_style(style), after])
