"""A start from one Mem-Info frame of a log: the incident's machine at its OOM kill, or any other.

Zone rows win over totals. Marks and reserves are as printed, so far as the kernel that runs is the
one that printed them. Tasks are those of the incident's reproducer; an OOM report that is being
printed goes on to its kill.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.report import Report
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.asks import ANON, CACHE_PAGE
from mmplay.engine.sim.machine.machine import Machine, enqueue, sleep_until
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Setup, Workload
from mmplay.engine.sim.mm.balance import EXCEEDED_CHECK
from mmplay.engine.sim.mm.slowpath import KILL, RETRY
from mmplay.engine.sim.mm.vmscan import SWAP_CLUSTER_MAX
from mmplay.engine.sim.run.exit import wait_for_lock
from mmplay.engine.sim.run.programs import LOCKER, PARENT
from mmplay.engine.sim.run.workloads import add_task
from mmplay.engine.sim.starts.common import (
    CALIBRATED,
    KERNEL_LOADS,
    KTHREADD,
    RULES,
    Choice,
    add_caches,
    add_kernel_threads,
    block,
    empty_state,
    fill_ring,
    plain_setup,
    reasons,
    start_events,
    value,
)
from mmplay.engine.sim.starts.zones import zones_of
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.tasks import BLOCKED, RUNNABLE

WRITERS, EATER = len(KERNEL_LOADS), len(KERNEL_LOADS) + 1
UNTIL_ALL_WRITTEN = 2
"""The flusher waits until nothing is under I/O any more: the disk never gets there."""

ASSUMED_COSTS = (
    *("page_ns", "write_ns", "packet_ns", "exit_ns", "exit_slab_pages"),
    *("disk_requests", "pages_per_request"),
)
OF_OTHERS = "reclaim_call_ns"
"""The cost of any other machine; the incident's has its own."""

WORKS = "kmalloc-64"
"""The cache of works (struct wb_writeback_work)."""

HARDWARE = "QEMU Standard PC (i440FX + PIIX, 1996)"


def from_report(report: Report, printed_by: Kernel, choice: Choice) -> Machine:
    """Return the machine of a report, at the moment of its Mem-Info; raises InputError."""
    dump = report.memory
    if dump is None or dump.time_us is None:
        raise InputError("this frame has no Mem-Info of its own; choose a frame that has one")
    start_ns = dump.time_us * 1000
    setup = _setup(report, choice, start_ns)
    state = empty_state(choice.kernel, choice, setup.cpus, start_ns)
    state.zones = zones_of(dump, choice.kernel, printed_by, state)
    state.drift = 1
    setup = setup._replace(assumed=(*setup.assumed, *_rules(report, state)))
    state.min_free_kbytes = 4 * sum(zone.min for zone in state.zones)
    logged = _logged_slabs(report)
    add_caches(setup, state, {WORKS: value("works_slabs") if logged is None else logged})
    fill_ring(state)
    state.under_io = sum(zone.writeback for zone in state.zones)
    state.disk_rate = value("completion_rate")
    state.disk_left = value("completions")
    state.dirty_limit = sum(zone.dirty + zone.writeback for zone in state.zones)
    m = Machine(setup, state)
    _add_tasks(m, report, start_ns)
    start_events(m)
    return m


def _rules(report: Report, state: State) -> list[str]:
    """Return by which rules the machine was filled, each a line of the run's header."""
    other = ", ".join(f"{zone.name} {zone.other}" for zone in state.zones)
    named = [*RULES["frame"], f"other pages, which no counter names: {other}"]
    if report.kill is not None:
        named += RULES["kill"]
    return named


def _logged_slabs(report: Report) -> int | None:
    """Return the slabs of works that the report's own SLUB lines count, all full; None if none do.

    Slabs with free objects would have served the request.
    """
    slub = report.request.slub if report.request is not None else None
    if slub is None or slub.cache != WORKS:
        return None
    return sum(slabs for _, slabs, _, _ in slub.nodes)


def _setup(report: Report, choice: Choice, start_ns: int) -> Setup:
    kill_ns = _kill_ns(report, start_ns)
    rate = value("flows") if choice.packets < 0 else choice.packets
    loads = (
        Workload(
            "file_io", "writer", value("groups"), value("writers") + 1, adj=1000, numbered=True
        ),
        Workload("memeater", "eater", 1),
    )
    disk = DiskKind(
        pages_per_second=value("completion_rate"),
        requests=value("disk_requests"),
        pages_per_request=value("pages_per_request"),
        start_ns=kill_ns,
        stall_after=value("completions"),
    )
    slabs = ("works_slabs",) if _logged_slabs(report) is None else ()
    assumed = (
        "cpus",
        "cpu_ids",
        "flow_cpu",
        "groups",
        "writers",
        *slabs,
        *ASSUMED_COSTS,
    )
    cpus, cpu_ids = value("cpus"), value("cpu_ids")
    setup = plain_setup(choice, "incident", cpus, disk, loads, assumed, cpu_ids)
    kthreadd, *others = setup.workloads
    kthreadd = kthreadd._replace(start_ns=start_ns + value("kthread_ask_ns"))
    return setup._replace(
        hardware=HARDWARE,
        costs=setup.costs._replace(reclaim_call=value("incident_reclaim_call_ns")),
        flow=Flow(rate, 1, cpu=min(value("flow_cpu"), cpus - 1)),
        workloads=(kthreadd, *others),
        calibrated=reasons(CALIBRATED, tuple(name for name in CALIBRATED if name != OF_OTHERS)),
    )


def _kill_ns(report: Report, start_ns: int) -> int:
    kill = report.kill
    if kill is None or kill.time_us is None:
        return start_ns
    return kill.time_us * 1000


def _add_tasks(m: Machine, report: Report, start_ns: int) -> None:
    """Add the kernel's threads, the eater that prints, and the writers, all in reclaim."""
    add_kernel_threads(m)
    state = m.state
    tasks = state.tasks
    block(m, state.kswapd_task)
    block(m, state.flusher_task)
    state.flusher_waits = UNTIL_ALL_WRITTEN
    sleep_until(m, 0, m.setup.workloads[KTHREADD].start_ns)
    kill = report.kill
    victim = kill.killed_pid if kill is not None else None
    state.next_pid = (victim or 1001) - 1
    _add_eater(m, report)
    for group in range(m.setup.workloads[WRITERS].groups):
        _add_writers(m, report, group)
    for task in reversed(range(len(tasks))):
        if tasks.stage[task] == RETRY and tasks.load[task] == WRITERS:
            _wait_for_report(m, report, task)
    _hold_isolated(m)


def _add_eater(m: Machine, report: Report) -> None:
    state, tasks = m.state, m.state.tasks
    eater = add_task(m, EATER, 0, m.setup.workloads[EATER].name)
    tasks.purpose[eater] = ANON
    tasks.ask[eater] = m.masks.fault
    for zone in state.zones:
        (tasks.rss0, tasks.rss1, tasks.rss2, tasks.rss3)[zone.index][eater] = zone.active_anon // 2
    if report.kill is None:
        tasks.state[eater] = RUNNABLE
        tasks.stage[eater] = RETRY
        enqueue(m, eater)
        return
    state.oom_lock = 1
    tasks.stage[eater] = KILL
    sleep_until(m, eater, _kill_ns(report, state.now_ns), BLOCKED)


def _hold_isolated(m: Machine) -> None:
    """Let the pages that reclaimers hold off the lists be held: a batch by kswapd, which is stuck.

    Assumed: 32 pages stay isolated to the end of the log, as they do while kswapd waits in a write.
    """
    tasks = m.state.tasks
    writers = iter([task for task in range(len(tasks)) if tasks.stage[task] == RETRY])
    for zone in m.state.zones:
        left = zone.isolated_file
        if left >= SWAP_CLUSTER_MAX:
            tasks.isolated[m.state.kswapd_task] = zone.index << 8 | SWAP_CLUSTER_MAX
            left -= SWAP_CLUSTER_MAX
        while left:
            count = min(left, SWAP_CLUSTER_MAX)
            tasks.isolated[next(writers)] = zone.index << 8 | count
            left -= count


def _wait_for_report(m: Machine, report: Report, writer: int) -> None:
    """Let a writer go on when the report is out.

    The youngest go first. Assumed: a logged dump has the same free pages in its first line and,
    23 ms later, in its zone lines, so that nobody drew on the reserves while it was printed. They
    get no credit for it.
    """
    tasks = m.state.tasks
    tasks.until_ns[writer] = _kill_ns(report, m.state.now_ns)
    sleep_until(m, writer, tasks.until_ns[writer], BLOCKED)
    tasks.since_ns[writer] = tasks.until_ns[writer]


def _add_writers(m: Machine, report: Report, group: int) -> None:
    """Add one fork: a parent that pauses, and its writers."""
    tasks = m.state.tasks
    load = m.setup.workloads[WRITERS]
    name = f"{load.name}.{group:02d}"
    parent = add_task(m, WRITERS, 0, name, pc=0)
    tasks.kind[parent] = PARENT
    kill = report.kill
    if kill is not None and kill.anon_rss_kb is not None:
        tasks.rss1[parent] = kill.anon_rss_kb // 4
        tasks.file_rss[parent] = (kill.file_rss_kb or 0) // 4
        tasks.vm_kb[parent] = kill.total_vm_kb or 0
        if tasks.pid[parent] == kill.killed_pid:
            wait_for_lock(m, parent, LOCKER)
    for _ in range(load.per_group - 1):
        writer = add_task(m, WRITERS, tasks.pid[parent], name)
        tasks.purpose[writer] = CACHE_PAGE
        tasks.ask[writer] = m.masks.page_cache
        tasks.stage[writer] = RETRY
        tasks.pause_at[writer] = 1 + writer % EXCEEDED_CHECK
