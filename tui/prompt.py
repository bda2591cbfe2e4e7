"""The prompt: one line to type in, where the footer was."""

from __future__ import annotations

from textual import events, on
from textual.widgets import Input, Static

from mmplay.tui.screens.base import BaseScreen


class Prompt(Input):
    """Asks for a line; Enter gives it to the screen, Escape takes the prompt away."""

    def __init__(self, kind: str, placeholder: str) -> None:
        super().__init__(classes="prompt", placeholder=placeholder)
        self._kind = kind

    @on(Input.Submitted)
    def give(self, message: Input.Submitted) -> None:
        """Hand the text to the screen."""
        message.stop()
        screen = self.screen
        if isinstance(screen, BaseScreen):
            screen.close_prompt()
            screen.answered(self._kind, message.value)


class KeyPrompt(Static, can_focus=True):
    """Asks for one key; it goes to the screen as text, Escape takes the prompt away."""

    def __init__(self, kind: str, question: str) -> None:
        super().__init__(f" {question}", classes="prompt")
        self._kind = kind

    def on_key(self, event: events.Key) -> None:
        """Hand the key to the screen, and keep it from meaning anything else."""
        event.stop()
        event.prevent_default()
        screen = self.screen
        if isinstance(screen, BaseScreen):
            screen.close_prompt()
            if event.character is not None and event.is_printable:
                screen.answered(self._kind, event.character)
