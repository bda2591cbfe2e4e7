"""Numbers with the steps that lead to them, in the order in which a learner reads them.

`min 1300 - 650 (half, for __GFP_HIGH) = 650`: every number says what it is.
"""

from __future__ import annotations

from mmplay.engine.explain.finding import said
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import PLAIN, CallerClass, Reduction, discounts
from mmplay.engine.rules.versions import Kernel

FLAG_NAMES = {
    AllocFlag.HIGH: "__GFP_HIGH",
    AllocFlag.HARDER: "ALLOC_HARDER",
    AllocFlag.OOM: "ALLOC_OOM",
    AllocFlag.MIN_RESERVE: "ALLOC_MIN_RESERVE",
}
"""What a discount is called that one flag gives."""

NON_BLOCK = "ALLOC_NON_BLOCK"
"""What the quarter is called that takes two flags since 6.3: the half has the other one's name."""

HALF = 2


def line_steps(
    reductions: tuple[Reduction, ...], mark: str, pages: int, flags: AllocFlag, reserve: int
) -> str:
    """Return how many free pages are too few for a caller, step by step; `mark` is its name."""
    parts: list[str] = []
    left = pages
    for one, taken in discounts(reductions, pages, flags):
        name = FLAG_NAMES.get(one.flag, NON_BLOCK)
        code = "half" if one.divisor == HALF else "quarter_of_rest" if parts else "quarter"
        parts.append(said(f"steps.{code}", pages=taken, flag=name))
        left -= taken
    if reserve:
        parts.append(said("steps.reserve", pages=reserve))
    if not parts:
        return f"{mark} is {pages}"
    return f"{mark} {pages} {' '.join(parts)} = {left + reserve}"


def asker(caller: CallerClass, mark: str) -> str:
    """Return who is held against a mark: whoever comes without a discount has a name there."""
    return said(f"asker.{mark}" if caller.name == PLAIN.name else "asker.other")


def seen_steps(free: int, order: int, kept: int) -> str:
    """Return which of the free pages the test counts, step by step."""
    rest = (1 << order) - 1
    parts = [said("steps.rest", pages=rest)] if rest else []
    parts += [said("steps.kept", pages=kept)] if kept else []
    return f"{free} {' '.join(parts)} = {free - rest - kept}" if parts else str(free)


def mark_steps(kernel: Kernel, mark: str, minimum: int, managed: int, scale: int) -> str:
    """Return how low or high comes from min, step by step; `scale` counts since 4.6 only."""
    low, high = kernel.gaps(minimum, managed, scale)
    value = high if mark == "high" else low
    if kernel.watermark_scale_factor is None:
        code = "steps.min_quarter" if mark == "low" else "steps.min_half"
        return f"{minimum} + {said(code, pages=value - minimum)} = {value}"
    gap, times = low - minimum, "2 * " if mark == "high" else ""
    code = "steps.min_quarter" if gap == minimum // 4 else "steps.share"
    step = said(code, pages=gap, scale=scale, managed=managed)
    return f"{minimum} + {times}{step} = {value}"
