"""What a CPU does when its turn comes: the current task acts, or the next one takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.run.actors import CPU
from mmplay.engine.sim.run.programs import act
from mmplay.engine.sim.state.tasks import RUNNABLE

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def run_cpu(m: Machine, number: int, _: int) -> None:
    """Let the CPU's task act once, and come back when that is done.

    Who prints is busy until the last line is out.
    """
    state = m.state
    cpu = state.cpus[number]
    now = state.now_ns
    if now < cpu.ready_ns:
        m.push(cpu.ready_ns, CPU, number)
        return
    task = cpu.current
    if now >= cpu.slice_end_ns or state.tasks.state[task] != RUNNABLE:
        task = next_task(m, number)
        if task < 0:
            cpu.busy = 0
            return
    lines = state.log_lines
    cost = act(m, task, number)
    if state.tasks.credit_ns[task] > 0:
        state.tasks.credit_ns[task] -= cost
    ready = now + cost
    if state.log_lines != lines:
        ready = max(ready, state.print_ready_ns)
    cpu.ready_ns = ready
    m.push(ready, CPU, number)


def next_task(m: Machine, number: int) -> int:
    """Take the next task of a CPU's queue; the one that ran goes to the back. -1 if none."""
    cpu = m.state.cpus[number]
    task = cpu.current
    tasks = m.state.tasks
    if task >= 0 and tasks.state[task] == RUNNABLE:
        if tasks.credit_ns[task] > 0:
            cpu.queue.insert(cpu.first, task)
            cpu.first += 1
        else:
            cpu.queue.append(task)
    cpu.current = cpu.queue.pop(0) if cpu.queue else -1
    cpu.first = max(0, cpu.first - 1)
    cpu.slice_end_ns = m.state.now_ns + m.setup.costs.time_slice
    return cpu.current
