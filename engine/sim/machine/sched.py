"""CPUs, their queues, and sleeping: which task acts when, and the kinds of actor there are.

A CPU goes round its queue, a time slice each. A task that slept for half a scheduling period or
more gets that much CPU time before the others: it goes to the front of the queue, runs at the next
tick, and keeps what it did not use over a nap, as CFS's credit for sleepers makes it
(kernel/sched/fair.c:place_entity, 4.5). Without credit a task goes to the back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.setup import JIFFY_NS, MILLISECOND_NS
from mmplay.engine.sim.state.tasks import RUNNABLE, SLEEPING, STOPPED

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


CPU, TIMER, DISK, NIC, VMSTAT, SCRIPT, WORKLOAD = range(7)
"""A CPU whose turn is over, a sleep that ends, a disk request that completes, a frame that
arrives, a CPU that folds its counters, an event of the script, a workload that begins."""


LONG_SLEEP_NS = 12 * MILLISECOND_NS
"""Half of sysctl_sched_latency: who slept longer than this is put first for as long."""


def sleep(m: Machine, task: int, ns: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep for a time."""
    sleep_until(m, task, m.state.now_ns + ns, state)


def sleep_until(m: Machine, task: int, time_ns: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep until a time, or until it is woken."""
    wait(m, task, state)
    m.push(time_ns, TIMER, task, m.state.tasks.token[task])


def wait(m: Machine, task: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep until somebody wakes it."""
    tasks = m.state.tasks
    tasks.state[task] = state
    tasks.token[task] += 1
    tasks.since_ns[task] = m.state.now_ns


def wake(m: Machine, task: int) -> bool:
    """Wake a sleeping task; tell whether it slept."""
    state = m.state
    tasks = state.tasks
    if tasks.state[task] == RUNNABLE or tasks.state[task] >= STOPPED:
        return False
    tasks.state[task] = RUNNABLE
    tasks.token[task] += 1
    if state.now_ns - tasks.since_ns[task] >= LONG_SLEEP_NS:
        tasks.credit_ns[task] = LONG_SLEEP_NS
    enqueue(m, task)
    return True


def enqueue(m: Machine, task: int) -> None:
    """Put a runnable task on a CPU: an idle one if there is, else the queue it was on last."""
    state = m.state
    cpus = state.cpus
    number = state.tasks.cpu[task]
    if cpus[number].current >= 0:
        number = next((n for n, cpu in enumerate(cpus) if cpu.current < 0), number)
        state.tasks.cpu[task] = number
    cpu = cpus[number]
    if cpu.current < 0:
        cpu.current = task
        cpu.slice_end_ns = state.now_ns + m.setup.costs.time_slice
        if not cpu.busy:
            cpu.busy = 1
            m.push(max(state.now_ns, cpu.ready_ns), CPU, number)
        return
    if state.tasks.credit_ns[task] > 0:
        cpu.queue.insert(cpu.first, task)
        cpu.first += 1
        tick = state.now_ns - state.now_ns % JIFFY_NS + JIFFY_NS
        cpu.slice_end_ns = min(cpu.slice_end_ns, tick)
    else:
        cpu.queue.append(task)


def dequeue(m: Machine, task: int) -> None:
    """Take a runnable task off its CPU or queue: it was stopped."""
    cpu = m.state.cpus[m.state.tasks.cpu[task]]
    if task in cpu.queue:
        if cpu.queue.index(task) < cpu.first:
            cpu.first -= 1
        cpu.queue.remove(task)


def timer(m: Machine, task: int, token: int) -> None:
    """Wake a task whose time is up, unless something else woke it before."""
    if m.state.tasks.token[task] == token:
        wake(m, task)
