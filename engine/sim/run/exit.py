"""How a task ends: what it gives back, and when.

Source: kernel/exit.c and kernel/fork.c of 4.5 (do_exit, exit_mm, release_task, free_task). Besides
its kernel stack a task gives back a few pages of slab objects (`Costs.exit_slab_pages`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.decisions import DoExit
from mmplay.engine.sim.machine.machine import wait
from mmplay.engine.sim.mm.oom import free_anon, unmark_victim
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.state.tasks import EXITED, EXITING, KTHREAD

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

STACK_PAGES = 4
"""THREAD_SIZE of x86_64 is 16 kB."""


def exit_task(m: Machine, task: int, cpu: int) -> int:
    """End a task; return the time it took."""
    state = m.state
    tasks = state.tasks
    tasks.flags[task] |= EXITING
    unmark_victim(m, task)
    pages = 0
    group = tasks.group[task]
    wait(m, task, EXITED)
    others = any(
        tasks.group[other] == group and tasks.state[other] != EXITED for other in range(len(tasks))
    )
    if group and not others:
        owner = tasks.pid.index(group)
        pages += free_anon(m, owner, cpu)
        pages += _free_tables(m, owner, cpu)
    pages += _free_task(m, task, cpu)
    if tasks.dirtied[task]:
        state.dirtiers = max(0, state.dirtiers - 1)
    if m.tell is not None:
        m.tell(DoExit(task, pages))
    return m.setup.costs.exit_task + pages * m.setup.costs.page


def _free_tables(m: Machine, owner: int, cpu: int) -> int:
    tables = m.state.tasks.tables[owner]
    freed = 0
    for zone in reversed(m.state.zones):
        pages = min(tables - freed, zone.pagetables)
        if pages:
            zone.pagetables -= pages
            give_pages(m, zone, cpu, pages, cold=False)
            freed += pages
    m.state.tasks.tables[owner] = 0
    return freed


def _free_task(m: Machine, task: int, cpu: int) -> int:
    """Give back the kernel stack and the task's slab objects."""
    zone = next((zone for zone in reversed(m.state.zones) if zone.stack_pages >= STACK_PAGES), None)
    if zone is None or m.state.tasks.flags[task] & KTHREAD:
        return 0
    slab = min(m.setup.costs.exit_slab_pages, zone.slab_base)
    zone.stack_pages -= STACK_PAGES
    zone.slab_base -= slab
    zone.slab_unreclaimable -= slab
    give_pages(m, zone, cpu, STACK_PAGES + slab, cold=False)
    return STACK_PAGES + slab
