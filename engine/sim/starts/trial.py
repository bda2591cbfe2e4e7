"""What one call of direct reclaim does to a zone full of dirty file pages, tried on a machine.

The rule is the simulator's own (`mm.reclaim`): it is run here, not written again.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.masks import WB_NONE
from mmplay.engine.sim.machine.setup import DiskKind, Setup
from mmplay.engine.sim.mm.reclaim import GOING_ON, reclaim, start_call
from mmplay.engine.sim.starts.common import (
    KERNEL_LOADS,
    KTHREADD,
    Choice,
    add_kernel_threads,
    cache_kinds,
    costs,
    empty_state,
)
from mmplay.engine.sim.state.zone import Zone

DMA32 = 1
NAME = "trial"


class Trial(NamedTuple):
    """One call: the works it asked the flusher for, and the pages it scanned."""

    works: int
    scanned: int


def reclaim_call(kernel: Kernel, inactive_file: int, reclaimable: bool) -> Trial:
    """Try one call on a zone with so many dirty inactive file pages, none of which can be freed.

    `reclaimable` tells whether the zone still counts as worth scanning when the call begins.
    """
    m = _machine(kernel, inactive_file)
    zone = m.state.zones[0]
    if not reclaimable:
        zone.pages_scanned = kernel.simulated().unreclaimable_factor * inactive_file
    ask = m.ask(ask_key(m.masks.page_cache))
    start_call(m, KTHREADD)
    while reclaim(m, KTHREADD, 0, ask, "write")[0] == GOING_ON:
        pass
    return Trial(m.state.counters.wb_nowork, m.state.tasks.scanned[KTHREADD])


def _machine(kernel: Kernel, inactive_file: int) -> Machine:
    """Return a machine of one zone whose pages are all dirty; works are counted, not allocated."""
    state = empty_state(kernel, Choice(kernel), 1, 0)
    zone = Zone("DMA32", DMA32, inactive_file, inactive_file, 1)
    zone.inactive_file = zone.dirty = inactive_file
    state.zones = [zone]
    state.wb_mask = WB_NONE
    disk = DiskKind(0, 0, 1)
    caches = cache_kinds(1)
    setup = Setup(
        NAME, kernel, 1, 1, *("", "", ""), costs(kernel), disk, None, caches, KERNEL_LOADS
    )
    m = Machine(setup, state)
    add_kernel_threads(m)
    return m
