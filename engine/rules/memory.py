"""Small rules of memory: zones that a mask allows, buddies, dirty limits, points of the OOM killer.

Source: include/linux/gfp.h:GFP_ZONE_TABLE and gfp_zone (4.5, x86_64 without HighMem),
mm/page_alloc.c:__find_buddy_index, mm/page-writeback.c (global_dirtyable_memory,
zone_dirtyable_memory, domain_dirty_limits) and mm/oom_kill.c:oom_badness of 4.5. The discount of
3 % for CAP_SYS_ADMIN is left out: no task here has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.watermarks import PAGE_BYTES, ZONES
from mmplay.engine.terms import N, constant, larger, rule, smaller

ZONE_OF_BITS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("__GFP_DMA32",), "DMA32"),
    (("__GFP_DMA",), "DMA"),
    (("__GFP_HIGHMEM", "__GFP_MOVABLE"), "Movable"),
)
"""Bits and the highest zone they allow, first match; anything else may start in Normal."""


SIZES_KB = {"M": 1024, "G": 1024 * 1024}
LEAST_RAM_KB, MOST_RAM_KB = 32 * 1024, 1024 * 1024 * 1024


def size_kb(text: str) -> int | None:
    """Return a size such as 512M or 4G in kB; None for what is none."""
    number, unit = text[:-1], text[-1:].upper()
    if unit not in SIZES_KB or not (number.isascii() and number.isdigit() and len(number) <= 6):
        return None
    return int(number) * SIZES_KB[unit]


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


class PointsRule(NamedTuple):
    """How a version's OOM killer weighs a task (mm/oom_kill.c:oom_badness).

    `page_tables` says how the tables are counted: nr_ptes, nr_pmds besides, or their bytes. A task
    with CAP_SYS_ADMIN is forgiven `root`: nothing, "adj" (30 thousandths of all memory) or
    "percent" (3 % of its own pages). `least` is the smallest number of points, None where they can
    fall below 0. Up to 3.4 the points are thousandths of all memory (`scaled`). Before 2.6.36 the
    weighing was another one, not covered here (`covered`).
    """

    page_tables: str
    root: str
    least: int | None
    scaled: bool
    covered: bool = True

    def points(self, pages: N, adj: int, total_pages: N) -> N:
        """Return a task's points; `pages` are resident, swapped out and page tables together."""
        if self.scaled:
            return self._at_least(pages * ADJ_SCALE // total_pages + adj)
        return self._at_least(pages + total_pages // ADJ_SCALE * adj)

    def points_of_root(self, pages: N, adj: int, total_pages: N) -> N:
        """Return the points of a task that has CAP_SYS_ADMIN."""
        if self.root == "adj":
            return self.points(pages, adj - ROOT_ADJ, total_pages)
        if self.root == "percent":
            return self.points(pages - pages * 3 // PER_CENT, adj, total_pages)
        return self.points(pages, adj, total_pages)

    def _at_least(self, found: N) -> N:
        if self.least is None:
            return rule("points", found)
        return rule("points", larger(found, constant(found, self.least)))


ROOT_ADJ = 30
"""What up to 3.12 a task with CAP_SYS_ADMIN is forgiven, in thousandths of all memory."""
