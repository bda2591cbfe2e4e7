"""Who was killed and why that one, whose limit was reached, and who held most, as findings.

The points of the tasks follow mm/oom_kill.c:oom_badness, by the columns that the version prints:
resident pages, swap entries and page tables, and thousandths of all memory for oom_score_adj.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.explain.where import memory_table
from mmplay.engine.limits import Cgroup
from mmplay.engine.report import OomKill, Report, ReportKind
from mmplay.engine.rules.memory import ADJ_SCALE, score
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB

LARGEST = 5
"""Tasks that are named."""

EXEMPT = -1000
"""The oom_score_adj of a task that is never killed (OOM_SCORE_ADJ_MIN)."""

NO_LIMIT_KB = 1 << 52
"""A page counter without a limit prints nearly 2^63 bytes (PAGE_COUNTER_MAX)."""


class Task(NamedTuple):
    """One row of the task table. `pages` are those that count: resident, swapped, page tables."""

    comm: str
    pid: int
    uid: int
    rss: int
    pages: int
    adj: int

    @property
    def who(self) -> str:
        """Return name and number."""
        return f"{self.comm} ({self.pid})"


def tasks_of(report: Report) -> list[Task]:
    """Return the rows of the task table, in order."""
    page_bytes = page_kb(report) * 1024
    return [_task(row, page_bytes) for row in report.tasks]


def _task(row: dict[str, int | str], page_bytes: int) -> Task:
    number = {name: value for name, value in row.items() if isinstance(value, int)}
    tables = number.get("nr_ptes", 0) + number.get("nr_pmds", 0)
    tables += number.get("pgtables_bytes", 0) // page_bytes
    rss = number.get("rss", 0)
    pages = rss + number.get("swapents", 0) + tables
    comm = str(row.get("comm", ""))
    return Task(comm, number["pid"], number.get("uid", 0), rss, pages, number.get("adj", 0))


def page_kb(report: Report) -> int:
    """Return the page size by the report's free lists; 4 kB where it has none."""
    zones = report.memory.zones if report.memory is not None else []
    return zones[0].page_kb if zones else PAGE_KB


def both(kb: int) -> str:
    """Return kB in the unit that people read, and as they are printed where that is another."""
    return size(kb) if kb < 1024 else f"{size(kb)} ({kb} kB)"


def cgroup_findings(cgroup: Cgroup) -> list[Finding]:
    """Return usage against limit, what the memory was, swap, and where the victim lay."""
    if cgroup.usage_kb is None or cgroup.limit_kb is None:
        return [finding("cgroup.unnamed")]
    code = "cgroup.limit" if cgroup.limit_kb < NO_LIMIT_KB else "cgroup.unlimited"
    path = cgroup.path or "without a name"
    numbers = {"usage": cgroup.usage_kb, "limit": cgroup.limit_kb, "failcnt": cgroup.failcnt}
    found = [finding(code, path=path, **numbers)]
    rows = [(name, kb) for name, kb in cgroup_rows(cgroup) if kb]
    if cgroup.parts_kb:
        rows.sort(key=lambda row: -row[1])
        found.append(finding("cgroup.parts", parts=[f"{n} {both(kb)}" for n, kb in rows]))
    found += _swap(cgroup)
    if cgroup.path and cgroup.task_path not in (None, cgroup.path):
        found.append(finding("cgroup.below", task_path=cgroup.task_path))
    return found


def _swap(cgroup: Cgroup) -> list[Finding]:
    swap = cgroup.others.get("swap")
    if swap is not None and swap.limit_kb == 0:
        return [finding("cgroup.no_swap")]
    return [
        finding("cgroup.swap", name=name, usage=one.usage_kb, limit=one.limit_kb)
        for name, one in cgroup.others.items()
        if name != "kmem" and one.usage_kb and one.limit_kb < NO_LIMIT_KB
    ]


OWNERS_V2 = ("anon", "file", "kernel", "sock", "zswap")
KERNEL_V2 = ("slab", "kernel_stack", "pagetables", "sec_pagetables", "percpu", "vmalloc")
OWNERS_V1 = ("rss", "cache")


def cgroup_rows(cgroup: Cgroup) -> list[tuple[str, int]]:
    """Return (owner, kB) of everything that the cgroup is charged for; they add up to its usage.

    cgroup v2 counts the kernel's part in memory.stat, as a whole from 5.18 on; v1 in kmem.
    """
    parts = cgroup.parts_kb
    if "anon" in parts:
        names = [name for name in OWNERS_V2 if name in parts]
        names += [] if "kernel" in parts else [name for name in KERNEL_V2 if name in parts]
        rows = [(name, parts[name]) for name in names]
    else:
        rows = [(name, parts[name]) for name in OWNERS_V1 if name in parts]
        kmem = cgroup.others.get("kmem")
        rows += [("kernel (kmem)", kmem.usage_kb)] if kmem is not None else []
    left = (cgroup.usage_kb or 0) - sum(kb for _, kb in rows)
    return [*rows, ("not itemised", left)]


def victim_findings(report: Report, kernel: Kernel | None) -> list[Finding]:
    """Return who died with what it held, who invoked the killer, and why that one was chosen."""
    found: list[Finding] = []
    if report.nobody_killable:
        found.append(finding("victim.nobody"))
    if report.kill is None:
        return found or [finding("victim.unknown")]
    found += _died(report.kill)
    found += _why(report, report.kill, kernel)
    if report.also_killed:
        names = [f"{comm} ({pid})" for comm, pid in (kill.victim for kill in report.also_killed)]
        shown = [*names[:LARGEST], *(["others"] if len(names) > LARGEST else [])]
        found.append(finding("victim.others", count=len(names), tasks=shown))
    found += _invoker(report)
    return [*found, *([finding("victim.reaped")] if report.reaped else [])]


def _died(kill: OomKill) -> list[Finding]:
    comm, pid = kill.victim
    who = f"{comm} ({pid})"
    found = []
    if kill.killed_pid is None:
        return [finding("victim.chosen", who=who)]
    if kill.killed_pid != kill.pid:
        code = "victim.thread" if kill.score is None else "victim.child"
        found.append(finding(code, chosen=f"{kill.comm} ({kill.pid})", who=who))
    if kill.anon_rss_kb is None or kill.total_vm_kb is None:
        return [*found, finding("victim.named", who=who)]
    sizes = (
        ("anonymous", kill.anon_rss_kb),
        ("file", kill.file_rss_kb),
        ("shmem", kill.shmem_rss_kb),
    )
    parts = [f"{name} {both(kb)}" for name, kb in sizes if kb]
    held = parts or ["nothing resident"]
    return [*found, finding("victim.held", who=who, parts=held, total_vm=kill.total_vm_kb)]


def _invoker(report: Report) -> list[Finding]:
    request, kill = report.request, report.kill
    if request is None or request.pid is None or kill is None:
        return []
    itself = request.pid in (kill.pid, kill.killed_pid)
    return [finding("victim.itself")] if itself else []


def _why(report: Report, kill: OomKill, kernel: Kernel | None) -> list[Finding]:
    if report.why == "oom_kill_allocating_task":
        return [finding("victim.by_rule")]
    tasks = [task for task in tasks_of(report) if task.adj != EXEMPT]
    own = next((task for task in tasks if task.pid == kill.pid), None)
    total = total_pages(report)
    if own is None or total is None:
        return [] if kill.score is None else [finding("victim.score", score=kill.score)]
    weighed = sorted(((_points(task, total, kernel), task) for task in tasks), key=lambda w: -w[0])
    points = _points(own, total, kernel)
    found = [_compared(weighed, own, points, total)]
    second = next((w for w in weighed if w[1] is not own), None)
    if second is not None and found[0].code == "victim.most":
        found.append(finding("victim.second", who=second[1].who, points=second[0]))
    if kill.score is not None:
        computed = score(points, total)
        same = abs(computed - kill.score) <= 1
        code = "victim.score" if same else "victim.score_computed"
        found.append(finding(code, score=kill.score, computed=computed))
    return found


def _compared(weighed: list[tuple[int, Task]], own: Task, points: int, total: int) -> Finding:
    first, other = weighed[0]
    if first > points:
        return finding("victim.not_most", who=other.who, points=first, own=points)
    count, added = len(weighed), points - own.pages
    if not own.adj:
        return finding("victim.most", count=count, points=points)
    numbers = {"pages": own.pages, "adj": own.adj, "added": added, "points": points}
    return finding("victim.most_adjusted", count=count, **numbers)


def _points(task: Task, total: int, kernel: Kernel | None) -> int:
    """Return the points of a task; root's task counts as one that has CAP_SYS_ADMIN."""
    return task.pages + total // ADJ_SCALE * task.adj


def total_pages(report: Report) -> int | None:
    """Return what points are measured by: the memory of the limit that was reached, and swap.

    Pages. None where the report does not say. Source: constrained_alloc, mem_cgroup_get_max.
    """
    if report.kind is ReportKind.MEMCG_OOM:
        swapped = any(row.get("swapents") for row in report.tasks)
        return _limit_pages(report.cgroup, page_kb(report), swapped)
    table = memory_table(report)
    if table is None:
        return None
    return table.managed + (table.swap.total_kb // table.page_kb if table.swap else 0)


def _limit_pages(cgroup: Cgroup | None, page_kb: int, swapped: object) -> int | None:
    """Without a limit on swap all swap of the machine counts, which no line of a cgroup tells."""
    if cgroup is None or cgroup.limit_kb is None or cgroup.limit_kb >= NO_LIMIT_KB:
        return None
    both, swap = cgroup.others.get("memory+swap"), cgroup.others.get("swap")
    if both is not None and both.limit_kb < NO_LIMIT_KB:
        return max(cgroup.limit_kb, both.limit_kb) // page_kb
    if swap is not None and swap.limit_kb < NO_LIMIT_KB:
        return (cgroup.limit_kb + swap.limit_kb) // page_kb
    return None if swapped else cgroup.limit_kb // page_kb


def task_findings(report: Report) -> list[Finding]:
    """Return the largest tasks with their share, and names that many tasks share."""
    tasks = sorted(tasks_of(report), key=lambda task: -task.rss)
    whole, kb = _whole_pages(report), page_kb(report)
    if not tasks or not tasks[0].rss:
        return []
    largest = [_held(task.who, task.rss, whole, kb) for task in tasks[:LARGEST] if task.rss]
    found = [finding("tasks.largest", tasks=largest)]
    groups: dict[str, list[int]] = {}
    for task in tasks:
        groups.setdefault(task.comm, []).append(task.rss)
    many = [(name, rss) for name, rss in groups.items() if len(rss) > 1 and sum(rss) > tasks[0].rss]
    many.sort(key=lambda row: -sum(row[1]))
    if many:
        shown = [_held(f"{len(rss)} x {name}", sum(rss), whole, kb) for name, rss in many[:LARGEST]]
        found.append(finding("tasks.by_name", tasks=shown))
    return found


def _held(who: str, pages: int, whole: int | None, kb: int) -> str:
    share = f", {(pages * 200 + whole) // (2 * whole)} %" if whole else ""
    return f"{who} {size(pages * kb)} ({pages} pages{share})"


def _whole_pages(report: Report) -> int | None:
    if report.kind is ReportKind.MEMCG_OOM:
        cgroup = report.cgroup
        return None if cgroup is None or not cgroup.usage_kb else cgroup.usage_kb // page_kb(report)
    table = memory_table(report)
    return None if table is None else table.managed
