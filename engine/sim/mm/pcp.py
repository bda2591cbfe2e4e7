"""Per-CPU page lists, filled and emptied in batches, and free pages as CPUs count them.

A CPU may hold back what it did to the counter of free pages. Source: mm/page_alloc.c of 4.5
(buffered_rmqueue, rmqueue_bulk, free_hot_cold_page, free_pcppages_bulk, drain_all_pages,
zone_batchsize) and mm/vmstat.c (__mod_zone_page_state, refresh_cpu_vm_stats).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.page_decisions import FreePcppagesBulk, RmqueueBulk
from mmplay.engine.sim.state.buddy import MOVABLE, PAGEBLOCK_ORDER, PCP_TYPES
from mmplay.engine.sim.state.zone import FAIR_DEPLETED, Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


def count_taken(zone: Zone, cpu: int, pages: int) -> None:
    """Count pages that left the free lists in one go."""
    if zone.threshold:
        held = zone.diffs[cpu] - pages
        if -held <= zone.threshold:
            zone.diffs[cpu] = held
            return
        zone.diffs[cpu] = 0
        pages = -held
    zone.free -= pages
    if zone.free < zone.lowest:
        zone.lowest = max(0, zone.free)


def count_given(zone: Zone, cpu: int, pages: int) -> None:
    """Count pages that came back one after the other, each on its own."""
    if zone.threshold:
        limit = zone.threshold + 1
        held = zone.diffs[cpu] + pages
        folds = held // limit if held > 0 else 0
        zone.diffs[cpu] = held - folds * limit
        pages = folds * limit
    zone.free += pages


def count_block(zone: Zone, cpu: int, pages: int) -> None:
    """Count one block that came back (a single change of the counter)."""
    if zone.threshold:
        held = zone.diffs[cpu] + pages
        if held <= zone.threshold:
            zone.diffs[cpu] = held
            return
        zone.diffs[cpu] = 0
        pages = held
    zone.free += pages


def fold(zone: Zone, cpu: int) -> None:
    """Give back what this CPU held of the counter (refresh_cpu_vm_stats)."""
    zone.free += zone.diffs[cpu]
    zone.diffs[cpu] = 0
    if zone.free < zone.lowest:
        zone.lowest = max(0, zone.free)


def batch_size(managed: int) -> int:
    """Return zone_batchsize: a quarter of a thousandth of the zone, one below a power of two."""
    batch = max(1, min(managed // 1024, 128) // 4)
    return (1 << ((batch + batch // 2).bit_length() - 1)) - 1


def set_batch(zone: Zone) -> None:
    """Set the size of a zone's per-CPU lists (pageset_set_batch)."""
    size = batch_size(zone.managed)
    zone.pcp_batch = max(1, size)
    zone.pcp_high = 6 * size


def take_page(m: Machine, zone: Zone, cpu: int, kind: int) -> int:
    """Take one page off the CPU's list of this type, refilled if it is empty; -1 if none is left.

    Source: buffered_rmqueue for order 0.
    """
    pages = zone.pcp[cpu][kind]
    if not pages and not refill(m, zone, cpu, kind, pages):
        return -1
    zone.batch -= 1
    if zone.batch <= 0:
        zone.flags |= FAIR_DEPLETED
    m.state.counters.pgalloc += 1
    return pages.pop()


def refill(m: Machine, zone: Zone, cpu: int, kind: int, pages: list[int]) -> int:
    """Move up to a batch of pages from the free lists to a CPU's list; return how many.

    They keep the order in which the buddy allocator gave them: the first is taken first.
    """
    take = zone.buddy.take
    taken: list[int] = []
    for _ in range(zone.pcp_batch):
        page = take(0, kind)
        if page < 0:
            break
        taken.append(page)
    if taken:
        taken.reverse()
        pages[:] = taken
        count_taken(zone, cpu, len(taken))
        if m.tell is not None:
            m.tell(RmqueueBulk(zone.index, kind, len(taken), zone.free))
    return len(taken)


def give_pages(m: Machine, zone: Zone, cpu: int, count: int, cold: bool) -> None:
    """Free pages that were in use, one by one, through the CPU's list (free_hot_cold_page)."""
    lists = zone.pcp[cpu]
    on_list = sum(len(pages) for pages in lists)
    types = zone.buddy.block_types
    m.state.counters.pgfree += count
    for page in zone.hand_back_many(count):
        kind = types[page >> PAGEBLOCK_ORDER]
        if kind >= PCP_TYPES:
            kind = MOVABLE
        if cold:
            lists[kind].insert(0, page)
        else:
            lists[kind].append(page)
        on_list += 1
        if on_list >= zone.pcp_high:
            free_bulk(m, zone, cpu, min(zone.pcp_batch, on_list))
            on_list -= min(zone.pcp_batch, on_list)


def free_bulk(m: Machine, zone: Zone, cpu: int, count: int) -> None:
    """Move pages from the tails of a CPU's lists to the free lists (free_pcppages_bulk).

    Pages that reach the free lists reset what reclaim has scanned.
    """
    zone.pages_scanned = 0
    lists = zone.pcp[cpu]
    give, types = zone.buddy.give, zone.buddy.block_types
    left, batch, kind = count, 0, 0
    while left:
        while True:
            batch += 1
            kind = (kind + 1) % PCP_TYPES
            if lists[kind]:
                break
        if batch == PCP_TYPES:
            batch = left
        pages = lists[kind]
        while left and batch and pages:
            page = pages.pop(0)
            give(page, 0, types[page >> PAGEBLOCK_ORDER])
            left -= 1
            batch -= 1
    count_given(zone, cpu, count)
    if m.tell is not None:
        m.tell(FreePcppagesBulk(zone.index, count, zone.free))


def drain_all(m: Machine) -> int:
    """Empty the lists of every CPU (drain_all_pages); return the pages that came back."""
    drained = 0
    for zone in m.state.zones:
        for cpu, lists in enumerate(zone.pcp):
            count = sum(len(pages) for pages in lists)
            if count:
                free_bulk(m, zone, cpu, count)
                drained += count
    m.state.counters.drain_all += 1
    return drained
