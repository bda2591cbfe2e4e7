"""The disk: pages under I/O, the bios and requests they make, and how they complete.

The disk itself is a rate: one request after the other. A bio holds up to 256 pages and one vector,
an object of biovec-256; behind them stands a mempool of two. When no memory can be had at once the
pool gives its own; when it is empty too, whoever writes waits until a bio ends. Left out: the try
with direct reclaim before the wait, and smaller vectors. Source: block/blk-core.c of 4.5
(blk_queue_congestion_threshold), block/bio.c (bio_alloc_bioset, bvec_alloc, bvec_free) and
mm/mempool.c (mempool_alloc, mempool_free).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.stacks import TASK, Caller
from mmplay.engine.sim.machine.decisions import BioAlloc, EndPageWriteback
from mmplay.engine.sim.machine.machine import DISK, wake
from mmplay.engine.sim.machine.setup import SECOND_NS
from mmplay.engine.sim.mm.slub import give_objects, take_objects
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


CACHE = "biovec-256"
BIO_PAGES = 256
"""BIO_MAX_PAGES."""
IDLE, BUSY = range(2)
"""What `State.disk_busy` says. Below zero a request stands still, and so much of it is done."""
POOL = 2
"""BIO_POOL_SIZE: vectors that the mempool keeps."""


def take_vectors(m: Machine, task: int, cpu: int, pages: int) -> int:
    """Take vectors for so many pages; return for how many of them there are vectors."""
    state, want = m.state, -(-pages // BIO_PAGES)
    caller = Caller(TASK, task, cpu, m.masks.bio_vector, Context.TASK, "bio")
    got = take_objects(m, m.cache_numbers[CACHE], want, caller)
    lent = min(want - got, POOL - state.bio_pool_out)
    state.bio_vectors += got
    state.bio_pool_out += lent
    if m.tell is not None:
        m.tell(BioAlloc(want, got, lent))
    return min(pages, (got + lent) * BIO_PAGES)


def end_bios(m: Machine, cpu: int) -> None:
    """Give back the vectors that the pages still under I/O do not need: the pool's first."""
    state = m.state
    needed = -(-state.under_io // BIO_PAGES)
    ended = max(0, state.bio_vectors + state.bio_pool_out - needed)
    refilled = min(ended, state.bio_pool_out)
    state.bio_pool_out -= refilled
    if ended > refilled:
        state.bio_vectors -= ended - refilled
        give_objects(m, m.cache_numbers[CACHE], ended - refilled, cpu)


def requests(m: Machine) -> int:
    """Return how many requests the pages under I/O make."""
    return -(-m.state.under_io // m.setup.disk.pages_per_request)


def congested(m: Machine) -> bool:
    """Tell whether the queue is 7/8 full and a bit: the mark at which a bdi counts as congested."""
    limit = m.setup.disk.requests
    return limit > 0 and requests(m) >= limit - limit // 8 + 1


def room(m: Machine) -> int:
    """Return how many more pages the queue takes; without a limit a great many."""
    disk = m.setup.disk
    if disk.requests == 0:
        return 1 << 40
    return max(0, disk.requests * disk.pages_per_request - m.state.under_io)


def set_rate(m: Machine, pages_per_second: int) -> None:
    """Let the disk work at another rate; 0 stops it, and a request in the middle stands still.

    What is done of a request stays done: the rest of it is done at the rate that comes.
    """
    state = m.state
    if state.disk_busy == BUSY:
        state.disk_busy = -_done(m)
        state.disk_token += 1
    state.disk_rate = pages_per_second
    start(m)


def _done(m: Machine) -> int:
    """Return how much of the request on its way is done, in pages times ns in a second."""
    state = m.state
    mine = (one for one in state.heap if one[2] == DISK and one[4] == state.disk_token)
    end_ns, _, _, pages, _ = next(mine, (state.now_ns, 0, DISK, 0, 0))
    left_ns = end_ns - max(state.now_ns, m.setup.disk.start_ns)
    return max(0, pages * SECOND_NS - left_ns * state.disk_rate)


def submit(m: Machine, pages: int) -> None:
    """Put pages under I/O and start the disk if it stands still for want of work."""
    m.state.under_io += pages
    start(m)


def start(m: Machine) -> None:
    """Let the disk take the next request, if it is free, works, and has one."""
    state = m.state
    if state.disk_busy == BUSY or not state.disk_rate or not state.under_io:
        return
    if state.disk_left == 0:
        return
    pages = min(state.under_io, m.setup.disk.pages_per_request)
    work = max(0, pages * SECOND_NS + state.disk_busy)
    state.disk_busy = BUSY
    begin = max(state.now_ns, m.setup.disk.start_ns)
    m.push(begin + work // state.disk_rate, DISK, pages, state.disk_token)


def complete(m: Machine, pages: int, token: int) -> None:
    """End a request: its pages are clean (end_page_writeback)."""
    state = m.state
    if token != state.disk_token:
        return
    state.disk_busy = IDLE
    if state.disk_left > 0:
        pages = min(pages, state.disk_left)
        state.disk_left -= pages
    pages = min(pages, state.under_io)
    state.under_io -= pages
    state.counters.nr_written += pages
    _spread(m, pages)
    if m.tell is not None:
        m.tell(EndPageWriteback(pages, state.under_io))
    end_bios(m, cpu=0)
    start(m)
    if state.flusher_waits and _let_go(m):
        wake(m, state.flusher_task)


def _let_go(m: Machine) -> bool:
    """Tell whether the flusher may go on: the queue is no longer full, or all is written."""
    state, limit = m.state, m.setup.disk.requests
    if state.flusher_waits > 1:
        return state.under_io == 0
    return limit == 0 or requests(m) < limit - limit // 8 - limit // 16 - 1


def _spread(m: Machine, pages: int) -> None:
    """Take completed pages from the zones by their share of the pages under writeback."""
    zones = m.state.zones
    total = sum(zone.writeback for zone in zones)
    left = pages
    for zone in zones:
        share = min(zone.writeback, pages * zone.writeback // total if total else 0)
        left -= share
        _clean(zone, share)
    for zone in reversed(zones):
        more = min(left, zone.writeback)
        left -= more
        _clean(zone, more)


def _clean(zone: Zone, pages: int) -> None:
    """Make pages clean; those that reclaim had met already go to the tail of the list."""
    if not pages:
        return
    marked = zone.marked * pages // (zone.dirty + zone.writeback)
    zone.writeback -= pages
    zone.marked -= marked
    zone.clean_tail += marked
    zone.clean += pages - marked
