"""Zones of a machine: from a printed Mem-Info block, or fresh.

The free lists are counted block by block, free pages by a counter of which each CPU holds a few
back: where they differ, the lists are right. What a dump does not say is chosen by rule: where
blocks lie (no two free ones are buddies), which CPU holds what of the counter and of the pages of
the per-CPU lists, and which cache owns which slab page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from mmplay.engine.errors import InputError
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.gates import set_gaps
from mmplay.engine.sim.mm.pcp import set_batch
from mmplay.engine.sim.state.buddy import (
    HIGHATOMIC,
    LETTERS,
    MAX_ORDER,
    MOVABLE,
    PAGEBLOCK_PAGES,
    UNMOVABLE,
)
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.zone import LRU, PLACES, Zone

LIST_PAGES = (*LRU, "slab_reclaimable", "slab_unreclaimable", "pagetables")


class NoRoomError(InputError):
    """Free blocks that do not lie apart in their zone."""


COPIED = (
    "min",
    "low",
    "high",
    *LIST_PAGES,
    "isolated_anon",
    "isolated_file",
    "dirty",
    "writeback",
    "mapped",
    "shmem",
)


def zone_from_dump(dump: ZoneDump, kernel: Kernel, printed_by: Kernel, state: State) -> Zone:
    """Return a zone as its line and its free lists say; raises InputError if they do not fit."""
    index = dump.index
    managed = _pages(dump, "managed")
    if index is None:
        raise InputError(f"zone {dump.name}: x86_64 has no such zone")
    cpus = len(state.cpus)
    zone = Zone(dump.name, index, managed, _pages(dump, "present"), cpus)
    for name in COPIED:
        setattr(zone, name, _pages(dump, name))
    zone.batch = zone.high - zone.low
    if kernel.name != printed_by.name:
        set_gaps(kernel, state, zone)
    zone.pages_scanned = _pages(dump, "pages_scanned")
    zone.stack_pages = _pages(dump, "kernel_stack")
    zone.reserve = list(dump.reserve or (0, 0, 0, 0))[:4]
    zone.marked = zone.dirty + zone.writeback
    set_batch(zone)
    letters = [(one.order, one.count, one.types or "M") for one in dump.blocks or ()]
    zone.free = listed = sum(count << order for order, count, _ in letters)
    lay_blocks(zone, letters)
    zone.free = zone.lowest = _pages(dump, "free")
    _hold_back(zone, listed - zone.free)
    _fill_pcp(zone, _pages(dump, "free_pcp"))
    use_the_rest(zone)
    name_the_rest(zone)
    return zone


def _hold_back(zone: Zone, pages: int) -> None:
    """Let every CPU hold back its share of what the lists have beyond the counter, or lack."""
    cpus = len(zone.diffs)
    for cpu in range(cpus):
        zone.diffs[cpu] = pages // (cpus - cpu)
        pages -= zone.diffs[cpu]


def _pages(dump: ZoneDump, name: str) -> int:
    pages = dump.pages(name)
    if pages is None:
        raise InputError(f"zone {dump.name}: the dump has no {name}; a start needs it")
    return pages


def lay_blocks(zone: Zone, blocks: Sequence[tuple[int, int, str]]) -> None:
    """Put free blocks of (order, count, letters) on the lists, each beside pages in use.

    The largest come first, before them those that are kept for high-order atomic requests, in
    pageblocks of their own. What the zone has free beyond all are single movable pages. Raises
    NoRoomError if there is no room for them.
    """
    largest_first = sorted(blocks, reverse=True, key=lambda one: one[0])
    each = [block for one in largest_first for block in _by_kind(*one)]
    at = _lay_kept(zone, [order for order, kind in each if kind == HIGHATOMIC])
    for order, kind in each:
        if kind != HIGHATOMIC:
            at = _lay(zone, at, order, kind)
    for _ in range(zone.free - sum(1 << order for order, _ in each)):
        at = _lay(zone, at, 0, MOVABLE)


def _by_kind(order: int, count: int, letters: str) -> Iterator[tuple[int, int]]:
    """Yield (order, type) of each block: one of every letter, the others movable if one is."""
    kinds = [LETTERS.index(letter) for letter in letters]
    rest = MOVABLE if MOVABLE in kinds else kinds[0]
    for number in range(count):
        yield order, kinds[number] if number < len(kinds) else rest


def _lay_kept(zone: Zone, orders: Sequence[int]) -> int:
    """Lay blocks of reserved pageblocks; return where others may begin.

    How many are reserved is not printed: one at least, and as many as these blocks need.
    """
    at = 0
    for order in orders:
        at = _lay(zone, at, order, HIGHATOMIC)
    count = -(-at // PAGEBLOCK_PAGES)
    zone.buddy.block_types[:count] = bytes([HIGHATOMIC]) * count
    zone.reserved_highatomic = count * PAGEBLOCK_PAGES
    return count * PAGEBLOCK_PAGES


def _lay(zone: Zone, at: int, order: int, kind: int) -> int:
    """Lay a block at the next place whose buddy is in use; return where the next may begin."""
    size = 1 << order
    start = -(-at // (2 * size)) * 2 * size
    if start + size > zone.managed:
        start = -(-at // size) * size
    if start + size > zone.managed:
        raise NoRoomError(
            f"zone {zone.name}: so many small blocks do not fit apart in {zone.managed} pages: "
            "name larger blocks"
        )
    index = kind * MAX_ORDER + order
    zone.buddy.lists[index].insert(0, start)
    zone.buddy.where[start] = index
    return start + size


def _fill_pcp(zone: Zone, pages: int) -> None:
    """Put pages on the lists of the CPUs that do not report, in equal shares."""
    cpus = len(zone.pcp)
    last = zone.managed
    for number in range(pages):
        last -= 2
        zone.pcp[1 + number % (cpus - 1) if cpus > 1 else 0][MOVABLE].append(last)


def use_the_rest(zone: Zone) -> None:
    """Hand out every page that is neither free nor on a CPU's list."""
    taken = [(page, 1) for lists in zone.pcp for pages in lists for page in pages]
    taken += [(page, 1 << index % MAX_ORDER) for page, index in zone.buddy.where.items()]
    start = 0
    for page, count in (*sorted(taken), (zone.managed, 0)):
        if page > start:
            zone.hand_out(start, page - start)
        start = page + count


def divide(zone: Zone, unmovable_blocks: int) -> None:
    """Give the lowest pageblocks to unmovable pages, and mix up the ages of those above.

    What is given back first, by reclaim say, then lies scattered over the movable part, as page
    cache does that was read at all times; the kernel's own pages are the youngest and stay.
    Raises InputError for more pageblocks than the zone has.
    """
    blocks = zone.buddy.block_types
    if unmovable_blocks >= len(blocks):
        raise InputError(f"zone {zone.name}: it has {len(blocks)} pageblocks, one must be movable")
    for block in range(unmovable_blocks):
        blocks[block] = UNMOVABLE
        zone.buddy.move_free_pages(block, UNMOVABLE)
    first_movable = unmovable_blocks * PAGEBLOCK_PAGES
    runs = list(zip(zone.used[::2], zone.used[1::2], strict=True))
    pages = [page for first, count in runs for page in range(first, first + count)]
    movable = [page for page in pages if page >= first_movable]
    zone.used, zone.used_pages = [], 0
    for page in (*_scattered(movable), *pages[: len(pages) - len(movable)]):
        zone.hand_out(page, 1)


def _scattered(pages: list[int]) -> list[int]:
    """Return pages in an order in which the first ones, however many, lie evenly over all."""
    count = len(pages)
    if not count:
        return []
    step = max(1, count * 618 // 1000)
    while gcd(step, count) != 1:
        step += 1
    return [pages[number * step % count] for number in range(count)]


def name_the_rest(zone: Zone) -> None:
    """Count as `other` what no counter names; raises InputError if the counters have too much."""
    zone.other = zone.used_pages - sum(getattr(zone, name) for name in PLACES if name != "other")
    if zone.other < 0:
        raise InputError(f"zone {zone.name}: the dump counts more pages than it manages")


def fresh_zone(name: str, index: int, managed: int, present: int, cpus: int) -> Zone:
    """Return a zone all of whose pages are free, in blocks as large as they come."""
    zone = Zone(name, index, managed, present, cpus)
    set_batch(zone)
    page = 0
    while page < managed:
        order = MAX_ORDER - 1
        while page % (1 << order) or page + (1 << order) > managed:
            order -= 1
        zone.buddy.lists[MOVABLE * MAX_ORDER + order].insert(0, page)
        zone.buddy.where[page] = MOVABLE * MAX_ORDER + order
        page += 1 << order
    zone.free = zone.lowest = managed
    return zone


def zones_of(dump: MemDump, kernel: Kernel, printed_by: Kernel, state: State) -> list[Zone]:
    """Return the zones of a dump, lowest first."""
    known = sorted(dump.populated(), key=lambda zone: zone.index or 0)
    if not known:
        raise InputError("this frame has no zone lines, which a start needs; choose another")
    return [zone_from_dump(one, kernel, printed_by, state) for one in known]
