"""The prompt: one line to type in, where the footer was."""

from __future__ import annotations

from textual import on
from textual.widgets import Input

from mmplay.tui.screens.base import BaseScreen


class Prompt(Input):
    """Asks for a line; Enter gives it to the screen, Escape takes the prompt away."""

    def __init__(self, kind: str, placeholder: str) -> None:
        super().__init__(id="prompt", placeholder=placeholder)
        self._kind = kind

    @on(Input.Submitted)
    def give(self, message: Input.Submitted) -> None:
        """Hand the text to the screen."""
        message.stop()
        screen = self.screen
        if isinstance(screen, BaseScreen):
            screen.close_prompt()
            screen.answered(self._kind, message.value)
