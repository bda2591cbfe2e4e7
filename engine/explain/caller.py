"""What kind of caller it was, and why: mode bits, context, SLUB's mask.

What a GFP mask lets its caller do is told across layouts: by flag name, never by bit.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.words import WORDS
from mmplay.engine.report import Request, SlubReport
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.memory import highest_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.stack import INTERRUPT_STACK, ContextReading, Evidence


class Abilities(NamedTuple):
    """What a request may do. Source: include/linux/gfp.h, the flags' own descriptions."""

    may_sleep: bool
    wakes_kswapd: bool
    may_do_io: bool
    may_enter_fs: bool
    may_use_reserves: bool
    retries: str
    warns: bool
    highest_zone: str


RETRIES: tuple[tuple[str, str], ...] = (
    ("__GFP_NOFAIL", "never gives up"),
    ("__GFP_NORETRY", "one try"),
    ("__GFP_RETRY_MAYFAIL", "tries hard, may fail"),
    ("__GFP_REPEAT", "tries hard, may fail"),
)

RESERVE_FLAGS = ("__GFP_HIGH", "__GFP_ATOMIC", "__GFP_MEMALLOC")


def abilities(layout: GfpLayout, mask: int) -> Abilities:
    """Return what `mask` allows under this layout."""
    sleeps = layout.has(mask, "__GFP_DIRECT_RECLAIM") or layout.has(mask, "__GFP_WAIT")
    splits_wait = "__GFP_KSWAPD_RECLAIM" in layout.bits
    wakes = layout.has(mask, "__GFP_KSWAPD_RECLAIM") if splits_wait else True
    if layout.has(mask, "__GFP_NO_KSWAPD"):
        wakes = False
    return Abilities(
        may_sleep=sleeps,
        wakes_kswapd=wakes,
        may_do_io=sleeps and layout.has(mask, "__GFP_IO"),
        may_enter_fs=sleeps and layout.has(mask, "__GFP_FS"),
        may_use_reserves=_may_use_reserves(layout, mask),
        retries=next((words for flag, words in RETRIES if layout.has(mask, flag)), ""),
        warns=not layout.has(mask, "__GFP_NOWARN"),
        highest_zone=ZONES[highest_zone(layout, mask)],
    )


def _may_use_reserves(layout: GfpLayout, mask: int) -> bool:
    return any(layout.has(mask, flag) for flag in RESERVE_FLAGS)


YES_NO: tuple[tuple[str, str, str], ...] = (
    ("may_sleep", "may sleep and reclaim", "may not sleep"),
    ("wakes_kswapd", "wakes kswapd", "does not wake kswapd"),
    ("may_do_io", "may start I/O", "no I/O"),
    ("may_enter_fs", "may enter the file system", "no file system"),
    ("may_use_reserves", "may use reserves below min", "no reserves"),
    ("warns", "a failure is printed", "a failure is not printed"),
)

DECIDED_BY: dict[str, tuple[tuple[str, ...], bool]] = {
    "may_sleep": (("__GFP_DIRECT_RECLAIM", "__GFP_WAIT"), True),
    "wakes_kswapd": (("__GFP_KSWAPD_RECLAIM", "__GFP_NO_KSWAPD"), True),
    "may_do_io": (("__GFP_IO",), True),
    "may_enter_fs": (("__GFP_FS",), True),
    "warns": (("__GFP_NOWARN",), False),
    "may_use_reserves": (RESERVE_FLAGS, True),
}
"""Which flags decide an ability, any of them, and whether they give it."""

FOR_SLEEPERS = ("may_do_io", "may_enter_fs")
"""Abilities that only a caller that may sleep can have."""


def phrases(can: Abilities) -> list[str]:
    """Return the abilities in words, one phrase each."""
    words = [yes if getattr(can, name) else no for name, yes, no in YES_NO]
    words.append(f"may start in {can.highest_zone}")
    return [*words, can.retries] if can.retries else words


CONTEXT_CODES: dict[Context, str] = {
    Context.SOFTIRQ: "caller.softirq",
    Context.HARDIRQ: "caller.hardirq",
    Context.PF_MEMALLOC: "caller.pf_memalloc",
}


def caller_findings(kernel: Kernel, request: Request, reading: ContextReading) -> list[Finding]:
    """Return what is known of the caller; empty if the report gives no mask."""
    if request.mode is None:
        return []
    return [
        *mask_findings(kernel.gfp, request.mode, request.names),
        *_context_findings(reading),
        *_class_findings(kernel, request.mode, reading),
        *(_slab_findings(kernel, request.mode, request.slub) if request.slub else []),
    ]


def mask_findings(layout: GfpLayout, mode: int, printed: str | None) -> list[Finding]:
    """Return what the mask means; also says if the log's own names differ from the layout's."""
    names = layout.format(mode) or "no flags"
    found = [
        finding(
            "caller.abilities", mode=mode, names=names, abilities=phrases(abilities(layout, mode))
        )
    ]
    if printed is not None and not layout.agrees(mode, printed):
        found.append(finding("caller.names_differ", printed=printed, names=names))
    return found


def _context_findings(reading: ContextReading) -> list[Finding]:
    if not reading.traced:
        return [finding("caller.untraced")]
    shown = [finding(_context_code(one), symbol=one.symbol) for one in reading.evidence]
    return shown or [finding("caller.task" if reading.whole else "caller.task_so_far")]


def _context_code(evidence: Evidence) -> str:
    """Name the sentence; the interrupt stack alone does not tell which kind of interrupt it was."""
    marked = evidence.symbol == INTERRUPT_STACK
    return "caller.interrupt" if marked else CONTEXT_CODES[evidence.context]


def _class_findings(kernel: Kernel, mode: int, reading: ContextReading) -> list[Finding]:
    """Return the class of the caller and why; without a call trace the mask alone tells it."""
    by = "" if reading.traced else "_of_mask"
    fired = kernel.fired(mode, reading.context)
    if not fired:
        return [finding(f"caller.plain{by}")]
    caller = kernel.class_of(kernel.alloc_flags(mode, reading.context))
    why = [WORDS[rule.name].title for rule in fired]
    return [finding(f"caller.class{by}", caller=caller.name, why=why)]


def _slab_findings(kernel: Kernel, mode: int, slub: SlubReport) -> list[Finding]:
    """Say what the slab allocator made of its caller's mask."""
    expected, by = kernel.slab.page_mask(slub.gfp), {"allocator": slub.allocator}
    if not kernel.slab.may_become(slub.gfp, mode):
        return [finding("caller.slab_differs", gfp=slub.gfp, expected=expected, mode=mode, **by)]
    names = kernel.gfp.format(slub.gfp)
    found = [finding("caller.slab", gfp=slub.gfp, names=names, mode=mode, **by)]
    lost = kernel.gfp.single_bits(slub.gfp & ~kernel.slab.keeps)
    if lost:
        found.append(finding("caller.slab_lost", lost=lost, keeps=kernel.slab.keeps))
    return found


def kept_mask(kernel: Kernel, slub: SlubReport) -> int:
    """Return the mask the page allocator would have seen had SLUB passed everything on."""
    return slub.gfp | kernel.slab.adds
