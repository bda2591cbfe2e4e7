"""The floor of a caller: the free page count at which the kernel says no.

A request of order 0 is refused when free <= floor. Source: mm/page_alloc.c:__zone_watermark_ok
(4.5): min is halved for ALLOC_HIGH, then loses a quarter for ALLOC_HARDER, and lowmem_reserve of
the caller's class zone is added; ALLOC_NO_WATERMARKS skips the test. Since 6.3 (6.1.176, 6.6.80):
ALLOC_MIN_RESERVE halves min, ALLOC_NON_BLOCK beside it takes another quarter, ALLOC_OOM halves.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.terms import N, Term, constant, named, rule


class Reduction(NamedTuple):
    """One discount: who has all of `flag` gets mark -= mark / `divisor` (rounded down)."""

    flag: AllocFlag
    divisor: int


class CallerClass(NamedTuple):
    """A kind of caller by the floor it meets; `name` is a key of the table of words."""

    name: str
    flags: AllocFlag


PLAIN = CallerClass("plain", AllocFlag.NONE)
NO_WATERMARKS = CallerClass("NO_WATERMARKS", AllocFlag.NO_WATERMARKS)

CLASSES_4_5: tuple[CallerClass, ...] = (
    PLAIN,
    CallerClass("HARDER", AllocFlag.HARDER),
    CallerClass("HIGH", AllocFlag.HIGH),
    CallerClass("HIGH+HARDER", AllocFlag.HIGH | AllocFlag.HARDER),
    NO_WATERMARKS,
)
"""The classes that exist at min, highest floor first."""

CLASSES_4_14: tuple[CallerClass, ...] = (
    *CLASSES_4_5[:3],
    CallerClass("OOM", AllocFlag.OOM),
    *CLASSES_4_5[3:],
)
"""The same, and victims of the OOM killer, who had no floor before."""

CLASSES_5_9 = tuple(
    one._replace(flags=one.flags | AllocFlag.UNBOOSTED) if one.name == "HIGH+HARDER" else one
    for one in CLASSES_4_14
)
"""The same; GFP_ATOMIC is tested without the boost."""

_ATOMIC = AllocFlag.MIN_RESERVE | AllocFlag.NON_BLOCK

CLASSES_6_1: tuple[CallerClass, ...] = (
    PLAIN,
    CallerClass("NON_BLOCK", AllocFlag.NON_BLOCK),
    CallerClass("MIN_RESERVE", AllocFlag.MIN_RESERVE),
    CallerClass("OOM", AllocFlag.OOM),
    CallerClass("MIN_RESERVE+NON_BLOCK", _ATOMIC | AllocFlag.UNBOOSTED),
    NO_WATERMARKS,
)
CLASSES_6_6: tuple[CallerClass, ...] = (
    *CLASSES_6_1[:2],
    CallerClass("MIN_RESERVE", AllocFlag.MIN_RESERVE | AllocFlag.UNBOOSTED),
    *CLASSES_6_1[3:],
)
"""The same classes, whose floor the boost does not raise for more of them."""

REDUCTIONS_4_5: tuple[Reduction, ...] = (
    Reduction(AllocFlag.HIGH, 2),
    Reduction(AllocFlag.HARDER, 4),
)
REDUCTIONS_4_14 = (*REDUCTIONS_4_5, Reduction(AllocFlag.OOM, 2))
"""ALLOC_OOM stands in place of all other flags (__gfp_pfmemalloc_flags)."""

REDUCTIONS_6: tuple[Reduction, ...] = (
    Reduction(AllocFlag.MIN_RESERVE, 2),
    Reduction(_ATOMIC, 4),
    Reduction(AllocFlag.OOM, 2),
)


def class_of(classes: tuple[CallerClass, ...], flags: AllocFlag) -> CallerClass:
    """Return the class of `classes` that these alloc flags put a caller in.

    Flags of a second try stand in place of all others. The class carries UNBOOSTED as the flags do.
    """
    if flags & AllocFlag.NO_WATERMARKS:
        return NO_WATERMARKS
    wanted = AllocFlag.OOM if flags & AllocFlag.OOM else flags & ~AllocFlag.CMA
    found = next(one for one in classes if not (one.flags ^ wanted) & ~AllocFlag.UNBOOSTED)
    return found if found.flags == wanted else found._replace(flags=wanted)


def classes_at(classes: tuple[CallerClass, ...], mark: str) -> tuple[CallerClass, ...]:
    """Return those of `classes` that test against the mark `min`, `low` or `high`.

    Only min is discounted: low is the fast path's first try and high the OOM killer's last look,
    both made before or without gfp_to_alloc_flags.
    """
    return classes if mark == "min" else (PLAIN,)


def floor(reductions: tuple[Reduction, ...], mark: N, reserve: N, flags: AllocFlag) -> N:
    """Return the pages at or below which an order-0 request with `flags` is refused.

    `mark` is the watermark and `reserve` lowmem_reserve[class zone], in pages.
    """
    if flags & AllocFlag.NO_WATERMARKS:
        return rule("floor.none", constant(mark, 0))
    return rule("floor", discounted(reductions, mark, flags) + reserve)


def discounted(reductions: tuple[Reduction, ...], mark: N, flags: AllocFlag) -> N:
    """Return the watermark after every discount that `flags` give, in the kernel's order."""
    for _, taken in discounts(reductions, mark, flags):
        mark = mark - taken
    return mark


def discounts(
    reductions: tuple[Reduction, ...], mark: N, flags: AllocFlag
) -> list[tuple[Reduction, N]]:
    """Return what comes off a watermark for these flags, in pages, in the kernel's order."""
    found = []
    for reduction in reductions:
        if flags & reduction.flag == reduction.flag:
            taken = mark // reduction.divisor
            found.append((reduction, taken))
            mark = mark - taken
    return found


def hidden(highatomic: int, flags: AllocFlag, sees: AllocFlag) -> int:
    """Return the pages kept for high-order atomic requests that a caller may not count as free.

    Only who has one of the flags `sees` (ALLOC_HARDER in 4.5), or no watermarks at all, counts
    the `highatomic` pages of a zone.
    """
    return 0 if flags & (sees | AllocFlag.NO_WATERMARKS) else highatomic


def seen_free(free: N, order: int, kept: int) -> N:
    """Return the free pages that the watermark test compares with the floor.

    The rest of the block does not count (the block itself counts as one page), nor do the `kept`
    pages that are hidden from this caller.
    """
    if order > 0:
        free = rule("order_free", free - ((1 << order) - 1))
    if kept:
        free = rule("seen_free", free - named(free, "reserved_highatomic", kept))
    return free


def watermark_ok(free: N, order: int, kept: int, floor_pages: N) -> bool:
    """Tell whether the free pages of a zone are enough for a block of 2^order.

    Source: mm/page_alloc.c:__zone_watermark_ok (4.5), where equal is too few. `kept` is what is
    `hidden` from the caller, `floor_pages` its floor. Whether a free list has such a block is
    another question.
    """
    if order or kept:
        free = seen_free(free, order, kept)
    return free > floor_pages


def spare(seen: Term, floor_pages: Term) -> int:
    """Return how far the pages that the test sees lie above the floor; at 0 or less it refuses."""
    return (seen - floor_pages).value
