"""What every full screen has: a header, a footer that speaks, a table of acts, a way back."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple

from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from mmplay.tui.keys import Key, footer_text
from mmplay.tui.panels.bars import LineBar

STOPPABLE = "stoppable"
"""The group of workers that Ctrl+C stops; whichever begins ends the one before."""


class Parting(NamedTuple):
    """What the menu says of the screen that was left; `level` is the id of one that goes on."""

    said: str = ""
    level: str = ""


class BaseScreen(Screen[None]):
    """A screen with `#header` and `#footer`; `KEYS` are what its keys, help and palette offer."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (50, "-high")]

    KEYS: ClassVar[tuple[Key, ...]] = ()
    AUTO_FOCUS = ""

    class Left(Message):
        """The user wants to go back from this screen, or to quit at the first one."""

    class Escaped(Message):
        """The user wants to go back from this screen, from the first one to the menu."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._prompt: Widget | None = None

    def say(self, said: str = "") -> None:
        """Say something in the footer, or show the keys there."""
        self.said = said
        text = f" {said}" if said else footer_text(self.KEYS, self.size.width)
        self.query_one("#footer", LineBar).say(text)

    def glossary_term(self) -> str:
        """Return the term that the glossary opens on from here; empty for its first."""
        return ""

    @property
    def settled(self) -> bool:
        """Tell whether the screen shows what the keys until now have come to."""
        return True

    @property
    def looking(self) -> bool:
        """Tell whether something is still being looked into, whose answer is to be shown."""
        return False

    # the way out

    def action_leave(self) -> None:
        """Close what lies over the screen, or go back; from the first screen quit."""
        if not self.close_one():
            self.post_message(self.Left())

    def action_escape(self) -> None:
        """Close what lies over the screen, or go back; from the first screen to the menu."""
        if not self.close_one():
            self.post_message(self.Escaped())

    def close_one(self) -> bool:
        """Close the prompt, or what else a way out closes first; tell whether there was any."""
        return self.close_prompt()

    def part(self) -> Parting:
        """End what goes on here before the screen is left; return what to tell in the menu."""
        return Parting()

    # the prompt

    def ask_for(self, kind: str, placeholder: str) -> None:
        """Ask for one line of text in place of the footer; `answered` gets it."""
        from mmplay.tui.prompt import Prompt

        self._open_prompt(Prompt(placeholder, partial(self._given, kind)))

    def ask_key(self, kind: str, question: str) -> None:
        """Ask for one key in place of the footer; `answered` gets its character."""
        from mmplay.tui.prompt import KeyPrompt

        self._open_prompt(KeyPrompt(question, partial(self._given, kind)))

    def _open_prompt(self, prompt: Widget) -> None:
        self.close_prompt()
        self.query_one("#footer").display = False
        self._prompt = prompt
        self.mount(prompt)
        prompt.focus()

    def _given(self, kind: str, text: str | None) -> None:
        self.close_prompt()
        if text is not None:
            self.answered(kind, text)

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
