"""What counts in the watermark test: free pages less those that do not, boost, blocks that fit.

Source: mm/page_alloc.c:__zone_watermark_ok, __zone_watermark_unusable_free and zone_watermark_fast
of every era; boost_watermark (5.0 and later).
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.report import FreeBlocks, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.gates import ALWAYS, FREE, NEVER, GateRules
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import HUGE_PAGES, SCALE_BASE
from mmplay.engine.terms import Term, given, rule

ORDINARY = frozenset("UMER")
"""Types whose free blocks serve any request; H, C and I do not. R is the reserve before 4.4."""


def boost_of(zone: ZoneDump, kernel: Kernel | None = None) -> int:
    """Return watermark_boost, which is part of every mark that is printed; 0 where there is none.

    5.0 to 5.15 do not print it: of those `kernel`s it is recovered from the marks.
    """
    printed = zone.pages("boost")
    if printed is not None or kernel is None:
        return printed or 0
    span = hidden_boost(kernel, zone)
    return span[1] if span else 0


def hidden_boost(kernel: Kernel, zone: ZoneDump) -> tuple[int, int] | None:
    """Return the least and the most pages of a boost that is not printed, None where there is none.

    high - low is a quarter of the unboosted min, rounded down, unless it is the zone's share by
    watermark_scale_factor: what min has above four times the gap is the boost. From low - min it
    could not be told before 5.8, where low and high keep the boost that they were computed with.
    """
    marks = [zone.pages(name) for name in ("min", "low", "high", "managed")]
    capped = zone.name in (*kernel.capped_zones, "HighMem")
    if not kernel.gate.boosts or zone.pages("boost") is not None or capped or None in marks:
        return None
    minimum, low, high, managed = (pages or 0 for pages in marks)
    gap = high - low
    if gap <= managed * (kernel.watermark_scale_factor or 0) // SCALE_BASE + 1:
        return None
    least, most = minimum - (4 * gap + 3), minimum - 4 * gap
    return (least, most) if least > 0 else None


def dropped_boost(zone: ZoneDump, flags: AllocFlag, mark: str, kernel: Kernel | None) -> int:
    """Return the boost that does not count for callers with `flags` at this mark, in pages."""
    return boost_of(zone, kernel) if flags & AllocFlag.UNBOOSTED and mark == "min" else 0


def hidden_highatomic(gate: GateRules, zone: ZoneDump, flags: AllocFlag, order: int) -> int:
    """Return the pages kept for high-order atomic requests that this caller may not count.

    Where a dump does not print them, an H in the free lists stands for one block in 4.4 to 4.6;
    from 4.7 to 5.4 they are left out, and only told (`unprinted_highatomic`). Of those that are
    reserved at most as many are free as the lists hold in orders with an H.
    """
    if not gate.highatomic or flags & (gate.sees_highatomic | AllocFlag.NO_WATERMARKS):
        return 0
    if order <= 0 and not gate.highatomic_order_0:
        return 0
    reserved, free = zone.pages("reserved_highatomic"), zone.pages("free_highatomic")
    if gate.highatomic == FREE and free is not None:
        return free
    listed = pages_beside_highatomic(zone)
    if reserved is None:
        return HUGE_PAGES if listed and gate.highatomic_order_0 else 0
    return reserved if gate.highatomic != FREE or listed is None else min(reserved, listed)


def unprinted_highatomic(gate: GateRules, zone: ZoneDump, flags: AllocFlag, order: int) -> int:
    """Return the least pages that are kept, not printed and not taken off: one block if any.

    So it is above order 0 in 4.7 to 5.4, where the lists show an H.
    """
    if hidden_highatomic(gate._replace(highatomic_order_0=True), zone, flags, order) == 0:
        return 0
    printed = zone.pages("reserved_highatomic") is not None
    return 0 if printed or gate.highatomic_order_0 or order <= 0 else HUGE_PAGES


def pages_beside_highatomic(zone: ZoneDump) -> int | None:
    """Return the free pages in orders of whose blocks some are highatomic; None without lists."""
    if zone.blocks is None:
        return None
    return sum(one.count << one.order for one in zone.blocks if "H" in one.types)


def hidden_cma(gate: GateRules, zone: ZoneDump, flags: AllocFlag) -> int:
    """Return the free CMA pages that this caller may not have."""
    if gate.cma == NEVER or flags & (AllocFlag.CMA | AllocFlag.NO_WATERMARKS):
        return 0
    return zone.pages("free_cma") or 0


def counted_free(gate: GateRules, zone: ZoneDump, flags: AllocFlag, order: int) -> Term | None:
    """Return the pages that the test compares: free, less what this caller may not have.

    None if the dump does not print them.
    """
    pages = zone.pages("free")
    if pages is None:
        return None
    free = given("free", pages)
    rest = (1 << max(0, order)) + gate.block_rest
    name_of_all = "order_free" if rest else ""
    free = free - rest if rest else free
    hidden = (
        ("reserved_highatomic", hidden_highatomic(gate, zone, flags, order)),
        ("free_cma", hidden_cma(gate, zone, flags)),
    )
    for name, kept in hidden:
        if kept:
            free, name_of_all = free - given(name, kept), "seen_free"
    return rule(name_of_all, free) if name_of_all else free


class Halving(NamedTuple):
    """Where the loop over smaller orders ended: `free` pages are left in blocks above `order`.

    `need` is the mark by then; at `free` <= `need` the request is refused.
    """

    order: int
    free: int
    need: int


def halving(
    gate: GateRules, zone: ZoneDump, flags: AllocFlag, order: int, mark: int
) -> Halving | None:
    """Return where the loop refuses a block of 2^order, None if it does not.

    `mark` is the watermark after discounts, without lowmem_reserve. From 3.10 on CMA pages are
    taken off in the comparison before the loop only. Source: __zone_watermark_ok up to 4.3.
    """
    left = (zone.pages("free") or 0) - ((1 << order) + gate.block_rest)
    if gate.cma == ALWAYS:
        left -= hidden_cma(gate, zone, flags)
    counts = {one.order: one.count for one in zone.blocks or ()}
    for smaller in range(order):
        left -= counts.get(smaller, 0) << smaller
        mark >>= 1
        if left <= mark:
            return Halving(smaller, left, mark)
    return None


def fits(gate: GateRules, flags: AllocFlag, order: int, blocks: FreeBlocks) -> bool:
    """Tell whether a caller with `flags` could take one of these blocks for 2^order pages."""
    if blocks.count <= 0 or blocks.order < order:
        return False
    return not blocks.types or bool(usable_types(gate, flags, order) & set(blocks.types))


def usable_types(gate: GateRules, flags: AllocFlag, order: int) -> frozenset[str]:
    """Return the letters of the lists that serve a caller with `flags`."""
    usable = set(ORDINARY)
    for extra in gate.extra_above if order > 0 else gate.extra_order_0:
        if flags & extra.flags == extra.flags:
            usable.update(extra.types)
    if flags & AllocFlag.CMA:
        usable.add("C")
    return frozenset(usable)


class Pieces(NamedTuple):
    """How the free pages of a zone are cut up, seen from a request of 2^order.

    `large` blocks are big enough, `foreign` of them of types that do not serve the caller; `small`
    are not, and hold `small_pages`. `unusable` is the share of the free pages in them, in
    thousandths (unusable_free_index, mm/vmstat.c).
    """

    large: int
    foreign: int
    small: int
    small_pages: int
    unusable: int


def pieces(gate: GateRules, zone: ZoneDump, flags: AllocFlag, order: int) -> Pieces | None:
    """Return how the free pages of a zone are cut up; None without free lists."""
    if zone.blocks is None:
        return None
    large = [one for one in zone.blocks if one.order >= order]
    small = [one for one in zone.blocks if one.order < order]
    count = sum(one.count for one in large)
    pages = sum(one.count << one.order for one in small)
    total = pages + sum(one.count << one.order for one in large)
    own = sum(one.count for one in large if fits(gate, flags, order, one))
    return Pieces(
        large=count,
        foreign=count - own,
        small=sum(one.count for one in small),
        small_pages=pages,
        unusable=pages * 1000 // total if total else 0,
    )


def pages_above(zone: ZoneDump, own: int, top: int) -> bool:
    """Tell whether a zone's reserve shows pages in zones between its own column and the top one.

    lowmem_reserve grows at each higher zone that has pages (setup_per_zone_lowmem_reserve).
    """
    reserve = zone.reserve or ()
    return any(reserve[n] > reserve[n - 1] for n in range(own + 1, min(top + 1, len(reserve))))
