"""The loop: its edges in a ring, lit as they turn, and the zones that it empties below."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.levels.play.showing import UNKNOWN
from mmplay.tui.cells import wrap
from mmplay.tui.views.pictures.canvas import STEPS, Canvas, Picture, moved
from mmplay.tui.views.pictures.tank import told

GAP = 7
"""Columns between the two sides of the ring."""

LABELS = 14

MOST_SIDE, MOST_RING = 36, 16
"""A larger ring would fall apart before the eye."""

FEWEST = 3
"""With fewer edges there is no ring."""


class Edge(NamedTuple):
    """What leads to the next edge, in words, whether it has turned, whether it is broken since."""

    words: str
    lit: bool
    over: bool = False

    def says(self) -> str:
        """Return what is said of it; drawn it is crossed out."""
        return f"{self.words} no more" if self.over else self.words


class Gauge(NamedTuple):
    """A zone: free pages, the pages at which its gauge is full, how it stands in words."""

    zone: str
    free: int
    full: int
    words: str
    role: str
    fill: str


class Loop(NamedTuple):
    """What the picture shows; edge n leads to edge n + 1, the last one to the first."""

    edges: tuple[Edge, ...]
    gauges: tuple[Gauge, ...] = ()


@Picture
def loop_rows(sheet: Canvas, loop: Loop, past: Loop) -> None:
    """Draw the ring; edges that were not lit in `past` come to glow."""
    _Drawing(sheet, loop, past).draw()


class _Drawing:
    """One drawing of a loop, at one step of a move."""

    def __init__(self, sheet: Canvas, loop: Loop, past: Loop) -> None:
        self.sheet, self.loop, self.past = sheet, loop, past
        self.step, self.glyphs = sheet.step, sheet.glyphs
        self.side = max(10, min(MOST_SIDE, (sheet.width - GAP - 2) // 2))
        count = len(loop.edges)
        self.right = list(range(1, (count + 1) // 2 + 1))[: max(0, count - 1)]
        self.left = [0, *range(count - 1, len(self.right), -1)] if count else []
        self.ring = max(4, min(MOST_RING, sheet.height - len(loop.gauges) - 1))

    def draw(self) -> None:
        """Draw the stations, the ways between them, the gauges."""
        for names, x in ((self.left, 1), (self.right, self.side + GAP + 1)):
            for n, edge in enumerate(names):
                self._station(edge, x, self._row(n, len(names)))
        self._ways()
        for n, gauge in enumerate(self.loop.gauges):
            self._gauge(gauge, self.ring + 1 + n)

    def _row(self, n: int, count: int) -> int:
        """Return the row of station `n` on a side of so many: the first on top, the last below."""
        return n * (self.ring - 2) // max(1, count - 1)

    def _station(self, edge: int, x: int, y: int) -> None:
        one = self.loop.edges[edge]
        lamp = self.glyphs.no if one.over else self.glyphs.ball if one.lit else self.glyphs.hole
        role = self._role(edge)
        self.sheet.put(x, y, lamp, role)
        for n, line in enumerate(wrap(one.words, self.side - 2)[:2]):
            self.sheet.put(x + 2, y + n, line, role)

    def _role(self, edge: int) -> str:
        if not self.loop.edges[edge].lit:
            return "dim"
        if self.loop.edges[edge].over:
            return "fine"
        return "here" if edge == self._last() else "below_min"

    def _last(self) -> int:
        """Return the edge that was lit last, in the order of the ring; -1 if none is."""
        lit = [n for n, one in enumerate(self.loop.edges) if one.lit and not one.over]
        return lit[-1] if lit else -1

    def _ways(self) -> None:
        """Draw the way from each station to the next, thick where its edge is lit.

        From an edge that is broken none leads on.
        """
        if len(self.loop.edges) < FEWEST:
            return
        middle, top, bottom = self.side + 2, 0, self._row(1, 2)
        self._across(0, middle, top, self.glyphs.to_right)
        for n, edge in enumerate(self.right[:-1]):
            count = len(self.right)
            self._down(edge, self._row(n, count) + 2, self._row(n + 1, count), self.glyphs.down)
        self._across(self.right[-1], middle, bottom, self.glyphs.points)
        up = [*reversed(self.left[1:])]
        for n, edge in enumerate(up):
            lower = len(self.left) - 1 - n
            low, high = self._row(lower, len(self.left)), self._row(lower - 1, len(self.left))
            self._up(edge, high + 2, low)

    def _across(self, edge: int, x: int, y: int, head: str) -> None:
        if self.loop.edges[edge].over:
            return
        line, role = self._stroke(edge, across=True)
        way = GAP - 2
        self.sheet.put(x, y, line * way, role)
        self.sheet.put(x if head == self.glyphs.points else x + way - 1, y, head, role)
        if self._fresh(edge):
            at = moved(0, way - 1, self.step)
            at = way - 1 - at if head == self.glyphs.points else at
            self.sheet.put(x + at, y, self.glyphs.ball, "here")

    def _down(self, edge: int, first: int, last: int, head: str) -> None:
        if self.loop.edges[edge].over:
            return
        line, role = self._stroke(edge, across=False)
        x = self.side + GAP + 1
        self.sheet.fill(x, first, 1, last - first - 1, line, role)
        if last > first:
            self.sheet.put(x, last - 1, head, role)
        if self._fresh(edge):
            self.sheet.put(x, moved(first, last - 1, self.step), self.glyphs.ball, "here")

    def _up(self, edge: int, first: int, last: int) -> None:
        if self.loop.edges[edge].over:
            return
        line, role = self._stroke(edge, across=False)
        self.sheet.fill(1, first, 1, last - first, line, role)
        self.sheet.put(1, first, self.glyphs.up, role)
        if self._fresh(edge):
            self.sheet.put(1, moved(last - 1, first, self.step), self.glyphs.ball, "here")

    def _stroke(self, edge: int, across: bool) -> tuple[str, str]:
        glyphs = self.glyphs
        if self.loop.edges[edge].lit:
            return glyphs.lid if across else glyphs.rail, self._role(edge)
        return glyphs.line if across else glyphs.wall, "dim"

    def _fresh(self, edge: int) -> bool:
        """Tell whether the edge has just been lit, and its light is still on the way."""
        known = len(self.past.edges) > edge
        was = known and self.past.edges[edge].lit
        return self.step < STEPS and self.loop.edges[edge].lit and not was

    def _gauge(self, gauge: Gauge, y: int) -> None:
        room = max(4, self.sheet.width - LABELS - len(gauge.words) - 3)
        before = next((one for one in self.past.gauges if one.zone == gauge.zone), gauge)
        cells = moved(_cells(before, room), _cells(gauge, room), self.step)
        self.sheet.put(1, y, f"{gauge.zone:<6}{gauge.free:>6}", "number")
        self.sheet.put(LABELS, y, gauge.fill * cells, gauge.role)
        self.sheet.put(LABELS + room + 1, y, gauge.words, gauge.role)


def _cells(gauge: Gauge, room: int) -> int:
    """Return how many cells of a gauge are filled: one at least if anything is free."""
    return min(room, max(1 if gauge.free else 0, gauge.free * room // max(1, gauge.full)))


def loop_words(loop: Loop) -> str:
    """Return which edges are lit, and which are broken since, in a few sentences.

    An edge that is not lit may turn all the same: nobody has named it yet.
    """
    lit = [one for one in loop.edges if one.lit]
    are = "is" if len(lit) == 1 else "are"
    named = [one.words for one in lit if one.words != UNKNOWN and not one.over]
    found = f"{len(lit)} of {len(loop.edges)} edges {are} lit"
    found += f": {'; '.join(named)}." if named else "."
    broken = "; ".join(one.says() for one in loop.edges if one.over)
    zones = "; ".join(f"{one.zone} {one.free} free, {one.words}" for one in loop.gauges)
    return " ".join([found, *(told(one) for one in (broken, zones) if one)])
