"""What kind of caller it was, and why: mode bits, context, SLUB's mask."""

from __future__ import annotations

from mmplay.engine.explain.abilities import abilities, phrases
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.words import WORDS
from mmplay.engine.report.request import ContextReading, Request, SlubReport
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.versions import Kernel

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
        *_class_findings(kernel, request.mode, reading.context),
        *(_slab_findings(kernel, request.mode, request.slub) if request.slub else []),
    ]


def mask_findings(layout: GfpLayout, mode: int, printed: str | None) -> list[Finding]:
    """Return what the mask means; also says if the log's own names differ from the layout's."""
    names = layout.format(mode) or "no flags"
    found = [
        finding(
            "caller.abilities",
            mode=mode,
            names=names,
            abilities=phrases(abilities(layout, mode)),
        )
    ]
    if printed is not None and not layout.agrees(mode, printed):
        found.append(finding("caller.names_differ", printed=printed, names=names))
    return found


def _context_findings(reading: ContextReading) -> list[Finding]:
    if not reading.traced:
        return [finding("caller.untraced")]
    shown = [
        finding(CONTEXT_CODES[evidence.context], symbol=evidence.symbol)
        for evidence in reading.evidence
    ]
    return shown or [finding("caller.task")]


def _class_findings(kernel: Kernel, mode: int, context: Context) -> list[Finding]:
    fired = kernel.fired(mode, context)
    if not fired:
        return [finding("caller.plain")]
    caller = kernel.class_of(kernel.alloc_flags(mode, context))
    return [finding("caller.class", caller=caller.name, why=[WORDS[r.name].title for r in fired])]


def _slab_findings(kernel: Kernel, mode: int, slub: SlubReport) -> list[Finding]:
    expected = kernel.slab.page_mask(slub.gfp)
    if expected != mode:
        return [finding("caller.slab_differs", gfp=slub.gfp, expected=expected, mode=mode)]
    names = kernel.gfp.format(slub.gfp)
    found = [finding("caller.slab", gfp=slub.gfp, names=names, mode=mode)]
    lost = kernel.gfp.single_bits(slub.gfp & ~kernel.slab.keeps)
    if lost:
        found.append(finding("caller.slab_lost", lost=lost, keeps=kernel.slab.keeps))
    return found


def kept_mask(kernel: Kernel, slub: SlubReport) -> int:
    """Return the mask the page allocator would have seen had SLUB passed everything on."""
    return slub.gfp | kernel.slab.adds
