"""kswapd: woken below the low mark, it scans until every zone it can help is above its high mark.

Source: mm/vmscan.c of 4.5 (kswapd, balance_pgdat, kswapd_shrink_zone,
prepare_kswapd_sleep, pgdat_balanced, get_scan_count). One turn is one priority. It writes no pages
itself, and its compaction of the node is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.gates import set_thresholds
from mmplay.engine.sim.machine.machine import sleep, wait
from mmplay.engine.sim.machine.setup import MILLISECOND_NS
from mmplay.engine.sim.mm.page_alloc import zone_balanced
from mmplay.engine.sim.mm.throttle import reserves_ok, wake_throttled
from mmplay.engine.sim.mm.vmscan import DEF_PRIORITY, SWAP_CLUSTER_MAX, shrink_zone
from mmplay.engine.sim.mm.writeback import vm_writeout_waits
from mmplay.engine.sim.state.tasks import BLOCKED
from mmplay.engine.sim.state.zone import CONGESTED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

ASLEEP, BALANCE, NAP, WRITEOUT = range(4)
"""Where kswapd stands (its `pc`)."""

NAP_NS = 100 * MILLISECOND_NS
CONGESTION_WAIT_NS = 100 * MILLISECOND_NS
GAP_PARTS = 100
"""KSWAPD_ZONE_BALANCE_GAP_RATIO."""


def pgdat_balanced(m: Machine, order: int, class_zone: int) -> bool:
    """Tell whether kswapd may stop: a zone that cannot be reclaimed from counts as balanced."""
    balanced = managed = 0
    for zone in m.zonelists[class_zone]:
        managed += zone.managed
        if not m.reclaimable(zone) or zone_balanced(zone, order, 0, zone.index):
            balanced += zone.managed
        elif order == 0:
            return False
    return balanced >= managed >> 2


def run_kswapd(m: Machine, task: int, cpu: int) -> int:
    """Act once; return the time it took in ns."""
    tasks = m.state.tasks
    pc = tasks.pc[task]
    if pc == NAP and m.state.now_ns >= tasks.until_ns[task] and _balanced(m, task):
        return _fall_asleep(m, task)
    if pc == WRITEOUT and vm_writeout_waits(m):
        sleep(m, task, CONGESTION_WAIT_NS, BLOCKED)
        return m.setup.costs.page
    if pc in (ASLEEP, NAP):
        _begin(m, task)
    return _balance(m, task, cpu)


def _balanced(m: Machine, task: int) -> bool:
    return pgdat_balanced(m, m.state.tasks.order[task], m.state.tasks.purpose[task])


def _fall_asleep(m: Machine, task: int) -> int:
    m.state.tasks.pc[task] = ASLEEP
    m.state.kswapd_awake = 0
    set_thresholds(m.state)
    wait(m, task)
    return m.setup.costs.page


def _begin(m: Machine, task: int) -> None:
    """Start balance_pgdat for what was asked since the last time."""
    state = m.state
    tasks = state.tasks
    if not state.kswapd_awake:
        state.kswapd_awake = 1
        set_thresholds(state)
    tasks.order[task], state.kswapd_order = state.kswapd_order, 0
    tasks.purpose[task] = min(state.kswapd_class, state.zones[-1].index)
    state.kswapd_class = state.zones[-1].index
    tasks.pc[task] = BALANCE
    tasks.priority[task] = DEF_PRIORITY
    state.counters.pageoutrun += 1


def _balance(m: Machine, task: int, cpu: int) -> int:
    """Scan at one priority, and see whether that was enough."""
    state = m.state
    tasks = state.tasks
    tasks.pc[task] = BALANCE
    priority, order = tasks.priority[task], tasks.order[task]
    end = _highest_unbalanced(m, priority, order)
    if end < 0:
        return _try_to_sleep(m, task)
    scanned, freed, raise_priority = _scan(m, priority, cpu, end)
    if state.throttled and reserves_ok(m):
        wake_throttled(m)
    if order and freed >= 2 << order:
        tasks.order[task] = 0
    if raise_priority or not freed:
        tasks.priority[task] -= 1
    cost = m.setup.costs.page + scanned * m.setup.costs.scanned_page
    if vm_writeout_waits(m):
        tasks.pc[task] = WRITEOUT
        sleep(m, task, CONGESTION_WAIT_NS, BLOCKED)
    elif tasks.priority[task] < 1 or _balanced(m, task):
        cost += _try_to_sleep(m, task)
    return cost


def _highest_unbalanced(m: Machine, priority: int, order: int) -> int:
    """Return the index of the highest zone that needs scanning, -1 if none does."""
    for zone in reversed(m.state.zones):
        if priority != DEF_PRIORITY and not m.reclaimable(zone):
            continue
        if not zone_balanced(zone, order, 0, 0):
            return zone.index
        zone.flags &= ~CONGESTED
    return -1


def _scan(m: Machine, priority: int, cpu: int, end: int) -> tuple[int, int, bool]:
    """Scan zones from the lowest to `end`; return (scanned, freed, whether to try harder).

    A zone that was given up is looked at once, at the first priority, and there at 32 pages if
    that is more than its share: somebody must find out when it is worth scanning again.
    """
    scanned = freed = 0
    raise_priority = True
    for zone in m.state.zones:
        if zone.index > end or (priority != DEF_PRIORITY and not m.reclaimable(zone)):
            continue
        gap = min(zone.low, -(-zone.managed // GAP_PARTS))
        target = max(SWAP_CLUSTER_MAX, zone.high)
        if zone_balanced(zone, 0, gap, end):
            raise_priority = False
            continue
        forced = 0 if m.reclaimable(zone) else SWAP_CLUSTER_MAX
        looked, got = shrink_zone(m, zone, priority, cpu, target, forced)
        scanned += looked
        freed += got
        if looked >= target:
            raise_priority = False
        if zone_balanced(zone, 0, 0, end):
            zone.flags &= ~CONGESTED
    counters = m.state.counters
    counters.pgscan_kswapd += scanned
    counters.pgsteal_kswapd += freed
    return scanned, freed, raise_priority


def _try_to_sleep(m: Machine, task: int) -> int:
    """Nap for 100 ms if all is balanced; who wakes it before that makes it scan again."""
    state = m.state
    if state.throttled and reserves_ok(m):
        wake_throttled(m)
    tasks = state.tasks
    if not _balanced(m, task):
        _begin(m, task)
        return m.setup.costs.page
    tasks.pc[task] = NAP
    tasks.until_ns[task] = state.now_ns + NAP_NS
    sleep(m, task, NAP_NS)
    return m.setup.costs.page
