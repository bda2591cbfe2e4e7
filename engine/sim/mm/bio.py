"""The page vectors of bios under I/O: objects of biovec-256, behind them a mempool of two.

A bio holds up to 256 pages and one vector. When no memory can be had at once the pool gives its
own; when it is empty too, whoever writes waits until a bio ends. Source: block/bio.c of 4.5
(bio_alloc_bioset, bvec_alloc, bvec_free) and mm/mempool.c (mempool_alloc, mempool_free). Left out:
the try with direct reclaim before the wait, and smaller vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.caller import TASK, Caller
from mmplay.engine.sim.mm.slub import give_objects, take_objects

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

CACHE = "biovec-256"
BIO_PAGES = 256
"""BIO_MAX_PAGES."""
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
    if m.steps is not None:
        m.steps.append(("bio_alloc", want, got, lent))
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
