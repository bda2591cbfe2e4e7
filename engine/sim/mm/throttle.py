"""throttle_direct_reclaim: half of the reserves are kept from ordinary reclaimers.

Who cannot enter the file system waits a second at most, any other until kswapd finds that the
reserves have recovered. Waiters are woken only when the test would let them go; the wake-ups in
between change nothing but CPU time. Kernel threads are never held back, nor who has a fatal signal:
a victim that dies has taken its SIGKILL off the list of its own signals already, but the one that
was sent to its group is still pending and ends each wait. Source: mm/vmscan.c of 4.5
(throttle_direct_reclaim, pfmemalloc_watermark_ok), kernel/signal.c (complete_signal,
dequeue_signal).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.asks import Ask
from mmplay.engine.sim.machine.machine import sleep_until, wait, wake
from mmplay.engine.sim.machine.page_decisions import ThrottleDirectReclaim
from mmplay.engine.sim.machine.setup import SECOND_NS
from mmplay.engine.sim.state.tasks import FATAL, KTHREAD, SLEEPING, THROTTLED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


LAST_ZONE = 2
"""Zones above Normal do not count."""


def reserves_ok(m: Machine) -> bool:
    """Tell whether more than half of the min marks is free (pfmemalloc_watermark_ok)."""
    free = reserve = 0
    for zone in m.state.zones:
        if zone.index <= LAST_ZONE and (zone.inactive_file or zone.reclaimable()):
            reserve += zone.min
            free += zone.free
    return not reserve or free > reserve // 2


EXEMPT = KTHREAD | FATAL
"""Flags of a task that is never held back: a kernel thread, or one with a fatal signal."""


def hold_back(m: Machine, task: int, ask: Ask) -> None:
    """Let a task wait for the reserves to recover: at most a second if it cannot enter the FS."""
    state = m.state
    if state.kswapd_task >= 0 and state.tasks.state[state.kswapd_task] == SLEEPING:
        wake(m, state.kswapd_task)
    state.throttled += 1
    if ask.enters_fs:
        wait(m, task, THROTTLED)
    else:
        sleep_until(m, task, state.tasks.until_ns[task], THROTTLED)


def start_waiting(m: Machine, task: int, ask: Ask) -> None:
    """Begin to hold a task back."""
    state = m.state
    state.counters.reclaim_throttled += 1
    state.tasks.until_ns[task] = state.now_ns + SECOND_NS
    if m.tell is not None:
        m.tell(ThrottleDirectReclaim(task, sum(z.free for z in state.zones)))
    hold_back(m, task, ask)


def may_go_on(m: Machine, task: int, ask: Ask) -> bool:
    """Tell whether a task that was held back and woke may go on."""
    tasks = m.state.tasks
    if tasks.flags[task] & FATAL or reserves_ok(m):
        return True
    return not ask.enters_fs and m.state.now_ns >= tasks.until_ns[task]


def wake_throttled(m: Machine) -> None:
    """Wake everybody who is held back."""
    tasks = m.state.tasks
    for task in range(len(tasks)):
        if tasks.state[task] == THROTTLED:
            wake(m, task)
