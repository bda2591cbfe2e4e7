"""How much memory may be dirty. Pages.

Source: mm/page-writeback.c of 4.5 (global_dirtyable_memory, zone_dirtyable_memory,
domain_dirty_limits).
"""

from __future__ import annotations

from mmplay.engine.rules.watermarks import PAGE_BYTES
from mmplay.engine.terms import N, as_term, rule, smaller

PER_CENT = 100


def dirtyable(free: N, kept: N, file_pages: N) -> N:
    """Return what may become dirty: free pages beyond those that are set aside, and file pages."""
    return rule("dirtyable", free - smaller(free, kept) + file_pages)


def dirty_limit(pages: N, ratio: N) -> N:
    """Return the dirty limit of so many dirtyable pages; `ratio` is vm.dirty_ratio."""
    return rule("dirty_limit", pages * ratio // PER_CENT)


def bytes_limit(size_bytes: int) -> int:
    """Return the pages of a limit that vm.dirty_bytes or vm.dirty_background_bytes sets."""
    return -(-size_bytes // PAGE_BYTES)


def halved_above(background: N, limit: N) -> N:
    """Return a background threshold, or half of the limit where it is not below that."""
    if as_term(background).value < as_term(limit).value:
        return rule("dirty_background", background)
    return rule("dirty_background", limit // 2)
