"""Starting, stopping and scaling the tasks of a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.machine import WORKLOAD, dequeue, enqueue
from mmplay.engine.sim.mm.oom import send_kill
from mmplay.engine.sim.run.exit import begin_holding
from mmplay.engine.sim.run.programs import PROGRAM_NAMES
from mmplay.engine.sim.state.tasks import EXITED, KTHREAD, RUNNABLE, SINGLE_PAGES, STOPPED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

KERNEL_PROGRAMS = frozenset({"kthreadd", "flusher", "kswapd"})


def add_task(m: Machine, number: int, group: int, name: str, **values: int) -> int:
    """Add one task of a workload, which sleeps; return its index. `group` 0 is a new mm."""
    state = m.state
    load = m.setup.workloads[number]
    pid = state.next_pid
    state.next_pid += 1
    kthread = load.program in KERNEL_PROGRAMS
    task = state.tasks.add(
        name,
        pid,
        PROGRAM_NAMES.index(load.program),
        load=number,
        group=0 if kthread else group or pid,
        adj=load.adj,
        want=load.pages,
        flags=KTHREAD if kthread else 0,
        cpu=len(state.tasks) % len(state.cpus),
        **values,
    )
    if load.program == "holder":
        begin_holding(m, task)
    if load.program == "kswapd":
        state.kswapd_task = task
    if load.program == "flusher":
        state.flusher_task = task
    return task


def add_group(m: Machine, number: int, group_number: int) -> list[int]:
    """Add one group of a workload: the tasks of one mm; return them."""
    load = m.setup.workloads[number]
    name = f"{load.name}.{group_number:02d}" if load.numbered else load.name
    first = add_task(m, number, 0, name)
    owner = m.state.tasks.pid[first]
    rest = [add_task(m, number, owner, name) for _ in range(load.per_group - 1)]
    return [first, *rest]


def start_workload(m: Machine, number: int, _: int) -> None:
    """Begin a workload: its tasks are there and run; those that were stopped go on."""
    tasks = m.state.tasks
    mine = tasks_of(m, number)
    for task in mine:
        if tasks.state[task] == STOPPED:
            tasks.state[task] = RUNNABLE
            enqueue(m, task)
    if not mine:
        scale_workload(m, number, m.setup.workloads[number].groups)


def stop_workload(m: Machine, number: int) -> None:
    """Stop every task of a workload where it stands (SIGSTOP)."""
    tasks = m.state.tasks
    for task in tasks_of(m, number):
        if tasks.state[task] == RUNNABLE:
            dequeue(m, task)
        tasks.state[task] = STOPPED
        tasks.token[task] += 1


def scale_workload(m: Machine, number: int, groups: int) -> None:
    """Let a workload have so many groups: new ones start, the latest are killed."""
    tasks = m.state.tasks
    mine = tasks_of(m, number)
    owners = sorted({tasks.group[task] for task in mine})
    for group_number in range(len(owners), groups):
        for task in add_group(m, number, group_number):
            tasks.state[task] = RUNNABLE
            enqueue(m, task)
    for owner in owners[groups:]:
        for task in mine:
            if tasks.group[task] == owner:
                send_kill(m, task)


def fall_back(m: Machine, number: int) -> int:
    """Let a workload's tasks take their buffers page by page from now on; return how many do.

    Who has asked for a block already pauses first, as it would have done.
    """
    tasks, mine = m.state.tasks, tasks_of(m, number)
    for task in mine:
        tasks.flags[task] |= SINGLE_PAGES
        tasks.pc[task] <<= m.setup.workloads[number].order
    return len(mine)


def tasks_of(m: Machine, number: int) -> list[int]:
    """Return the living tasks of a workload."""
    tasks = m.state.tasks
    return [
        task
        for task in range(len(tasks))
        if tasks.load[task] == number and tasks.state[task] != EXITED
    ]


def schedule(m: Machine, number: int) -> None:
    """Let a workload begin at its time."""
    m.push(max(m.state.now_ns, m.setup.workloads[number].start_ns), WORKLOAD, number)
