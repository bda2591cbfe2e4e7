"""The tasks, as columns: a thousand of them copy in microseconds, one object each would not.

A column is a list with one int per task. What the numbers mean is said where they are used:
`kind` and `pc` in `programs`, `stage` in `slowpath`.
"""

from __future__ import annotations

from enum import IntEnum

from mmplay.engine.sim.state.fields import Fields, Parts


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


class Tasks(Fields):
    """All tasks of the machine; `names` are their comms."""

    # identity: `load` is the number of the workload, `group` the pid that an mm belongs to
    pid: list[int]
    kind: list[int]
    load: list[int]
    group: list[int]
    adj: list[int]
    # scheduling: `credit_ns` is the CPU time that a task may still have first, as it slept,
    # `owed_ns` what its last turn still takes of it: another task came between; `share` its part
    # of a round of the queue so far, if it is nice
    state: list[int]
    token: list[int]
    cpu: list[int]
    since_ns: list[int]
    credit_ns: list[int]
    owed_ns: list[int]
    share: list[int]
    flags: list[int]
    pc: list[int]
    # the request in hand
    stage: list[int]
    ask: list[int]
    order: list[int]
    purpose: list[int]
    slab: list[int]
    loops: list[int]
    gained: list[int]
    # its reclaim: `left` are the pages that it still scans of a zone at this priority, shifted left
    # by 2, and the zone's place in the zonelist
    again: list[int]
    priority: list[int]
    left: list[int]
    scanned: list[int]
    reclaimed: list[int]
    isolated: list[int]
    # memory: anonymous pages by zone, file pages, page table pages
    rss0: list[int]
    rss1: list[int]
    rss2: list[int]
    rss3: list[int]
    file_rss: list[int]
    tables: list[int]
    vm_kb: list[int]
    # work: `done` are the pages it has of what it wants, `refused` its requests that failed,
    # `until_ns` when a timed wait ends, `paused_ns` until when its dirtied pages are paid for
    want: list[int]
    done: list[int]
    refused: list[int]
    dirtied: list[int]
    pause_at: list[int]
    paused_ns: list[int]
    until_ns: list[int]
    names: list[str]

    def __init__(self) -> None:
        """No tasks yet."""
        super().__init__()
        self.names = []

    def __len__(self) -> int:
        return len(self.pid)

    def copy(self) -> Tasks:
        """Return an independent copy."""
        other = super().copy()
        other.names = self.names[:]
        return other

    @classmethod
    def taken(cls, parts: Parts, names: list[str]) -> Tasks:
        """Return the tasks of these names from `parts`; raises PackError."""
        tasks = cls()
        tasks.names = names[:]
        tasks.take(parts, dict.fromkeys(cls.lists, len(names)))
        return tasks

    def add(self, name: str, pid: int, kind: int, **values: int) -> int:
        """Add a task that sleeps; return its index. Columns that are not given are 0."""
        for column in self.lists:
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
