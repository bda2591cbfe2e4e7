"""A sheet of cells that a picture is drawn on, how far a move on it has come, heights on a glass.

Water is drawn by whole rows, yet the one comparison that counts must be seen: at free == line the
level stands on the line's row and the line lies on the water as a lid; one page more, and it stands
above that row and the water covers the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Generic, NamedTuple, TypeVar

from rich.cells import cell_len

from mmplay.engine.errors import printable
from mmplay.engine.frame import Ask
from mmplay.tui.cells import Cell, Row
from mmplay.tui.glyphs import Glyphs

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
    """Cells by column and row, from the top left; what falls outside is not drawn.

    What is drawn on it has come to `step` of its move, and is made of these glyphs.
    """

    def __init__(self, width: int, height: int, glyphs: Glyphs, step: int = STEPS) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self.glyphs, self.step = glyphs, step
        self._spots: list[list[Spot]] = [[EMPTY] * self.width for _ in range(self.height)]

    def moved(self, first: int, last: int) -> int:
        """Return the whole cell between two that a move stands at now."""
        return moved(first, last, self.step)

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


Facts = TypeVar("Facts")


class Picture(Generic[Facts]):
    """Draws a still on `width` x `height` cells; before step STEPS on its way from a past one.

    It is made of what draws the still on a canvas, given the past one too: a still without a past
    comes from itself.
    """

    def __init__(self, draw: Callable[[Canvas, Facts, Facts], None]) -> None:
        self._draw = draw

    def __call__(
        self,
        facts: Facts,
        width: int,
        height: int,
        glyphs: Glyphs,
        past: Facts | None = None,
        step: int = STEPS,
    ) -> list[Row]:
        """Return the rows."""
        sheet = Canvas(width, height, glyphs, step)
        self._draw(sheet, facts, facts if past is None else past)
        return sheet.rows()


TOP_SHARE = 4
"""Above the highest line there is room for a quarter as many pages again."""


class Heights(NamedTuple):
    """A glass: `rows` in all, `top` pages at its rim, and the row of each line, highest first."""

    rows: int
    top: int
    lines: tuple[tuple[int, int], ...]

    @property
    def to_scale(self) -> bool:
        """Tell whether every line lies where its pages are, to a row: no two were parted."""
        return all(
            abs(row - (self.top - pages) * self.rows // self.top) <= 1 for pages, row in self.lines
        )

    def of_line(self, pages: int) -> int:
        """Return the row of a line; raises KeyError for none that was placed."""
        return dict(self.lines)[pages]

    def surface(self, free: int) -> int:
        """Return the highest row that is filled with water; `rows` if there is none.

        The topmost row stays air: a caller must find room above the water.
        """
        stops = [(self.top, 0), *self.lines, (-1, self.rows)]
        for (upper, row), (lower, next_row) in pairwise(stops):
            if free > lower:
                lowest = max(row + 1, next_row - 1)
                room = max(1, upper - lower - 1)
                into = min(room, free - lower - 1) * (lowest - row - 1)
                found = lowest - (into + room // 2) // room if free < upper else row + 1
                return found if free else self.rows
        return self.rows

    def level(self, free: int) -> int:
        """Return the row at which free pages are told: the row of a line that they equal."""
        return dict(self.lines).get(free, self.surface(free))


def heights(lines: Sequence[int], rows: int, least_top: int = 1) -> Heights:
    """Place lines, in pages, on a glass of `rows` rows that reaches to `least_top` or higher.

    Each number of pages has a row of its own, with a row between two of them where there is room.
    """
    pages = sorted(set(lines), reverse=True)
    top = max(least_top, *(one + max(1, one // TOP_SHARE) for one in pages), 1)
    gap = 2 if rows >= 2 * len(pages) + 1 else 1
    placed = [max(0, (top - one) * rows // top) for one in pages]
    first = 2 if rows >= 2 * len(pages) + 3 else 1 if rows > 4 else 0
    for n, row in enumerate(placed):
        placed[n] = max(row, placed[n - 1] + gap) if n else max(first, row)
    lowest = rows - 1 if pages and pages[-1] == 0 else rows - 2
    for n in reversed(range(len(placed))):
        placed[n] = max(0, min(placed[n], lowest))
        lowest = placed[n] - gap
    return Heights(rows, top, tuple(zip(pages, placed, strict=True)))
