"""vm.compact_memory: every zone is compacted as a whole, for no request in particular.

Pages in use at a zone's lower end move to free pages at its upper end until the two meet, so that
the free pages lie together at the lower end. Both kinds are taken from movable pageblocks only:
free pages in others are no target (suitable_migration_target), and what lies in others is taken for
kernel memory, which does not move. Left out: the time it takes, pages that are pinned or locked,
and movable pages that strayed into other pageblocks. Source: mm/compaction.c of 4.5
(sysctl_compaction_handler, compact_nodes, compact_zone, isolate_freepages).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.page_alloc import largest_free
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.buddy import MAX_ORDER, MOVABLE, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def compact_memory(m: Machine) -> int:
    """Compact every zone; return how many pages moved."""
    return sum(compact_whole(m, zone) for zone in m.state.zones)


def compact_whole(m: Machine, zone: Zone) -> int:
    """Compact one zone until its two scanners meet; return how many pages moved."""
    moves: dict[int, int] = {}
    for place, page in zip(_targets(zone), _movable(m, zone), strict=False):
        if page >= place:
            break
        moves[page] = place
    if moves:
        _migrate(zone, moves)
    if m.steps is not None:
        m.steps.append(("compact_memory", zone.index, len(moves), largest_free(zone)))
    return len(moves)


def _targets(zone: Zone) -> Iterator[int]:
    """Yield the single free pages that may be moved to, from the top of the zone down.

    A free block of a whole pageblock or more is what compaction wants: it is not taken apart.
    """
    buddy = zone.buddy
    for first in sorted(buddy.where, reverse=True):
        order = buddy.where[first] % MAX_ORDER
        if order < PAGEBLOCK_ORDER and buddy.type_of(first) == MOVABLE:
            yield from range(first + (1 << order) - 1, first - 1, -1)


def _movable(m: Machine, zone: Zone) -> Iterator[int]:
    """Yield the pages in use that may move, from the bottom of the zone up.

    Blocks that requests hold stay where they are: somebody has their address.
    """
    number, blocks = m.zone_number(zone), m.state.blocks
    held = {
        page
        for at in range(0, len(blocks), BLOCK_NUMBERS)
        if blocks[at] == number
        for page in range(blocks[at + 1], blocks[at + 1] + (1 << blocks[at + 2]))
    }
    for first, count in sorted(zip(zone.used[::2], zone.used[1::2], strict=True)):
        page = first
        while page < first + count:
            after = min(first + count, (page // PAGEBLOCK_PAGES + 1) * PAGEBLOCK_PAGES)
            if zone.buddy.type_of(page) == MOVABLE:
                yield from (one for one in range(page, after) if one not in held)
            page = after


def _migrate(zone: Zone, moves: dict[int, int]) -> None:
    """Take the places off the free lists, let the pages move there, and free where they were."""
    buddy = zone.buddy
    taken = set(moves.values())
    for first in [page for page in buddy.where if _holds(buddy.where[page], page, taken)]:
        size = 1 << buddy.where[first] % MAX_ORDER
        buddy.detach(first)
        for page in range(first, first + size):
            if page not in taken:
                buddy.give(page, 0, MOVABLE)
    zone.move_all(moves)
    zone.pages_scanned = 0
    for page in moves:
        buddy.give(page, 0, MOVABLE)


def _holds(index: int, first: int, pages: set[int]) -> bool:
    """Tell whether a free block holds one of the pages."""
    return any(page in pages for page in range(first, first + (1 << index % MAX_ORDER)))
