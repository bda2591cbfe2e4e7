"""What a terminal below 80x24 sees: a polite word, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

COLUMNS = 80
LINES = 24


class TooSmall(ModalScreen[None]):
    """Covers the screen until the terminal is large enough."""

    BINDINGS = [Binding("q,escape", "app.quit", show=False)]

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="too-small")

    def on_mount(self) -> None:
        """Say it."""
        self._say()

    def on_resize(self) -> None:
        """Say it with the new size, or go away."""
        self._say()

    def _say(self) -> None:
        size = self.app.size
        self.query_one("#too-small", Static).update(
            f"mmplay needs {COLUMNS}x{LINES}.\nThis terminal has {size.width}x{size.height}.\n"
            "Enlarge it, or press q to quit."
        )

    @staticmethod
    def cover(app: App[None]) -> None:
        """Cover or uncover the app as its size demands."""
        small = app.size.width < COLUMNS or app.size.height < LINES
        covered = isinstance(app.screen, TooSmall)
        if small and not covered:
            app.push_screen(TooSmall())
        elif not small and covered:
            app.pop_screen()
