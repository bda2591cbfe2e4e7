"""Boxes over a screen: its keys, a list to read, and a word where the terminal is too small."""

from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from mmplay.tui.cells import Cell, Row, fit, plain, row, wrap
from mmplay.tui.keys import HERE_ALONE, MOVING, PANEL_KEYS, Key, with_common
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import COLUMNS, LINES, is_small

COLUMN = 38
KEY_WIDTH = 10
TEXT_WIDTH = COLUMN - KEY_WIDTH - 1
SHARE = 95
"""How much of the screen's height a list has, in percent; see the style sheet."""

BORDERS = 2
"""Rows of a box's edges."""


class HelpScreen(ModalScreen[None]):
    """A list of keys by group, in two columns where there is room."""

    CSS_PATH = "../boxes.tcss"
    BINDINGS = [Binding("q,escape,question_mark,f1,enter,space", "dismiss", show=False)]

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """One panel."""
        yield CellPanel("keys", id="help")

    def on_mount(self) -> None:
        """Let its keys be felt."""
        self.query_one("#help", CellPanel).focus()

    @on(CellPanel.Resized)
    def fill(self) -> None:
        """Fill the panel's width, and make it no higher than what it shows."""
        panel = self.query_one("#help", CellPanel)
        rows = help_rows(self._keys, panel.size.width)
        panel.styles.height = len(rows) + BORDERS
        panel.show(rows)


def help_rows(keys: tuple[Key, ...], width: int) -> list[Row]:
    """Return the help: a heading per group, then its keys, in as many columns as fit."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for key in with_common(keys):
        groups.setdefault(key.group, []).append((key.shown, key.help))
    if not any(key.group in HERE_ALONE for key in keys):
        asks = any(key.action == "explain" for key in keys)
        groups["In a panel"] = list(PANEL_KEYS if asks else MOVING)
    groups.setdefault("Other", []).append(("Ctrl+Q", "quit at once"))
    blocks = [_block(name, keys) for name, keys in groups.items()]
    columns = max(1, min(3, width // COLUMN))
    return _side_by_side(blocks, columns)


def _block(name: str, keys: list[tuple[str, str]]) -> list[Row]:
    rows = [row(Cell(fit(name.upper(), COLUMN), "label"))]
    for key, text in keys:
        for n, line in enumerate(wrap(text, TEXT_WIDTH)):
            shown = Cell(fit("" if n else key, KEY_WIDTH), "number")
            rows.append(row(shown, Cell(f"{fit(line, TEXT_WIDTH)} ")))
    rows.append(row(fit("", COLUMN)))
    return rows


def _side_by_side(blocks: list[list[Row]], columns: int) -> list[Row]:
    """Put each block under the shortest column."""
    stacks: list[list[Row]] = [[] for _ in range(columns)]
    for block in blocks:
        min(stacks, key=len).extend(block)
    height = max(len(stack) for stack in stacks) - 1  # each ends in a blank row
    blank = row(fit("", COLUMN))
    return [
        tuple(cell for stack in stacks for cell in (stack[n] if n < len(stack) else blank))
        for n in range(height)
    ]


class ListScreen(ModalScreen[bool]):
    """Rows in a box; dismissed with whether the reader goes on, rather than back."""

    CSS_PATH = "../boxes.tcss"
    BINDINGS = [
        Binding("enter,space", "dismiss(True)", show=False, priority=True),
        Binding("q,escape", "dismiss(False)", show=False, priority=True),
        Binding("question_mark,f1", "app.help", show=False, priority=True),
    ]

    def __init__(self, title: str, rows: list[Row], note: str = "Enter goes on") -> None:
        """`note` says at the lower edge what Enter does."""
        super().__init__()
        self._title, self._note = title, note
        self._rows = rows

    def compose(self) -> ComposeResult:
        """One panel."""
        yield CellPanel(self._title, id="listing")

    def on_mount(self) -> None:
        """Let its keys be felt."""
        self.query_one("#listing", CellPanel).focus()

    @on(CellPanel.Resized)
    def fill(self) -> None:
        """Fill the panel's width, and make it no higher than what it shows.

        Where all of it does not fit, the first blank rows are left out.
        """
        panel = self.query_one("#listing", CellPanel)
        panel.note(self._note)
        rows = [line for one in self._rows for line in _wrapped(one, panel.size.width)]
        blanks = [n for n, one in enumerate(rows) if not plain(one)]
        over = len(rows) + BORDERS - self.size.height * SHARE // 100
        rows = [one for n, one in enumerate(rows) if n not in blanks[: max(0, over)]]
        panel.styles.height = len(rows) + BORDERS
        panel.show(rows)


def _wrapped(cells: Row, width: int) -> list[Row]:
    """Return a row, or its text over several rows if it is too wide."""
    text = plain(cells)
    if len(text) <= width or not cells:
        return [cells]
    role = cells[-1].role
    return [(Cell(line, role),) for line in wrap(text, max(20, width))]


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
        self.query_one("#too-small", Static).update(too_small_text(size))


def too_small_text(size: Size) -> str:
    """Return how large the terminal is and should be, in as many words as fit."""
    needed, there = f"{COLUMNS}x{LINES}", f"{size.width}x{size.height}"
    texts = (
        f"mmplay needs {needed}.\nThis terminal has {there}.\nEnlarge it, or press q to quit.",
        f"mmplay needs {needed}\nhere are {there}\nq quits",
        f"needs {needed}\nq quits",
        f"needs {needed}",
    )
    return next((text for text in texts if _fits(text, size)), needed)


def _fits(text: str, size: Size) -> bool:
    lines = text.split("\n")
    return len(lines) <= size.height and max(map(len, lines)) <= size.width


def cover(app: App[None], size: Size) -> None:
    """Cover or uncover the app as its new size demands."""
    small = is_small(size)
    top = app.screen
    if isinstance(top, TooSmall):
        if small:
            top.say(size)
        else:
            app.pop_screen()
    elif small:
        app.push_screen(TooSmall())
