"""Waking kswapd, and when a zone needs it.

Source: mm/vmscan.c of 4.5 (wakeup_kswapd, zone_balanced).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.sim.run.sched import wake
from mmplay.engine.sim.state.tasks import SLEEPING
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def wake_kswapd(m: Machine, class_zone: int, order: int) -> None:
    """Wake kswapd if it sleeps and a zone of the request is below its high mark."""
    state = m.state
    task = state.kswapd_task
    if task < 0:
        return
    if state.kswapd_order < order:
        state.kswapd_order = order
        state.kswapd_class = min(state.kswapd_class, class_zone)
    if state.tasks.state[task] != SLEEPING:
        return
    if all(zone_balanced(zone, order, 0, 0) for zone in m.zonelists[class_zone]):
        return
    if m.steps is not None:
        m.steps.append(("wakeup_kswapd", class_zone, order))
    state.counters.kswapd_wakes += 1
    wake(m, task)


def zone_balanced(zone: Zone, order: int, gap: int, class_zone: int) -> bool:
    """Tell whether a zone is above its high mark and a gap, for requests of this class."""
    floor = zone.high + gap + zone.reserve[class_zone]
    if not watermark_ok(zone.free, order, zone.reserved_highatomic, floor):
        return False
    return order == 0 or zone.buddy.has_block(order, (0, 1, 2))
