"""vm.drop_caches: the clean page cache is given back, wherever its pages lie.

Bit 1 of the value drops page cache. Bit 2 asks the slab shrinkers, which are not simulated: it
frees nothing here. Dirty pages, pages under writeback and pages in use stay, and so does the active
list, of which this machine does not know what is clean. Source: fs/drop_caches.c of 4.5
(drop_caches_sysctl_handler, drop_pagecache_sb), mm/truncate.c (invalidate_mapping_pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.mm.page_alloc import largest_free

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

PAGE_CACHE, MOST = 1, 4
"""Bit of the value that means the page cache; the largest value (4: do not log it)."""


def drop_caches(m: Machine, value: int) -> int:
    """Drop what the value asks for, on CPU 0; return the pages that came back."""
    dropped = 0
    for zone in m.state.zones if value & PAGE_CACHE else []:
        count = zone.clean + zone.clean_tail
        zone.clean = zone.clean_tail = zone.clean_rest = 0
        zone.inactive_file -= count
        give_pages(m, zone, 0, count, cold=False)
        dropped += count
        if m.steps is not None:
            m.steps.append(("drop_caches", zone.index, count, zone.free, largest_free(zone)))
    return dropped
