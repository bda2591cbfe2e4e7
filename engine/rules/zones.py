"""Which zone a request starts in, from the zone bits of its mask.

Source: include/linux/gfp.h:GFP_ZONE_TABLE and gfp_zone (4.5, x86_64 without HighMem).

Which block a free block may merge with. Source: mm/page_alloc.c:__find_buddy_index (4.5).
"""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.terms import N

ZONE_OF_BITS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("__GFP_DMA32",), "DMA32"),
    (("__GFP_DMA",), "DMA"),
    (("__GFP_HIGHMEM", "__GFP_MOVABLE"), "Movable"),
)
"""Bits and the highest zone they allow, first match; anything else may start in Normal."""


def highest_zone(layout: GfpLayout, mask: int) -> int:
    """Return the index of the highest zone a request of `mask` may use."""
    for names, zone in ZONE_OF_BITS:
        if all(layout.has(mask, name) for name in names):
            return ZONES.index(zone)
    return ZONES.index("Normal")


def class_zone(highest: int, populated: Iterable[int]) -> int | None:
    """Return the index of the first zone tried: the highest populated one allowed, or None."""
    return max((index for index in populated if index <= highest), default=None)


def buddy_of(page: N, order: int) -> N:
    """Return the first page of the only block that the block of `order` at `page` merges with."""
    return page ^ (1 << order)
