"""The end of a level, over its screen: Enter goes on, or plays a lost one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import ModalScreen

from mmplay.tui.cells import Row
from mmplay.tui.keys import AFTER, Key
from mmplay.tui.panels.cell_panel import CellPanel

if TYPE_CHECKING:
    from mmplay.levels.model import Level

ON, NEXT, AGAIN, MISSED, BACK, MENU = "on", "next", "again", "missed", "back", "menu"
"""How a player leaves the end of a level."""

BORDERS = 2
"""Rows of the panel's edges."""


WAYS = (
    Key(f"leave('{ON}')", "enter,space", "Enter", "the next level; a lost one again", AFTER),
    Key(f"leave('{NEXT}')", "n,N", "n", "the next level", AFTER),
    Key(f"leave('{AGAIN}')", "r,R", "r", "this level again", AFTER),
    Key(f"leave('{MISSED}')", "m,M", "m", "what you missed, once more", AFTER),
    Key(f"leave('{BACK}')", "u", "u", "undo your last deed", AFTER),
    Key(f"leave('{MENU}')", "q,escape", "Esc", "the menu", AFTER),
)


class LevelEnded(Message):
    """A level is left after its end: for another, for the one that `name` opens, or the menu."""

    def __init__(self, name: str = "", level: Level | None = None) -> None:
        super().__init__()
        self.name, self.level = name, level


MORE = "PgDn"
"""What stands before the lines that are seen, of all, where there are more."""


class EndScreen(ModalScreen[str]):
    """What a level came to; dismissed with one of the ways to leave it."""

    CSS_PATH = "../boxes.tcss"
    BINDINGS = [
        Binding("question_mark,f1", "app.help", show=False, priority=True),
        *(Binding(one.keys, one.action, show=False, priority=True) for one in WAYS),
    ]
    told = WAYS

    def __init__(self, title: str, rows: Callable[[int], list[Row]]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        """One panel."""
        yield CellPanel(self._title, id="ending")

    def on_mount(self) -> None:
        """Let its keys be felt."""
        self.query_one("#ending", CellPanel).focus()

    @on(CellPanel.Resized)
    def fill(self) -> None:
        """Fill the panel."""
        panel = self.query_one("#ending", CellPanel)
        rows = self._rows(panel.size.width)
        keys = rows[-1]
        if len(rows) > panel.size.height:  # the keys stay in sight however long the rest is
            said = "".join(cell.text for cell in keys).split("  ")
            panel.note("  ".join([*(text.strip() for text in said if text.strip()), MORE]))
        panel.styles.height = len(rows) + BORDERS
        panel.show(rows)

    def action_leave(self, way: str) -> None:
        """Close the box; its opener is told by which of the ways it was left."""
        self.dismiss(way)
