"""What tasks do when their turn comes: a request goes on, or their program does.

Each program is a function (machine, task, cpu) that acts once and returns the time taken in ns;
what it waits for stands in the task's columns. A reader asks for file pages that the page cache
does not have yet, in bursts, each with the file's mask and __GFP_COLD. They come clean from a fast
disk and are used once, so they lie on the inactive list and reclaim may drop them; the nodes of the
tree that finds them are left out: a node goes with its last page. Source of the reader:
mm/filemap.c of 4.5 (do_generic_file_read, page_cache_alloc_cold).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.asks import (
    ANON,
    CACHE_PAGE,
    RADIX,
    READ_PAGE,
    RELEASE,
    STACK,
    TABLE,
    TRANSACTION,
    USER,
    ask_key,
    mask_for,
)
from mmplay.engine.sim.machine.machine import sleep, wait
from mmplay.engine.sim.mm.balance import FIRST_CHECK, pause_of
from mmplay.engine.sim.mm.kswapd import run_kswapd
from mmplay.engine.sim.mm.page_alloc import take_many
from mmplay.engine.sim.mm.slowpath import DONE, NONE, STAGES, begin_object, begin_page, slab_goes_on
from mmplay.engine.sim.run.exit import exit_mm, exit_task, give_lock, holder_of
from mmplay.engine.sim.run.flusher_task import ALLOC_WAIT_NS, run_flusher, transaction_done
from mmplay.engine.sim.state.tasks import (
    BLOCKED,
    EXITING,
    FATAL,
    KTHREAD,
    SINGLE_PAGES,
    SLEEPING,
)

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


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


Program = Callable[["Machine", int, int], int]

WRITER, EATER, ALLOCATOR, KTHREADD, PARENT, FLUSHER, KSWAPD, READER, HOLDER, LOCKER = range(10)
PROGRAM_NAMES = (
    *("writer", "eater", "allocator", "kthreadd", "parent", "flusher", "kswapd", "reader"),
    *("holder", "locker"),
)
WORKLOADS = tuple(name for name in PROGRAM_NAMES if name not in ("flusher", "kswapd"))
"""What a workload may run: of the other two every machine has one."""

OWN_MASK = ("allocator", "reader")
"""Programs whose workload may say with which mask they ask."""

PAUSED, HAS_NODE, CLOSED = 1, 2, 3
"""A writer's `pc` while balance_dirty_pages holds it until it may go on, once it has a tree node
for its page, and once its file is closed."""

NODE_PAGES = 64
"""Pages that one node of the page cache's tree points to (RADIX_TREE_MAP_SIZE)."""

FAULTS = 32
"""Page faults of one turn, while nothing makes them wait."""


def act(m: Machine, task: int, cpu: int) -> int:
    """Let a task act once; return the time taken in ns."""
    tasks = m.state.tasks
    if tasks.stage[task]:
        cost = STAGES[tasks.stage[task]](m, task, cpu)
    elif tasks.flags[task] & FATAL and not tasks.flags[task] & KTHREAD:
        cost = _die(m, task, cpu)
    else:
        cost = PROGRAMS[tasks.kind[task]](m, task, cpu)
    while tasks.stage[task] >= DONE:
        if tasks.slab[task]:
            cost += slab_goes_on(m, task, cpu)
            continue
        got = tasks.stage[task] == DONE
        tasks.stage[task] = NONE
        cost += FINISH[tasks.purpose[task]](m, task, got)
    return cost or 1


def _die(m: Machine, task: int, cpu: int) -> int:
    """Take the next step of do_exit; return the time it took.

    A file that has grown ends with blocks to spare, which the last close gives back. What the file
    system notes for that is asked for as any task asks, long after the victim has lost its right to
    the reserves, and until it is got: a writer that finds no page lives on. It still has a signal
    pending, which is why reclaim never holds it back. Source: fs/xfs/xfs_inode.c:xfs_release,
    fs/xfs/xfs_extfree_item.c:xfs_efi_init, fs/xfs/kmem.c:kmem_zone_alloc (4.5); a real 4.5.0 shows
    it in the traces of its victim.
    """
    tasks = m.state.tasks
    if tasks.kind[task] == HOLDER:
        give_lock(m, task, LOCKER)
    if tasks.kind[task] != WRITER or tasks.pc[task] == CLOSED:
        return exit_task(m, task, cpu)
    pages = 0 if tasks.flags[task] & EXITING else exit_mm(m, task, cpu)
    return pages * m.setup.costs.page + ask_object(m, task, cpu, RELEASE)


def _file_closed(m: Machine, task: int, got: bool) -> int:
    """What was noted stays until the log is written; without memory it is asked for again."""
    if got:
        m.state.tasks.pc[task] = CLOSED
    else:
        sleep(m, task, ALLOC_WAIT_NS, BLOCKED)
    return 0


def ask_page(m: Machine, task: int, cpu: int, purpose: int, order: int = 0) -> int:
    """Ask for pages for a purpose."""
    m.state.tasks.purpose[task] = purpose
    return begin_page(m, task, cpu, mask_for(m, task, purpose), order)


def ask_object(m: Machine, task: int, cpu: int, purpose: int) -> int:
    """Ask for a slab object for a purpose."""
    m.state.tasks.purpose[task] = purpose
    return begin_object(m, task, cpu)


# programs


def run_writer(m: Machine, task: int, cpu: int) -> int:
    """Append 4 KiB to a file, as far as balance_dirty_pages lets it."""
    tasks = m.state.tasks
    if tasks.pc[task] == PAUSED or tasks.dirtied[task] >= (tasks.pause_at[task] or FIRST_CHECK):
        pause = pause_of(m, task)
        tasks.pc[task] = PAUSED if pause.again else 0
        if pause.ns:
            sleep(m, task, pause.ns)
            return m.setup.costs.page
    if tasks.done[task] % NODE_PAGES == NODE_PAGES - 1 and tasks.pc[task] != HAS_NODE:
        tasks.pc[task] = HAS_NODE
        return ask_object(m, task, cpu, RADIX)
    return ask_page(m, task, cpu, CACHE_PAGE)


def run_eater(m: Machine, task: int, cpu: int) -> int:
    """Touch one new page after the other until it has what it wants."""
    tasks = m.state.tasks
    left = tasks.want[task] - tasks.done[task]
    if left == 0:
        wait(m, task)
        return m.setup.costs.page
    per_table = m.setup.workloads[tasks.load[task]].per_table
    if tasks.done[task] // per_table >= tasks.tables[task]:
        return ask_page(m, task, cpu, TABLE)
    batch = FAULTS if left < 0 else min(FAULTS, left)
    batch = min(batch, per_table)
    got = take_many(m, m.ask(ask_key(m.masks.fault)), cpu, batch)
    if not got:
        return ask_page(m, task, cpu, ANON)
    _add_anon(m, task, got)
    return got * m.setup.costs.page


def run_allocator(m: Machine, task: int, cpu: int) -> int:
    """Ask for a block every `gap_ns` and keep it; or for as many single pages (SINGLE_PAGES)."""
    load = m.setup.workloads[m.state.tasks.load[task]]
    tasks = m.state.tasks
    if tasks.want[task] >= 0 and tasks.done[task] >= tasks.want[task]:
        wait(m, task)
        return m.setup.costs.page
    order, asks = load.order, 1
    if tasks.flags[task] & SINGLE_PAGES:
        order, asks = 0, 1 << load.order
    if load.gap_ns and tasks.pc[task] >= asks:
        tasks.pc[task] = 0
        sleep(m, task, load.gap_ns)
        return m.setup.costs.page
    tasks.pc[task] = min(tasks.pc[task] + 1, asks)
    return ask_page(m, task, cpu, USER, order)


def run_kthreadd(m: Machine, task: int, cpu: int) -> int:
    """Ask for the stack of a new kernel thread."""
    tasks = m.state.tasks
    if tasks.pc[task]:
        tasks.pc[task] = 0
        load = m.setup.workloads[tasks.load[task]]
        if load.gap_ns:
            sleep(m, task, load.gap_ns)
        else:
            wait(m, task)
        return m.setup.costs.page
    tasks.pc[task] = 1
    return ask_page(m, task, cpu, STACK, STACK_ORDER)


STACK_ORDER = 2


def run_parent(m: Machine, task: int, cpu: int) -> int:
    """Wait for ever (pause)."""
    wait(m, task)
    return m.setup.costs.page


def run_holder(m: Machine, task: int, cpu: int) -> int:
    """Give a file's lock back once the page is there, and pause."""
    give_lock(m, task, LOCKER)
    wait(m, task)
    return m.setup.costs.page


def run_locker(m: Machine, task: int, cpu: int) -> int:
    """Wait for the file's lock where no signal wakes, then pause."""
    wait(m, task, BLOCKED if holder_of(m, HOLDER) >= 0 else SLEEPING)
    return m.setup.costs.page


PROGRAMS: tuple[Program, ...] = (
    run_writer,
    run_eater,
    run_allocator,
    run_kthreadd,
    run_parent,
    run_flusher,
    run_kswapd,
    run_reader,
    run_holder,
    run_locker,
)
"""By kind."""


# what becomes of a page or object


def _page_cached(m: Machine, task: int, got: bool) -> int:
    if not got:
        m.state.tasks.flags[task] |= FATAL
        return 0
    state, zone = m.state, m.zone
    tasks = state.tasks
    zone.inactive_file += 1
    zone.dirty += 1
    tasks.dirtied[task] += 1
    tasks.done[task] += 1
    tasks.pc[task] = 0
    state.counters.nr_dirtied += 1
    load = m.setup.workloads[tasks.load[task]]
    if load.gap_ns and tasks.done[task] % load.burst == 0:
        sleep(m, task, load.gap_ns)
    return m.setup.costs.write


def _add_anon(m: Machine, task: int, pages: int) -> None:
    tasks, zone = m.state.tasks, m.zone
    zone.active_anon += pages
    (tasks.rss0, tasks.rss1, tasks.rss2, tasks.rss3)[zone.index][task] += pages
    tasks.done[task] += pages
    m.state.counters.pgfault += pages


def _anon_mapped(m: Machine, task: int, got: bool) -> int:
    if got:
        _add_anon(m, task, 1)
    else:
        m.state.tasks.flags[task] |= FATAL
    return 0


def _table_made(m: Machine, task: int, got: bool) -> int:
    if got:
        m.zone.pagetables += 1
        m.state.tasks.tables[task] += 1
    else:
        m.state.tasks.flags[task] |= FATAL
    return 0


def _stack_made(m: Machine, task: int, got: bool) -> int:
    if got:
        m.zone.stack_pages += 1 << m.state.tasks.order[task]
    return 0


def _block_kept(m: Machine, task: int, got: bool) -> int:
    if got:
        m.zone.held += 1 << m.state.tasks.order[task]
        m.state.tasks.done[task] += 1 << m.state.tasks.order[task]
    return 0


def _node_made(m: Machine, task: int, got: bool) -> int:
    return 0


FINISH: dict[int, Callable[[Machine, int, bool], int]] = {
    CACHE_PAGE: _page_cached,
    RADIX: _node_made,
    ANON: _anon_mapped,
    TABLE: _table_made,
    STACK: _stack_made,
    USER: _block_kept,
    TRANSACTION: transaction_done,
    READ_PAGE: page_read,
    RELEASE: _file_closed,
}
"""By purpose: what is done with what was got, or not got."""
