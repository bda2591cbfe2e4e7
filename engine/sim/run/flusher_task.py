"""The flusher's thread: one work after the other, then background writing, and what it waits for.

Source: fs/fs-writeback.c of 4.5 (wb_workfn, wb_do_writeback, wb_writeback, writeback_chunk_size,
wb_check_background_flush). Periodic writing of old data is left out. For every chunk the file
system needs a transaction, whose memory it asks for until it gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.asks import TRANSACTION
from mmplay.engine.sim.machine.decisions import WbWriteback
from mmplay.engine.sim.machine.machine import sleep, wait
from mmplay.engine.sim.machine.setup import MILLISECOND_NS
from mmplay.engine.sim.mm.disk import room, submit, take_vectors
from mmplay.engine.sim.mm.slowpath import begin_object
from mmplay.engine.sim.mm.slub import give_objects
from mmplay.engine.sim.mm.writeback import (
    BACKGROUND,
    RUN,
    WORKS_CACHE,
    dirty_limits,
    has_dirty_pages,
)
from mmplay.engine.sim.state.tasks import BLOCKED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

CHUNK = 1024
"""MIN_WRITEBACK_PAGES."""

ALLOC_WAIT_NS = 20 * MILLISECOND_NS
"""kmem_zone_alloc waits HZ/50 before it asks again."""

IDLE, WRITING, HAS_TRANSACTION = range(3)
"""Where the flusher stands (its `pc`)."""


def run_flusher(m: Machine, task: int, cpu: int) -> int:
    """Act once: take a work, get a transaction, or put a chunk under I/O."""
    tasks = m.state.tasks
    m.state.flusher_waits = 0
    if tasks.pc[task] == IDLE and not _next_work(m, task):
        m.state.wb_wakeup = 0
        wait(m, task)
        return m.setup.costs.page
    if not has_dirty_pages(m) or m.state.wb_left <= 0 or _background_done(m):
        return _end_work(m, task, cpu)
    if room(m) < min(CHUNK, m.setup.disk.pages_per_request):
        m.state.flusher_waits = 1
        wait(m, task, BLOCKED)
        return m.setup.costs.page
    if tasks.pc[task] == WRITING:
        tasks.purpose[task] = TRANSACTION
        return begin_object(m, task, cpu)
    return _write_chunk(m, task, cpu)


def transaction_done(m: Machine, task: int, got: bool) -> int:
    """The transaction's memory came, or is asked for again a little later."""
    tasks = m.state.tasks
    if got:
        tasks.pc[task] = HAS_TRANSACTION
    else:
        sleep(m, task, ALLOC_WAIT_NS, BLOCKED)
    return 0


def _next_work(m: Machine, task: int) -> bool:
    """Take the oldest work, or write in the background while there is too much dirty."""
    state = m.state
    works = state.works
    if works:
        state.wb_left, state.wb_reason = works[0], works[1]
        works[2] -= 1
        if works[2] == 0:
            del works[:RUN]
    elif has_dirty_pages(m) and _dirty(m) > dirty_limits(m)[0]:
        state.wb_left, state.wb_reason = 1 << 40, BACKGROUND
    else:
        return False
    state.tasks.pc[task] = WRITING
    return True


def _dirty(m: Machine) -> int:
    return sum(zone.dirty for zone in m.state.zones)


def _background_done(m: Machine) -> bool:
    """Background writing ends below its threshold, and makes way for works."""
    state = m.state
    if state.wb_reason != BACKGROUND:
        return False
    return bool(state.works) or _dirty(m) <= dirty_limits(m)[0]


def _end_work(m: Machine, task: int, cpu: int) -> int:
    """Free the work that is done."""
    state = m.state
    tasks = state.tasks
    if tasks.pc[task] == HAS_TRANSACTION:
        give_objects(m, m.cache_numbers["xfs_trans"], 1, cpu)
    if state.wb_reason != BACKGROUND:
        state.works_queued -= 1
        state.counters.wb_done += 1
        give_objects(m, WORKS_CACHE, 1, cpu)
    tasks.pc[task] = IDLE
    return m.setup.costs.page


def _write_chunk(m: Machine, task: int, cpu: int) -> int:
    """Put up to a chunk of dirty pages under I/O, from every zone by its share.

    Without a vector for a single bio it waits for one that is under I/O to end.
    """
    state = m.state
    zones = state.zones
    dirty = _dirty(m)
    pages = take_vectors(m, task, cpu, min(CHUNK, dirty, room(m)))
    if not pages:
        state.flusher_waits = 1
        wait(m, task, BLOCKED)
        return m.setup.costs.page
    left = pages
    for zone in zones:
        share = min(zone.dirty, -(-pages * zone.dirty // dirty), left)
        zone.dirty -= share
        zone.writeback += share
        left -= share
    pages -= left
    state.wb_left -= pages
    state.counters.wb_pages += pages
    state.tasks.pc[task] = WRITING
    give_objects(m, m.cache_numbers["xfs_trans"], 1, cpu)
    submit(m, pages)
    if m.tell is not None:
        m.tell(WbWriteback(pages, state.wb_left))
    return pages * m.setup.costs.page
