"""What a terminal below 80x24 sees: a polite word, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

COLUMNS = 80
LINES = 24


class TooSmall(ModalScreen[None]):
    """Covers the screen until the terminal is large enough."""

    BINDINGS = [Binding("q", "app.quit", show=False)]

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="too-small")

    def on_mount(self) -> None:
        """Say it."""
        self.say(self.app.size)

    def say(self, size: Size) -> None:
        """Say how large the terminal is and should be."""
        self.query_one("#too-small", Static).update(
            f"mmplay needs {COLUMNS}x{LINES}.\nThis terminal has {size.width}x{size.height}.\n"
            "Enlarge it, or press q to quit."
        )


def cover(app: App[None], size: Size) -> None:
    """Cover or uncover the app as its new size demands."""
    small = size.width < COLUMNS or size.height < LINES
    top = app.screen
    if isinstance(top, TooSmall):
        if small:
            top.say(size)
        else:
            app.pop_screen()
    elif small:
        app.push_screen(TooSmall())
