"""Whether a request that reclaim did not help goes round again: one rule per kernel generation.

Source: mm/page_alloc.c of 4.5 (__alloc_pages_slowpath) and, for should_reclaim_retry, the series
"mm, oom: rework oom detection" of December 2015 that next-20160311 carried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.asks import Ask
from mmplay.engine.sim.mm.disk import congested
from mmplay.engine.sim.mm.page_alloc import zone_watermark_ok
from mmplay.engine.sim.run.sched import sleep
from mmplay.engine.sim.setup import MILLISECOND_NS
from mmplay.engine.sim.state.tasks import BLOCKED
from mmplay.engine.sim.state.zone import CONGESTED

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

RetryRule = Callable[["Machine", int, Ask, int], bool]
"""(machine, task, request, progress) to whether to try again; it may put the task to sleep."""

COSTLY_ORDER = 3
MAX_RETRIES = 16
CONGESTED_WAIT_NS = 20 * MILLISECOND_NS
DIRTY_WAIT_NS = 100 * MILLISECOND_NS


def while_progress(m: Machine, task: int, ask: Ask, progress: int) -> bool:
    """4.5: again as long as reclaim calls it progress; a costly order only if it asks for it."""
    tasks = m.state.tasks
    order = tasks.order[task]
    tasks.gained[task] += progress
    small = progress and order <= COSTLY_ORDER
    if not small and not (ask.repeat and tasks.gained[task] < 1 << order):
        return False
    if m.zonelists[ask.class_zone][0].flags & CONGESTED and congested(m):
        sleep(m, task, CONGESTED_WAIT_NS, BLOCKED)
        m.state.counters.congestion_waits += 1
    return True


def should_reclaim_retry(m: Machine, task: int, ask: Ask, progress: int) -> bool:
    """next-20160311: again while reclaiming all that is left could still meet the min mark.

    What is left is thought less of with every round without progress; after 16 it counts nothing.
    A zone mostly dirty or under writeback makes the request wait 100 ms for the disk.
    """
    tasks = m.state.tasks
    order = tasks.order[task]
    tasks.gained[task] += progress
    tasks.loops[task] = 0 if progress else tasks.loops[task] + 1
    loops = tasks.loops[task]
    if loops > MAX_RETRIES:
        return False
    if order > COSTLY_ORDER and not (ask.repeat and tasks.gained[task] < 1 << order):
        return False
    for zone, floor in m.gates[ask.gate]:
        pages = zone.reclaimable()
        left = pages - -(-loops * pages // MAX_RETRIES)
        ok = zone_watermark_ok(zone, floor - left, order, ask.harder)
        if m.steps is not None:
            m.steps.append(("should_reclaim_retry", zone.index, loops, left, zone.free, floor, ok))
        if not ok:
            continue
        if not progress and 2 * (zone.writeback + zone.dirty) > pages:
            sleep(m, task, DIRTY_WAIT_NS, BLOCKED)
            m.state.counters.congestion_waits += 1
        return True
    return False


RETRY_RULES: dict[str, RetryRule] = {
    "zone_reclaimable": while_progress,
    "should_reclaim_retry": should_reclaim_retry,
}
"""By the name that a Kernel gives."""
