"""A file's lock that one task holds and others wait for: what an OOM livelock is made of.

Source: fs/xfs/xfs_file.c and kernel/locking/rwsem.c of 4.5: a buffered write holds the inode's lock
over its page request, and who waits for that lock sleeps where no signal wakes it. A `holder` has
the lock from its beginning, where it is inside its page request already, until it has its page or
has ended; it is one lock, whoever the holders are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.decisions import UpWrite
from mmplay.engine.sim.machine.machine import dequeue, wait, wake
from mmplay.engine.sim.machine.masks import CACHE_PAGE
from mmplay.engine.sim.mm.slowpath import RETRY
from mmplay.engine.sim.state.tasks import BLOCKED, EXITED, RUNNABLE

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
