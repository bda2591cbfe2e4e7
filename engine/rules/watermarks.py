"""Watermarks, lowmem_reserve and min_free_kbytes, each rule written once for ints and Terms.

Units: pages, unless a name ends in _kb or _kbytes. Source: mm/page_alloc.c of 4.5, 4.6.2, 6.1.176
and 6.6.80: init_per_zone_wmark_min, __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve.
"""

from __future__ import annotations

from typing import Protocol

from mmplay.engine.terms import N, Term, constant, given, larger, rule, smaller, square_root

PAGE_SHIFT = 12
PAGE_KB = 4
PAGE_BYTES = 1 << PAGE_SHIFT

ZONES = ("DMA", "DMA32", "Normal", "Movable")
"""Zones of x86_64 in index order; a zone without pages is simply empty."""

MIN_FREE_KBYTES_FLOOR = 128
MIN_FREE_KBYTES_CEILING = 65536
SCALE_BASE = 10000
HUGE_PAGES = 512
"""Pages of a huge page and of a pageblock on x86_64."""
THP_LEAST_PAGES = 512 * 1024 // PAGE_KB
THP_SHARE = 20

CAPPED_LEAST, CAPPED_MOST = 32, 128
"""Bounds of a capped zone's min: SWAP_CLUSTER_MAX and 128 (__setup_per_zone_wmarks)."""


class GapRule(Protocol):
    """How far low and high lie above min; `scale` is vm.watermark_scale_factor."""

    def __call__(self, minimum: N, managed: N, scale: N) -> tuple[N, N]:
        """Return (low, high) in pages."""
        ...


def pages_min(min_free_kbytes: N) -> N:
    """Return vm.min_free_kbytes in pages (__setup_per_zone_wmarks, 4.5)."""
    return rule("pages_min", min_free_kbytes // PAGE_KB)


def zone_min(min_free_kbytes: N, managed: N, lowmem_pages: N) -> N:
    """Return a zone's min watermark: its share of min_free_kbytes by managed pages.

    `lowmem_pages` is the sum of managed over all zones but the capped ones. Source: 4.5,
    __setup_per_zone_wmarks.
    """
    return rule("zone_min", pages_min(min_free_kbytes) * managed // lowmem_pages)


def quarter_gaps(minimum: N, managed: N, scale: N) -> tuple[N, N]:
    """Return low and high of 4.5: min plus a quarter, min plus half."""
    return (rule("low_quarter", minimum + minimum // 4), rule("high_half", minimum + minimum // 2))


def scaled_gaps(minimum: N, managed: N, scale: N) -> tuple[N, N]:
    """Return low and high since commit 795ae7a0de6b (4.6, next-20160311).

    The gap is a quarter of min, or managed * watermark_scale_factor / 10000 if that is more.
    """
    gap = scaled_gap(minimum, managed, scale)
    return rule("low_gap", minimum + gap), rule("high_gap", minimum + gap * 2)


def scaled_gap(share: N, managed: N, scale: N) -> N:
    """Return the gap between two marks since 4.6; `share` is the zone's part of pages_min."""
    return rule("gap", larger(share // 4, managed * scale // SCALE_BASE))


def capped_marks(share: N, managed: N, scale: N) -> tuple[N, N, N]:
    """Return min, low and high of a zone whose min is capped (HighMem; Movable in 6.6 and later).

    Its gap still follows from the share of pages_min that it would have had.
    """
    least, most = constant(managed, CAPPED_LEAST), constant(managed, CAPPED_MOST)
    minimum = rule("capped_min", smaller(larger(managed // 1024, least), most))
    gap = scaled_gap(share, managed, scale)
    return minimum, rule("low_gap", minimum + gap), rule("high_gap", minimum + gap * 2)


def lowmem_reserve(above: N, ratio: N) -> N:
    """Return the pages a zone keeps from callers that could use a higher zone.

    `above` is the sum of managed of the zones over it up to the caller's class zone; a ratio
    below 1 counts as 1. Source: setup_per_zone_lowmem_reserve (4.5).
    """
    return rule("lowmem_reserve", above // ratio)


def reserves(managed: tuple[int, ...], ratios: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return lowmem_reserve[zone][class zone] in pages for zones in index order.

    A zone reserves nothing from its own class and below; zones without a ratio (Movable) reserve
    nothing at all.
    """
    rows = []
    for low in range(len(managed)):
        row = [
            lowmem_reserve(sum(managed[low + 1 : high + 1]), max(1, ratios[low]))
            if high > low and low < len(ratios)
            else 0
            for high in range(len(managed))
        ]
        rows.append(tuple(row))
    return tuple(rows)


def default_min_free_kbytes(lowmem_kbytes: N, floor: N, ceiling: N) -> N:
    """Return what the kernel chooses for vm.min_free_kbytes: the root of 16 times lowmem in kB.

    Source: init_per_zone_wmark_min (4.5).
    """
    root = square_root(lowmem_kbytes * 16)
    return rule("min_free_kbytes", smaller(larger(root, floor), ceiling))


def total_reserve(managed: N, largest_reserve: N, high: N) -> N:
    """Return what page cache does not count on of a zone (calculate_totalreserve_pages, 4.5)."""
    return rule("total_reserve", smaller(managed, largest_reserve + high))


def boot_min_free_kbytes(gaps: GapRule, managed: tuple[int, ...], scale: int) -> Term:
    """Return vm.min_free_kbytes after boot, for the managed pages of the zones at that moment.

    Transparent huge pages had raised the marks for themselves by then, and lowmem is counted
    above the raised high marks. Source: mm/page_alloc.c (init_per_zone_wmark_min) and
    mm/huge_memory.c (set_recommended_min_free_kbytes) of 4.5.
    """
    total = sum(managed)
    raised = thp_min_free_kbytes(managed)
    high = 0
    if raised:
        high = sum(gaps(zone_min(raised, pages, total), pages, scale)[1] for pages in managed)
    free = given("managed", total) - given("high_marks", high)
    floor, ceiling = Term(MIN_FREE_KBYTES_FLOOR), Term(MIN_FREE_KBYTES_CEILING)
    lowmem = rule("lowmem_kbytes", free * PAGE_KB)
    return default_min_free_kbytes(lowmem, floor, ceiling)


def plain_min_free_kbytes(managed: tuple[int, ...]) -> int:
    """Return vm.min_free_kbytes after boot where transparent huge pages raised nothing (4.5)."""
    lowmem_kbytes = sum(managed) * PAGE_KB
    return default_min_free_kbytes(lowmem_kbytes, MIN_FREE_KBYTES_FLOOR, MIN_FREE_KBYTES_CEILING)


def thp_min_free_kbytes(managed: tuple[int, ...]) -> int:
    """Return what transparent huge pages set vm.min_free_kbytes to, 0 below 512 MB.

    Two blocks a zone to start from and nine to keep the types apart, at most 5 % of memory.
    Source: mm/huge_memory.c (hugepage_init, set_recommended_min_free_kbytes) of 4.5.
    """
    if sum(managed) < THP_LEAST_PAGES:
        return 0
    wanted = HUGE_PAGES * len(managed) * (2 + 9)
    return min(wanted, sum(managed) // THP_SHARE) * PAGE_KB
