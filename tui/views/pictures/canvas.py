"""A sheet of cells that a picture is drawn on, and how far a move on it has come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.cells import cell_len

from mmplay.engine.errors import printable
from mmplay.engine.frame import Ask
from mmplay.tui.cells import Cell, Row

STEPS = 6
"""In how many steps a move is drawn; the last one is the end."""

STEP_MS = 50
"""How long a step stays: a whole move takes 300 ms."""

EASE = (0, 7, 26, 50, 74, 93, 100)
"""How far a move has come at each step, in per cent: slow, fast, slow."""


def moved(first: int, last: int, step: int) -> int:
    """Return the whole cell between two that a move stands at; step STEPS is the end."""
    way = (last - first) * EASE[step]
    return first + (way + 50) // 100 if way >= 0 else first - (-way + 50) // 100


Spot = tuple[str, str, Ask | None]
"""What stands in one cell: a character, its role, the question it asks."""

EMPTY: Spot = (" ", "text", None)


class Canvas:
    """Cells by column and row, from the top left; what falls outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._spots: list[list[Spot]] = [[EMPTY] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, role: str = "text", ask: Ask | None = None) -> None:
        """Write a text from a cell on; letters of another width than one cell become `?`."""
        if not 0 <= y < self.height:
            return
        for at, letter in enumerate(printable(text), x):
            if 0 <= at < self.width:
                self._spots[y][at] = (letter if cell_len(letter) == 1 else "?", role, ask)

    def fill(self, x: int, y: int, width: int, height: int, glyph: str, role: str) -> None:
        """Fill a rectangle with one glyph."""
        for row in range(y, y + height):
            self.put(x, row, glyph * max(0, width), role)

    def is_free(self, x: int, y: int, width: int) -> bool:
        """Tell whether nothing is written in `width` cells of a row yet."""
        if not 0 <= y < self.height:
            return False
        return all(spot[0] == " " for spot in self._spots[y][max(0, x) : x + width])

    def rows(self) -> list[Row]:
        """Return what was drawn, cells of one role joined."""
        return [tuple(_joined(spots)) for spots in self._spots]


def _joined(spots: list[Spot]) -> Iterator[Cell]:
    for (role, ask), run in groupby(spots, key=lambda spot: (spot[1], spot[2])):
        yield Cell("".join(letter for letter, _, _ in run), role, ask)
