"""The buddy allocator of one zone: free lists by migrate type and order, split, merge, fallback.

A block is known by the number of its first page inside the zone. The head of a list is the end of
the Python list. Source: mm/page_alloc.c of 4.5 (__rmqueue_smallest, expand, __rmqueue_fallback,
steal_suitable_fallback, __free_one_page).

One class, since all of it works on the same lists; with the zone that owns them it would be longer
than a file may be.
"""

from __future__ import annotations

from mmplay.engine.rules.memory import buddy_of

MAX_ORDER = 11
PAGEBLOCK_ORDER = 9
PAGEBLOCK_PAGES = 1 << PAGEBLOCK_ORDER
STEAL_ORDER = PAGEBLOCK_ORDER // 2

UNMOVABLE, MOVABLE, RECLAIMABLE, HIGHATOMIC, CMA, ISOLATE = range(6)
TYPES = 6
LETTERS = "UMEHCI"
PCP_TYPES = 3

FALLBACKS: tuple[tuple[int, ...], ...] = (
    (RECLAIMABLE, MOVABLE),
    (RECLAIMABLE, UNMOVABLE),
    (UNMOVABLE, MOVABLE),
)
"""fallbacks[type], in the order in which they are tried (4.5)."""

FALLBACK_LISTS = tuple(
    tuple(other * MAX_ORDER + order for order in reversed(range(MAX_ORDER)) for other in others)
    for others in FALLBACKS
)
"""The same as numbers of free lists, the largest blocks first."""


class Buddy:
    """The free lists of one zone. `where` maps the first page of every free block to its list."""

    __slots__ = ("block_types", "lists", "where")

    def __init__(self, pages: int) -> None:
        """Start empty; `pages` is the zone's span, which decides the number of pageblocks."""
        self.lists: list[list[int]] = [[] for _ in range(TYPES * MAX_ORDER)]
        self.where: dict[int, int] = {}
        self.block_types = bytearray([MOVABLE]) * (-(-pages // PAGEBLOCK_PAGES))

    def copy(self) -> Buddy:
        """Return an independent copy."""
        other = Buddy.__new__(Buddy)
        other.lists = [blocks[:] for blocks in self.lists]
        other.where = self.where.copy()
        other.block_types = self.block_types[:]
        return other

    def hold(self, lists: list[list[int]]) -> None:
        """Hold these free lists instead, by type and order."""
        self.lists = lists
        self.where = {page: index for index, blocks in enumerate(lists) for page in blocks}

    # what there is

    def free_pages(self) -> int:
        """Return the pages on all lists."""
        return sum(len(blocks) << (n % MAX_ORDER) for n, blocks in enumerate(self.lists))

    def count(self, order: int) -> int:
        """Return the free blocks of one order, of any type."""
        return sum(len(self.lists[kind * MAX_ORDER + order]) for kind in range(TYPES))

    def letters(self, order: int) -> str:
        """Return the types that have free blocks of this order, as Mem-Info prints them."""
        return "".join(
            LETTERS[kind] for kind in range(TYPES) if self.lists[kind * MAX_ORDER + order]
        )

    def type_of(self, page: int) -> int:
        """Return the migrate type of the pageblock that a page is in."""
        return self.block_types[page >> PAGEBLOCK_ORDER]

    def has_block(self, order: int, types: tuple[int, ...]) -> bool:
        """Tell whether a free block of at least `order` exists on the lists of these types."""
        return any(
            self.lists[kind * MAX_ORDER + larger]
            for kind in types
            for larger in range(order, MAX_ORDER)
        )

    # taking

    def take(self, order: int, kind: int) -> int:
        """Take a block (__rmqueue); return its first page, or -1 if no list can serve it."""
        page = self.take_smallest(order, kind)
        if page < 0 and kind < PCP_TYPES:
            page = self._take_fallback(order, kind)
        return page

    def take_smallest(self, order: int, kind: int) -> int:
        """Take from the smallest large enough block of this type (__rmqueue_smallest)."""
        lists = self.lists
        base = kind * MAX_ORDER
        for larger in range(order, MAX_ORDER):
            blocks = lists[base + larger]
            if blocks:
                page = blocks.pop()
                del self.where[page]
                if larger > order:
                    self._expand(page, order, larger, base)
                return page
        return -1

    def _expand(self, page: int, low: int, high: int, base: int) -> None:
        """Give the upper halves back, largest first (expand)."""
        while high > low:
            high -= 1
            half = page + (1 << high)
            self.lists[base + high].append(half)
            self.where[half] = base + high

    def _take_fallback(self, order: int, kind: int) -> int:
        """Steal from another type, largest block first (__rmqueue_fallback)."""
        lists = self.lists
        for index in FALLBACK_LISTS[kind]:
            if not lists[index]:
                continue
            larger, page = index % MAX_ORDER, lists[index][-1]
            if larger < order:
                return -1
            if larger >= STEAL_ORDER or kind != MOVABLE:
                self._steal_block(page, larger, kind)
            self._remove(page)
            self._expand(page, order, larger, kind * MAX_ORDER)
            return page
        return -1

    def _steal_block(self, page: int, order: int, kind: int) -> None:
        """Move the whole pageblock's free pages, and perhaps the block itself, to `kind`."""
        first = page >> PAGEBLOCK_ORDER
        if order >= PAGEBLOCK_ORDER:
            for block in range(first, first + (1 << (order - PAGEBLOCK_ORDER))):
                self.block_types[block] = kind
            return
        moved = self.move_free_pages(first, kind)
        if moved >= PAGEBLOCK_PAGES // 2:
            self.block_types[first] = kind

    def move_free_pages(self, block: int, kind: int) -> int:
        """Put every free page of a pageblock on the lists of `kind`; return how many there are."""
        start, moved = block << PAGEBLOCK_ORDER, 0
        for page in range(start, start + PAGEBLOCK_PAGES):
            index = self.where.get(page)
            if index is None:
                continue
            order = index % MAX_ORDER
            self._remove(page)
            self._add(page, kind * MAX_ORDER + order)
            moved += 1 << order
        return moved

    def detach(self, page: int) -> None:
        """Take a free block off its list: its pages are somebody's now."""
        self._remove(page)

    def _remove(self, page: int) -> None:
        index = self.where.pop(page)
        blocks = self.lists[index]
        if blocks[-1] == page:
            blocks.pop()
        else:
            blocks.remove(page)

    def _add(self, page: int, index: int) -> None:
        self.lists[index].append(page)
        self.where[page] = index

    # giving back

    def give(self, page: int, order: int, kind: int) -> int:
        """Free a block, merging it with its buddies (__free_one_page); return its final order.

        It goes to the head of its list, or to the tail where its next buddy is free, since the
        two will soon merge.
        """
        where = self.where
        while order < MAX_ORDER - 1:
            buddy = buddy_of(page, order)
            index = where.get(buddy)
            if index is None or index % MAX_ORDER != order:
                break
            self._remove(buddy)
            page &= ~(1 << order)
            order += 1
        index = kind * MAX_ORDER + order
        if order < MAX_ORDER - 2:
            next_buddy = where.get(buddy_of(page & ~(1 << order), order + 1))
            if next_buddy is not None and next_buddy % MAX_ORDER == order + 1:
                self.lists[index].insert(0, page)
                where[page] = index
                return order
        self._add(page, index)
        return order
