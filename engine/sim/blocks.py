"""Where the blocks of a small zone lie: free ones, those that requests hold, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

FREE, HELD, USED = "free", "held", "in use"


class Placed(NamedTuple):
    """Pages `first` to `last` of a zone: a free block, a block that is held, or pages in use."""

    first: int
    last: int
    what: str


def blocks_of(m: Machine, zone: Zone) -> list[Placed]:
    """Return a zone's blocks by page; pages of no block that is known run together."""
    number, blocks = m.zone_number(zone), m.state.blocks
    known = [
        (page, 1 << index % MAX_ORDER, FREE) for page, index in sorted(zone.buddy.where.items())
    ]
    known += [
        (blocks[at + 1], 1 << blocks[at + 2], HELD)
        for at in range(0, len(blocks), BLOCK_NUMBERS)
        if blocks[at] == number
    ]
    found, page = [], 0
    for first, pages, what in (*sorted(known), (zone.managed, 0, "")):
        if page < first:
            found.append(Placed(page, first - 1, USED))
        if pages:
            found.append(Placed(first, first + pages - 1, what))
        page = first + pages
    return found
