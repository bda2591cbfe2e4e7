"""Small rules of memory: zones that a mask allows, buddies, dirty limits, points of the OOM killer.

Source: include/linux/gfp.h:GFP_ZONE_TABLE and gfp_zone (4.5, x86_64 without HighMem),
mm/page_alloc.c:__find_buddy_index, mm/page-writeback.c (global_dirtyable_memory,
zone_dirtyable_memory, domain_dirty_limits) and mm/oom_kill.c:oom_badness of 4.5. The discount of
3 % for CAP_SYS_ADMIN is left out: no task here has it.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.watermarks import PAGE_BYTES, ZONES
from mmplay.engine.terms import N, constant, larger, rule, smaller

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


LISTED_ZONES = ("DMA", "DMA32", "Normal", "HighMem", "Movable", "Device")
"""Every zone there is, in index order (enum zone_type, include/linux/mmzone.h)."""

ALWAYS_THERE = frozenset({"Normal", "Movable"})
OPTIONAL_64 = ("DMA", "DMA32", "Device", "HighMem")
OPTIONAL_32 = ("DMA", "HighMem", "Device", "DMA32")
"""Zones that depend on the configuration, the most usual first."""


def zone_columns(names: Iterable[str], count: int) -> tuple[str, ...]:
    """Return which zones a kernel was built with, in index order: the columns of lowmem_reserve.

    `names` are the zones that a dump shows, `count` the columns that it prints. A zone without
    pages is not shown: which of them fill the row is taken from the usual configurations.
    """
    shown = set(names) & set(LISTED_ZONES)
    there = shown | ALWAYS_THERE
    optional = OPTIONAL_32 if "HighMem" in shown else OPTIONAL_64
    missing = [name for name in optional if name not in there]
    there |= set(missing[: max(0, count - len(there))])
    return tuple(name for name in LISTED_ZONES if name in there)


def top_zone(layout: GfpLayout, mask: int, columns: tuple[str, ...]) -> int:
    """Return the column of the highest zone that `mask` may use (gfp_zone).

    Where a zone is not configured its requests go to Normal.
    """
    name = ZONES[highest_zone(layout, mask)]
    if name == "Normal" and layout.has(mask, "__GFP_HIGHMEM"):
        name = "HighMem"
    return columns.index(name if name in columns else "Normal")


def class_zone(highest: int, populated: Iterable[int]) -> int | None:
    """Return the index of the first zone tried: the highest populated one allowed, or None."""
    return max((index for index in populated if index <= highest), default=None)


def buddy_of(page: N, order: int) -> N:
    """Return the first page of the only block that the block of `order` at `page` merges with."""
    return page ^ (1 << order)


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
    if limit > background:
        return rule("dirty_background", background)
    return rule("dirty_background", limit // 2)


ADJ_SCALE = 1000
"""oom_score_adj and the score are thousandths of all memory."""


def points(pages: N, adj: N, total_pages: N) -> N:
    """Return a task's points, at least 1.

    `pages` are its resident pages, swap entries and page tables; the thousandth of `total_pages`
    is rounded down before it is multiplied.
    """
    added = total_pages // ADJ_SCALE * adj
    return rule("points", larger(pages + added, constant(pages, 1)))


def score(task_points: N, total_pages: N) -> N:
    """Return the points as the kill line prints them, in thousandths of all memory."""
    return rule("score", task_points * ADJ_SCALE // total_pages)
