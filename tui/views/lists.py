"""The free lists by order and type."""

from __future__ import annotations

from mmplay.engine.frame import Ask
from mmplay.engine.report import ZoneDump
from mmplay.tui.cells import Cell, Row, fit, right, row, wrap
from mmplay.tui.views.scene import View
from mmplay.tui.views.zones import zone_name

NAME_WIDTH = 7
COLUMN = 6
ZONE_COLUMN = 15


def lists_rows(view: View) -> list[Row]:
    """Return the rows of the free list panel: a column per order where it fits, else a row."""
    zones = [zone for zone in view.dump.zones if zone.blocks] if view.dump else []
    if not zones:
        return [row(Cell("unknown: no free lists in this dump", "unknown"))]
    orders = max(len(zone.blocks or ()) for zone in zones)
    if view.width >= NAME_WIDTH + COLUMN * orders:
        return _by_column(view, zones, orders)
    return _by_row(view, zones, orders)


def _by_column(view: View, zones: list[ZoneDump], orders: int) -> list[Row]:
    name = max([NAME_WIDTH, *(len(zone_name(view, zone)) for zone in zones)])
    head = "".join(right(str(order), COLUMN) for order in range(orders))
    rows = [row(Cell(fit("order", name), "dim"), Cell(head, "dim"))]
    for zone in zones:
        counts = [Cell(fit(zone_name(view, zone), name), "label")]
        letters = [Cell(" " * name)]
        for blocks in zone.blocks or ():
            counts.append(_count(zone, blocks.order, blocks.count, COLUMN))
            letters.append(Cell(right(blocks.types if blocks.count else "", COLUMN), "mark"))
        rows += [tuple(counts), tuple(letters), *_sum_rows(view, zone)]
    return rows


def _by_row(view: View, zones: list[ZoneDump], orders: int) -> list[Row]:
    wide = max(COLUMN + 2, min(ZONE_COLUMN, (view.width - NAME_WIDTH) // len(zones)))
    names = "".join(fit(zone_name(view, zone), wide) for zone in zones)
    rows = [row(Cell(fit("order", NAME_WIDTH), "dim"), Cell(names, "label"))]
    for order in range(orders):
        cells = [Cell(fit(str(order), NAME_WIDTH), "dim")]
        for zone in zones:
            blocks = (zone.blocks or ())[order : order + 1]
            count = blocks[0].count if blocks else 0
            types = blocks[0].types if blocks and count else ""
            cells.append(_count(zone, order, count, COLUMN))
            cells.append(Cell(fit(f" {types}", wide - COLUMN), "mark"))
        rows.append(tuple(cells))
    return [*rows, *(one for zone in zones for one in _sum_rows(view, zone))]


def _count(zone: ZoneDump, order: int, count: int, width: int) -> Cell:
    ask = Ask("blocks", (zone.node, zone.name, order))
    return Cell(right(str(count), width), "number" if count else "dim", ask)


def _sum_rows(view: View, zone: ZoneDump) -> list[Row]:
    listed, free = zone.listed_pages(), zone.pages("free")
    text = f"{zone_name(view, zone)} lists sum to {listed} pages"
    if free is not None and listed is not None and free != listed:
        text += f"; free says {free}"
    lines = wrap(text, max(20, view.width - NAME_WIDTH))
    return [row(" " * NAME_WIDTH, Cell(line, "dim")) for line in lines]
