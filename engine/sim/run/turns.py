"""The loop of turns: who acts next, and what each kind of actor does.

A turn takes one actor from the heap, ordered by (time_ns, sequence), and lets it act once.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from mmplay.engine.sim.machine.decisions import Script
from mmplay.engine.sim.machine.machine import (
    CPU,
    DISK,
    NIC,
    ORDINARY,
    SCRIPT,
    TIMER,
    VMSTAT,
    WORKER_KILL,
    WORKLOAD,
    Machine,
    slice_ns,
    timer,
)
from mmplay.engine.sim.machine.setup import JIFFY_NS, SECOND_NS
from mmplay.engine.sim.mm.disk import complete
from mmplay.engine.sim.mm.net import frame_arrives
from mmplay.engine.sim.mm.oom import kill_by_hand
from mmplay.engine.sim.mm.pcp import fold
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.programs import act
from mmplay.engine.sim.run.workloads import start_workload
from mmplay.engine.sim.state.state import Cpu
from mmplay.engine.sim.state.tasks import RUNNABLE


def run_cpu(m: Machine, number: int, _: int) -> None:
    """Let the CPU's task act once, and come back when that is done.

    What takes longer than a whole time slice goes on when its turn comes again, if others wait.
    So does printing, which takes until the last line is out.
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
    tasks = state.tasks
    lines = state.log_lines
    cost = tasks.owed_ns[task] or act(m, task, number)
    if state.log_lines != lines:
        cost = max(cost, state.print_ready_ns - now)
    tasks.owed_ns[task] = 0
    if cost > JIFFY_NS and cpu.queue and tasks.state[task] == RUNNABLE:
        now_only = slice_ns(m, cpu)
        if cost > now_only:
            tasks.owed_ns[task], cost = cost - now_only, now_only
    if tasks.credit_ns[task] > 0:
        tasks.credit_ns[task] -= cost
    ready = now + cost
    cpu.ready_ns = ready
    # As `push` does it: of all that is pushed three quarters are this.
    state.sequence += 1
    heappush(state.heap, (ready, state.sequence, CPU, number, 0))


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
    cpu.current = _take_first(m, cpu) if cpu.queue else -1
    cpu.first = max(0, cpu.first - 1)
    cpu.slice_end_ns = m.state.now_ns + slice_ns(m, cpu)
    return cpu.current


def _take_first(m: Machine, cpu: Cpu) -> int:
    """Take the next task of a queue: a nice one once in as many rounds as its weight is less."""
    queue, tasks = cpu.queue, m.state.tasks
    while m.weights and not cpu.first and len(queue) > 1:
        task = queue.pop(0)
        tasks.share[task] += m.weights[tasks.load[task]]
        if tasks.share[task] >= ORDINARY:
            tasks.share[task] = 0
            return task
        queue.append(task)
    return queue.pop(0)


def run_script(m: Machine, number: int, _: int) -> None:
    """Do one event of the script."""
    _, name, value = m.setup.script[number]
    do_action(m, name, value, Script)


def kill_from_worker(m: Machine, cpu: int, _: int) -> None:
    """Let the worker of sysrq-f try once more."""
    kill_by_hand(m, cpu)


def refresh_vmstat(m: Machine, cpu: int, _: int) -> None:
    """Fold this CPU's differences, and come back in a second."""
    for zone in m.state.zones:
        fold(zone, cpu)
    m.push(m.state.now_ns + SECOND_NS, VMSTAT, cpu)


Actor = Callable[[Machine, int, int], None]

ACTORS: dict[int, Actor] = {
    CPU: run_cpu,
    TIMER: timer,
    DISK: complete,
    NIC: frame_arrives,
    VMSTAT: refresh_vmstat,
    SCRIPT: run_script,
    WORKLOAD: start_workload,
    WORKER_KILL: kill_from_worker,
}


def turn(m: Machine) -> bool:
    """Make one turn; return False if nothing will ever happen again."""
    state = m.state
    if not state.heap:
        return False
    time_ns, _, kind, number, token = heappop(state.heap)
    state.now_ns = time_ns
    state.turn += 1
    ACTORS[kind](m, number, token)
    return True


def run_until(m: Machine, time_ns: int) -> None:
    """Make every turn up to and including this time."""
    state = m.state
    heap = state.heap
    while heap and heap[0][0] <= time_ns:
        # As `turn` does it: without its call a run is two per cent faster.
        state.now_ns, _, kind, number, token = heappop(heap)
        state.turn += 1
        ACTORS[kind](m, number, token)


def run_turns(m: Machine, count: int) -> int:
    """Make up to `count` turns; return how many there were."""
    state = m.state
    heap, first = state.heap, state.turn
    last = first + count
    while state.turn < last and heap:
        # As `run_until` does it: so a recording is sought in.
        state.now_ns, _, kind, number, token = heappop(heap)
        state.turn += 1
        ACTORS[kind](m, number, token)
    return state.turn - first
