"""Who makes a request: the task or softirq, the CPU, the mask, and how it got there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.kernel.alloc_flags import Context

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

WB, NET, TASK = "alloc_fail_wb", "alloc_fail_net", "alloc_fail_task"
"""Counters of failed page requests, by who asked."""


class Caller(NamedTuple):
    """One caller.

    `task` is the current task of the CPU, -1 if it idles; `gfp` the mask that the caller wrote,
    before SLUB took anything off it. `way` names the functions between the task or
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
        if self.task < 0:
            return f"swapper/{self.cpu}"
        return m.state.tasks.names[self.task]

    def pid(self, m: Machine) -> int:
        """Return the pid of the current task; the idle task's is 0."""
        return 0 if self.task < 0 else m.state.tasks.pid[self.task]
