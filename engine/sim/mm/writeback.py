"""Writing back: works for the flusher, and the dirty limits.

Works are queued as objects and freed when they are done; they are kept as runs [pages, reason,
count], oldest first: a queue of 200,000 is a few numbers. Above the background threshold whoever
writes wakes the flusher. Source: fs/fs-writeback.c of 4.5 (wakeup_flusher_threads,
wb_start_writeback, wb_workfn, wb_do_writeback, wb_writeback, writeback_chunk_size) and
mm/page-writeback.c (global_dirtyable_memory, domain_dirty_limits, throttle_vm_writeout).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.memory import halved_above
from mmplay.engine.sim.log.reports import would_print
from mmplay.engine.sim.log.stacks import SYNC_TASK, WB, Caller
from mmplay.engine.sim.machine.asks import WB_NONE, ask_key
from mmplay.engine.sim.machine.decisions import Sync, WbStartWriteback
from mmplay.engine.sim.machine.gates import limit_of, zone_dirtyable
from mmplay.engine.sim.machine.machine import wake
from mmplay.engine.sim.mm.slub import refused, take_objects, take_some

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


def has_dirty_pages(m: Machine) -> bool:
    """Tell whether there is a page to write."""
    for zone in m.state.zones:  # noqa: SIM110 (any() costs three times as much here)
        if zone.dirty:
            return True
    return False


def has_dirty_io(m: Machine) -> bool:
    """Tell whether the disk has an inode on its lists (bdi_has_dirty_io).

    It is there while a page of it is dirty, and while the flusher writes it (I_SYNC): all pages may
    be under writeback by then. It leaves when the flusher is through with it (requeue_inode).
    """
    if has_dirty_pages(m):
        return True
    state = m.state
    return bool(state.flusher_waits or state.tasks.pc[state.flusher_task])


def start_works(m: Machine, task: int, cpu: int, way: str, works: int, pages: int) -> int:
    """Ask the flusher up to `works` times to write so many pages (wakeup_flusher_threads).

    Each time wb_start_writeback allocates a work; where it cannot, it only wakes the flusher.
    Return how often it was asked: a refusal that is reported is the last for now, as the report
    takes time.
    """
    state = m.state
    if not has_dirty_io(m):
        return works
    mask = m.masks.wb[state.wb_mask]
    who = _reclaimer(task, cpu, mask, way)
    got = 0
    if state.wb_mask != WB_NONE:
        got = take_some(m, WORKS_CACHE, works, who)
        if got < works:
            works = _refuse(m, who, got, works)
    state.counters.wb_work += got
    state.counters.wb_nowork += works - got
    if m.tell is not None:
        m.tell(WbStartWriteback(works, got, pages, state.wb_mask))
    if got:
        queue_works(m, pages, TRY_TO_FREE_PAGES, got)
    if not state.flusher_waits:
        wake_flusher(m)
    return works


def _refuse(m: Machine, who: Caller, got: int, works: int) -> int:
    """Let the rest of the works be refused, or one if that is reported; return how often in all."""
    state = m.state
    if not state.first_fail_ns:
        state.first_fail_ns = state.now_ns
        state.first_fail_task = who.task
    if not m.ask(ask_key(who.gfp)).nowarn and would_print(m):
        works = got + 1
    refused(m, WORKS_CACHE, works - got, who)
    return works


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
    who = Caller(WB, SYNC_TASK, 0, mask, Context.TASK, "sync")
    got = 0 if m.state.wb_mask == WB_NONE else take_objects(m, WORKS_CACHE, 1, who)
    m.state.counters.wb_work += got
    m.state.counters.wb_nowork += 1 - got
    if m.tell is not None:
        m.tell(Sync(pages, got))
    if got:
        queue_works(m, pages, SYNC, got)
    wake_flusher(m)


def queue_works(m: Machine, pages: int, reason: int, count: int) -> None:
    """Add works to the tail of the list."""
    works = m.state.works
    if works and works[-3] == pages and works[-2] == reason:
        works[-1] += count
    else:
        works += (pages, reason, count)
    m.state.works_queued += count


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


def vm_writeout_waits(m: Machine) -> bool:
    """Tell whether a reclaimer must wait for writeback to end (throttle_vm_writeout)."""
    under_io = m.state.under_io
    if under_io * VM_WRITEOUT[1] <= m.state.dirty_limit * VM_WRITEOUT[0]:
        return False
    return under_io * VM_WRITEOUT[1] > dirty_threshold(m) * VM_WRITEOUT[0]
