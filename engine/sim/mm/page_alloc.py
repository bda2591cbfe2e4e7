"""get_page_from_freelist and what surrounds it: which zone serves a request, if any.

Every function that takes a page returns its number and leaves its zone in `m.zone`; -1 means that
no zone serves it. Callers that cannot wait are served here: fast path, their floor, the reserves,
or nothing; others go on in `slowpath`. Source: mm/page_alloc.c of 4.5 (get_page_from_freelist,
buffered_rmqueue, reset_alloc_batches, reserve_highatomic_pageblock, __free_pages_ok,
__alloc_pages_nodemask, __alloc_pages_slowpath up to the test for direct reclaim),
mm/page-writeback.c (zone_dirty_ok) and mm/vmscan.c (wakeup_kswapd, zone_balanced).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.sim.machine.asks import Ask
from mmplay.engine.sim.machine.gates import Gate, limit_of, zone_dirtyable
from mmplay.engine.sim.machine.machine import wake
from mmplay.engine.sim.machine.page_decisions import (
    FastPath,
    FastPathFails,
    NoWatermarks,
    ReserveHighatomic,
    UnreserveHighatomic,
    WakeupKswapd,
    ZoneDirtyOk,
    ZoneWatermarkOk,
)
from mmplay.engine.sim.mm.pcp import count_block, count_taken, take_page
from mmplay.engine.sim.state.buddy import (
    HIGHATOMIC,
    MAX_ORDER,
    PAGEBLOCK_ORDER,
    PAGEBLOCK_PAGES,
    PCP_TYPES,
    TYPES,
)
from mmplay.engine.sim.state.tasks import SLEEPING
from mmplay.engine.sim.state.zone import FAIR_DEPLETED, Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


ORDINARY = tuple(range(PCP_TYPES))
ANY_TYPE = tuple(range(TYPES))


def zone_watermark_ok(zone: Zone, floor: int, order: int, harder: bool) -> bool:
    """Tell whether a zone may serve a request: by its free pages, and by its free lists."""
    kept = 0 if harder else zone.reserved_highatomic
    if not watermark_ok(zone.free, order, kept, floor):
        return False
    if order == 0:
        return True
    return zone.buddy.has_block(order, ANY_TYPE if harder else ORDINARY)


def take_from(m: Machine, gate: Gate, ask: Ask, order: int, cpu: int) -> int:
    """Take a block from the first zone whose floor allows it (get_page_from_freelist)."""
    silent = m.tell is None
    for zone, floor in gate:
        if silent and zone.free <= floor:
            # Nine of ten tests end here: what is hidden or missing can only make it worse.
            continue
        allowed = zone_watermark_ok(zone, floor, order, ask.harder)
        if m.tell is not None:
            kept = 0 if ask.harder else zone.reserved_highatomic
            test = (zone.index, zone.free, floor, order, allowed, ask.gfp, kept)
            m.tell(ZoneWatermarkOk(*test))
        if allowed:
            page = rmqueue_slow(m, zone, ask, order, cpu)
            if page >= 0:
                return page
    return -1


def take_anyway(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Take a block whatever the floors say (ALLOC_NO_WATERMARKS)."""
    for zone in m.zonelists[ask.class_zone]:
        page = rmqueue(m, zone, ask, order, cpu)
        if m.tell is not None:
            m.tell(NoWatermarks(zone.index, zone.free, order, page >= 0, ask.gfp))
        if page >= 0:
            return page
    return -1


def take_fast(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Take a block above the low mark, spread over zones by size and dirty pages (the fast path).

    A zone whose share of the round is used up is skipped; if that leaves nothing, the shares
    start again.
    """
    gate = m.gates[ask.low_gate]
    page = _take_round(m, gate, ask, order, cpu, FAIR_DEPLETED)
    if page == SKIPPED:
        reset_alloc_batches(m, ask.class_zone)
        page = _take_round(m, gate, ask, order, cpu, 0)
    if page < 0 and m.tell is not None:
        m.tell(FastPathFails(ask.class_zone, order))
    return page


SKIPPED = -2
"""No page, but a zone was left out."""


def _take_round(m: Machine, gate: Gate, ask: Ask, order: int, cpu: int, skip: int) -> int:
    """Look at every zone once; those with a flag in `skip` are left out."""
    silent, none = m.tell is None, -1
    for zone, floor in gate:
        if zone.flags & skip:
            none = SKIPPED
            continue
        if silent and zone.free <= floor:
            # As in `take_from`.
            continue
        if ask.for_write and not zone_dirty_ok(m, zone):
            if m.tell is not None:
                m.tell(ZoneDirtyOk(zone.index, zone.dirty, zone.writeback))
            continue
        if not watermark_ok(zone.free, order, zone.reserved_highatomic, floor):
            continue
        if order and not zone.buddy.has_block(order, ORDINARY):
            continue
        page = rmqueue(m, zone, ask, order, cpu)
        if page >= 0:
            if m.tell is not None:
                m.tell(FastPath(zone.index, zone.free, floor, order))
            return page
    return none


def take_many(m: Machine, ask: Ask, cpu: int, want: int) -> int:
    """Take up to `want` single pages as one fast path after the other would; return how many.

    All come from one zone (`m.zone`): its counter does not move while the CPU's list lasts, so
    that every one of these tests has the same answer. Not for __GFP_WRITE, where each page that
    is dirtied may change it.
    """
    page = take_fast(m, ask, 0, cpu)
    if page < 0:
        return 0
    zone = m.zone
    pages = zone.pcp[cpu][ask.kind]
    more = min(want - 1, len(pages), max(0, zone.batch))
    for _ in range(more):
        zone.hand_out(pages.pop(), 1)
    zone.batch -= more
    if zone.batch <= 0:
        zone.flags |= FAIR_DEPLETED
    m.state.counters.pgalloc += more
    return more + 1


def reset_alloc_batches(m: Machine, class_zone: int) -> None:
    """Start a new round of the fair policy in the preferred zone and those below it."""
    for zone in m.zonelists[class_zone]:
        zone.batch = zone.high - zone.low
        zone.flags &= ~FAIR_DEPLETED


def zone_dirty_ok(m: Machine, zone: Zone) -> bool:
    """Tell whether a zone holds no more than its share of dirty pages (zone_dirty_limit)."""
    pages = zone_dirtyable(zone)
    limit = limit_of(pages, m.state.dirty_ratio, m.state.dirty_bytes)
    if m.state.dirty_bytes:
        limit = limit * pages // (1 + sum(zone_dirtyable(one) for one in m.state.zones))
    return zone.dirty + zone.writeback <= limit


def rmqueue(m: Machine, zone: Zone, ask: Ask, order: int, cpu: int) -> int:
    """Take a block off a zone's ordinary lists (buffered_rmqueue); -1 if they cannot give one."""
    if order == 0:
        page = take_page(m, zone, cpu, ask.kind)
    else:
        page = _count_block(m, zone, order, cpu, zone.buddy.take(order, ask.kind))
    if page < 0:
        return -1
    m.zone = zone
    zone.hand_out(page, 1 << order)
    return page


def rmqueue_slow(m: Machine, zone: Zone, ask: Ask, order: int, cpu: int) -> int:
    """Take a block as the slow path does, where gfp_to_alloc_flags has given ALLOC_HARDER.

    Such a request of order 1 or more looks at reserved blocks first, and has the block reserved
    that it got. The fast path has not asked for its flags yet, and does neither.
    """
    if not order or not ask.harder:
        return rmqueue(m, zone, ask, order, cpu)
    page = zone.buddy.take_smallest(order, HIGHATOMIC)
    if page < 0:
        page = zone.buddy.take(order, ask.kind)
    page = _count_block(m, zone, order, cpu, page)
    if page < 0:
        return -1
    m.zone = zone
    zone.hand_out(page, 1 << order)
    _reserve_highatomic(m, zone, page)
    return page


def _count_block(m: Machine, zone: Zone, order: int, cpu: int, page: int) -> int:
    """Count a block as taken, if there is one; return its page as it came."""
    if page < 0:
        return -1
    count_taken(zone, cpu, 1 << order)
    zone.batch -= 1 << order
    if zone.batch <= 0:
        zone.flags |= FAIR_DEPLETED
    m.state.counters.pgalloc += 1 << order
    return page


def _reserve_highatomic(m: Machine, zone: Zone, page: int) -> None:
    """Keep the pageblock of a high-order atomic request for more of the kind."""
    if zone.reserved_highatomic >= zone.managed // 100 + PAGEBLOCK_PAGES:
        return
    block = page >> PAGEBLOCK_ORDER
    if zone.buddy.block_types[block] == HIGHATOMIC:
        return
    zone.reserved_highatomic += PAGEBLOCK_PAGES
    zone.buddy.block_types[block] = HIGHATOMIC
    zone.buddy.move_free_pages(block, HIGHATOMIC)
    m.state.counters.highatomic_reserved += 1
    if m.tell is not None:
        m.tell(ReserveHighatomic(zone.index, page, zone.reserved_highatomic))


def unreserve_highatomic(m: Machine, ask: Ask) -> None:
    """Give one reserved pageblock to the caller's type; every zone keeps one block."""
    for zone in m.zonelists[ask.class_zone]:
        if zone.reserved_highatomic <= PAGEBLOCK_PAGES:
            continue
        for order in range(MAX_ORDER):
            blocks = zone.buddy.lists[HIGHATOMIC * MAX_ORDER + order]
            if not blocks:
                continue
            zone.reserved_highatomic -= PAGEBLOCK_PAGES
            block = blocks[-1] >> PAGEBLOCK_ORDER
            zone.buddy.block_types[block] = ask.kind
            zone.buddy.move_free_pages(block, ask.kind)
            if m.tell is not None:
                page = block << PAGEBLOCK_ORDER
                m.tell(UnreserveHighatomic(zone.index, page, zone.reserved_highatomic))
            return


def give_one_block(m: Machine, zone: Zone, cpu: int, page: int, order: int) -> None:
    """Free this very block straight to the free lists, where it merges (__free_one_page)."""
    zone.pages_scanned = 0
    m.state.counters.pgfree += 1 << order
    zone.buddy.give(page, order, zone.buddy.block_types[page >> PAGEBLOCK_ORDER])
    count_block(zone, cpu, 1 << order)


def give_block(m: Machine, zone: Zone, cpu: int, order: int) -> None:
    """Free a block of order > 0 straight to the free lists (__free_pages_ok).

    Its pages are those in use longest, which lie together if they were handed out together.
    """
    pages = [zone.hand_back() for _ in range(1 << order)]
    types = zone.buddy.block_types
    zone.pages_scanned = 0
    m.state.counters.pgfree += 1 << order
    if pages[0] % (1 << order) == 0 and pages[-1] - pages[0] == (1 << order) - 1:
        zone.buddy.give(pages[0], order, types[pages[0] >> PAGEBLOCK_ORDER])
    else:
        for page in pages:
            zone.buddy.give(page, 0, types[page >> PAGEBLOCK_ORDER])
    count_block(zone, cpu, 1 << order)


def largest_free(zone: Zone) -> int:
    """Return the largest order of which a block is free, -1 if none is."""
    return max((n % MAX_ORDER for n, blocks in enumerate(zone.buddy.lists) if blocks), default=-1)


def wake_kswapd(m: Machine, class_zone: int, order: int) -> None:
    """Wake kswapd if it sleeps and a zone of the request is below its high mark."""
    state = m.state
    task = state.kswapd_task
    if task < 0:
        return
    if state.kswapd_order < order:
        state.kswapd_order = order
        state.kswapd_class = min(state.kswapd_class, class_zone)
    if state.tasks.state[task] != SLEEPING:
        return
    if all(zone_balanced(zone, order, 0, 0) for zone in m.zonelists[class_zone]):
        return
    if m.tell is not None:
        m.tell(WakeupKswapd(class_zone, order))
    state.counters.kswapd_wakes += 1
    wake(m, task)


def zone_balanced(zone: Zone, order: int, gap: int, class_zone: int) -> bool:
    """Tell whether a zone is above its high mark and a gap, for requests of this class."""
    floor = zone.high + gap + zone.reserve[class_zone]
    if not watermark_ok(zone.free, order, zone.reserved_highatomic, floor):
        return False
    return order == 0 or zone.buddy.has_block(order, (0, 1, 2))


def alloc_nowait(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Return a block, or -1. `m.pfmemalloc` tells whether it came from below every floor."""
    m.pfmemalloc = False
    page = take_fast(m, ask, order, cpu)
    if page >= 0:
        return page
    return retry_nowait(m, ask, order, cpu)


def retry_nowait(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Make the slow path's tries that need no waiting: its floor, then the reserves if allowed."""
    m.pfmemalloc = False
    state = m.state
    if ask.wakes_kswapd:
        task = state.kswapd_task
        if task < 0 or state.tasks.state[task] == SLEEPING or state.kswapd_order < order:
            # Else it is awake and knows the order: a call for that is too dear here.
            wake_kswapd(m, ask.class_zone, order)
    page = take_from(m, m.gates[ask.gate], ask, order, cpu)
    if page < 0 and ask.no_watermarks:
        page = take_anyway(m, ask, order, cpu)
        m.pfmemalloc = page >= 0
    return page
