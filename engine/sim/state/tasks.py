"""The tasks, as columns: a thousand of them copy in microseconds, one object each would not.

A column is a list with one int per task. What the numbers mean is said where they are used:
`kind` and `pc` in `programs`, `stage` in `slowpath`.
"""

from __future__ import annotations

from enum import IntEnum

IDENTITY = ("pid", "kind", "load", "group", "adj")
SCHEDULING = ("state", "token", "cpu", "since_ns", "credit_ns", "flags", "pc")
REQUEST = ("stage", "ask", "order", "purpose", "slab", "loops", "gained")
RECLAIM = ("again", "priority", "scanned", "reclaimed", "isolated")
MEMORY = ("rss0", "rss1", "rss2", "rss3", "file_rss", "tables", "vm_kb")
WORK = ("want", "done", "refused", "dirtied", "pause_at", "until_ns")

COLUMNS = (*IDENTITY, *SCHEDULING, *REQUEST, *RECLAIM, *MEMORY, *WORK)
"""Every column, in the order in which they are packed. `load` is the number of the workload,
`group` the pid that an mm belongs to, `rss0` to `rss3` the anonymous pages by zone, `tables` the
page table pages; `credit_ns` is the CPU time that a task may still have before the others because
it slept, `done` the pages that it has of what it wants, `refused` its requests that failed,
`until_ns` when a timed wait ends."""


class TaskState(IntEnum):
    """What a task is doing.

    A RUNNABLE task is on a CPU or in its queue; a signal wakes one that is SLEEPING or THROTTLED
    (in throttle_direct_reclaim), but not one that is BLOCKED.
    """

    RUNNABLE = 0
    SLEEPING = 1
    BLOCKED = 2
    THROTTLED = 3
    STOPPED = 4
    EXITED = 5


RUNNABLE, SLEEPING, BLOCKED, THROTTLED, STOPPED, EXITED = (int(state) for state in TaskState)

TIF_MEMDIE, FATAL, KTHREAD, EXITING, SINGLE_PAGES = 1, 2, 4, 8, 16
"""Bits of the `flags` column. SINGLE_PAGES: it takes its buffers page by page (vmalloc)."""


class Tasks:
    """All tasks of the machine; `names` are their comms."""

    __slots__ = (*COLUMNS, "names")

    pid: list[int]
    kind: list[int]
    load: list[int]
    group: list[int]
    adj: list[int]
    state: list[int]
    token: list[int]
    cpu: list[int]
    since_ns: list[int]
    credit_ns: list[int]
    flags: list[int]
    pc: list[int]
    stage: list[int]
    ask: list[int]
    order: list[int]
    purpose: list[int]
    slab: list[int]
    loops: list[int]
    gained: list[int]
    again: list[int]
    priority: list[int]
    scanned: list[int]
    reclaimed: list[int]
    isolated: list[int]
    rss0: list[int]
    rss1: list[int]
    rss2: list[int]
    rss3: list[int]
    file_rss: list[int]
    tables: list[int]
    vm_kb: list[int]
    want: list[int]
    done: list[int]
    refused: list[int]
    dirtied: list[int]
    pause_at: list[int]
    until_ns: list[int]

    def __init__(self) -> None:
        """No tasks yet."""
        for column in COLUMNS:
            setattr(self, column, [])
        self.names: list[str] = []

    def __len__(self) -> int:
        return len(self.pid)

    def copy(self) -> Tasks:
        """Return an independent copy."""
        other = Tasks.__new__(Tasks)
        for column in COLUMNS:
            setattr(other, column, getattr(self, column)[:])
        other.names = self.names[:]
        return other

    def add(self, name: str, pid: int, kind: int, **values: int) -> int:
        """Add a task that sleeps; return its index. Columns that are not given are 0."""
        for column in COLUMNS:
            getattr(self, column).append(values.get(column, 0))
        self.names.append(name)
        index = len(self.pid) - 1
        self.kind[index] = kind
        self.pid[index] = pid
        self.state[index] = values.get("state", SLEEPING)
        return index

    def rss(self, task: int) -> int:
        """Return a task's anonymous pages."""
        return self.rss0[task] + self.rss1[task] + self.rss2[task] + self.rss3[task]
