"""The kernels we have the rules of, each one object that holds everything in which it differs.

A release that a log prints (`4.5.0-rc7+`) leads to the rules and the GFP bits that it follows.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.alloc_flags import (
    AllocFlag,
    Context,
    FlagRule,
    fired_rules,
    flags_of,
)
from mmplay.engine.rules.floors import CallerClass, class_of, classes_at
from mmplay.engine.rules.gates import GATES, GateRules
from mmplay.engine.rules.gfp import GFP_LAYOUTS, GfpLayout
from mmplay.engine.rules.watermarks import (
    GapRule,
    capped_marks,
    quarter_gaps,
    scaled_gaps,
    zone_min,
)
from mmplay.engine.terms import N

DEFAULT_KERNEL = "4.5-rc7"

_SLAB_NAMES = (
    *("__GFP_RECLAIM", "__GFP_HIGH", "__GFP_IO", "__GFP_FS", "__GFP_NOWARN", "__GFP_NOFAIL"),
    *("__GFP_NORETRY", "__GFP_MEMALLOC", "__GFP_NOMEMALLOC"),
)
SLAB_NAMES_4_5 = (*_SLAB_NAMES, "__GFP_REPEAT")
"""GFP_RECLAIM_MASK of 4.5 and 4.6.2 (mm/internal.h); __GFP_ATOMIC is not in it (d0164adc89f6)."""

SLAB_NAMES_6_6 = (*_SLAB_NAMES, "__GFP_RETRY_MAYFAIL")
"""GFP_RECLAIM_MASK of 6.6.80 (mm/internal.h); 6.1.176 has __GFP_ATOMIC besides."""


class SlabMask(NamedTuple):
    """What SLUB lets through to the page allocator: flags & keeps | adds.

    Source: mm/slub.c:new_slab and alloc_slab_page, for a cache without flags of its own.
    """

    keeps: int
    adds: int

    def page_mask(self, mask: int) -> int:
        """Return the GFP mask of the page request behind an object request of `mask`."""
        return mask & self.keeps | self.adds


class SimRules(NamedTuple):
    """What only a simulated machine needs to know of its kernel.

    The three forms are how it words its reports. `retry` names the rule by which
    __alloc_pages_slowpath goes round again (`sim.mm.slowpath`); `reclaimable_is_progress` tells
    whether do_try_to_free_pages calls it progress that a zone could still be scanned. `release` is
    what uname says. A zone is all_unreclaimable once `unreclaimable_factor` times its reclaimable
    pages were scanned (mm/vmscan.c:zone_reclaimable).
    """

    release: str
    failure_form: str
    slub_form: str
    oom_form: str
    retry: str
    reclaimable_is_progress: bool
    unreclaimable_factor: int = 6


class Kernel(NamedTuple):
    """One kernel version's rules.

    `source` is what was read, for the explanations. Zones in `capped_zones` have no share in
    vm.min_free_kbytes, but a small min of their own. `sim` is None for a kernel that cannot be
    simulated: its floors, marks and masks are known, its reclaim is not.
    """

    name: str
    source: str
    gfp: GfpLayout
    slab: SlabMask
    gate: GateRules
    gaps: GapRule
    lowmem_reserve_ratio: tuple[int, ...]
    watermark_scale_factor: int | None
    capped_zones: tuple[str, ...] = ()
    sim: SimRules | None = None

    def fired(self, mask: int, context: Context) -> tuple[FlagRule, ...]:
        """Return the rules of gfp_to_alloc_flags that fire for this request."""
        return fired_rules(self.gate.flag_rules, self.gfp, mask, context)

    def alloc_flags(self, mask: int, context: Context) -> AllocFlag:
        """Return the ALLOC_* flags of a request (gfp_to_alloc_flags)."""
        return flags_of(self.fired(mask, context))

    def class_of(self, flags: AllocFlag) -> CallerClass:
        """Return the class that alloc flags put a caller in."""
        return class_of(self.gate.classes, flags)

    def classes_at(self, mark: str) -> tuple[CallerClass, ...]:
        """Return the classes that test against `min`, `low` or `high`."""
        return classes_at(self.gate.classes, mark)

    @property
    def unreclaimable_factor(self) -> int | None:
        """How often a zone is scanned before it is given up; None where that is not known."""
        return None if self.sim is None else self.sim.unreclaimable_factor

    def marks(
        self, zone: str, managed: N, lowmem_pages: N, min_free_kbytes: N, scale: N
    ) -> tuple[N, N, N]:
        """Return min, low and high of a zone in pages (__setup_per_zone_wmarks).

        `lowmem_pages` is the sum of managed over all zones that are not capped.
        """
        share: N = zone_min(min_free_kbytes, managed, lowmem_pages)
        if zone in self.capped_zones:
            return capped_marks(share, managed, scale)
        low, high = self.gaps(share, managed, scale)
        return share, low, high

    def simulated(self) -> SimRules:
        """Return what a simulation needs; raises InputError if it is not known."""
        if self.sim is None:
            known = ", ".join(one.name for one in KERNELS.values() if one.sim is not None)
            raise InputError(
                f"kernel {self.name} cannot be simulated: only its floors, watermarks and masks "
                f"are known; simulated are {known}"
            )
        return self.sim


def _slab_mask(layout: GfpLayout, names: tuple[str, ...], adds: int = 0) -> SlabMask:
    return SlabMask(keeps=layout.mask((*names, "__GFP_HARDWALL", "__GFP_THISNODE")), adds=adds)


_LAYOUT_4_5 = GFP_LAYOUTS["4.5"]

_RC7 = Kernel(
    name="4.5-rc7",
    source="v4.5",
    gfp=_LAYOUT_4_5,
    slab=_slab_mask(_LAYOUT_4_5, SLAB_NAMES_4_5, _LAYOUT_4_5.value("__GFP_NOTRACK")),
    gate=GATES["4.4"],
    gaps=quarter_gaps,
    lowmem_reserve_ratio=(256, 256, 32),
    watermark_scale_factor=None,
    sim=SimRules(
        release="4.5.0-rc7+",
        failure_form="failure/4.5",
        slub_form="slub/4.5",
        oom_form="oom/4.5",
        retry="zone_reclaimable",
        reclaimable_is_progress=True,
    ),
)
_NEXT = _RC7._replace(
    name="next-20160311",
    source="v4.6.2 and linux-mm, March 2016",
    gaps=scaled_gaps,
    watermark_scale_factor=10,
    sim=SimRules(
        release="4.5.0-rc7-next-20160311+",
        failure_form="failure/4.6",
        slub_form="slub/4.6",
        oom_form="oom/4.6",
        retry="should_reclaim_retry",
        reclaimable_is_progress=False,
    ),
)
_V6_1 = Kernel(
    name="6.1",
    source="v6.1.176",
    gfp=GFP_LAYOUTS["6.1"],
    slab=_slab_mask(GFP_LAYOUTS["6.1"], (*SLAB_NAMES_6_6, "__GFP_ATOMIC")),
    gate=GATES["6.1.192"],
    gaps=scaled_gaps,
    lowmem_reserve_ratio=(256, 256, 32, 0),
    watermark_scale_factor=10,
)
_V6_6 = _V6_1._replace(
    name="6.6",
    source="v6.6.80",
    gfp=GFP_LAYOUTS["6.6"],
    slab=_slab_mask(GFP_LAYOUTS["6.6"], SLAB_NAMES_6_6),
    gate=GATES["6.6.80"],
    capped_zones=("Movable",),
)
_V6_12 = _V6_6._replace(
    name="6.12",
    source="v6.12.117",
    gate=GATES["6.12.117"],
    gfp=GFP_LAYOUTS["6.12"],
)

KERNELS: dict[str, Kernel] = {kernel.name: kernel for kernel in (_RC7, _NEXT, _V6_1, _V6_6, _V6_12)}
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


RULES_OF_RELEASE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"4\.5\.0-rc7-next-20160311\b"), "next-20160311"),
    (re.compile(r"4\.5\.0-rc\d+-next-"), ""),
    (re.compile(r"4\.5(\.\d+)?(-rc7)?(?![\d.])"), "4.5-rc7"),
    (re.compile(r"6\.1\.(11[6-9]|1[2-9]\d|[2-9]\d\d)(?![\d.])"), "6.1"),
    (re.compile(r"6\.1\.0-(2[89]|[3-9]\d|\d{3,})-(cloud-|rt-)?amd64\b"), "6.1"),
    (re.compile(r"6\.6\.([6-9]\d|\d{3})(?![\d.])"), "6.6"),
    (re.compile(r"6\.12\.\d+(?![\d.])(?!-rc|.*\.el\d)"), "6.12"),
)
"""Releases whose rules we know, first match; an empty name means that they are not known.

4.5.1 to 4.5.7 follow 4.5: the fix of the slab mask came after the last of them. 6.1.116 took over
the gate of 6.3; from 6.6.60 on non-blocking requests of order 0 may take highatomic blocks, as in
6.12. Debian's 6.1.0-28 is 6.1.119, its 6.1.0-27 still 6.1.115. Kernels that a distribution has
changed much (.el10) are left out.
"""

_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})")
"""Bounded: a release may be any text, and `int` refuses 4,301 digits."""
_RHEL8 = re.compile(r"4\.18\.0-\d+.*\.el8")

LAYOUT_FROM: tuple[tuple[tuple[int, int], str], ...] = (
    ((2, 6), "2.6.32"),
    ((3, 10), "3.10"),
    ((4, 4), "4.4"),
    ((4, 5), "4.5"),
    ((4, 8), "4.8"),
    ((4, 10), ""),
    ((4, 11), "4.11"),
    ((4, 13), "4.13"),
    ((4, 19), "4.19"),
    ((5, 2), "5.4"),
    ((6, 1), "6.1"),
    ((6, 3), "6.6"),
    ((6, 12), "6.12"),
)
"""First version of each GFP layout; 4.10 is left out because its layout was not read."""


def kernel_of_release(release: str) -> Kernel | None:
    """Return the rules that a kernel of this release follows, or None if they are not known."""
    for pattern, name in RULES_OF_RELEASE:
        if pattern.match(release):
            return KERNELS.get(name)
    return None


def layout_of_release(release: str) -> GfpLayout | None:
    """Return the GFP bits of a kernel of this release, or None if they are not known."""
    if _RHEL8.match(release):
        return GFP_LAYOUTS["4.19"]
    found = _NUMBERS.match(release)
    if found is None:
        return None
    version = int(found[1]), int(found[2])
    name = ""
    for first, layout in LAYOUT_FROM:
        if version >= first:
            name = layout
    return GFP_LAYOUTS.get(name)
