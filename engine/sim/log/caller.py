"""Who makes a request: the task or softirq, the CPU, the mask, and how it got there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.rules.alloc_flags import Context

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

WB, NET, TASK = "alloc_fail_wb", "alloc_fail_net", "alloc_fail_task"
"""Counters of failed page requests, by who asked."""


IDLE, WORKER, SYNC_TASK = -1, -2, -3
"""A `task` that is none of the machine's: the idle task, the worker of the events queue, and a
command of its own, sync, with the next pid."""
WORKER_PID = 4
"""The first kernel thread after ksoftirqd/0 on a fresh 4.5 machine; assumed."""


class Caller(NamedTuple):
    """One caller.

    `task` is the current task of the CPU, or IDLE, WORKER or SYNC_TASK; `gfp` the mask that the
    caller wrote, before SLUB took anything off it. `way` names the functions between the task or
    the interrupt and the allocator: a key of `stacks.WAYS`.
    """

    counter: str
    task: int
    cpu: int
    gfp: int
    context: Context
    way: str

    def count_failures(self, m: Machine, pages: int) -> None:
        """Count page requests that failed."""
        counters = m.state.counters
        setattr(counters, self.counter, getattr(counters, self.counter) + pages)

    def comm(self, m: Machine) -> str:
        """Return the name of the current task, as printk's current->comm."""
        if self.task == WORKER:
            return f"kworker/{self.cpu}:0"
        if self.task == SYNC_TASK:
            return "sync"
        if self.task == IDLE:
            return f"swapper/{self.cpu}"
        return m.state.tasks.names[self.task]

    def pid(self, m: Machine) -> int:
        """Return the pid of the current task; the idle task's is 0."""
        if self.task == WORKER:
            return WORKER_PID
        if self.task == SYNC_TASK:
            return m.state.next_pid
        return 0 if self.task == IDLE else m.state.tasks.pid[self.task]
