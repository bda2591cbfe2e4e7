"""Page requests of tasks that may wait: the fast path, and __alloc_pages_slowpath as stages.

Where the kernel would sleep or go on for long, the request stands in the task's columns (`stage`,
`ask`, `order`, `purpose`) and goes on in a later turn. An object's slab is asked for twice, each
time with its slow path: the `slab` column says how far that is, 0 none, else twice the cache's
number plus 2, and one more for the second request. Whether a request that reclaim did not help goes
round again is one rule per kernel generation. Source: mm/page_alloc.c of 4.5
(__alloc_pages_nodemask, __alloc_pages_slowpath, __alloc_pages_direct_reclaim,
__alloc_pages_may_oom), mm/slub.c (___slab_alloc, allocate_slab) and, for should_reclaim_retry, the
series "mm, oom: rework oom detection" of December 2015 that next-20160311 carried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.reports import warn_failures, warn_slab_failed
from mmplay.engine.sim.log.stacks import TASK, Caller
from mmplay.engine.sim.machine.asks import PURPOSES, Ask, ask_key, mask_for
from mmplay.engine.sim.machine.machine import sleep
from mmplay.engine.sim.machine.page_decisions import (
    DrainAllPages,
    NoOomForNofs,
    Nopage,
    OomLockBusy,
    ShouldReclaimRetry,
    TryToFreePages,
)
from mmplay.engine.sim.machine.setup import JIFFY_NS, MILLISECOND_NS
from mmplay.engine.sim.mm.compaction import compact
from mmplay.engine.sim.mm.disk import congested
from mmplay.engine.sim.mm.oom import kill_worst, out_of_memory
from mmplay.engine.sim.mm.page_alloc import (
    retry_nowait,
    take_anyway,
    take_fast,
    take_from,
    unreserve_highatomic,
    zone_watermark_ok,
)
from mmplay.engine.sim.mm.pcp import drain_all
from mmplay.engine.sim.mm.slub import drop_cpu_slab, own_slab, page_asks, take_partial
from mmplay.engine.sim.mm.throttle import (
    EXEMPT,
    hold_back,
    may_go_on,
    reserves_ok,
    start_waiting,
)
from mmplay.engine.sim.mm.vmscan import GOING_ON, reclaim, start_call
from mmplay.engine.sim.state.tasks import BLOCKED, FATAL, RUNNABLE, TIF_MEMDIE
from mmplay.engine.sim.state.zone import CONGESTED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


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
        if m.tell is not None:
            m.tell(ShouldReclaimRetry(zone.index, loops, left, zone.free, floor, ok))
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


NONE, RETRY, THROTTLE, RECLAIM, KILL, KILLED, DONE, FAILED = range(8)
"""Stages: no request; go round; held back; inside try_to_free_pages; the OOM report is printed
and the kill follows; after the kill; a page was got or refused, which `finish` tells."""


OF_A_VICTIM = ask_key(0, Context.TIF_MEMDIE)
"""What the key of an OOM victim's request has besides its mask."""


def ask_of(m: Machine, task: int) -> Ask:
    """Return the task's request as it stands: a dying victim may ignore the floors."""
    tasks = m.state.tasks
    key = tasks.ask[task]
    return m.ask(key | OF_A_VICTIM if tasks.flags[task] & TIF_MEMDIE else key)


def caller_of(m: Machine, task: int, cpu: int) -> Caller:
    """Return who makes the task's request."""
    tasks = m.state.tasks
    purpose = PURPOSES[tasks.purpose[task]]
    gfp = mask_for(m, task, tasks.purpose[task])
    return Caller(TASK, task, cpu, gfp, ask_of(m, task).context, purpose.way)


def begin_page(m: Machine, task: int, cpu: int, gfp: int, order: int) -> int:
    """Ask for a block; return the time taken. The task's stage then is DONE, or it waits."""
    tasks = m.state.tasks
    tasks.ask[task] = gfp
    tasks.order[task] = order
    tasks.loops[task] = 0
    tasks.gained[task] = 0
    m.pfmemalloc = False
    if take_fast(m, ask_of(m, task), order, cpu) >= 0:
        tasks.stage[task] = DONE
        return m.setup.costs.page
    return _retry(m, task, cpu)


def _end(m: Machine, task: int, page: int) -> int:
    m.state.tasks.stage[task] = DONE if page >= 0 else FAILED
    return m.setup.costs.page


def _fail(m: Machine, task: int, cpu: int, ask: Ask) -> int:
    """nopage: count and warn. A slab's requests are warned of by SLUB's caller."""
    tasks = m.state.tasks
    caller = caller_of(m, task, cpu)
    caller.count_failures(m, 1)
    tasks.refused[task] += 1
    if m.tell is not None:
        m.tell(Nopage(task, tasks.order[task], ask.gfp))
    warn_failures(m, caller, ask, tasks.order[task], -1, 1)
    return _end(m, task, -1)


def _retry(m: Machine, task: int, cpu: int) -> int:
    """One round: kswapd, the floors, the reserves if allowed, compaction, then reclaim."""
    tasks = m.state.tasks
    ask = ask_of(m, task)
    order = tasks.order[task]
    page = retry_nowait(m, ask, order, cpu)
    if page >= 0:
        return _end(m, task, page)
    memdie = tasks.flags[task] & TIF_MEMDIE and not ask.nofail
    if not ask.can_reclaim or memdie:
        return _fail(m, task, cpu, ask)
    if order and compact(m, ask, order, cpu):
        return _end(m, task, 0)
    if not tasks.flags[task] & EXEMPT and not reserves_ok(m):
        tasks.stage[task] = THROTTLE
        start_waiting(m, task, ask)
        return m.setup.costs.page
    return _start_reclaim(m, task, cpu, ask)


def _throttled(m: Machine, task: int, cpu: int) -> int:
    """Woken from throttle_direct_reclaim: go on, or wait again."""
    ask = ask_of(m, task)
    m.state.throttled -= 1
    if not may_go_on(m, task, ask):
        hold_back(m, task, ask)
        return m.setup.costs.page
    if m.state.tasks.flags[task] & FATAL:
        return _after_reclaim(m, task, cpu, ask, 1)
    return _start_reclaim(m, task, cpu, ask)


def _start_reclaim(m: Machine, task: int, cpu: int, ask: Ask) -> int:
    start_call(m, task)
    m.state.tasks.stage[task] = RECLAIM
    return m.setup.costs.reclaim_call + _go_on_reclaiming(m, task, cpu, ask)


def _reclaiming(m: Machine, task: int, cpu: int) -> int:
    return _go_on_reclaiming(m, task, cpu, ask_of(m, task))


def _go_on_reclaiming(m: Machine, task: int, cpu: int, ask: Ask) -> int:
    way = PURPOSES[m.state.tasks.purpose[task]].way
    progress, scanned = reclaim(m, task, cpu, ask, way)
    cost = scanned * m.setup.costs.scanned_page + 1
    if progress == GOING_ON:
        return cost
    if m.tell is not None:
        m.tell(TryToFreePages(task, m.state.tasks.scanned[task], progress))
    return cost + _after_reclaim(m, task, cpu, ask, progress)


def _after_reclaim(m: Machine, task: int, cpu: int, ask: Ask, progress: int) -> int:
    """Take what reclaim brought; else decide whether to go round again or to kill."""
    tasks = m.state.tasks
    order = tasks.order[task]
    tasks.stage[task] = RETRY
    if progress:
        page = _take_freed(m, ask, order, cpu)
        if page >= 0:
            return _end(m, task, page)
    if ask.noretry:
        return _last_try(m, task, cpu, ask)
    if RETRY_RULES[m.rules.retry](m, task, ask, progress):
        return 0
    return _may_oom(m, task, cpu, ask)


def _take_freed(m: Machine, ask: Ask, order: int, cpu: int) -> int:
    m.pfmemalloc = False
    page = take_from(m, m.gates[ask.gate], ask, order, cpu)
    if page >= 0:
        return page
    unreserve_highatomic(m, ask)
    drained = drain_all(m)
    if m.tell is not None:
        m.tell(DrainAllPages(drained))
    return take_from(m, m.gates[ask.gate], ask, order, cpu)


def _last_try(m: Machine, task: int, cpu: int, ask: Ask) -> int:
    order = m.state.tasks.order[task]
    if order and compact(m, ask, order, cpu):
        return _end(m, task, 0)
    return _fail(m, task, cpu, ask)


def _may_oom(m: Machine, task: int, cpu: int, ask: Ask) -> int:
    """Take the OOM lock, look once more above the high mark, and kill if that is allowed.

    Whatever the killer did, a request that may not fail then looks below every floor.
    """
    state = m.state
    order = state.tasks.order[task]
    state.tasks.loops[task] = 0
    if state.oom_lock:
        sleep(m, task, JIFFY_NS, BLOCKED)
        if m.tell is not None:
            m.tell(OomLockBusy(task))
        return 0
    m.pfmemalloc = False
    page = take_from(m, m.gates[ask.high_gate], ask, order, cpu)
    if page >= 0:
        return _end(m, task, page)
    if not ask.nofail:
        if order > COSTLY_ORDER or not ask.oom_allowed:
            return _last_try(m, task, cpu, ask)
        if not ask.enters_fs:
            if m.tell is not None:
                m.tell(NoOomForNofs(task, ask.gfp))
            return 0
    cost = out_of_memory(m, task, cpu, caller_of(m, task, cpu), ask, KILL)
    if not cost and ask.nofail and _insist(m, task, cpu, ask):
        return m.setup.costs.page
    return cost


def _insist(m: Machine, task: int, cpu: int, ask: Ask) -> bool:
    """Let a request that may not fail take a page whatever the floors say (4.4 and later)."""
    page = take_anyway(m, ask, m.state.tasks.order[task], cpu)
    if page < 0:
        return False
    m.pfmemalloc = True
    _end(m, task, page)
    return True


def _kill(m: Machine, task: int, cpu: int) -> int:
    """The report is out: kill, and let a jiffy pass."""
    kill_worst(m, cpu)
    tasks = m.state.tasks
    tasks.stage[task] = KILLED
    if tasks.state[task] == RUNNABLE and not tasks.flags[task] & FATAL:
        sleep(m, task, JIFFY_NS)
    return m.setup.costs.page


def _killed(m: Machine, task: int, cpu: int) -> int:
    tasks = m.state.tasks
    m.state.oom_lock = 0
    ask = ask_of(m, task)
    if ask.nofail and _insist(m, task, cpu, ask):
        return m.setup.costs.page
    tasks.stage[task] = RETRY
    return _retry(m, task, cpu)


STAGES: dict[int, Callable[[Machine, int, int], int]] = {
    RETRY: _retry,
    THROTTLE: _throttled,
    RECLAIM: _reclaiming,
    KILL: _kill,
    KILLED: _killed,
}


def begin_object(m: Machine, task: int, cpu: int) -> int:
    """Ask for one object of the purpose's cache; the task's stage then is as for a page."""
    tasks = m.state.tasks
    number = m.cache_numbers[PURPOSES[tasks.purpose[task]].cache]
    cache = m.state.caches[number]
    if not cache.cpu_free[cpu]:
        first, ask = page_asks(m, number, caller_of(m, task, cpu))
        drop_cpu_slab(cache, cpu)
        if not take_partial(cache, cpu, ask.no_watermarks):
            tasks.slab[task] = 2 * number + 2
            return begin_page(m, task, cpu, first.gfp, m.setup.caches[number].orders.order)
    cache.cpu_free[cpu] -= 1
    tasks.stage[task] = DONE
    return m.setup.costs.page


def slab_goes_on(m: Machine, task: int, cpu: int) -> int:
    """A page request for a slab ended: own the slab, or make the second request, or give up."""
    tasks = m.state.tasks
    number, second = divmod(tasks.slab[task] - 2, 2)
    cache, orders = m.state.caches[number], m.setup.caches[number].orders
    if tasks.stage[task] == DONE:
        tasks.slab[task] = 0
        order, objects = orders.order, orders.objects
        if second:
            order, objects = orders.min_order, orders.min_objects
        drop_cpu_slab(cache, cpu)
        own_slab(m, number, cpu, order, objects)
        cache.cpu_free[cpu] -= 1
        return 0
    caller = caller_of(m, task, cpu)
    _, ask = page_asks(m, number, caller)
    if not second:
        tasks.slab[task] += 1
        return begin_page(m, task, cpu, ask.gfp, orders.min_order)
    tasks.slab[task] = 0
    tasks.stage[task] = FAILED
    if not ask.nowarn:
        warn_slab_failed(m, caller, number)
    return 0
