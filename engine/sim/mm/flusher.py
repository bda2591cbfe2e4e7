"""wb_start_writeback and the flusher: works are queued as objects and freed when they are done.

Works are kept as runs [pages, reason, count], oldest first: a queue of 200,000 is a few numbers.
Source: fs/fs-writeback.c of 4.5 (wakeup_flusher_threads, wb_start_writeback, wb_workfn,
wb_do_writeback, wb_writeback, writeback_chunk_size).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.caller import SYNC_TASK, WB, Caller
from mmplay.engine.sim.mm.masks import WB_NONE
from mmplay.engine.sim.mm.slub import take_objects
from mmplay.engine.sim.run.sched import wake

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

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
    return any(zone.dirty for zone in m.state.zones)


def start_works(m: Machine, task: int, cpu: int, way: str, works: int, pages: int) -> None:
    """Ask the flusher `works` times to write so many pages (wakeup_flusher_threads).

    Each time wb_start_writeback allocates a work; where it cannot, it only wakes the flusher.
    """
    state = m.state
    if not has_dirty_io(m):
        return
    mask = m.masks.wb[state.wb_mask]
    who = Caller(WB, task, cpu, mask, Context.PF_MEMALLOC, f"reclaim/{way}")
    got = _allocate_works(m, who, works)
    if got < works and not state.first_fail_ns and state.wb_mask != WB_NONE:
        state.first_fail_ns = state.now_ns
        state.first_fail_task = task
    if m.steps is not None:
        m.steps.append(("wb_start_writeback", works, got, pages, state.wb_mask))
    if got:
        queue_works(m, pages, TRY_TO_FREE_PAGES, got)
    wake_flusher(m)


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
    if m.steps is not None:
        m.steps.append(("sync", pages, got))
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
