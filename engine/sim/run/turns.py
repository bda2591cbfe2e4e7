"""The loop of turns: who acts next, and what each kind of actor does.

A turn takes one actor from the heap, ordered by (time_ns, sequence), and lets it act once.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop

from mmplay.engine.sim.mm.disk import complete
from mmplay.engine.sim.net.nic import frame_arrives
from mmplay.engine.sim.run.actors import CPU, DISK, NIC, SCRIPT, TIMER, VMSTAT, WORKLOAD
from mmplay.engine.sim.run.cpus import run_cpu
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.run.sched import timer
from mmplay.engine.sim.run.script import run_script
from mmplay.engine.sim.run.timers import refresh_vmstat
from mmplay.engine.sim.run.workloads import start_workload

Actor = Callable[[Machine, int, int], None]

ACTORS: dict[int, Actor] = {
    CPU: run_cpu,
    TIMER: timer,
    DISK: complete,
    NIC: frame_arrives,
    VMSTAT: refresh_vmstat,
    SCRIPT: run_script,
    WORKLOAD: start_workload,
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
    heap = m.state.heap
    while heap and heap[0][0] <= time_ns:
        turn(m)


def run_turns(m: Machine, count: int) -> int:
    """Make up to `count` turns; return how many there were."""
    made = 0
    while made < count and turn(m):
        made += 1
    return made
