"""One kernel's rules: everything in which kernels differ, as plain fields of one object.

And what a kernel chooses for vm.min_free_kbytes when it boots, from the zones that it finds.
Source: mm/page_alloc.c (init_per_zone_wmark_min, calculate_min_free_kbytes, nr_free_buffer_pages)
and mm/khugepaged.c (set_recommended_min_free_kbytes) of the versions that `data/eras.toml` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.alloc_flags import AllocFlag, Context, FlagRule, fired_rules, flags_of
from mmplay.engine.rules.floors import CallerClass, class_of, classes_at
from mmplay.engine.rules.gates import GateRules
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.memory import PointsRule
from mmplay.engine.rules.watermarks import (
    BLOCKS_A_ZONE,
    HUGE_PAGES,
    MIN_FREE_KBYTES_FLOOR,
    PAGE_KB,
    THP_LEAST_PAGES,
    THP_SHARE,
    GapRule,
    MinFreeRule,
    ReserveRule,
    boot_min_free_kbytes,
    capped_marks,
    capped_quarter_marks,
    default_min_free_kbytes,
    zone_min,
)
from mmplay.engine.terms import N


class SlabMask(NamedTuple):
    """What SLUB lets through to the page allocator: flags & keeps | adds.

    `of_cache` are the flags that a cache may add of its own (allocflags).
    Source: mm/slub.c:new_slab and alloc_slab_page.
    """

    keeps: int
    adds: int
    of_cache: int = 0

    def page_mask(self, mask: int) -> int:
        """Return the GFP mask of the page request behind an object request of `mask`."""
        return mask & self.keeps | self.adds

    def may_become(self, mask: int, page_mask: int) -> bool:
        """Tell whether a page request of `page_mask` may stand behind an object request of `mask`.

        What is added depends on the cache and, for __GFP_NOTRACK, on the configuration.
        """
        return not (self.page_mask(mask) ^ page_mask) & ~(self.adds | self.of_cache)


PASSED_ON = 0xE0
"""__GFP_HIGH, __GFP_IO and __GFP_FS: the same bits in every version, and a slab passes them on."""


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


class RuleRead(NamedTuple):
    """One rule of a kernel: what it says, where it stands, and the versions it was read in.

    `since` is the version it came with. `open` tells that whether it holds here was not read.
    """

    about: str
    says: str
    where: str
    read: str
    since: str
    open: bool = False


class Kernel(NamedTuple):
    """One kernel version's rules.

    `source` is what was read, for the explanations, `rules` the same rule by rule. Zones in
    `capped_zones` have no share in vm.min_free_kbytes, but a small min of their own. Marks and
    reserves are shares of the zone's pages as `basis` names them, managed or present. `prints` are
    the fields of a report that tell this version from others, `forms` how it words a failure, a
    call of the OOM killer and a kill, `scanned_unit` tells whether pages_scanned is printed in
    "pages" or in "kB". `sim` is None for a kernel that cannot be
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
    capped_zones: tuple[str, ...]
    basis: str
    reserve: ReserveRule
    min_free: MinFreeRule
    oom: PointsRule
    scanned_unit: str
    prints: frozenset[str]
    forms: Mapping[str, str]
    rules: tuple[RuleRead, ...]
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
            if self.watermark_scale_factor is None:
                return capped_quarter_marks(share, managed)
            return capped_marks(share, managed, scale)
        low, high = self.gaps(share, managed, scale)
        return share, low, high

    def simulated(self) -> SimRules:
        """Return what a simulation needs; raises InputError if it is not known."""
        if self.sim is None:
            raise InputError(
                f"kernel {self.name} cannot be simulated: only its floors, watermarks and masks "
                f"are known; simulated are {', '.join(SIMULATED)}"
            )
        return self.sim


SIMULATED = ("4.5-rc7", "next-20160311")
"""The kernels that can be simulated."""


NOT_LOWMEM = frozenset(("HighMem", "Movable", "Device"))
"""Zones that a request of the kernel itself cannot use (nr_free_buffer_pages)."""


class Boot(NamedTuple):
    """A machine that boots: its kernel, zones with their managed pages, and the scale factor.

    `zones` are those of every node, by name.
    """

    kernel: Kernel
    zones: tuple[tuple[str, int], ...]
    scale: int

    def with_thp(self) -> int:
        """Return vm.min_free_kbytes in kB where transparent huge pages are on."""
        if not self.kernel.min_free.thp_kept:
            managed = tuple(pages for _, pages in self.zones)
            return boot_min_free_kbytes(self.kernel.gaps, managed, self.scale).value
        chosen = self._root(0)
        if self._too_small():
            return chosen
        wanted = HUGE_PAGES * BLOCKS_A_ZONE * self._counted()
        most = (self._lowmem() - self._high(chosen)) // THP_SHARE
        return max(chosen, min(wanted, most) * PAGE_KB)

    def without_thp(self) -> int:
        """Return vm.min_free_kbytes in kB where they are off.

        From 5.16 on it is then computed twice, the second time above the high marks of the first.
        """
        chosen = self._root(0)
        if self.kernel.min_free.twice_without_thp and not self._too_small():
            return self._root(self._high(chosen))
        return chosen

    def _too_small(self) -> bool:
        """Tell whether the machine has too little memory for transparent huge pages."""
        return sum(pages for _, pages in self.zones) < THP_LEAST_PAGES

    def _lowmem(self) -> int:
        return sum(pages for name, pages in self.zones if name not in NOT_LOWMEM)

    def _counted(self) -> int:
        """Return how many zones transparent huge pages keep blocks for."""
        if self.kernel.min_free.counts_movable:
            return len(self.zones)
        return sum(name not in NOT_LOWMEM for name, _ in self.zones)

    def _root(self, high: int) -> int:
        lowmem_kbytes = (self._lowmem() - high) * PAGE_KB
        ceiling = self.kernel.min_free.ceiling
        return default_min_free_kbytes(lowmem_kbytes, MIN_FREE_KBYTES_FLOOR, ceiling)

    def _high(self, kbytes: int) -> int:
        """Return the high marks of lowmem under so large a vm.min_free_kbytes."""
        kernel = self.kernel
        shared = sum(pages for name, pages in self.zones if name not in kernel.capped_zones)
        return sum(
            kernel.marks(name, pages, shared, kbytes, self.scale)[2]
            for name, pages in self.zones
            if name not in NOT_LOWMEM
        )
