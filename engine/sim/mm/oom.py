"""The OOM killer: who is chosen, what is printed, who gets the signal.

Source: mm/oom_kill.c of 4.5 (out_of_memory, oom_badness, select_bad_process, oom_kill_process,
mark_oom_victim) and, for the reaper, of 4.6. Every task here is a process of its own; those of one
`group` share an mm, and the first task of a workload's parent has forked it. Task tables are not
printed (vm.oom_dump_tasks is 0, as in the incident's logs).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mmplay.engine.report import BY_HAND
from mmplay.engine.rules import memory
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.log.reports import KILLS, allowed, named, show_mem
from mmplay.engine.sim.log.stacks import OOM, OOM_BY_HAND, TASK, WORKER, Caller, dump_stack
from mmplay.engine.sim.machine.asks import Ask, ask_key
from mmplay.engine.sim.machine.machine import WORKER_KILL, wake
from mmplay.engine.sim.machine.page_decisions import (
    OomAborts,
    OomKillProcess,
    OutOfMemory,
    SacrificeChild,
)
from mmplay.engine.sim.machine.setup import JIFFY_NS
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.state.tasks import (
    EXITED,
    EXITING,
    FATAL,
    KTHREAD,
    SLEEPING,
    THROTTLED,
    TIF_MEMDIE,
    Tasks,
)

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

ADJ_MIN = -1000
NOBODY = -1
ROOT = 0
"""The uid whose tasks have CAP_SYS_ADMIN."""
TABLES_OF_PMD = 512
"""PTRS_PER_PMD: page tables of one page of the middle level."""


def total_pages(m: Machine) -> int:
    """Return the pages that scores are measured against: all managed ones; there is no swap."""
    return sum(zone.managed for zone in m.state.zones)


def badness(m: Machine, task: int) -> int:
    """Return a task's points: what killing it frees, plus its oom_score_adj in pages.

    Page tables of both levels count (nr_ptes, nr_pmds); root is forgiven 3 % of its pages.
    """
    tasks, rule = m.state.tasks, m.kernel.oom
    owner = _owner(tasks, task)
    tables = tasks.tables[owner]
    pages = tasks.rss(owner) + tasks.file_rss[owner] + tables + -(-tables // TABLES_OF_PMD)
    is_root = m.setup.workloads[tasks.load[task]].uid == ROOT
    points = rule.points_of_root if is_root else rule.points
    return int(points(pages, tasks.adj[task], total_pages(m)))


def _owner(tasks: Tasks, task: int) -> int:
    """Return the task that the counts of a shared mm are kept with: the first of its group."""
    return tasks.pid.index(tasks.group[task]) if tasks.group[task] else task


def score(m: Machine, task: int) -> int:
    """Return the points as the kill line prints them, in thousandths of all memory."""
    return memory.score(badness(m, task), total_pages(m))


def select_worst(m: Machine) -> int:
    """Return the task with most points, of equal ones the first; NOBODY if none may be killed."""
    return _worst_of(m, range(len(m.state.tasks)))


def _worst_of(m: Machine, which: Iterable[int]) -> int:
    tasks = m.state.tasks
    worst, most = NOBODY, 0
    known: dict[tuple[int, int, int], int] = {}
    for task in which:
        if tasks.flags[task] & (KTHREAD | EXITING) or not tasks.group[task]:
            continue
        if tasks.adj[task] == ADJ_MIN:
            continue
        key = (tasks.group[task], tasks.adj[task], tasks.load[task])
        bad = known.get(key)
        if bad is None:
            bad = known[key] = badness(m, task)
        if bad > most:
            worst, most = task, bad
    return worst


def child_of(m: Machine, task: int) -> int:
    """Return the worst child with an mm of its own, which dies in a task's stead; NOBODY if none.

    Whoever has no points (oom_score_adj -1000) is spared as a child, too.
    """
    tasks, loads = m.state.tasks, m.setup.workloads
    if tasks.load.index(tasks.load[task]) != task:
        return NOBODY
    name = loads[tasks.load[task]].name
    children = {number for number, load in enumerate(loads) if load.parent == name}
    return _worst_of(m, [one for one in range(len(tasks)) if tasks.load[one] in children])


def out_of_memory(
    m: Machine, task: int, cpu: int, caller: Caller, ask: Ask, kill_stage: int
) -> int:
    """Decide what to do about a request that nothing can satisfy; return the time taken.

    A dying task is let at the reserves; while a victim has not died yet nothing is killed; else
    the report is printed and the task goes on at `kill_stage`, holding the OOM lock.
    """
    state = m.state
    tasks = state.tasks
    if tasks.flags[task] & (FATAL | EXITING) == FATAL:
        mark_victim(m, task)
        return 0
    if state.oom_victims:
        state.counters.oom_aborts += 1
        if m.tell is not None:
            m.tell(OomAborts(task, state.oom_victims))
        return 0
    if select_worst(m) == NOBODY:
        m.printk("panic/4.5", {})
        state.heap.clear()
        return 0
    state.oom_lock = 1
    tasks.stage[task] = kill_stage
    if m.tell is not None:
        m.tell(OutOfMemory(task, ask.gfp, tasks.order[task]))
    if allowed(m, KILLS):
        m.line_ns = m.setup.costs.oom_print_line
        _print_header(m, caller, ask, tasks.order[task], tasks.adj[task], OOM)
        m.line_ns = m.setup.costs.print_line
    return 1


def _print_header(
    m: Machine, caller: Caller, ask: Ask, order: int, adj: int, report: tuple[str, ...]
) -> None:
    """Print who invoked the killer, how, and the memory (dump_header)."""
    comm = caller.comm(m)
    values = {"comm": comm, "mode": ask.gfp, "order": order, "adj": adj}
    m.printk(m.rules.oom_form, named(m, values, ask.gfp))
    m.printk("cpuset/4.5", {"comm": comm, "cpuset": "/", "mems": "0"})
    dump_stack(m, caller, ask, report)
    show_mem(m, caller.cpu)


def kill_by_hand(m: Machine, cpu: int) -> None:
    """Do what sysrq-f asks for: report and kill, whatever is free and whoever is dying already.

    A victim that has not died yet does not stop it (oom_scan_process_thread), and may well be
    chosen again. While a task holds oom_lock for its report the worker waits: it looks again
    each jiffy. Source: drivers/tty/sysrq.c:moom_callback (4.5).
    """
    if m.state.oom_lock:
        m.push(m.state.now_ns + JIFFY_NS, WORKER_KILL, cpu)
        return
    caller = Caller(TASK, WORKER, cpu, m.masks.kernel, Context.TASK, "sysrq")
    if allowed(m, KILLS):
        _print_header(m, caller, m.ask(ask_key(m.masks.kernel)), BY_HAND, 0, OOM_BY_HAND)
    kill_worst(m, cpu)


def kill_worst(m: Machine, cpu: int) -> None:
    """Kill the worst task, or a child in its stead: SIGKILL to all that share the victim's mm.

    Of the two lines the first is about the one that was chosen; one task gets the reserves.
    """
    state = m.state
    tasks = state.tasks
    chosen = select_worst(m)
    if chosen == NOBODY:
        return
    m.printk("kill/4.5", {**_named(tasks, chosen), "score": score(m, chosen)})
    child = child_of(m, chosen)
    victim = chosen if child == NOBODY else child
    if victim != chosen and m.tell is not None:
        m.tell(SacrificeChild(chosen, victim, badness(m, victim)))
    owner = _owner(tasks, victim)
    rss = {
        "anon_rss": tasks.rss(owner) * PAGE_KB,
        "file_rss": tasks.file_rss[owner] * PAGE_KB,
        "shmem_rss": 0,
    }
    total_vm = tasks.vm_kb[owner] or rss["anon_rss"] + rss["file_rss"]
    m.printk("killed/4.5", {**_named(tasks, victim), "total_vm": total_vm, **rss})
    state.counters.oom_kill += 1
    if m.tell is not None:
        m.tell(OomKillProcess(victim, badness(m, victim), total_pages(m)))
    mark_victim(m, victim)
    for other in range(len(tasks)):
        if tasks.group[other] == tasks.group[victim] and tasks.state[other] != EXITED:
            send_kill(m, other)
    if state.oom_reaper:
        _reap(m, victim, owner, cpu)


def _named(tasks: Tasks, task: int) -> dict[str, object]:
    return {"pid": tasks.pid[task], "comm": tasks.names[task]}


def send_kill(m: Machine, task: int) -> None:
    """Send SIGKILL: who sleeps interruptibly wakes, who is blocked does not."""
    tasks = m.state.tasks
    tasks.flags[task] |= FATAL
    if tasks.state[task] in (SLEEPING, THROTTLED):
        wake(m, task)


def mark_victim(m: Machine, task: int) -> None:
    """Let a dying task ignore the floors (TIF_MEMDIE)."""
    tasks = m.state.tasks
    if not tasks.flags[task] & TIF_MEMDIE:
        tasks.flags[task] |= TIF_MEMDIE
        m.state.oom_victims += 1


def unmark_victim(m: Machine, task: int) -> None:
    """The victim is gone: the killer may choose again (exit_oom_victim)."""
    tasks = m.state.tasks
    if tasks.flags[task] & TIF_MEMDIE:
        tasks.flags[task] &= ~TIF_MEMDIE
        m.state.oom_victims -= 1


def _reap(m: Machine, victim: int, owner: int, cpu: int) -> None:
    """Take the anonymous pages of a victim at once; it then no longer blocks the killer."""
    tasks = m.state.tasks
    m.state.counters.oom_reaped += free_anon(m, owner, cpu)
    values = {"anon_rss": 0, "file_rss": tasks.file_rss[owner] * PAGE_KB, "shmem_rss": 0}
    m.printk("reaped/4.6", {"pid": tasks.pid[victim], "comm": tasks.names[victim], **values})
    unmark_victim(m, victim)


def free_anon(m: Machine, owner: int, cpu: int) -> int:
    """Free the anonymous pages of an mm; return how many there were."""
    tasks = m.state.tasks
    freed = 0
    for zone in m.state.zones:
        column = (tasks.rss0, tasks.rss1, tasks.rss2, tasks.rss3)[zone.index]
        pages = min(column[owner], zone.active_anon)
        if pages:
            zone.active_anon -= pages
            give_pages(m, zone, cpu, pages, cold=False)
            freed += pages
        column[owner] = 0
    return freed
