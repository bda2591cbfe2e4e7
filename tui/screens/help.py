"""The help: every key that is valid on the screen below, made from the table of keys."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.keys import COMMON_KEYS, PANEL_KEYS, Key
from mmplay.tui.panels.cell_panel import CellPanel

COLUMN = 38
KEY_WIDTH = 10
TEXT_WIDTH = COLUMN - KEY_WIDTH - 1


class HelpScreen(ModalScreen[None]):
    """A list of keys by group, in two columns where there is room."""

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
        """Fill the panel's width."""
        panel = self.query_one("#help", CellPanel)
        panel.show(help_rows(self._keys, panel.size.width))


def help_rows(keys: tuple[Key, ...], width: int) -> list[Row]:
    """Return the help: a heading per group, then its keys, in as many columns as fit."""
    groups: dict[str, list[tuple[str, str]]] = {}
    digits = {f"{digit}" for digit in range(10)}
    for key in (*keys, *COMMON_KEYS):
        if key.shown in digits:
            continue
        groups.setdefault(key.group, []).append((key.shown, key.help))
    if any(key.group == "Time" for key in keys):
        groups["Time"].append(("0 - 9", "jump to 0 % .. 90 %"))
        groups["In a panel"] = list(PANEL_KEYS)
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
    height = max(len(stack) for stack in stacks)
    blank = row(fit("", COLUMN))
    return [
        tuple(cell for stack in stacks for cell in (stack[n] if n < len(stack) else blank))
        for n in range(height)
    ]
