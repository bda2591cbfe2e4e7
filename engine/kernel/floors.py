"""The floor of a caller: the free page count at which the kernel says no.

A request of order 0 is refused when free <= floor. Source: mm/page_alloc.c:__zone_watermark_ok
(4.5): min is halved for ALLOC_HIGH, then loses a quarter for ALLOC_HARDER, and lowmem_reserve of
the caller's class zone is added; ALLOC_NO_WATERMARKS skips the test.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.kernel.alloc_flags import AllocFlag
from mmplay.engine.terms import N, Term, as_term, constant, rule


class Reduction(NamedTuple):
    """One discount on the watermark: with `flag`, mark -= mark / `divisor` (rounded down)."""

    flag: AllocFlag
    divisor: int


class CallerClass(NamedTuple):
    """A kind of caller by the floor it meets; `name` is a key of the table of words."""

    name: str
    flags: AllocFlag


PLAIN = CallerClass("plain", AllocFlag.NONE)
NO_WATERMARKS = CallerClass("NO_WATERMARKS", AllocFlag.NO_WATERMARKS)

CALLER_CLASSES: tuple[CallerClass, ...] = (
    PLAIN,
    CallerClass("HARDER", AllocFlag.HARDER),
    CallerClass("HIGH", AllocFlag.HIGH),
    CallerClass("HIGH+HARDER", AllocFlag.HIGH | AllocFlag.HARDER),
    NO_WATERMARKS,
)
"""The five classes that exist at min, highest floor first."""

REDUCTIONS_4_5: tuple[Reduction, ...] = (
    Reduction(AllocFlag.HIGH, 2),
    Reduction(AllocFlag.HARDER, 4),
)


def class_of(flags: AllocFlag) -> CallerClass:
    """Return the class that these alloc flags put a caller in."""
    if flags & AllocFlag.NO_WATERMARKS:
        return NO_WATERMARKS
    wanted = flags & (AllocFlag.HIGH | AllocFlag.HARDER)
    return next(caller for caller in CALLER_CLASSES if caller.flags == wanted)


def classes_at(mark: str) -> tuple[CallerClass, ...]:
    """Return the classes that test against the mark `min`, `low` or `high`.

    Only min is discounted: low is the fast path's first try and high the OOM killer's last look,
    both made before or without gfp_to_alloc_flags.
    """
    return CALLER_CLASSES if mark == "min" else (PLAIN,)


def floor(reductions: tuple[Reduction, ...], mark: N, reserve: N, flags: AllocFlag) -> N:
    """Return the pages at or below which an order-0 request with `flags` is refused.

    `mark` is the watermark and `reserve` lowmem_reserve[class zone], in pages.
    """
    if flags & AllocFlag.NO_WATERMARKS:
        return rule("floor.none", constant(mark, 0))
    return rule("floor", discounted(reductions, mark, flags) + reserve)


def discounted(reductions: tuple[Reduction, ...], mark: N, flags: AllocFlag) -> N:
    """Return the watermark after every discount that `flags` give, in the kernel's order."""
    for reduction in reductions:
        if flags & reduction.flag:
            mark = mark - mark // reduction.divisor
    return mark


def seen_free(free: N, order: int, highatomic: N, flags: AllocFlag) -> N:
    """Return the free pages that the watermark test compares with the floor.

    `highatomic` are the pages kept for high-order atomic requests: only ALLOC_HARDER sees them.
    """
    if order > 0:
        free = rule("order_free", free - ((1 << order) - 1))
    if flags & AllocFlag.HARDER or not as_term(highatomic).value:
        return free
    return rule("seen_free", free - highatomic)


def refused(free: int, floor_pages: Term | int) -> bool:
    """Tell whether an order-0 request is refused: the test is <=, not <."""
    return free <= (floor_pages.value if isinstance(floor_pages, Term) else floor_pages)
