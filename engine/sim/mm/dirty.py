"""Dirty limits, and how a writer is held back by them.

Source: mm/page-writeback.c of 4.5 (global_dirtyable_memory, domain_dirty_limits,
update_dirty_limit, balance_dirty_pages, dirty_poll_interval). Above the background threshold
whoever writes wakes the flusher. Simplified as follows: below the free run nobody waits; between
it and the limit a writer sleeps so that all of them together write what the disk takes; above it
a writer sleeps 200 ms at a time until the dirty pages fall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.dirty_limits import halved_above
from mmplay.engine.sim.mm.flusher import wake_flusher
from mmplay.engine.sim.mm.gates import limit_of, zone_dirtyable
from mmplay.engine.sim.setup import MILLISECOND_NS, SECOND_NS

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

MAX_PAUSE_NS = 200 * MILLISECOND_NS
MIN_PAUSE_NS = 10 * MILLISECOND_NS
FIRST_CHECK = 32
"""nr_dirtied_pause of a new task."""
EXCEEDED_CHECK = 8
UPDATE_NS = 200 * MILLISECOND_NS
LIMIT_SHIFT = 5
"""update_dirty_limit: every 200 ms a 32nd of the way."""
VM_WRITEOUT = (11, 10)
"""throttle_vm_writeout waits above the dirty limit and a tenth."""


def dirtyable(m: Machine) -> int:
    """Return the pages that may become dirty (global_dirtyable_memory)."""
    return 1 + sum(zone_dirtyable(zone) for zone in m.state.zones)


def dirty_limits(m: Machine) -> tuple[int, int]:
    """Return (background threshold, dirty threshold) in pages (domain_dirty_limits)."""
    state, pages = m.state, dirtyable(m)
    limit = limit_of(pages, state.dirty_ratio, state.dirty_bytes)
    ratio, size = state.dirty_background_ratio, state.dirty_background_bytes
    return halved_above(limit_of(pages, ratio, size), limit), limit


def dirty_pages(m: Machine) -> int:
    """Return the pages that are dirty or under writeback."""
    return sum(zone.dirty + zone.writeback for zone in m.state.zones)


def pause_ns(m: Machine, task: int) -> int:
    """Return how long a writer must sleep now, in ns; 0 lets it go on (balance_dirty_pages)."""
    state = m.state
    tasks = state.tasks
    dirty = dirty_pages(m)
    background, limit = dirty_limits(m)
    _follow(m, limit, dirty)
    free_run = (background + limit) // 2
    dirtied, tasks.dirtied[task] = tasks.dirtied[task], 0
    if m.steps is not None:
        m.steps.append(("balance_dirty_pages", dirty, background, limit))
    if dirty <= free_run:
        if sum(zone.dirty for zone in state.zones) > background:
            wake_flusher(m)
        tasks.pause_at[task] = _check_after(limit - dirty)
        return 0
    wake_flusher(m)
    tasks.pause_at[task] = EXCEEDED_CHECK if dirty > limit else FIRST_CHECK
    state.counters.balance_pauses += 1
    if dirty >= limit:
        return MAX_PAUSE_NS
    if not state.disk_rate:
        return MAX_PAUSE_NS
    writers = max(1, state.dirtiers)
    return max(MIN_PAUSE_NS, min(MAX_PAUSE_NS, dirtied * writers * SECOND_NS // state.disk_rate))


def _follow(m: Machine, threshold: int, dirty: int) -> None:
    """Let the hard limit follow the threshold: up at once, down slowly and never below dirty."""
    state = m.state
    if state.dirty_limit < threshold:
        state.dirty_limit = threshold
    if state.now_ns < state.dirty_limit_ns + UPDATE_NS:
        return
    state.dirty_limit_ns = state.now_ns
    above = state.dirty_limit - max(threshold, dirty)
    if above > 0:
        state.dirty_limit -= above >> LIMIT_SHIFT


def _check_after(room: int) -> int:
    """Return after how many pages a task looks again: a power of two near the root of the room."""
    return 1 << (max(1, room).bit_length() - 1) // 2


def over_limit(m: Machine) -> bool:
    """Tell whether a writer that sleeps above the limit must go on sleeping."""
    return dirty_pages(m) >= dirty_limits(m)[1]


def vm_writeout_waits(m: Machine) -> bool:
    """Tell whether a reclaimer must wait for writeback to end (throttle_vm_writeout)."""
    under_io = m.state.under_io
    if under_io * VM_WRITEOUT[1] <= m.state.dirty_limit * VM_WRITEOUT[0]:
        return False
    return under_io * VM_WRITEOUT[1] > dirty_limits(m)[1] * VM_WRITEOUT[0]
