"""How a writer is held back: the disk's measured bandwidth, a rate for each task, and its pauses.

Below the free run, half of the way from the background threshold to the limit, nobody waits. Above
it every task has the same rate, which follows what the disk wrote among how many dirtied: more than
that below the middle, less above it, nothing from the hard limit on. The hard limit is the
threshold, or what is left of an earlier, larger one: it falls by a 32nd of the way each 200 ms and
never below what is dirty. A task whose rate is 0 sleeps 200 ms and looks again; any other leaves
after one pause. Every 200 ms the bandwidth and the rate are measured again, but not after a second
in which nobody asked. Left out: the count per CPU that makes a task look earlier, and several
disks. Source: mm/page-writeback.c of 4.5 (balance_dirty_pages, wb_position_ratio,
pos_ratio_polynom, __wb_update_bandwidth, wb_update_write_bandwidth, wb_update_dirty_ratelimit,
update_dirty_limit, wb_max_pause, wb_min_pause, dirty_poll_interval).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.sim.machine.decisions import BalanceDirtyPages
from mmplay.engine.sim.machine.setup import HZ, JIFFY_NS, MILLISECOND_NS
from mmplay.engine.sim.mm.writeback import dirty_limits, dirty_pages, wake_flusher

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine
    from mmplay.engine.sim.state.state import State

INIT_BW = 25_600
"""100 MB/s in pages: what the kernel takes for a disk that has written nothing yet."""
MAX_PAUSE = HZ // 5
MAX_PAUSE_NS = MAX_PAUSE * JIFFY_NS
FIRST_CHECK = 32
"""nr_dirtied_pause of a new task, and DIRTY_POLL_THRESH: a shorter batch is not worth a pause."""
EXCEEDED_CHECK = 8
"""With more than the threshold dirty every task looks at least after so many pages."""
UPDATE_NS = 200 * MILLISECOND_NS
LIMIT_SHIFT = 5
PERIOD = 4096
"""Jiffies that the bandwidth is an average of: three seconds, as a power of two."""
RATE_SHIFT = 10
WHOLE = 1 << RATE_SHIFT


class Pause(NamedTuple):
    """How long a writer sleeps, in ns; `again` tells that it then looks whether it may go on."""

    ns: int
    again: bool = False


GO_ON = Pause(0)


def begin_rates(state: State, bandwidth: int, writers: int) -> None:
    """Let the disk have shown this bandwidth, and so many writers have shared it, for long."""
    state.bandwidth = state.mean_bandwidth = max(1, bandwidth)
    rate = max(1, bandwidth // max(1, writers))
    state.dirty_ratelimit = state.balanced_ratelimit = rate


def pause_of(m: Machine, task: int) -> Pause:
    """Tell a writer how long to sleep before its next page (balance_dirty_pages)."""
    state = m.state
    tasks = state.tasks
    dirty, (background, threshold) = dirty_pages(m), dirty_limits(m)
    if m.tell is not None:
        m.tell(BalanceDirtyPages(dirty, background, threshold))
    if dirty <= (background + threshold) // 2:
        if sum(zone.dirty for zone in state.zones) > background:
            wake_flusher(m)
        tasks.pause_at[task] = check_after(threshold - dirty)
        _pay(m, task, 0)
        return GO_ON
    wake_flusher(m)
    ratio = position_ratio(state, background, threshold, dirty)
    if state.now_ns >= state.dirty_limit_ns + UPDATE_NS:
        _measure(state, background, threshold, dirty, ratio)
    state.counters.balance_pauses += 1
    rate = state.dirty_ratelimit * ratio >> RATE_SHIFT
    longest = _longest(state, dirty)
    shortest, pages = _shortest(state, rate, longest)
    tasks.pause_at[task] = max(1, min(pages, EXCEEDED_CHECK) if dirty > threshold else pages)
    if not rate:
        return Pause(longest * JIFFY_NS, again=True)
    return _pause_at(m, task, rate, shortest, longest)


def _pause_at(m: Machine, task: int, rate: int, shortest: int, longest: int) -> Pause:
    """Return the pause of a task that may dirty `rate` pages a second, in whole jiffies."""
    tasks, now = m.state.tasks, m.state.now_ns
    dirtied = tasks.dirtied[task]
    period = HZ * dirtied // rate
    pause = period
    if tasks.paused_ns[task]:
        pause -= (now - tasks.paused_ns[task]) // JIFFY_NS
    if pause >= shortest:
        _pay(m, task, pause if pause <= longest else min(pause, 2 * longest))
        return Pause(min(pause, longest) * JIFFY_NS)
    if pause < -HZ:
        _pay(m, task, 0)
        return GO_ON
    if period:
        tasks.paused_ns[task] += period * JIFFY_NS
        tasks.dirtied[task] = 0
    elif tasks.pause_at[task] <= dirtied:
        tasks.pause_at[task] += dirtied
    return GO_ON


def _pay(m: Machine, task: int, jiffies: int) -> None:
    """Note that the task will have paid for its pages so many jiffies from now."""
    tasks = m.state.tasks
    tasks.dirtied[task] = 0
    tasks.paused_ns[task] = m.state.now_ns + jiffies * JIFFY_NS


def check_after(room: int) -> int:
    """Return after how many pages a task looks again: a power of two near the root of the room."""
    return 1 << (max(1, room).bit_length() - 1) // 2


def position_ratio(state: State, background: int, threshold: int, dirty: int) -> int:
    """Return by how much of 1024 a task's rate is to differ from the even one."""
    limit = max(threshold, state.dirty_limit)
    if dirty >= limit:
        return 0
    middle = ((background + threshold) // 2 + limit) // 2
    off = _quotient((middle - dirty) << RATE_SHIFT, (limit - middle) | 1)
    ratio = ((off * off >> RATE_SHIFT) * off >> RATE_SHIFT) + WHOLE
    ratio = max(0, min(ratio, 2 * WHOLE))
    reach = middle + 8 * state.mean_bandwidth
    if dirty < reach - (reach - middle) // 4:
        ratio = ratio * (reach - dirty) // ((reach - middle) | 1)
    else:
        ratio //= 4
    if dirty < threshold // 2:
        ratio = ratio * (threshold // 2) // dirty if dirty > threshold // 16 else ratio * 8
    return ratio


def _quotient(number: int, by: int) -> int:
    """Divide as C does, towards 0."""
    return -(-number // by) if number < 0 else number // by


def _longest(state: State, dirty: int) -> int:
    """Return the longest pause in jiffies (wb_max_pause)."""
    return min(MAX_PAUSE, 1 + dirty // (1 + state.mean_bandwidth // 128))


def _shortest(state: State, rate: int, longest: int) -> tuple[int, int]:
    """Return (the shortest pause in jiffies, pages until the next look) (wb_min_pause)."""
    even = state.dirty_ratelimit
    spread = state.mean_bandwidth.bit_length() - even.bit_length()
    time = min(HZ // 100 + max(0, spread) * (10 * HZ) // 1024, 1 + longest // 2)
    pages = even * time // 1024
    if pages < FIRST_CHECK:
        time = longest
        pages = even * time // 1024
        if pages > FIRST_CHECK:
            pages, time = FIRST_CHECK, HZ * FIRST_CHECK // even
    if HZ * pages // (rate + 1) > longest:
        time = longest
        pages = rate * time // 1024
    return (1 + time // 2 if pages >= FIRST_CHECK else time), pages


def _measure(state: State, background: int, threshold: int, dirty: int, ratio: int) -> None:
    """Look how much was written and dirtied since the last time (__wb_update_bandwidth)."""
    counters = state.counters
    elapsed = (state.now_ns - state.dirty_limit_ns) // JIFFY_NS
    dirtied = counters.nr_dirtied - state.dirtied_stamp
    written = counters.nr_written - state.written_stamp
    state.dirtied_stamp, state.written_stamp = counters.nr_dirtied, counters.nr_written
    state.dirty_limit_ns = state.now_ns
    if elapsed > HZ:
        return
    state.dirty_limit = followed(state.dirty_limit, threshold, dirty)
    limit = max(threshold, state.dirty_limit)
    below = dirty < ((background + threshold) // 2 + limit) // 2
    _change_rate(state, dirtied * HZ // elapsed, ratio, below)
    state.bandwidth, state.mean_bandwidth = measured(
        state.bandwidth, state.mean_bandwidth, written, elapsed
    )


def followed(limit: int, threshold: int, dirty: int) -> int:
    """Return the hard limit 200 ms later: up at once, down slowly and never below what is dirty."""
    if limit < threshold:
        return threshold
    return limit - (max(0, limit - max(threshold, dirty)) >> LIMIT_SHIFT)


def measured(bandwidth: int, mean: int, written: int, elapsed: int) -> tuple[int, int]:
    """Return (bandwidth, its smoothed mean) after so many pages in so many jiffies."""
    old = bandwidth
    if elapsed > PERIOD:
        bandwidth = mean = written * HZ // elapsed
    else:
        bandwidth = (written * HZ + old * (PERIOD - elapsed)) // PERIOD
        if mean > old >= bandwidth:
            mean -= (mean - old) >> 3
        if mean < old <= bandwidth:
            mean += (old - mean) >> 3
    return bandwidth, max(1, mean)


def _change_rate(state: State, dirty_rate: int, ratio: int, below: bool) -> None:
    """Go part of the way to the rate at which tasks dirty what the disk writes."""
    even = state.dirty_ratelimit
    task_rate = (even * ratio >> RATE_SHIFT) + 1
    balanced = min(state.mean_bandwidth, task_rate * state.mean_bandwidth // (dirty_rate | 1))
    known = (state.balanced_ratelimit, balanced, task_rate)
    step = max(0, min(known) - even if below else even - max(known))
    shift = even // (2 * step + 1)
    step = -(-(step >> shift) // 8) if shift < 64 else 0
    even += step if even < balanced else -step
    state.dirty_ratelimit, state.balanced_ratelimit = max(1, even), balanced
