"""How a task ends and what it gives back, and the file's lock that one may hold until then.

A task that ends lets go of its mm first. The last one that does frees the mm's pages, and an OOM
victim loses its right to the reserves there, so that the killer may choose again. Then it closes
its files (see `programs`), and at last its kernel stack goes, with a few pages of slab objects
(`Costs.exit_slab_pages`). Source: kernel/exit.c and kernel/fork.c of 4.5 (do_exit, exit_mm,
release_task, free_task).

The lock is what an OOM livelock is made of. Source: fs/xfs/xfs_file.c and kernel/locking/rwsem.c of
4.5: a buffered write holds the inode's lock over its page request, and who waits for that lock
sleeps where no signal wakes it. A `holder` has the lock from its beginning, where it is inside its
page request already, until it has its page or has ended; it is one lock, whoever the holders are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.asks import CACHE_PAGE
from mmplay.engine.sim.machine.decisions import DoExit, UpWrite
from mmplay.engine.sim.machine.machine import dequeue, wait, wake
from mmplay.engine.sim.mm.oom import free_anon, unmark_victim
from mmplay.engine.sim.mm.page_alloc import give_block
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.mm.slowpath import RETRY
from mmplay.engine.sim.state.tasks import BLOCKED, EXITED, EXITING, KTHREAD, RUNNABLE

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


def begin_holding(m: Machine, task: int) -> None:
    """Put a new task under the lock and into its page request, as the slow path goes on with it."""
    tasks = m.state.tasks
    tasks.purpose[task] = CACHE_PAGE
    tasks.ask[task] = m.masks.page_cache
    tasks.stage[task] = RETRY


def holder_of(m: Machine, kind: int) -> int:
    """Return the task of this kind that still holds the lock, -1 if none does."""
    tasks = m.state.tasks
    for task in range(len(tasks)):
        if tasks.kind[task] == kind and not tasks.done[task] and tasks.state[task] != EXITED:
            return task
    return -1


def wait_for_lock(m: Machine, task: int, kind: int) -> None:
    """Let a task wait for the lock from now on, whatever it did (`kind` is that of a locker)."""
    tasks = m.state.tasks
    if tasks.state[task] == RUNNABLE:
        dequeue(m, task)
    tasks.kind[task] = kind
    wait(m, task, BLOCKED)


def give_lock(m: Machine, task: int, kind: int) -> None:
    """Give the lock back: every locker wakes."""
    tasks = m.state.tasks
    waiting = [
        other
        for other in range(len(tasks))
        if tasks.kind[other] == kind and tasks.state[other] == BLOCKED
    ]
    for other in waiting:
        wake(m, other)
    if m.tell is not None:
        m.tell(UpWrite(task, len(waiting)))


STACK_ORDER = 2
STACK_PAGES = 1 << STACK_ORDER
"""THREAD_SIZE of x86_64 is 16 kB, one block, which goes straight back to the free lists."""


def exit_mm(m: Machine, task: int, cpu: int) -> int:
    """Let go of a task's mm; return the pages that this freed."""
    tasks = m.state.tasks
    group = tasks.group[task]
    tasks.flags[task] |= EXITING
    unmark_victim(m, task)
    if not group or any(
        tasks.group[other] == group and not tasks.flags[other] & EXITING
        for other in range(len(tasks))
    ):
        return 0
    owner = tasks.pid.index(group)
    return free_anon(m, owner, cpu) + _free_tables(m, owner, cpu)


def exit_task(m: Machine, task: int, cpu: int) -> int:
    """End a task, which lets go of its mm if it has not yet; return the time it took."""
    state = m.state
    tasks = state.tasks
    pages = 0 if tasks.flags[task] & EXITING else exit_mm(m, task, cpu)
    wait(m, task, EXITED)
    pages += _free_task(m, task, cpu)
    if m.tell is not None:
        m.tell(DoExit(task, pages))
    return m.setup.costs.exit_task + pages * m.setup.costs.page


def _free_tables(m: Machine, owner: int, cpu: int) -> int:
    tables = m.state.tasks.tables[owner]
    freed = 0
    for zone in reversed(m.state.zones):
        pages = min(tables - freed, zone.pagetables)
        if pages:
            zone.pagetables -= pages
            give_pages(m, zone, cpu, pages, cold=False)
            freed += pages
    m.state.tasks.tables[owner] = 0
    return freed


def _free_task(m: Machine, task: int, cpu: int) -> int:
    """Give back the kernel stack and the task's slab objects."""
    zone = next((zone for zone in reversed(m.state.zones) if zone.stack_pages >= STACK_PAGES), None)
    if zone is None or m.state.tasks.flags[task] & KTHREAD:
        return 0
    slab = min(m.setup.costs.exit_slab_pages, zone.slab_base)
    zone.stack_pages -= STACK_PAGES
    zone.slab_base -= slab
    zone.slab_unreclaimable -= slab
    give_block(m, zone, cpu, STACK_ORDER)
    give_pages(m, zone, cpu, slab, cold=False)
    return STACK_PAGES + slab
