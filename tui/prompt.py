"""The prompt: one line to type in, where the footer was."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.widgets import Input, Static

Give = Callable[[str | None], None]
"""Takes the prompt away and takes what was typed; None if that means nothing."""


class Prompt(Input):
    """Asks for a line; Enter gives it to the screen, Escape takes the prompt away."""

    def __init__(self, placeholder: str, give: Give) -> None:
        super().__init__(classes="prompt", placeholder=placeholder)
        self._give = give

    @on(Input.Submitted)
    def give(self, message: Input.Submitted) -> None:
        """Hand the text to the screen."""
        message.stop()
        self._give(message.value)


class KeyPrompt(Static, can_focus=True):
    """Asks for one key; it goes to the screen as text, Escape takes the prompt away."""

    def __init__(self, question: str, give: Give) -> None:
        super().__init__(f" {question}", classes="prompt")
        self._give = give

    def on_key(self, event: events.Key) -> None:
        """Hand the key to the screen, and keep it from meaning anything else."""
        event.stop()
        event.prevent_default()
        self._give(event.character if event.is_printable else None)
