"""One zone of the machine: what it manages, where its pages are, and its reclaim state.

All counts are pages. Conservation: managed = on the free lists + on per-CPU lists + every place
in PLACES.

One class, as the kernel has one struct: its counters are declared together, beside what holds
between them.
"""

from __future__ import annotations

from bisect import bisect_left

from mmplay.engine.sim.state.buddy import MAX_ORDER, PCP_TYPES, TYPES, Buddy
from mmplay.engine.sim.state.fields import Fields, Label, PackError, Parts

LRU = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable")

PLACES = (
    *LRU,
    *("isolated_anon", "isolated_file", "slab_reclaimable", "slab_unreclaimable"),
    *("stack_pages", "pagetables", "other", "held"),
)
"""Where a page that is not free may be. `other` are pages that no printed counter knows; `held`
are pages that a workload or the network card's ring holds."""

ZONE_TYPES = 4
"""MAX_NR_ZONES of a lowmem_reserve: DMA, DMA32, Normal, Movable."""

FAIR_DEPLETED, CONGESTED = 1, 2
"""Bits of `flags`: ZONE_FAIR_DEPLETED, ZONE_CONGESTED."""


class Zone(Fields):
    """The mutable state of one zone.

    `free` is NR_FREE_PAGES as the kernel's counter has it: with drift on, CPUs hold differences
    back (`diffs`), and it may be below 0 (see `free_seen`); `lowest` is the lowest that was seen.
    The inactive file list is made of `dirty` pages, pages under `writeback`, `clean` ones that
    reclaim can drop, `clean_tail` ones at its very end, and the rest, which are in use and stay.
    `marked` of the dirty and writeback pages carry PageReclaim. `batch` is NR_ALLOC_BATCH of the
    fair policy. `slab_base` and `slab_reclaimable_base` of the slab pages belong to caches that are
    not simulated. The three `_rest` carry what integer division left.

    `used` are runs of pages that left the allocator, flat: first page, count, and so on. Pages
    that are freed come from the oldest run: consecutive pages were handed out together and merge
    again when they come back. `pcp[cpu][type]` are the per-CPU lists; the head is the end.
    """

    index: int
    managed: int
    present: int
    min: int
    low: int
    high: int
    free: int
    lowest: int
    active_anon: int
    inactive_anon: int
    active_file: int
    inactive_file: int
    unevictable: int
    isolated_anon: int
    isolated_file: int
    slab_reclaimable: int
    slab_unreclaimable: int
    stack_pages: int
    pagetables: int
    other: int
    held: int
    dirty: int
    writeback: int
    clean: int
    clean_tail: int
    marked: int
    mapped: int
    shmem: int
    pages_scanned: int
    batch: int
    reserved_highatomic: int
    pcp_batch: int
    pcp_high: int
    threshold: int
    slab_base: int
    slab_reclaimable_base: int
    flags: int
    used_pages: int
    clean_rest: int
    active_rest: int
    marked_rest: int
    reserve: list[int]
    diffs: list[int]
    used: list[int]
    name: str
    pcp: list[list[list[int]]]
    buddy: Buddy

    def __init__(self, name: str, index: int, managed: int, present: int, cpus: int) -> None:
        """An empty zone: no page is anywhere yet."""
        super().__init__()
        self.name = name
        self.index = index
        self.managed = managed
        self.present = present
        self.reserve = [0] * ZONE_TYPES
        self.diffs = [0] * cpus
        self.pcp = [[[] for _ in range(PCP_TYPES)] for _ in range(cpus)]
        self.buddy = Buddy(managed)

    @property
    def free_seen(self) -> int:
        """The free pages as whoever reads the counter sees them (zone_page_state, 4.5)."""
        return max(0, self.free)

    def copy(self) -> Zone:
        """Return an independent copy."""
        other = super().copy()
        other.name = self.name
        other.pcp = [[pages[:] for pages in lists] for lists in self.pcp]
        other.buddy = self.buddy.copy()
        return other

    def parts(self) -> list[list[int]]:
        """Return numbers and lists, then the pageblocks' types, per-CPU lists and free lists."""
        listed = [pages for lists in self.pcp for pages in lists]
        return [*super().parts(), list(self.buddy.block_types), *listed, *self.buddy.lists]

    @classmethod
    def labels_for(cls, cpus: int) -> list[Label]:
        """Return what each of `parts` is, on a machine of so many CPUs."""
        listed = [f"pcp {cpu}.{kind}" for cpu in range(cpus) for kind in range(PCP_TYPES)]
        free = [f"free list {number}" for number in range(TYPES * MAX_ORDER)]
        return [*cls.labels(), *(Label(what) for what in ("block types", *listed, *free))]

    @classmethod
    def taken(cls, parts: Parts, name: str, cpus: int) -> Zone:
        """Return the zone of this name from `parts`; raises PackError."""
        zone = cls(name, 0, 0, 0, cpus)
        zone.take(parts, {"reserve": ZONE_TYPES, "diffs": cpus})
        types = parts.any()
        zone.pcp = [[parts.any() for _ in range(PCP_TYPES)] for _ in range(cpus)]
        if not all(0 <= kind < TYPES for kind in types):
            raise PackError("a pageblock type is out of range")
        zone.buddy.block_types = bytearray(types)
        zone.buddy.hold([parts.any() for _ in range(TYPES * MAX_ORDER)])
        return zone

    def on_pcp(self) -> int:
        """Return the pages on all per-CPU lists."""
        return sum(len(pages) for lists in self.pcp for pages in lists)

    def real_free(self) -> int:
        """Return the pages on the free lists, differences that CPUs hold back included."""
        return self.free + sum(self.diffs)

    def reclaimable(self) -> int:
        """Return zone_reclaimable_pages without swap (mm/vmscan.c, 4.5)."""
        return self.active_file + self.inactive_file + self.isolated_file

    def placed(self) -> int:
        """Return the pages that are in use, by the counters."""
        places: list[int] = [getattr(self, name) for name in PLACES]
        return sum(places)

    # pages that are in use but not followed one by one

    def hand_out(self, page: int, count: int) -> None:
        """Note that pages left the allocator."""
        self.used_pages += count
        used = self.used
        if used and used[-2] + used[-1] == page:
            used[-1] += count
        else:
            used += (page, count)

    def hand_back(self) -> int:
        """Return the page that has been in use longest."""
        used = self.used
        page = used[0]
        self.used_pages -= 1
        if used[1] == 1:
            del used[:2]
        else:
            used[0] += 1
            used[1] -= 1
        return page

    def hand_back_many(self, count: int) -> list[int]:
        """Return so many pages, those in use longest first."""
        pages: list[int] = []
        used, at = self.used, 0
        self.used_pages -= count
        while len(pages) < count:
            first, length = used[at : at + 2]
            taken = min(count - len(pages), length)
            pages += range(first, first + taken)
            if taken < length:
                used[at : at + 2] = first + taken, length - taken
                break
            at += 2
        del used[:at]
        return pages

    def release(self, page: int, count: int) -> bool:
        """Take certain pages off the runs of used ones; False, and no change, if they are not."""
        used = self.used
        for at in range(0, len(used), 2):
            first, length = used[at], used[at + 1]
            if first <= page and page + count <= first + length:
                after = page + count
                parts = ((first, page - first), (after, first + length - after))
                used[at : at + 2] = [number for run in parts if run[1] for number in run]
                self.used_pages -= count
                return True
        return False

    def move_all(self, moves: dict[int, int]) -> None:
        """Note that what was in these pages is now in others (migration of many)."""
        pages = sorted(moves)
        used: list[int] = []
        for first, count in zip(self.used[::2], self.used[1::2], strict=True):
            at, end = first, first + count
            for page in pages[bisect_left(pages, first) : bisect_left(pages, end)]:
                used += (at, page - at, moves[page], 1) if page > at else (moves[page], 1)
                at = page + 1
            used += (at, end - at) if end > at else ()
        self.used = used

    def move_used(self, page: int, place: int) -> None:
        """Note that what was in one page is now in another (migration)."""
        used = self.used
        for at in range(0, len(used), 2):
            first, count = used[at], used[at + 1]
            if first <= page < first + count:
                parts = ((first, page - first), (place, 1), (page + 1, first + count - page - 1))
                used[at : at + 2] = [number for run in parts if run[1] for number in run]
                return
