"""Which block a free block may merge with. Source: mm/page_alloc.c:__find_buddy_index (4.5)."""

from __future__ import annotations

from mmplay.engine.terms import N


def buddy_of(page: N, order: int) -> N:
    """Return the first page of the only block that the block of `order` at `page` merges with."""
    return page ^ (1 << order)
