"""A simple compaction: of a zone for one block of an order, or of every zone as a whole.

For a block the aligned range with most free pages is chosen among those in movable pageblocks; its
used pages take the place of free pages from elsewhere in the zone. For vm.compact_memory the pages
in use at a zone's lower end move to free pages at its upper end until the two meet; both kinds are
taken from movable pageblocks only: free pages in others are no target
(suitable_migration_target), and what lies in others is taken for kernel memory, which does not
move. Left out: the scanners' speed, deferral, the time it takes, pages that cannot move, and
movable pages that strayed into other pageblocks. Source: mm/compaction.c of 4.5
(compaction_suitable, sysctl_compaction_handler, compact_nodes, compact_zone, isolate_freepages).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.sim.machine.asks import Ask
from mmplay.engine.sim.machine.page_decisions import CompactMemory, CompactZone
from mmplay.engine.sim.mm.page_alloc import largest_free, rmqueue_slow
from mmplay.engine.sim.state.buddy import (
    MAX_ORDER,
    MOVABLE,
    PAGEBLOCK_ORDER,
    PAGEBLOCK_PAGES,
    TYPES,
    Buddy,
)
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


def compact(m: Machine, ask: Ask, order: int, cpu: int) -> bool:
    """Try to make and take a block of this order (__alloc_pages_direct_compact).

    `m.zone` is where it came from.
    """
    m.pfmemalloc = False
    tried = False
    for zone, floor in m.gates[ask.gate]:
        if not _suitable(zone, order, ask.class_zone):
            continue
        tried = True
        kept = 0 if ask.harder else zone.reserved_highatomic
        if _make_block(zone, order) and watermark_ok(zone.free, order, kept, floor):
            page = rmqueue_slow(m, zone, ask, order, cpu)
            if page >= 0:
                m.state.counters.compact_stall += 1
                m.state.counters.compact_success += 1
                if m.tell is not None:
                    m.tell(CompactZone(zone.index, order, page))
                return True
    m.state.counters.compact_stall += tried
    return False


def _suitable(zone: Zone, order: int, class_zone: int) -> bool:
    """Tell whether compaction has enough free pages to work with (COMPACT_CONTINUE).

    They are counted one by one, above low and two blocks more; what is kept for high-order atomic
    requests is not taken off.
    """
    return watermark_ok(zone.free, 0, 0, zone.low + (2 << order) + zone.reserve[class_zone])


def _make_block(zone: Zone, order: int) -> bool:
    """Make the best range of the order free; tell whether there was one."""
    buddy = zone.buddy
    target = _best_range(buddy, order)
    if target < 0:
        return False
    end = target + (1 << order)
    inside = [page for page in range(target, end) if page in buddy.where]
    free = {p for start in inside for p in range(start, start + _size(buddy, start))}
    used = [page for page in range(target, end) if page not in free]
    places = _free_elsewhere(buddy, len(used), target, end)
    if len(places) < len(used):
        return False
    for page in inside:
        buddy.detach(page)
    for page, place in zip(used, places, strict=True):
        zone.move_used(page, place)
    buddy.give(target, order, buddy.type_of(target))
    return True


def _size(buddy: Buddy, page: int) -> int:
    return 1 << buddy.where[page] % MAX_ORDER


def _best_range(buddy: Buddy, order: int) -> int:
    """Return the start of the aligned range with most free pages, the first of equals; or -1."""
    free: dict[int, int] = {}
    for kind in range(TYPES):
        for small in range(order):
            for page in buddy.lists[kind * MAX_ORDER + small]:
                if buddy.type_of(page) == MOVABLE:
                    start = page >> order << order
                    free[start] = free.get(start, 0) + (1 << small)
    if not free:
        return -1
    return min(free, key=lambda start: (-free[start], start))


def _free_elsewhere(buddy: Buddy, count: int, start: int, end: int) -> list[int]:
    """Take up to `count` single free pages outside a range off the lists of the smallest order."""
    places: list[int] = []
    for order in range(MAX_ORDER):
        for kind in (MOVABLE, 0, 2):
            for page in sorted(buddy.lists[kind * MAX_ORDER + order], reverse=True):
                if len(places) >= count:
                    return places
                if start <= page < end:
                    continue
                buddy.detach(page)
                size = 1 << order
                wanted = min(size, count - len(places))
                places += range(page, page + wanted)
                for rest in range(page + wanted, page + size):
                    buddy.give(rest, 0, buddy.type_of(rest))
    return places


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
    if m.tell is not None:
        m.tell(CompactMemory(zone.index, len(moves), largest_free(zone)))
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
