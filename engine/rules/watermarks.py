"""Watermarks, lowmem_reserve and min_free_kbytes, each rule written once for ints and Terms.

Units: pages, unless a name ends in _kb or _kbytes. Source: mm/page_alloc.c of the versions that
`data/eras.toml` names: init_per_zone_wmark_min, __setup_per_zone_wmarks,
setup_per_zone_lowmem_reserve.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from mmplay.engine.terms import N, Term, constant, given, larger, rule, smaller, square_root

MARKS = ("min", "low", "high")
"""A zone's watermarks, the lowest first."""

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
BLOCKS_A_ZONE = 2 + 9
"""Two blocks to start from, nine to keep the types apart (set_recommended_min_free_kbytes)."""

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


def capped_min(managed: N) -> N:
    """Return the min of a zone that has no share in vm.min_free_kbytes."""
    least, most = constant(managed, CAPPED_LEAST), constant(managed, CAPPED_MOST)
    return rule("capped_min", smaller(larger(managed // 1024, least), most))


def capped_quarter_marks(share: N, managed: N) -> tuple[N, N, N]:
    """Return min, low and high of a capped zone up to 4.5: a quarter and half of its share more."""
    minimum = capped_min(managed)
    low, high = minimum + share // 4, minimum + share // 2
    return minimum, rule("low_quarter", low), rule("high_half", high)


def capped_marks(share: N, managed: N, scale: N) -> tuple[N, N, N]:
    """Return min, low and high of a zone whose min is capped (HighMem; Movable in 6.6 and later).

    Its gap still follows from the share of pages_min that it would have had.
    """
    minimum = capped_min(managed)
    gap = scaled_gap(share, managed, scale)
    return minimum, rule("low_gap", minimum + gap), rule("high_gap", minimum + gap * 2)


def lowmem_reserve(above: N, ratio: N) -> N:
    """Return the pages a zone keeps from callers that could use a higher zone.

    `above` is the sum of managed of the zones over it up to the caller's class zone. Source:
    setup_per_zone_lowmem_reserve (4.5).
    """
    return rule("lowmem_reserve", above // ratio)


class MinFreeRule(NamedTuple):
    """How a version chooses vm.min_free_kbytes at boot.

    At most `ceiling` kB. For transparent huge pages it counts every zone that has pages, or only
    those up to Normal where `counts_movable` is False (4.17 and later). What they ask for stands
    if `thp_kept`; in 4.5 the kernel's own choice came later and took its place. Where they are off
    it is computed twice if `twice_without_thp` (5.16 and later).
    """

    ceiling: int = MIN_FREE_KBYTES_CEILING
    counts_movable: bool = True
    thp_kept: bool = True
    twice_without_thp: bool = False


class ReserveRule(NamedTuple):
    """How a version's setup_per_zone_lowmem_reserve differs from the plain sum over ratio.

    A ratio below 1 counts as `least_ratio`; where that is 0, it reserves nothing. An empty zone
    reserves pages all the same if `empty_reserves`. A zone without a ratio is left out of the sum
    if `skips_unreserved` (5.8 to 5.10), and a class zone without pages has no reserve if
    `empty_class_is_0` (6.10 to 6.13).
    """

    least_ratio: int = 1
    empty_reserves: bool = True
    skips_unreserved: bool = False
    empty_class_is_0: bool = False


PLAIN_RESERVE = ReserveRule()
"""The rule of 2.6.32 to 4.16."""


def reserves(
    managed: tuple[int, ...], ratios: tuple[int, ...], how: ReserveRule = PLAIN_RESERVE
) -> tuple[tuple[int, ...], ...]:
    """Return lowmem_reserve[zone][class zone] in pages for zones in index order.

    A zone reserves nothing from its own class and below; zones without a ratio (Movable) reserve
    nothing at all.
    """
    found = ReserveTable(managed, ratios, how)
    zones = range(len(managed))
    return tuple(tuple(found.reserve(zone, highest) for highest in zones) for zone in zones)


class ReserveTable(NamedTuple):
    """A machine's zones and ratios, and the rule by which each zone keeps pages back."""

    managed: tuple[int, ...]
    ratios: tuple[int, ...]
    how: ReserveRule

    def ratio(self, zone: int) -> int:
        """Return the ratio that a zone divides by, 0 where it reserves nothing."""
        if zone >= len(self.ratios):
            return 0
        return max(self.how.least_ratio, self.ratios[zone])

    def reserve(self, zone: int, highest: int) -> int:
        """Return lowmem_reserve of a zone for the class zone `highest`."""
        ratio = self.ratio(zone)
        if highest <= zone or ratio == 0:
            return 0
        if not self.managed[zone] and not self.how.empty_reserves:
            return 0
        if not self.managed[highest] and self.how.empty_class_is_0:
            return 0
        return lowmem_reserve(sum(self._above(zone, highest)), ratio)

    def _above(self, zone: int, highest: int) -> list[int]:
        between = range(zone + 1, highest)
        if self.how.skips_unreserved:
            between_kept = [self.managed[one] for one in between if self.ratio(one)]
        else:
            between_kept = [self.managed[one] for one in between]
        return [*between_kept, self.managed[highest]]


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

    BLOCKS_A_ZONE for each zone, at most 5 % of what lies above the high marks
    (nr_free_buffer_pages). At boot 4.5 asks before any mark was set: they are 0.
    Source: mm/huge_memory.c (hugepage_init, set_recommended_min_free_kbytes) of 4.5.
    """
    if sum(managed) < THP_LEAST_PAGES:
        return 0
    wanted = HUGE_PAGES * BLOCKS_A_ZONE * len(managed)
    return min(wanted, sum(managed) // THP_SHARE) * PAGE_KB
