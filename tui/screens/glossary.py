"""The glossary screen: the terms on the left, the chosen one on the right, links between them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from mmplay.levels.glossary import GlossaryEntry, glossary, search
from mmplay.tui.keys import COMMON_KEYS, GLOSSARY_KEYS, bindings
from mmplay.tui.panels.bars import LineBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import BaseScreen
from mmplay.tui.views.glossary import list_rows, term_ask, term_rows


class GlossaryScreen(BaseScreen):
    """State: the terms listed, the term shown, and the terms that links were followed from."""

    CSS_PATH = "../boxes.tcss"
    KEYS = GLOSSARY_KEYS
    BINDINGS = bindings(GLOSSARY_KEYS, COMMON_KEYS)

    def __init__(self, start: str = "") -> None:
        """Open on the term `start`, or on the first."""
        super().__init__()
        self.entries: list[GlossaryEntry] = list(glossary().values())
        self.shown = start or self.entries[0].id
        self.trail: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out the list and the term."""
        yield LineBar(id="header")
        with Horizontal(id="glossary"):
            yield CellPanel("terms", id="terms")
            yield CellPanel("", id="term")
        yield LineBar(id="footer")

    @property
    def _list(self) -> CellPanel:
        return self.query_one("#terms", CellPanel)

    @property
    def _text(self) -> CellPanel:
        return self.query_one("#term", CellPanel)

    def on_mount(self) -> None:
        """Start in the list."""
        self._list.focus()

    def on_resize(self) -> None:
        """Fill the new sizes once the layout has settled."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """List the terms, and show the chosen one."""
        if not self.is_attached:
            return
        title = f" glossary   {len(self.entries)} of {len(glossary())} terms"
        self.query_one("#header", LineBar).name_screen(title)
        self._list.show(list_rows(self.entries, self._list.size.width))
        self._list.choose(term_ask(self.shown))
        self._draw_term()
        self.say(self.said)

    def _draw_term(self) -> None:
        entry = glossary()[self.shown]
        self._text.retitle(entry.id)
        self._text.show(term_rows(entry, max(20, self._text.size.width)), from_top=True)

    # going from term to term

    @on(CellPanel.Chosen)
    def term_chosen(self, message: CellPanel.Chosen) -> None:
        """The cursor came to a term of the list: show it."""
        if message.panel is self._list and message.ask is not None:
            self._show(str(message.ask.names[0]))

    @on(CellPanel.Opened)
    def term_opened(self, message: CellPanel.Opened) -> None:
        """Enter in the list: go to the text; on a link: follow it."""
        name = str(message.ask.names[0])
        if message.panel is self._list:
            self._show(name)
            self._text.focus()
            return
        self.trail.append(self.shown)
        self._go_to(name)

    def _show(self, name: str) -> None:
        if name != self.shown:
            self.shown = name
            self._draw_term()

    def _go_to(self, name: str) -> None:
        """Show a term, in the list too; a search that does not list it ends."""
        self.shown = name
        self.said = ""
        if name not in (entry.id for entry in self.entries):
            self.entries = list(glossary().values())
        self.draw()

    def action_follow(self) -> None:
        """Open what is under the cursor."""
        panel = self._text if self._text.has_focus else self._list
        panel.action_open()

    def action_go_back(self) -> None:
        """Go back to the term that the last link was on, else to the list."""
        if self.trail:
            self._go_to(self.trail.pop())
        else:
            self._list.focus()

    def action_next_panel(self) -> None:
        """Go from the list to the text, or back."""
        (self._list if self._text.has_focus else self._text).focus()

    def action_copy_value(self) -> None:
        """Copy the term's name to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.shown)
        self.say(f"copied {self.shown}")

    def glossary_term(self) -> str:
        """Return the term that is shown."""
        return self.shown

    # searching

    def action_search(self) -> None:
        """Ask what to look for."""
        self.ask_for("a term, or part of one (Esc: cancel)", self._find)

    def prompt_closed(self) -> None:
        """Go back to the list."""
        self._list.focus()

    def _find(self, text: str) -> None:
        """List the terms that the text leads to, the best first."""
        found = search(text)
        if not found:
            self.say(f"no term contains {text.strip()}")
            return
        self.entries = found
        self.shown = found[0].id
        self.said = "" if not text.strip() else f"{text.strip()}: press Esc to list all terms again"
        self.draw()

    def close_one(self) -> bool:
        """Close the prompt, or end the search."""
        if self.close_prompt():
            return True
        searched = len(self.entries) < len(glossary())
        if searched:
            self.entries = list(glossary().values())
            self.said = ""
            self.draw()
        return searched
