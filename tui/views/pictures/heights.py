"""Where lines and a water level stand on a glass of so many rows: told apart, and true.

Water is drawn by whole rows, yet the one comparison that counts must be seen: above a line the
water covers it, at the line its surface is the line's row, below it there is air in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MANY_ROWS = 4
TOP_SHARE = 4
"""Above the highest line there is room for a quarter as many pages again."""


class Heights(NamedTuple):
    """A glass: `rows` in all, `top` pages at its rim, and the row of each line, highest first."""

    rows: int
    top: int
    lines: tuple[tuple[int, int], ...]

    def of_line(self, pages: int) -> int:
        """Return the row of a line; raises KeyError for none that was placed."""
        return dict(self.lines)[pages]

    def surface(self, free: int) -> int:
        """Return the highest row that is filled with water; `rows` if there is none.

        At a line it is the line's own row, above it a higher one, below it a lower one, as far as
        there are rows. The topmost row stays air: a caller must find room above the water.
        """
        if not free:
            return self.rows
        placed = dict(self.lines)
        if free in placed:
            return placed[free]
        stops = [(self.top, 0), *self.lines, (0, self.rows)]
        for (upper, row), (lower, next_row) in pairwise(stops):
            if free > lower:
                return self._between(free, (upper, row), (lower, next_row))
        return self.rows - 1

    def _between(self, free: int, above: tuple[int, int], below: tuple[int, int]) -> int:
        """Return the row of so many pages between two lines, or a line and an end of the glass."""
        (upper, row), (lower, next_row) = above, below
        first, last = row + 1, next_row - 1
        if first > last:
            return next_row if next_row < self.rows else self.rows - 1
        room = max(1, upper - lower - 2)
        into = min(room, free - lower - 1) * (last - first)
        return last - (into + room // 2) // room


def heights(lines: Sequence[int], rows: int, least_top: int = 1) -> Heights:
    """Place lines, in pages, on a glass of `rows` rows that reaches to `least_top` or higher.

    Each number of pages has a row of its own, with a row between two of them where there is room.
    """
    pages = sorted(set(lines), reverse=True)
    top = max(least_top, *(one + max(1, one // TOP_SHARE) for one in pages), 1)
    gap = 2 if rows >= 2 * len(pages) + 1 else 1
    least = 2 if rows >= 2 * len(pages) + 2 else 1 if rows > MANY_ROWS else 0
    placed = [max(0, (top - one) * rows // top) for one in pages]
    for n, row in enumerate(placed):
        placed[n] = max(row, placed[n - 1] + gap) if n else max(least, row)
    lowest = rows - 1 if pages and pages[-1] == 0 else rows - 2
    for n in reversed(range(len(placed))):
        placed[n] = max(0, min(placed[n], lowest))
        lowest = placed[n] - gap
    return Heights(rows, top, tuple(zip(pages, placed, strict=True)))
