"""The kernels we have the rules of, each one object that holds everything in which it differs."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.kernel.alloc_flags import (
    FLAG_RULES_4_5,
    AllocFlag,
    Context,
    FlagRule,
    fired_rules,
    flags_of,
)
from mmplay.engine.kernel.floors import REDUCTIONS_4_5, Reduction
from mmplay.engine.kernel.gfp import GfpLayout
from mmplay.engine.kernel.gfp_layouts import GFP_LAYOUTS
from mmplay.engine.kernel.watermarks import GapRule, quarter_gaps, scaled_gaps

DEFAULT_KERNEL = "4.5-rc7"

SLAB_RECLAIM_NAMES = (
    *("__GFP_RECLAIM", "__GFP_HIGH", "__GFP_IO", "__GFP_FS", "__GFP_NOWARN", "__GFP_REPEAT"),
    *("__GFP_NOFAIL", "__GFP_NORETRY", "__GFP_MEMALLOC", "__GFP_NOMEMALLOC"),
)
"""GFP_RECLAIM_MASK of 4.5 and 4.6.2 (mm/internal.h); __GFP_ATOMIC is not in it (d0164adc89f6)."""


class SlabMask(NamedTuple):
    """What SLUB lets through to the page allocator: flags & keeps | adds.

    Source: mm/slub.c:new_slab and alloc_slab_page, for a cache without constructor flags.
    """

    keeps: int
    adds: int

    def page_mask(self, mask: int) -> int:
        """Return the GFP mask of the page request behind an object request of `mask`."""
        return mask & self.keeps | self.adds


class Kernel(NamedTuple):
    """One kernel version's rules.

    A zone is all_unreclaimable once `unreclaimable_factor` times its reclaimable pages were
    scanned (mm/vmscan.c:zone_reclaimable). `prints_gfp_names` tells whether its printk lines name
    the flags (%pGg), and the three forms are how it words its reports. `retry` names the rule by
    which __alloc_pages_slowpath goes round again (`sim.mm.retry`); `reclaimable_is_progress`
    tells whether do_try_to_free_pages calls it progress that a zone could still be scanned.
    `release` is what uname says; `source` what was read, for the explanations.
    """

    name: str
    source: str
    gfp: GfpLayout
    slab: SlabMask
    flag_rules: tuple[FlagRule, ...]
    reductions: tuple[Reduction, ...]
    gaps: GapRule
    lowmem_reserve_ratio: tuple[int, ...]
    watermark_scale_factor: int | None
    unreclaimable_factor: int
    prints_gfp_names: bool
    release: str
    failure_form: str
    slub_form: str
    oom_form: str
    retry: str
    reclaimable_is_progress: bool

    def fired(self, mask: int, context: Context) -> tuple[FlagRule, ...]:
        """Return the rules of gfp_to_alloc_flags that fire for this request."""
        return fired_rules(self.flag_rules, self.gfp, mask, context)

    def alloc_flags(self, mask: int, context: Context) -> AllocFlag:
        """Return the ALLOC_* flags of a request (gfp_to_alloc_flags)."""
        return flags_of(self.fired(mask, context))


def _slab_mask(layout: GfpLayout) -> SlabMask:
    keeps = layout.mask((*SLAB_RECLAIM_NAMES, "__GFP_HARDWALL", "__GFP_THISNODE"))
    return SlabMask(keeps=keeps, adds=layout.value("__GFP_NOTRACK"))


KERNELS: dict[str, Kernel] = {
    kernel.name: kernel
    for kernel in (
        Kernel(
            name="4.5-rc7",
            source="v4.5",
            gfp=GFP_LAYOUTS["4.5"],
            slab=_slab_mask(GFP_LAYOUTS["4.5"]),
            flag_rules=FLAG_RULES_4_5,
            reductions=REDUCTIONS_4_5,
            gaps=quarter_gaps,
            lowmem_reserve_ratio=(256, 256, 32),
            watermark_scale_factor=None,
            unreclaimable_factor=6,
            prints_gfp_names=False,
            release="4.5.0-rc7+",
            failure_form="failure/4.5",
            slub_form="slub/4.5",
            oom_form="oom/4.5",
            retry="zone_reclaimable",
            reclaimable_is_progress=True,
        ),
        Kernel(
            name="next-20160311",
            source="v4.6.2 and linux-mm, March 2016",
            gfp=GFP_LAYOUTS["4.5"],
            slab=_slab_mask(GFP_LAYOUTS["4.5"]),
            flag_rules=FLAG_RULES_4_5,
            reductions=REDUCTIONS_4_5,
            gaps=scaled_gaps,
            lowmem_reserve_ratio=(256, 256, 32),
            watermark_scale_factor=10,
            unreclaimable_factor=6,
            prints_gfp_names=True,
            release="4.5.0-rc7-next-20160311+",
            failure_form="failure/4.6",
            slub_form="slub/4.6",
            oom_form="oom/4.6",
            retry="should_reclaim_retry",
            reclaimable_is_progress=False,
        ),
    )
}
"""Every kernel whose rules are known, by name."""


class UnknownKernelError(InputError):
    """A kernel name that nothing is known about; the message lists the known ones."""


def kernel_named(name: str) -> Kernel:
    """Return the Kernel of that name; raises UnknownKernelError with the names there are."""
    if name in KERNELS:
        return KERNELS[name]
    raise UnknownKernelError(_unknown(name, tuple(KERNELS), "rules"))


def layout_named(name: str) -> GfpLayout:
    """Return the GFP layout of a kernel or of a layout name; raises UnknownKernelError."""
    if name in KERNELS:
        return KERNELS[name].gfp
    if name in GFP_LAYOUTS:
        return GFP_LAYOUTS[name]
    raise UnknownKernelError(_unknown(name, (*KERNELS, *GFP_LAYOUTS), "GFP bits"))


def _unknown(name: str, known: tuple[str, ...], what: str) -> str:
    near = get_close_matches(name, known, 1)
    hint = f" did you mean {near[0]}?" if near else ""
    return f"the {what} of kernel {name!r} are not known;{hint} known are {', '.join(known)}"
