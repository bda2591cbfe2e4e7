"""Free pages over time, drawn in cells: each zone a strip, its floors as lines with their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from mmplay.engine.explain.answer import deciding_test
from mmplay.engine.explain.finding import size
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.watermarks import MARKS, PAGE_KB
from mmplay.levels.play.showing import EVERYTHING, Showing
from mmplay.recordings.chart.axis import Axis
from mmplay.recordings.chart.curves import (
    Curve,
    Reached,
    Strip,
    ZoneKey,
    floors_of,
    line_name,
    strips_of,
    zones_with_pages,
)
from mmplay.tui.cells import Cell, Row, fit, right, row
from mmplay.tui.views.pictures.tank import water
from mmplay.tui.views.scene import View, deciding_ask
from mmplay.tui.views.zones import level_of, zone_name

LEFT, RIGHT = 8, 20
"""Columns beside a strip: for its zone and its pages, and for the names of the floors."""

LEAST_ROWS = 5
"""Rows of a strip at least, where there are several."""

LINES = {"min": "━", "low": "┈", "high": "┈"}
CALLERS_LINE = "─"
GUESS = "∙"
"""The straight way between two dumps, of which nothing is known."""

BAND = "░"
"""Where free pages lay in one of the runs within the bounds of what is assumed."""

IN_OTHER_RUNS = f" {BAND} in other runs"

FIRST_NAMED = ("min", "HIGH", "MIN_RESERVE", "HIGH+HARDER", "MIN_RESERVE+NON_BLOCK", "low", "high")
"""Where several floors fall into one row, these are named first."""

Grid = list[list[tuple[str, str]]]
"""Rows of (character, role), one for each column."""


class Plot(NamedTuple):
    """A strip of a zone that is drawn `height` rows high."""

    zone: ZoneDump
    floors: list[tuple[str, str, int]]
    strip: Strip
    height: int

    def half(self, pages: int) -> int:
        """Return the half row of a page count, counted from the lower edge."""
        shown = max(self.strip.low, min(self.strip.high, pages)) - self.strip.low
        return shown * (2 * self.height - 1) // max(1, self.strip.high - self.strip.low)

    def row(self, pages: int) -> int:
        """Return the row of a page count, counted from the upper edge."""
        return self.height - 1 - self.half(pages) // 2


Curves = Mapping[ZoneKey, Curve]
Bands = Mapping[ZoneKey, Sequence[Reached]]


def history_rows(
    view: View,
    curves: Curves,
    axis: Axis,
    height: int,
    showing: Showing = EVERYTHING,
    bands: Bands = MappingProxyType({}),
) -> list[Row]:
    """Return `height` rows of the zones' free pages; LEFT and RIGHT stand beside the axis.

    Zones and floors that a level does not show are left out. `bands` lie behind the curves.
    """
    if height < 1:
        return []
    if view.dump is None or not zones_with_pages(view.dump):
        what = "memory was" if view.dump is None else "zone's free pages were"
        return [row(Cell(f" No {what} printed until here.", "unknown"))]
    rows: list[Row] = []
    for plot in _plots(view, curves, height, showing):
        zone = plot.zone.node, plot.zone.name
        rows += _plot_rows(view, plot, curves.get(zone), axis, bands.get(zone, ()))
    return rows


def _plots(view: View, curves: Curves, height: int, showing: Showing) -> list[Plot]:
    """Return what is drawn: the deciding zone first and largest, others while there is room."""
    zones = zones_with_pages(view.dump) if view.dump else []
    ask = deciding_ask(view.result)
    zones.sort(key=lambda zone: ask is None or (zone.node, zone.name) != ask.names[:2])
    dump = view.dump
    zones = [zone for zone in zones if showing.shows(f"zones.{zone.name}")] or zones
    known = [(zone, _floors(view, dump, zone, showing)) for zone in zones if dump]
    wanted = [(zone, floors, _strips(zone, floors, curves)) for zone, floors in known]
    chosen = [(zone, floors, strips[0]) for zone, floors, strips in wanted]
    chosen += [(zone, floors, strips[1]) for zone, floors, strips in wanted if strips[1:]]
    chosen = chosen[: max(1, height // LEAST_ROWS)]
    share = height // (len(chosen) + 1) if len(chosen) > 1 else 0
    share = max(LEAST_ROWS, share) if len(chosen) > 1 else 0
    first = height - share * (len(chosen) - 1)
    heights = [first, *[share] * (len(chosen) - 1)]
    return [Plot(*one, rows) for one, rows in zip(chosen, heights, strict=True)]


def _floors(
    view: View, dump: MemDump, zone: ZoneDump, showing: Showing
) -> list[tuple[str, str, int]]:
    """Return the floors as this frame's request meets them, else as an ordinary one would."""
    caller = view.result.diagnosis.caller
    index = caller.class_zone if caller is not None and caller.asks(dump, zone) else None
    return [
        (name, caller, pages)
        for name, caller, pages in floors_of(view.frame.kernel, dump, zone, index)
        if showing.shows(f"{'marks' if name in MARKS else 'floors'}.{name}")
    ]


def _strips(zone: ZoneDump, lines: list[tuple[str, str, int]], curves: Curves) -> list[Strip]:
    """Return the strips of a zone, first the one that shows the present number best."""
    floors = [pages for _, _, pages in lines]
    curve = curves.get((zone.node, zone.name))
    free = zone.pages("free") or 0
    most = max([free, *_pages(curve)]) if curve else free
    strips = strips_of(floors, most)
    near = strips[0]
    if curve and curve.exact and free > strips[-1].high:
        return [Strip(0, most * 21 // 20, near=False)]  # A run is seen to fall from where it is.
    if curve and all(near.low <= pages <= near.high for pages in (free, *_pages(curve))):
        return [near]
    return sorted(strips, key=lambda one: one.near and not one.low <= free <= one.high)


def _pages(curve: Curve) -> list[int]:
    return [pages for _, pages in curve.points]


# one strip


def _plot_rows(
    view: View, plot: Plot, curve: Curve | None, axis: Axis, band: Sequence[Reached]
) -> list[Row]:
    grid: Grid = [[(" ", "dim")] * axis.width for _ in range(plot.height)]
    for name, _, pages in reversed(plot.floors):
        if plot.strip.low <= pages <= plot.strip.high:
            grid[plot.row(pages)] = [(LINES.get(name, CALLERS_LINE), "mark")] * axis.width
    for reached in band:
        _draw_band(plot, reached, axis, grid)
    if curve is not None:
        _draw_curve(view, plot, curve, axis, grid)
    _draw_cursor(view, axis, grid)
    names = _names(view, plot)
    if band:
        next((cells for cells in names if not cells), []).append(Cell(IN_OTHER_RUNS, "dim"))
    left = _left(view, plot)
    return [
        row(Cell(fit(left[n][0], LEFT), left[n][1]), *_runs(cells), *names[n])
        for n, cells in enumerate(grid)
    ]


def _runs(cells: list[tuple[str, str]]) -> Iterator[Cell]:
    for role, same in groupby(cells, key=lambda cell: cell[1]):
        yield Cell("".join(letter for letter, _ in same), role)


def _draw_curve(view: View, plot: Plot, curve: Curve, axis: Axis, grid: Grid) -> None:
    """Draw free pages: what is known solid, the way between two dumps dotted."""
    spans: dict[int, list[int]] = {}
    for index, free in curve.points:
        spans.setdefault(axis.of(index), []).append(free)
    before: tuple[int, int] | None = None
    begins = [stretch.start for stretch in axis.stretches]
    for column, frees in sorted(spans.items()):
        if before is not None and any(before[0] < start <= column for start in begins):
            before = None  # nothing joins two boots
        if before is not None:
            _draw_way(view, plot, before, (column, frees[0]), grid, curve.exact)
        reached = [before[1]] if before is not None and curve.exact else []
        halves = [plot.half(free) for free in (*reached, *frees)]
        role = _level(view, plot, min(frees))
        for half in range(min(halves), max(halves) + 1):
            _dot(grid, plot, column, half, role)
        before = column, frees[-1]
    if before is not None and curve.exact:
        _draw_way(view, plot, before, (axis.width, before[1]), grid, exact=True)


def _draw_band(plot: Plot, reached: Reached, axis: Axis, grid: Grid) -> None:
    """Fill where free pages lay in some run, as far as the strip reaches; floors shine through."""
    strip = plot.strip
    if reached.high < strip.low or reached.low > strip.high:
        return
    for line in grid[plot.row(reached.high) : plot.row(reached.low) + 1]:
        for column in range(axis.of(reached.first), axis.of(reached.last) + 1):
            if column % 2 or line[column][0] == " ":
                line[column] = BAND, "dim"


def _level(view: View, plot: Plot, free: int) -> str:
    """Return the role of free pages by the marks that are drawn, which hold the reserve, too."""
    marks = [pages for name, _, pages in plot.floors if name in MARKS]
    if len(marks) < len(MARKS):
        return level_of(view, plot.zone, free)[0]
    return water(free, marks, view.glyphs)[0]


def _draw_way(
    view: View, plot: Plot, start: tuple[int, int], end: tuple[int, int], grid: Grid, exact: bool
) -> None:
    """Draw what lies between two columns: a level that is held, or a guess."""
    (left, first), (right_end, last) = start, end
    role = _level(view, plot, first)
    for column in range(left + 1, right_end):
        if exact:
            _dot(grid, plot, column, plot.half(first), role)
            continue
        between = first + (last - first) * (column - left) // (right_end - left)
        grid[plot.row(between)][column] = (GUESS, "number")


def _dot(grid: Grid, plot: Plot, column: int, half: int, role: str) -> None:
    """Fill half a cell; both halves make a whole one."""
    line = grid[plot.height - 1 - half // 2]
    new = "▀" if half % 2 else "▄"
    old = line[column][0]
    line[column] = ("█" if old in "▀▄█" and old != new else new, role)


def _draw_cursor(view: View, axis: Axis, grid: Grid) -> None:
    column = axis.of(view.frame.index)
    for line in grid:
        letter, _ = line[column]
        line[column] = (letter if letter in "▀▄█" else "│", "here")


# beside it


def _left(view: View, plot: Plot) -> list[tuple[str, str]]:
    """Return what stands left of each row: the zone, its present pages, and the lower end."""
    texts = [("", "dim")] * plot.height
    free = plot.zone.pages("free")
    if plot.strip.low and plot.height >= LEAST_ROWS:
        texts[-1] = (right(f"{plot.strip.low} ", LEFT), "dim")
    if free is not None:
        at = plot.row(free)
        at = at if at or plot.height < 2 else 1
        texts[at] = (right(f"{free} ", LEFT), "number")
    texts[0] = (f" {zone_name(view, plot.zone)}"[-LEFT:], "label")
    if free is not None and plot.height >= LEAST_ROWS:
        beside = next((n for n in (at + 1, at - 1) if 0 < n < plot.height and not texts[n][0]), 0)
        if beside:  # under its number: at the top it would be read as the end of the axis
            texts[beside] = (right(f"{short_size(free)} ", LEFT), "dim")
    return texts


def short_size(pages: int) -> str:
    """Return pages in kB, MiB or GiB; without digits after the point where there is no room."""
    text = size(pages * PAGE_KB)
    value, unit = text.split()
    if len(text) < LEFT or "." not in value:
        return text
    return f"{(int(value.replace('.', '')) + 5) // 10} {unit}"


def _names(view: View, plot: Plot) -> list[list[Cell]]:
    """Return the names of the floors, each in the row of its line as far as there is room."""
    decided = deciding_test(view.result.diagnosis, plot.zone)
    deciding = decided[1].floor.value if decided and decided[1].floor is not None else None
    names: list[list[Cell]] = [[] for _ in range(plot.height)]
    floors = sorted(plot.floors, key=lambda one: (one[2] != deciding, _rank(one[0])))
    for name, _, pages in floors:
        cells = names[plot.row(pages)]
        text = f" {line_name(plot.zone, name, pages)} {pages}"
        text += "◀" if pages == deciding else ""
        used = sum(len(cell.text) for cell in cells)
        if plot.strip.low <= pages <= plot.strip.high and used + len(text) <= RIGHT:
            cells.append(Cell(text, "here" if pages == deciding else "mark"))
    if plot.strip.near and not names[0]:
        names[0].append(Cell(" near its floors", "dim"))
    return names


def _rank(name: str) -> int:
    return FIRST_NAMED.index(name) if name in FIRST_NAMED else len(FIRST_NAMED)
