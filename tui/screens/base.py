"""What every full screen has: a header, a footer that speaks, a table of acts, a way back."""

from __future__ import annotations

from typing import ClassVar

from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from mmplay.tui.keys import Act, footer_text
from mmplay.tui.panels.line_bar import LineBar

STOPPABLE = "stoppable"
"""The group of workers that Ctrl+C stops."""


class BaseScreen(Screen[None]):
    """A screen with `#header` and `#footer`; `ACTS` are what its keys, help and palette offer."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (50, "-high")]

    ACTS: ClassVar[tuple[Act, ...]] = ()
    AUTO_FOCUS = ""

    class Left(Message):
        """The user wants to go back from this screen."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._prompt: Widget | None = None

    def say(self, said: str = "") -> None:
        """Say something in the footer, or show the keys there."""
        self.said = said
        text = f" {said}" if said else footer_text(self.ACTS, self.size.width)
        self.query_one("#footer", LineBar).say(text)

    def glossary_term(self) -> str:
        """Return the term that the glossary opens on from here; empty for its first."""
        return ""

    # the prompt

    def ask_for(self, kind: str, placeholder: str) -> None:
        """Ask for one line of text in place of the footer; `answered` gets it."""
        from mmplay.tui.prompt import Prompt

        self._open_prompt(Prompt(kind, placeholder))

    def ask_key(self, kind: str, question: str) -> None:
        """Ask for one key in place of the footer; `answered` gets its character."""
        from mmplay.tui.prompt import KeyPrompt

        self._open_prompt(KeyPrompt(kind, question))

    def _open_prompt(self, prompt: Widget) -> None:
        self.close_prompt()
        self.query_one("#footer").display = False
        self._prompt = prompt
        self.mount(prompt)
        prompt.focus()

    def close_prompt(self) -> bool:
        """Take the prompt away; tell whether there was one."""
        if self._prompt is None:
            return False
        self._prompt.remove()
        self._prompt = None
        self.query_one("#footer").display = True
        self.prompt_closed()
        return True

    def prompt_closed(self) -> None:
        """Move the focus back to where it belongs."""

    def answered(self, kind: str, text: str) -> None:
        """Take what was typed into the prompt of this kind."""
