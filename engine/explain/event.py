"""What is said of one event besides its zones: limit, victim, memory, tasks, its own numbers.

The limit that was reached, who was killed and who held most stand first; why that one was chosen
is told by `chosen`, where the memory was by `where`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.chosen import (
    EXEMPT,
    NO_LIMIT_KB,
    chosen_findings,
    is_thread,
    page_kb,
    tasks_of,
)
from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.explain.looks import tables_refused
from mmplay.engine.explain.where import memory_findings, memory_table
from mmplay.engine.report import Cgroup, Report, ReportKind
from mmplay.engine.rules.versions import Kernel

LARGEST = 5
"""Tasks that are named."""


def both(kb: int) -> str:
    """Return kB in the unit that people read, and as they are printed where that is another."""
    return size(kb) if kb < 1024 else f"{size(kb)} ({kb} kB)"


def cgroup_findings(cgroup: Cgroup) -> list[Finding]:
    """Return usage against limit, what the memory was, swap, and where the victim lay."""
    if cgroup.usage_kb is None or cgroup.limit_kb is None:
        return _without_usage(cgroup)
    code = "cgroup.limit" if cgroup.limit_kb < NO_LIMIT_KB else "cgroup.unlimited"
    path = cgroup.path or "a cgroup that is not named"
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


def _without_usage(cgroup: Cgroup) -> list[Finding]:
    rows = [(name, kb) for name, kb in cgroup_rows(cgroup)[:-1] if kb]
    if not rows:
        return [finding("cgroup.unnamed")]
    parts = [f"{name} {both(kb)}" for name, kb in sorted(rows, key=lambda row: -row[1])]
    return [finding("cgroup.no_usage"), finding("cgroup.parts", parts=parts)]


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


def cgroup_remedies(cgroup: Cgroup) -> list[Finding]:
    """Return what would have kept a cgroup below its limit, the smallest change first."""
    if cgroup.limit_kb is None or cgroup.limit_kb >= NO_LIMIT_KB:
        return []
    found, swap = [], cgroup.others.get("swap")
    anon = cgroup.parts_kb.get("anon", 0)
    if swap is not None and swap.limit_kb == 0 and anon:
        found.append(finding("help.swap", anon=anon))
    name = "memory.limit_in_bytes" if "memory+swap" in cgroup.others else "memory.max"
    return [*found, finding("help.limit", name=name, limit=cgroup.limit_kb)]


def victim_findings(report: Report, kernel: Kernel | None) -> list[Finding]:
    """Return who died with what it held, who invoked the killer, and why that one was chosen."""
    found: list[Finding] = []
    if report.nobody_killable:
        found += _nobody(report)
    if report.panicked is not None:
        found.append(finding("victim.panic", rule=report.panicked))
    if report.kill is None:
        return found or [finding("victim.unknown")]
    if report.exiting:
        return [*found, finding("victim.exiting", who=who(*report.kill.victim))]
    found += _died(report)
    found += chosen_findings(report, report.kill, kernel)
    if report.also_killed:
        names = [who(*kill.victim) for kill in report.also_killed]
        shown = [*names[:LARGEST], *(["others"] if len(names) > LARGEST else [])]
        found.append(finding("victim.others", count=len(names), tasks=shown))
    found += _invoker(report)
    return [*found, *_reaped(report)]


def _nobody(report: Report) -> list[Finding]:
    """Say why nobody may be killed; a task in the table that is not exempt was reaped, or dies."""
    left = [task.who for task in tasks_of(report) if task.adj != EXEMPT]
    if not left:
        return [finding("victim.nobody")]
    shown = [*left[:LARGEST], *(["others"] if len(left) > LARGEST else [])]
    return [finding("victim.nobody_else", tasks=shown)]


LEFT = 10
"""The share of the victim's anonymous memory, one in so many, that is told if it was left."""


def _reaped(report: Report) -> list[Finding]:
    """Tell what the reaper did: it leaves some memory, as pages that are locked (4.6 to 5.x)."""
    left, kill = report.unreaped_kb, report.kill
    if not report.reaped:
        return []
    if not left or kill is None or left * LEFT < (kill.anon_rss_kb or 0):
        return [finding("victim.reaped")]
    return [finding("victim.unreaped", left=left)]


def who(comm: str, pid: int) -> str:
    """Return a task by name and number."""
    return f"{comm} ({pid})"


def _died(report: Report) -> list[Finding]:
    kill = report.kill
    if kill is None:
        return []
    victim = who(*kill.victim)
    found = []
    if kill.killed_pid is None:
        return [finding("victim.chosen", who=victim)]
    if kill.killed_pid != kill.pid:
        of_one = kill.score is None or is_thread(report, kill)
        code = "victim.thread" if of_one else "victim.child"
        found.append(finding(code, chosen=who(kill.comm, kill.pid), who=victim))
    if kill.anon_rss_kb is None or kill.total_vm_kb is None:
        return [*found, finding("victim.named", who=victim)]
    sizes = (
        ("anonymous", kill.anon_rss_kb),
        ("file", kill.file_rss_kb),
        ("shmem", kill.shmem_rss_kb),
    )
    parts = [f"{name} {both(kb)}" for name, kb in sizes if kb]
    held = parts or ["nothing resident"]
    return [*found, finding("victim.held", who=victim, parts=held, total_vm=kill.total_vm_kb)]


def _invoker(report: Report) -> list[Finding]:
    request, kill = report.request, report.kill
    if request is None or request.pid is None or kill is None:
        return []
    itself = request.pid in (kill.pid, kill.killed_pid)
    return [finding("victim.itself")] if itself else []


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
    if whole and pages > whole:
        share = "; more than all, for pages that are shared count in each task"
    return f"{who} {size(pages * kb)} ({pages} pages{share})"


def _whole_pages(report: Report) -> int | None:
    if report.kind is ReportKind.MEMCG_OOM:
        cgroup = report.cgroup
        return None if cgroup is None or not cgroup.usage_kb else cgroup.usage_kb // page_kb(report)
    table = memory_table(report)
    return None if table is None else table.managed


def event_findings(report: Report, kernel: Kernel | None) -> Iterator[tuple[str, list[Finding]]]:
    """Yield (label, findings) in the order of reading; only labels that have something to say."""
    groups = (
        ("what", own_numbers(report)),
        ("cgroup", limit_findings(report)),
        ("victim", victim_findings(report, kernel) if report.kind.by_killer else []),
        ("where", memory_findings(report)),
        ("tasks", task_findings(report)),
    )
    yield from ((label, found) for label, found in groups if found)


def limit_findings(report: Report) -> list[Finding]:
    """Return what is said of the cgroup whose limit was reached; nothing of other events."""
    if report.kind is not ReportKind.MEMCG_OOM or report.cgroup is None:
        return []
    return cgroup_findings(report.cgroup)


def own_numbers(report: Report) -> list[Finding]:
    """Return what only this kind of event has: how long a stall, which size, which daemon."""
    if report.kind is ReportKind.STALL and report.stalled_ms is not None:
        return [finding("event.stall", waited=report.stalled_ms * 1000)]
    if report.kind is ReportKind.VMALLOC:
        return _vmalloc(report)
    if report.kind is ReportKind.SYSRQ:
        return [finding("event.sysrq")]
    if report.kind is ReportKind.USERSPACE:
        return [finding("event.daemon", daemon=report.daemon, why=report.why)]
    return _cma(report)


def _vmalloc(report: Report) -> list[Finding]:
    asked, got = report.asked_bytes, report.got_bytes
    if got is not None:
        order = report.request.order if report.request is not None else 0
        code = "event.vmalloc_order" if order else "event.vmalloc_page"
        of = f" of {asked} bytes ({size(asked // 1024)})" if asked else ""
        return [finding(code, asked=of, had=size(got // 1024) if got else "none yet", order=order)]
    if asked is None:
        return []
    why = f": {report.why}" if report.why else ""
    code = "event.vmalloc_tables" if tables_refused(report) else "event.vmalloc"
    return [finding(code, bytes=asked, size=asked // 1024, why=why)]


def _cma(report: Report) -> list[Finding]:
    cma = report.cma
    if cma is None:
        return []
    area = f" area {cma.area}" if cma.area else ""
    found = [finding("event.cma", area=area, pages=cma.pages, ret=cma.ret)]
    if cma.free is not None and cma.total is not None:
        found.append(finding("event.cma_free", free=cma.free, total=cma.total))
    return found
