"""Why the OOM killer chose that task: its points against those of the others.

The points follow the version's mm/oom_kill.c:oom_badness: resident pages, swap entries and page
tables, and thousandths of all memory for oom_score_adj. Up to 4.16 a task with CAP_SYS_ADMIN is
forgiven something; whether root's tasks have it (in a container they may not) is taken from the
score that the kernel printed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.where import memory_table, summed
from mmplay.engine.report import Cgroup, OomKill, Report, ReportKind
from mmplay.engine.rules.memory import ADJ_SCALE, PointsRule, score
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB

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


PLAIN = PointsRule("bytes", "", None, scaled=False)
"""How tasks are weighed where the version is not known: nothing forgiven, no bound."""


Points = Callable[[int, int, int], int]
"""From pages, oom_score_adj and all pages to points."""


class Weighing(NamedTuple):
    """The points of the tasks that may be killed, most first, by one reading of the rule."""

    rule: PointsRule
    total: int
    forgiven: bool
    weighed: list[tuple[int, Task]]

    def points_of(self, task: Task) -> int:
        """Return the points of one of the tasks."""
        return next(points for points, one in self.weighed if one is task)

    def score_of(self, task: Task) -> int | None:
        """Return a task's points as the kernel prints them, None where that is not known."""
        points = self.points_of(task)
        if self.rule.scaled:
            return points
        return score(points, self.total) if self.total else None


def chosen_findings(report: Report, kill: OomKill, kernel: Kernel | None) -> list[Finding]:
    """Return why this task was chosen; only its printed score where the table says no more."""
    if report.why == "oom_kill_allocating_task":
        return [finding("victim.by_rule")]
    if kill.killed_pid not in (None, kill.pid) and not is_thread(report, kill):
        return _of_parent(kill)
    rule = kernel.oom if kernel is not None else PLAIN
    tasks = [task for task in tasks_of(report) if task.adj != EXEMPT]
    own = next((task for task in tasks if task.pid in (kill.pid, kill.killed_pid)), None)
    total = total_pages(report)
    weighed = total or not (rule.scaled or any(task.adj for task in tasks))
    if own is None or not weighed or not rule.covered:
        return [] if kill.score is None else [finding("victim.score", score=kill.score)]
    rules = (rule.points, rule.points_of_root)
    readings = [_weigh(rule, tasks, total or 0, one) for one in rules]
    fitting = [one for one in readings if kill.score in (None, one.score_of(own))]
    weighing = (fitting or readings)[0]
    found = _compared(weighing, own)
    if kill.score is not None:
        code = "victim.score" if fitting or not total else "victim.score_computed"
        found.append(finding(code, score=kill.score, computed=weighing.score_of(own)))
    return found


def is_thread(report: Report, kill: OomKill) -> bool:
    """Tell whether the chosen task is a thread of the process that died, and not its parent.

    The table has a row a process: whoever was chosen without one is a thread of one that has.
    """
    pids = {task.pid for task in tasks_of(report)}
    return kill.killed_pid in pids and kill.pid not in pids


def _of_parent(kill: OomKill) -> list[Finding]:
    """A child dies for its parent: the points are the parent's, and decided nothing of the child's.

    Source: oom_kill_process up to 5.1, "or sacrifice child".
    """
    if kill.score is None:
        return []
    return [finding("victim.score_of", who=f"{kill.comm} ({kill.pid})", score=kill.score)]


def _weigh(rule: PointsRule, tasks: list[Task], total: int, of_root: Points) -> Weighing:
    """Weigh every task; `of_root` weighs those of root."""
    weighed = [
        ((of_root if task.uid == 0 else rule.points)(task.pages, task.adj, total), task)
        for task in tasks
    ]
    forgiven = of_root == rule.points_of_root and rule.root != ""
    return Weighing(rule, total, forgiven, sorted(weighed, key=lambda one: -one[0]))


def _compared(weighing: Weighing, own: Task) -> list[Finding]:
    points, (most, first) = weighing.points_of(own), weighing.weighed[0]
    if most > points:
        return [finding("victim.not_most", who=first.who, points=most, own=points)]
    count = len(weighing.weighed)
    if count == 1:
        return [finding("victim.only")]
    unit = "thousandths of all memory" if weighing.rule.scaled else "pages"
    code = "victim.most" if points == own.pages else "victim.most_other"
    found = [finding(code, count=count, points=points, unit=unit, pages=own.pages)]
    if own.adj:
        added = own.adj if weighing.rule.scaled else weighing.total // ADJ_SCALE * own.adj
        found.append(finding("victim.adjusted", adj=own.adj, added=added))
    if weighing.forgiven and own.uid == 0:
        found.append(finding("victim.forgiven"))
    second = next((one for one in weighing.weighed if one[1] is not own), None)
    if second is not None:
        found.append(finding("victim.second", who=second[1].who, points=second[0]))
    return found


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
    swap = table.swap.total_kb // table.page_kb if table.swap else 0
    own = _of_nodes(report) if report.kind is ReportKind.CPUSET_OOM else table.managed
    return None if own is None else own + swap


def _of_nodes(report: Report) -> int | None:
    """Return the pages of the nodes that the request may use: a cpuset's kill goes by them."""
    request, dump = report.request, report.memory
    nodes = None if request is None else request.nodemask or request.mems_allowed
    if nodes is None or dump is None:
        return None
    return summed([zone.pages("present") for zone in dump.zones if zone.node in nodes])


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
