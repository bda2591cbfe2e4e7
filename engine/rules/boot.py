"""What a kernel chooses for vm.min_free_kbytes when it boots, from the zones that it finds.

Source: mm/page_alloc.c (init_per_zone_wmark_min, calculate_min_free_kbytes, nr_free_buffer_pages)
and mm/khugepaged.c (set_recommended_min_free_kbytes) of the versions that `data/eras.toml` names.
"""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from mmplay.engine.rules.kernel import Kernel
from mmplay.engine.rules.watermarks import (
    HUGE_PAGES,
    MIN_FREE_KBYTES_FLOOR,
    PAGE_KB,
    THP_LEAST_PAGES,
    THP_SHARE,
    boot_min_free_kbytes,
)

NOT_LOWMEM = frozenset(("HighMem", "Movable", "Device"))
"""Zones that a request of the kernel itself cannot use (nr_free_buffer_pages)."""

BLOCKS_A_ZONE = 2 + 9
"""Two blocks to start from, nine to keep the types apart."""


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
        root = isqrt((self._lowmem() - high) * PAGE_KB * 16)
        return min(max(root, MIN_FREE_KBYTES_FLOOR), self.kernel.min_free.ceiling)

    def _high(self, kbytes: int) -> int:
        """Return the high marks of lowmem under so large a vm.min_free_kbytes."""
        kernel = self.kernel
        shared = sum(pages for name, pages in self.zones if name not in kernel.capped_zones)
        return sum(
            kernel.marks(name, pages, shared, kbytes, self.scale)[2]
            for name, pages in self.zones
            if name not in NOT_LOWMEM
        )
