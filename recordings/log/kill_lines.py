"""The lines of a kill: the killer's header, tasks, choice and deed, and cgroups."""

from __future__ import annotations

import re

from mmplay.engine.printk.form import Values
from mmplay.engine.report import BY_HAND, Cgroup, Limited, OomKill, Report, ReportKind
from mmplay.engine.rules.watermarks import PAGE_BYTES
from mmplay.recordings.log.builder import MOST_ROWS, MOST_TASKS, Handler, OpenReport, ReportBuilder
from mmplay.recordings.log.request_lines import allowed, asked_by
from mmplay.recordings.log.scan import Message

KILLED_FIELDS = {
    "total_vm": "total_vm_kb",
    "anon_rss": "anon_rss_kb",
    "file_rss": "file_rss_kb",
    "shmem_rss": "shmem_rss_kb",
    "uid": "uid",
}
_TAIL = re.compile(
    r", UID:(?P<uid>[0-9]{1,10})(?: pgtables:(?P<pgtables>[0-9]{1,19})kB)?"
    r"(?: oom_score_adj:(?P<adj>-?[0-9]{1,4}))?"
)
OF_MEMCG = "Memory cgroup"

CONSTRAINTS = {
    "CONSTRAINT_MEMCG": ReportKind.MEMCG_OOM,
    "CONSTRAINT_CPUSET": ReportKind.CPUSET_OOM,
    "CONSTRAINT_MEMORY_POLICY": ReportKind.CPUSET_OOM,
}


def invoked(builder: ReportBuilder, message: Message) -> None:
    """`invoked oom-killer`: a report begins; who asked is not who dies."""
    request = asked_by(message.values)
    kind = ReportKind.SYSRQ if request.order == BY_HAND else ReportKind.OOM_KILL
    builder.claim(builder.begin(message, kind, request), message)


BYTES, COUNT = "pgtables_bytes", "nr_ptes"
"""How page tables are counted: from 4.15 in bytes, before as pages. Rows may look the same."""


def table_head(builder: ReportBuilder, message: Message) -> None:
    """The names of the columns: they tell how the rows count page tables."""
    opened = builder.current(message)
    if opened is None:
        return
    opened.tables = next((name for name in (BYTES, COUNT) if name in message.form.template), "")
    builder.claim(opened, message)


def _row(opened: OpenReport, values: Values) -> Values:
    """Return a row with its page tables by their name, which only the head may tell."""
    read = next((name for name in (BYTES, COUNT) if name in values), "")
    told = opened.tables
    if not told and read == COUNT and "nr_pmds" not in values:
        told = BYTES if values[COUNT] >= PAGE_BYTES and values[COUNT] % PAGE_BYTES == 0 else COUNT
    if not read or told in ("", read):
        return dict(values)
    return {told if name == read else name: value for name, value in values.items()}


def task(builder: ReportBuilder, message: Message) -> None:
    """One row of the OOM killer's task table."""
    opened = builder.current(message)
    if opened is None or not (opened.report.kind.by_killer or opened.report.memory is not None):
        return
    if len(opened.report.tasks) < MOST_TASKS:
        opened.report.tasks.append(_row(opened, message.values))
        builder.claim(opened, message)


def slab_row(builder: ReportBuilder, message: Message) -> None:
    """One row of the table of unreclaimable slabs."""
    opened = builder.current(message)
    if opened is None or not opened.report.kind.by_killer:
        return
    if len(opened.report.slabs) < MOST_ROWS:
        values = message.values
        opened.report.slabs.append((values["cache"], values["used"], values["total"]))
        builder.claim(opened, message)


def constraint(builder: ReportBuilder, message: Message) -> None:
    """`oom-kill:constraint=`: for which limit, whose cgroup, who (5.0 and later)."""
    values = message.values
    opened = _killing(builder, message)
    report = opened.report
    report.constraint = values["constraint"].partition(",")[0]
    if report.kind is not ReportKind.SYSRQ:
        report.kind = CONSTRAINTS.get(report.constraint, report.kind)
    if report.request is not None and "mems" in values:
        behind = f"{values['nodemask']},cpuset={values['cpuset']},mems_allowed={values['mems']}"
        report.request = report.request._replace(**allowed(behind))
    if "pid" in values and report.kill is None:
        report.kill = OomKill(values["pid"], values["comm"], uid=values["uid"])
    if report.kind is ReportKind.MEMCG_OOM:
        cgroup = _cgroup(opened)
        limit = values.get("limit", "")
        if limit.startswith("oom_memcg="):
            cgroup.path = limit.removeprefix("oom_memcg=")
        cgroup.task_path = values.get("memcg", cgroup.task_path)
    builder.claim(opened, message)


def _killing(builder: ReportBuilder, message: Message) -> OpenReport:
    """Return the report of a killer that has not killed yet; a new one if there is none.

    A Mem-Info whose header is lost turns out to be a killer's.
    """
    opened = builder.current(message)
    if opened is None or _is_done(opened):
        return builder.begin(message, ReportKind.OOM_KILL)
    if opened.report.kind is ReportKind.DUMP:
        opened.report.kind = ReportKind.OOM_KILL
    if not opened.report.kind.by_killer:
        return builder.begin(message, ReportKind.OOM_KILL)
    return opened


def _is_done(opened: OpenReport) -> bool:
    kill = opened.report.kill
    return kill is not None and kill.killed_pid is not None


def kill(builder: ReportBuilder, message: Message) -> None:
    """`Out of memory: Kill process`: the choice."""
    values = message.values
    opened = _killing(builder, message)
    opened.report.kill = OomKill(
        values["pid"], values["comm"], values.get("score"), time_us=message.prefix.time_us
    )
    _reason(opened, values)
    builder.claim(opened, message)


def killed(builder: ReportBuilder, message: Message) -> None:
    """`Killed process`: the deed, with the victim's sizes."""
    values = message.values
    opened = builder.current(message)
    if opened is not None and opened.group and _is_done(opened):
        if len(opened.report.also_killed) < MOST_ROWS:
            _one_more(opened.report, _deed(None, message))
            builder.claim(opened, message)
        return
    opened = _killing(builder, message)
    opened.report.kill = _deed(opened.report.kill, message)
    _reason(opened, values)
    builder.claim(opened, message)


def _one_more(report: Report, deed: OomKill) -> None:
    """Add who died with the victim; the rest of a group is named with the victim among it."""
    known = [report.kill, *report.also_killed]
    if not any(one is not None and one.victim == deed.victim for one in known):
        report.also_killed.append(deed)


def _deed(kill: OomKill | None, message: Message) -> OomKill:
    values = message.values
    if kill is None:
        kill = OomKill(values["pid"], values["comm"], time_us=message.prefix.time_us)
    fields = {field: values[name] for name, field in KILLED_FIELDS.items() if name in values}
    found = _TAIL.fullmatch(values.get("tail", ""))
    if found is not None:
        tail = {"uid": found["uid"], "pgtables_kb": found["pgtables"], "adj": found["adj"]}
        fields |= {name: int(text) for name, text in tail.items() if text is not None}
    time_us = kill.time_us if kill.time_us is not None else message.prefix.time_us
    return kill._replace(
        killed_pid=values["pid"], killed_comm=values["comm"], time_us=time_us, **fields
    )


def _reason(opened: OpenReport, values: Values) -> None:
    """Note what stands before the colon: for whom, and whether the invoker had to die."""
    what, _, rule = values.get("why", "").partition(" (")
    if what.startswith(OF_MEMCG):
        opened.report.kind = ReportKind.MEMCG_OOM
    if rule:
        opened.report.why = rule.rstrip(")")


def group(builder: ReportBuilder, message: Message) -> None:
    """`Tasks in P are going to be killed due to memory.oom.group set`: the rest dies as well."""
    opened = builder.current(message)
    if opened is None or not opened.report.kind.by_killer:
        return
    opened.group = True
    if opened.report.kind is ReportKind.MEMCG_OOM:
        cgroup = _cgroup(opened)
        cgroup.task_path = cgroup.task_path or message.values["path"]
    builder.claim(opened, message)


def sharing(builder: ReportBuilder, message: Message) -> None:
    """`Kill process N sharing same memory`: it dies with the victim."""
    opened = builder.current(message)
    if opened is not None and opened.report.kill is not None:
        values = message.values
        _one_more(opened.report, OomKill(values["pid"], values["comm"]))
        builder.claim(opened, message)


def nobody(builder: ReportBuilder, message: Message) -> None:
    """`no killable processes`: nobody was left to kill."""
    opened = _killing(builder, message)
    opened.report.nobody_killable = True
    builder.claim(opened, message)


def exiting(builder: ReportBuilder, message: Message) -> None:
    """`OOM victim N is already exiting`: nobody had to be killed."""
    values = message.values
    opened = _killing(builder, message)
    opened.report.kill = OomKill(values["pid"], values["comm"], time_us=message.prefix.time_us)
    opened.report.exiting = True
    _reason(opened, values)
    builder.claim(opened, message)


def panic(builder: ReportBuilder, message: Message) -> None:
    """The kernel panics: by vm.panic_on_oom, or because nobody can be killed."""
    opened = _killing(builder, message)
    opened.report.panicked = message.values.get("rule")
    opened.report.nobody_killable = opened.report.panicked is None
    builder.claim(opened, message)


def ignored(builder: ReportBuilder, message: Message) -> None:
    """`OOM request ignored`: SysRq f found nobody."""
    opened = _killing(builder, message)
    opened.report.kind, opened.report.nobody_killable = ReportKind.SYSRQ, True
    builder.claim(opened, message)


REAPED_WITHIN = 16
"""Lines between a kill and the word of the reaper, which is a task of its own."""


def reaped(builder: ReportBuilder, message: Message) -> None:
    """`oom_reaper: reaped process`: the victim's memory has come back."""
    values = message.values
    opened = builder.killed_as(values["pid"]) or _unnamed_victim(builder, message)
    if opened is not None and message.number - opened.report.last_line <= REAPED_WITHIN:
        opened.report.reaped = message.form.role == "reaped"
        opened.report.unreaped_kb = values.get("anon_rss")
        builder.claim(opened, message)


def _unnamed_victim(builder: ReportBuilder, message: Message) -> OpenReport | None:
    """Return the report of a kill whose own lines are lost, if the reaped task is in its table."""
    opened, values = builder.current(message), message.values
    if opened is None or not opened.report.kind.by_killer or opened.report.kill is not None:
        return None
    if "comm" not in values or values["pid"] not in [row["pid"] for row in opened.report.tasks]:
        return None
    opened.report.kill = OomKill(values["pid"], values["comm"], killed_pid=values["pid"])
    return opened


# cgroups


def _cgroup(opened: OpenReport) -> Cgroup:
    if opened.report.cgroup is None:
        opened.report.cgroup = Cgroup()
    return opened.report.cgroup


def _limited(builder: ReportBuilder, message: Message) -> tuple[OpenReport, Cgroup]:
    """Return the report of a cgroup's kill that this line belongs to, and the cgroup."""
    opened = _killing(builder, message)
    if opened.report.kind is not ReportKind.SYSRQ:
        opened.report.kind = ReportKind.MEMCG_OOM
    builder.claim(opened, message)
    return opened, _cgroup(opened)


def memcg_task(builder: ReportBuilder, message: Message) -> None:
    """`Task in P killed as a result of limit of P`: whose limit (to 4.20)."""
    _, cgroup = _limited(builder, message)
    values = message.values
    cgroup.task_path = values.get("task", cgroup.task_path)
    cgroup.path = values.get("path", cgroup.path)


def memcg_usage(builder: ReportBuilder, message: Message) -> None:
    """`memory: usage NkB, limit NkB, failcnt N`, and the counters beside it."""
    _, cgroup = _limited(builder, message)
    name, usage, limit, failcnt = (
        message.values[field] for field in ("counter", "usage", "limit", "failcnt")
    )
    if name == "memory":
        cgroup.usage_kb, cgroup.limit_kb, cgroup.failcnt = usage, limit, failcnt
    else:
        cgroup.others[name] = Limited(usage, limit, failcnt)


def memcg_stats(builder: ReportBuilder, message: Message) -> None:
    """`Memory cgroup stats for P:`, in one line a group (to 5.2), else the head of many lines."""
    opened, cgroup = _limited(builder, message)
    cgroup.path = cgroup.path or message.values["path"]
    opened.counted = True
    for name, value, _ in message.values.get("pairs", ()):
        cgroup.parts_kb[name] = cgroup.parts_kb.get(name, 0) + value


EVENTS = ("workingset_", "pg", "thp_", "zsw", "swp", "numa_")
"""How counters of memory.stat begin that count events, not bytes."""


def memcg_stat(builder: ReportBuilder, message: Message) -> None:
    """One counter of memory.stat, in bytes (5.3 and later)."""
    opened = builder.current(message)
    if opened is None or not opened.counted or opened.report.cgroup is None:
        return
    name, value = message.values["name"], message.values["value"]
    if not name.startswith(EVENTS):
        opened.report.cgroup.parts_kb[name] = value // 1024
    builder.claim(opened, message)


HANDLERS: dict[str, Handler] = {
    "oom": invoked,
    "tasks": table_head,
    "task": task,
    "slabrow": slab_row,
    "oomkill": constraint,
    "kill": kill,
    "killed": killed,
    "group": group,
    "sharing": sharing,
    "exiting": exiting,
    "nobody": nobody,
    "panic": panic,
    "sysrqno": ignored,
    **dict.fromkeys(("reaped", "unreaped"), reaped),
    **dict.fromkeys(("memcgtask", "memcglimit"), memcg_task),
    "memcgusage": memcg_usage,
    "memcgstats": memcg_stats,
    "memcgstat": memcg_stat,
}
