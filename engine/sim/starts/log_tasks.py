"""Tasks of a log's own task table, as an OOM report prints it (dump_tasks, mm/oom_kill.c).

Each row is a process that holds its memory and sleeps; the one whose request the report is about
goes on with it. The table counts resident pages; they are anonymous as far as the zones have so
many, each process having an equal share of its own, the rest are file pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmplay.engine.report import Report
from mmplay.engine.rules.watermarks import PAGE_BYTES, PAGE_KB
from mmplay.engine.sim.machine.asks import ANON, USER
from mmplay.engine.sim.machine.machine import Machine, enqueue, sleep_until
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.mm.oom import mark_victim
from mmplay.engine.sim.mm.slowpath import RETRY
from mmplay.engine.sim.run.programs import ALLOCATOR, EATER
from mmplay.engine.sim.run.workloads import add_task
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.starts.unsaid import asking_row
from mmplay.engine.sim.state.tasks import BLOCKED, RUNNABLE
from mmplay.engine.sim.state.zone import Zone

Row = Mapping[str, int | str]

TABLE = Workload("table", "parent", 0)
"""Processes of the table: they sleep, and a signal wakes them."""


def loads_of(report: Report) -> tuple[Workload, ...]:
    """Return the workloads of a report's tasks: none without a table."""
    row = asking_row(report)
    if not report.tasks:
        return ()
    if row is None:
        return (TABLE,)
    request = report.request
    order = (request.order or 0) if request is not None else 0
    return TABLE, Workload("asking", "eater", 0, order=max(0, order))


def widen_anon(report: Report, zones: Sequence[Zone]) -> None:
    """Let the tasks' memory lie on the active lists, from where it is freed when they end.

    Which list a page was on does not matter without swap; pages of shmem belong to no task.
    """
    if not report.tasks:
        return
    for zone in zones:
        moved = max(0, zone.inactive_anon - zone.shmem)
        zone.inactive_anon -= moved
        zone.active_anon += moved


def add_table(m: Machine, told: Told, more_pages: int = 0) -> None:
    """Add the tasks of the table, the victim that the log names, and the request that goes on.

    Their workloads (`loads_of`) are the last of the setup; the one that asked asks for so many
    pages more.
    """
    report, loads = told.report, loads_of(told.report)
    rows = [row for row in report.tasks if _number(row, "pid") > 0]
    if not rows:
        return
    load = len(m.setup.workloads) - len(loads)
    first = m.state.next_pid
    for row, pages in zip(rows, _shares(m, rows), strict=True):
        _add_row(m, load, row, pages)
    m.state.next_pid = max(first, 1 + max(m.state.tasks.pid))
    until_ns = _let_die(m, report)
    if len(loads) > 1:
        _go_on(m, load + 1, told, more_pages, until_ns)


def _number(row: Row, name: str) -> int:
    value = row.get(name, 0)
    return value if isinstance(value, int) else 0


def _resident(row: Row) -> tuple[int, int]:
    """Return (anonymous, other) resident pages; a table without the parts has them as one."""
    if "rss_anon" in row:
        anon = _number(row, "rss_anon")
        return anon, max(0, _number(row, "rss") - anon)
    return _number(row, "rss"), 0


def _shares(m: Machine, rows: Sequence[Row]) -> list[tuple[list[int], int]]:
    """Return (anonymous pages by zone, file pages) of each row."""
    there = [zone.active_anon for zone in m.state.zones]
    wanted = sum(_resident(row)[0] for row in rows)
    every = max(1, wanted, sum(there))
    found = []
    for row in rows:
        anon, other = _resident(row)
        parts = [anon * pages // every for pages in there]
        found.append((parts, anon - sum(parts) + other))
    return found


def _add_row(m: Machine, load: int, row: Row, pages: tuple[list[int], int]) -> None:
    anon, file_pages = pages
    columns = {f"rss{zone.index}": n for zone, n in zip(m.state.zones, anon, strict=True)}
    m.state.next_pid = _number(row, "pid")
    task = add_task(
        m,
        load,
        0,
        str(row.get("comm", ""))[:15],
        **columns,
        file_rss=file_pages,
        tables=_tables(row),
        vm_kb=_number(row, "total_vm") * PAGE_KB,
    )
    m.state.tasks.adj[task] = _number(row, "adj")


def _tables(row: Row) -> int:
    """Return the pages of page tables: counted in pages, later in bytes."""
    if "pgtables_bytes" in row:
        return _number(row, "pgtables_bytes") // PAGE_BYTES
    return _number(row, "nr_ptes") + _number(row, "nr_pmds")


def _let_die(m: Machine, report: Report) -> int:
    """Let the victim that the log names be one; return when it gets the signal, else now."""
    kill, state = report.kill, m.state
    pid = kill.victim[1] if kill is not None else 0
    if kill is None or pid not in state.tasks.pid:
        return state.now_ns
    mark_victim(m, state.tasks.pid.index(pid))
    return max(state.now_ns, (kill.time_us or 0) * 1000)


def victim_script(report: Report, start_ns: int) -> tuple[tuple[int, str, str], ...]:
    """Return the log's own kill as an event of the script; none if the table has no such task."""
    kill = report.kill
    pids = {row.get("pid") for row in report.tasks}
    if kill is None or kill.victim[1] not in pids:
        return ()
    return ((max(start_ns, (kill.time_us or 0) * 1000), "kill_group", str(kill.victim[1])),)


def _go_on(m: Machine, load: int, told: Told, more: int, at_ns: int) -> None:
    """Let the task whose request the report is about stand in the slow path, once the kill is out.

    A request for a user's page is a page fault; any other is one of GFP_KERNEL, of its order.
    """
    request, tasks = told.report.request, m.state.tasks
    if request is None:
        return
    task = tasks.pid.index(request.pid or 0)
    order = max(0, request.order or 0)
    fault = not order and told.printed_by.gfp.has(request.mode or 0, "__GFP_MOVABLE")
    tasks.kind[task] = EATER if fault else ALLOCATOR
    tasks.load[task] = load
    tasks.purpose[task] = ANON if fault else USER
    tasks.ask[task] = m.masks.fault if fault else m.masks.kernel
    tasks.order[task] = order
    tasks.want[task] = (1 << order) + more
    tasks.stage[task] = RETRY
    if at_ns > m.state.now_ns:
        sleep_until(m, task, at_ns, BLOCKED)
        return
    tasks.state[task] = RUNNABLE
    enqueue(m, task)
