"""A simple compaction: free one block of an order by moving the used pages in it elsewhere.

The aligned range with most free pages is chosen among those that lie in movable pageblocks; its
used pages take the place of free pages from elsewhere in the zone. Left out: the scanners' speed,
deferral, and pages that cannot move. Source of the conditions: mm/compaction.c of 4.5
(compaction_suitable).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.sim.mm.asks import Ask
from mmplay.engine.sim.mm.page_alloc import rmqueue_slow
from mmplay.engine.sim.state.buddy import MAX_ORDER, MOVABLE, TYPES, Buddy
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


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
                if m.steps is not None:
                    m.steps.append(("compact_zone", zone.index, order, page))
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
