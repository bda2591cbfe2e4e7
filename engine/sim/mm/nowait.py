"""The page requests of callers that cannot wait: fast path, floors, reserves, or nothing.

Source: mm/page_alloc.c of 4.5 (__alloc_pages_nodemask, __alloc_pages_slowpath up to the test for
direct reclaim).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.asks import Ask
from mmplay.engine.sim.mm.page_alloc import take_anyway, take_fast, take_from
from mmplay.engine.sim.mm.wakeup import wake_kswapd

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def alloc_nowait(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Return a block, or -1. `m.pfmemalloc` tells whether it came from below every floor."""
    m.pfmemalloc = False
    page = take_fast(m, ask, order, cpu)
    if page >= 0:
        return page
    return retry_nowait(m, ask, order, cpu)


def retry_nowait(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    """Make the slow path's tries that need no waiting: its floor, then the reserves if allowed."""
    m.pfmemalloc = False
    if ask.wakes_kswapd:
        wake_kswapd(m, ask.class_zone, order)
    page = take_from(m, m.gates[ask.gate], ask, order, cpu)
    if page < 0 and ask.no_watermarks:
        page = take_anyway(m, ask, order, cpu)
        m.pfmemalloc = page >= 0
    return page
