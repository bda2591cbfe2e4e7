"""The free lists by order and type."""

from __future__ import annotations

from mmplay.engine.frame import Ask
from mmplay.engine.report import ZoneDump
from mmplay.tui.cells import Cell, Row, fit, right, row
from mmplay.tui.views.scene import View

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
        return _by_column(zones, orders)
    return _by_row(zones, orders)


def _by_column(zones: list[ZoneDump], orders: int) -> list[Row]:
    head = "".join(right(str(order), COLUMN) for order in range(orders))
    rows = [row(Cell(fit("order", NAME_WIDTH), "dim"), Cell(head, "dim"))]
    for zone in zones:
        counts = [Cell(fit(zone.name, NAME_WIDTH), "label")]
        letters = [Cell(" " * NAME_WIDTH)]
        for blocks in zone.blocks or ():
            counts.append(_count(zone, blocks.order, blocks.count, COLUMN))
            letters.append(Cell(right(blocks.types if blocks.count else "", COLUMN), "mark"))
        rows += [tuple(counts), tuple(letters), _sum_row(zone)]
    return rows


def _by_row(zones: list[ZoneDump], orders: int) -> list[Row]:
    names = "".join(fit(zone.name, ZONE_COLUMN) for zone in zones)
    rows = [row(Cell(fit("order", NAME_WIDTH), "dim"), Cell(names, "label"))]
    for order in range(orders):
        cells = [Cell(fit(str(order), NAME_WIDTH), "dim")]
        for zone in zones:
            blocks = (zone.blocks or ())[order : order + 1]
            count = blocks[0].count if blocks else 0
            types = blocks[0].types if blocks and count else ""
            cells.append(_count(zone, order, count, COLUMN))
            cells.append(Cell(fit(f" {types}", ZONE_COLUMN - COLUMN), "mark"))
        rows.append(tuple(cells))
    rows += [_sum_row(zone) for zone in zones]
    return rows


def _count(zone: ZoneDump, order: int, count: int, width: int) -> Cell:
    ask = Ask("blocks", (zone.node, zone.name, order))
    return Cell(right(str(count), width), "number" if count else "dim", ask)


def _sum_row(zone: ZoneDump) -> Row:
    listed, free = zone.listed_pages(), zone.pages("free")
    text = f"{zone.name} lists sum to {listed} pages"
    if free is not None and listed is not None and free != listed:
        text += f"; free says {free}"
    return row(" " * NAME_WIDTH, Cell(text, "dim"))
