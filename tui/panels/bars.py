"""Rows across the whole screen: header and footer, and the timeline that can be moved along."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.message import Message

from mmplay.tui.cells import Cell, fit, row, wrap
from mmplay.tui.keys import KEY
from mmplay.tui.panels.cell_panel import CellPanel

WIDEST = 400
"""A header is filled for as many columns as any terminal has."""


class LineBar(CellPanel, can_focus=False):
    """One or two fixed rows that take no focus: header, footer, status."""

    class Pressed(Message):
        """A click on a key of the footer: what the key does."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id)

    def name_screen(self, title: str) -> None:
        """Draw a screen's title, all across."""
        self.show([row(Cell(fit(title, WIDEST), "header"))])

    def say(self, text: str) -> None:
        """Draw one row of plain text."""
        self.show([row(text)])

    def on_click(self, event: events.Click) -> None:
        """Do what the key does that was clicked."""
        place = self._at(event.x, event.y)
        ask = self._ask_at(place) if place is not None else None
        if ask is not None and ask.kind == KEY:
            self.post_message(self.Pressed(str(ask.names[0])))


class VerdictBar(LineBar):
    """The answer, or what is asked: in as many rows as it needs, and from then on.

    It does not shrink while the width stays, unless it is told to: every panel below would move
    with each step.
    """

    _width, _rows = 0, 1

    def let_shrink(self) -> None:
        """Take as many rows as the next sentence needs."""
        self._rows = 1

    def tell(self, text: str, width: int, loud: bool) -> None:
        """Draw the sentence on a screen of some width; `loud` if something went wrong."""
        lines = wrap(text, max(1, width - 2))
        self._rows = max(len(lines), self._rows if width == self._width else 1)
        self._width = width
        self.styles.height = self._rows
        self.set_class(loud, "-loud")
        self.show([row(f" {line}") for line in lines])


class TimelineBar(CellPanel, can_focus=True):
    """The timeline as a panel: when focused, arrows go 10 frames, with Shift 10 % of the run."""

    BINDINGS = [
        Binding("left,h", "stride(-10)", show=False),
        Binding("right,l", "stride(10)", show=False),
        Binding("shift+left", "share(-10)", show=False),
        Binding("shift+right", "share(10)", show=False),
    ]

    class Wanted(Message):
        """A move along the timeline: by frames, by a share of the run, or to a column."""

        def __init__(self, frames: int = 0, percent: int = 0, column: int | None = None) -> None:
            super().__init__()
            self.frames = frames
            self.percent = percent
            self.column = column

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id)

    def action_stride(self, frames: int) -> None:
        """Move by frames."""
        self.post_message(self.Wanted(frames=frames))

    def action_share(self, percent: int) -> None:
        """Move by a share of the run."""
        self.post_message(self.Wanted(percent=percent))

    def on_click(self, event: events.Click) -> None:
        """Go to the frame that is nearest to the click."""
        self.post_message(self.Wanted(column=event.x))

    def on_focus(self) -> None:
        """The timeline has no title to mark; the line itself shows the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """See on_focus."""
        self.refresh()
