"""Writing back: works for the flusher, dirty limits, and how a writer is held back by them.

Works are queued as objects and freed when they are done; they are kept as runs [pages, reason,
count], oldest first: a queue of 200,000 is a few numbers. Above the background threshold whoever
writes wakes the flusher. Simplified as follows: below the free run nobody waits; between it and the
limit a writer sleeps so that all of them together write what the disk takes; above it a writer
sleeps 200 ms at a time until the dirty pages fall. Source: fs/fs-writeback.c of 4.5
(wakeup_flusher_threads, wb_start_writeback, wb_workfn, wb_do_writeback, wb_writeback,
writeback_chunk_size) and mm/page-writeback.c (global_dirtyable_memory, domain_dirty_limits,
update_dirty_limit, balance_dirty_pages, dirty_poll_interval).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.memory import halved_above
from mmplay.engine.sim.log.stacks import SYNC_TASK, WB, Caller
from mmplay.engine.sim.machine.asks import WB_NONE
from mmplay.engine.sim.machine.decisions import BalanceDirtyPages, Sync, WbStartWriteback
from mmplay.engine.sim.machine.gates import limit_of, zone_dirtyable
from mmplay.engine.sim.machine.machine import wake
from mmplay.engine.sim.machine.setup import MILLISECOND_NS, SECOND_NS
from mmplay.engine.sim.mm.slub import take_objects

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


RECLAIMING = Context.PF_MEMALLOC
TRY_TO_FREE_PAGES, BACKGROUND, PERIODIC, SYNC = range(4)
RUN = 3
"""Numbers of one run of works."""

WORKS_CACHE = 0
"""struct wb_writeback_work is 64 bytes: the setup's first cache is kmalloc-64."""


def wake_flusher(m: Machine) -> None:
    """Let the flusher look at its list (wb_wakeup)."""
    state = m.state
    if state.flusher_task >= 0 and not state.flusher_waits:
        state.wb_wakeup = 1
        wake(m, state.flusher_task)


def has_dirty_io(m: Machine) -> bool:
    """Tell whether there is anything to write (bdi_has_dirty_io)."""
    for zone in m.state.zones:  # noqa: SIM110 (any() costs three times as much here)
        if zone.dirty:
            return True
    return False


def start_works(m: Machine, task: int, cpu: int, way: str, works: int, pages: int) -> None:
    """Ask the flusher `works` times to write so many pages (wakeup_flusher_threads).

    Each time wb_start_writeback allocates a work; where it cannot, it only wakes the flusher.
    """
    state = m.state
    if not has_dirty_io(m):
        return
    mask = m.masks.wb[state.wb_mask]
    who = _reclaimer(task, cpu, mask, way)
    got = _allocate_works(m, who, works)
    if got < works and not state.first_fail_ns and state.wb_mask != WB_NONE:
        state.first_fail_ns = state.now_ns
        state.first_fail_task = task
    if m.tell is not None:
        m.tell(WbStartWriteback(works, got, pages, state.wb_mask))
    if got:
        queue_works(m, pages, TRY_TO_FREE_PAGES, got)
    if not state.flusher_waits:
        wake_flusher(m)


@lru_cache(maxsize=1 << 14)
def _reclaimer(task: int, cpu: int, mask: int, way: str) -> Caller:
    """Return who asks for a work in a task's reclaim: the same few, over and over."""
    return Caller(WB, task, cpu, mask, RECLAIMING, f"reclaim/{way}")


def sync(m: Machine) -> None:
    """Ask the flusher once to write all that is dirty now, as sync(2) begins (sys_sync).

    Whoever calls it waits until that is written; here nobody does. The work is allocated in a
    task that holds no key: without memory the flusher is woken and no more.
    """
    pages = sum(zone.dirty for zone in m.state.zones)
    if not pages:
        return
    mask = m.masks.wb[m.state.wb_mask]
    got = _allocate_works(m, Caller(WB, SYNC_TASK, 0, mask, Context.TASK, "sync"), 1)
    if m.tell is not None:
        m.tell(Sync(pages, got))
    if got:
        queue_works(m, pages, SYNC, got)
    wake_flusher(m)


def _allocate_works(m: Machine, who: Caller, works: int) -> int:
    """Allocate works as wb_start_writeback does; return how many it got."""
    got = 0 if m.state.wb_mask == WB_NONE else take_objects(m, WORKS_CACHE, works, who)
    m.state.counters.wb_work += got
    m.state.counters.wb_nowork += works - got
    return got


def queue_works(m: Machine, pages: int, reason: int, count: int) -> None:
    """Add works to the tail of the list."""
    works = m.state.works
    if works and works[-3] == pages and works[-2] == reason:
        works[-1] += count
    else:
        works += (pages, reason, count)
    m.state.works_queued += count


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
    pages = 1
    for zone in m.state.zones:
        pages += zone_dirtyable(zone)
    return pages


def dirty_limits(m: Machine) -> tuple[int, int]:
    """Return (background threshold, dirty threshold) in pages (domain_dirty_limits)."""
    state, pages = m.state, dirtyable(m)
    limit = limit_of(pages, state.dirty_ratio, state.dirty_bytes)
    ratio, size = state.dirty_background_ratio, state.dirty_background_bytes
    return halved_above(limit_of(pages, ratio, size), limit), limit


def dirty_threshold(m: Machine) -> int:
    """Return the second of `dirty_limits` alone, for those who ask it often."""
    return limit_of(dirtyable(m), m.state.dirty_ratio, m.state.dirty_bytes)


def dirty_pages(m: Machine) -> int:
    """Return the pages that are dirty or under writeback."""
    pages = 0
    for zone in m.state.zones:
        pages += zone.dirty + zone.writeback
    return pages


def pause_ns(m: Machine, task: int) -> int:
    """Return how long a writer must sleep now, in ns; 0 lets it go on (balance_dirty_pages)."""
    state = m.state
    tasks = state.tasks
    dirty = dirty_pages(m)
    background, limit = dirty_limits(m)
    _follow(m, limit, dirty)
    free_run = (background + limit) // 2
    dirtied, tasks.dirtied[task] = tasks.dirtied[task], 0
    if m.tell is not None:
        m.tell(BalanceDirtyPages(dirty, background, limit))
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
    return dirty_pages(m) >= dirty_threshold(m)


def vm_writeout_waits(m: Machine) -> bool:
    """Tell whether a reclaimer must wait for writeback to end (throttle_vm_writeout)."""
    under_io = m.state.under_io
    if under_io * VM_WRITEOUT[1] <= m.state.dirty_limit * VM_WRITEOUT[0]:
        return False
    return under_io * VM_WRITEOUT[1] > dirty_threshold(m) * VM_WRITEOUT[0]
