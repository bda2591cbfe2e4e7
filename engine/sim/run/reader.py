"""A reader: file pages that the page cache does not have yet, in bursts.

Source: mm/filemap.c of 4.5 (do_generic_file_read, page_cache_alloc_cold): each page is asked for
with the file's mask and __GFP_COLD. The pages come clean from a fast disk and are used once, so
they lie on the inactive list and reclaim may drop them. The nodes of the tree that finds them are
left out: a node goes with its last page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.asks import ask_key
from mmplay.engine.sim.mm.page_alloc import take_many
from mmplay.engine.sim.mm.purposes import READ_PAGE, mask_for
from mmplay.engine.sim.mm.slowpath import begin_page
from mmplay.engine.sim.run.sched import sleep, wait

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

PAGES = 32
"""Pages of one turn, while nothing makes them wait."""

READING = 1
"""A reader's `pc` inside a burst."""


def run_reader(m: Machine, task: int, cpu: int) -> int:
    """Read on with this burst, or pause before the next; return the time taken in ns."""
    tasks = m.state.tasks
    load = m.setup.workloads[tasks.load[task]]
    done, want = tasks.done[task], tasks.want[task]
    left = PAGES if want < 0 else want - done
    if not left:
        wait(m, task)
        return m.setup.costs.page
    in_burst = load.burst - done % load.burst
    if load.gap_ns and in_burst == load.burst and tasks.pc[task] == READING:
        tasks.pc[task] = 0
        sleep(m, task, load.gap_ns)
        return m.setup.costs.page
    tasks.pc[task] = READING
    return _read(m, task, cpu, min(PAGES, left, in_burst))


def _read(m: Machine, task: int, cpu: int, pages: int) -> int:
    """Read up to so many pages off the fast path, else one by the slow path."""
    mask = mask_for(m, task, READ_PAGE)
    got = take_many(m, m.ask(ask_key(mask)), cpu, pages)
    if got:
        return got * m.setup.costs.page + _cached(m, task, got)
    m.state.tasks.purpose[task] = READ_PAGE
    return begin_page(m, task, cpu, mask, 0)


def page_read(m: Machine, task: int, got: bool) -> int:
    """Take a page that the slow path got; without one the reader tries again later."""
    return _cached(m, task, 1) if got else 0


def _cached(m: Machine, task: int, pages: int) -> int:
    """Put pages on the inactive list, clean; return the time that reading them took."""
    zone = m.zone
    zone.inactive_file += pages
    zone.clean += pages
    m.state.tasks.done[task] += pages
    return pages * m.setup.costs.read
