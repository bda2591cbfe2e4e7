"""Which handler takes which line of a report, and what requests and OOM kills say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from mmplay.engine.printk.form import Values
from mmplay.engine.report import OomKill, Report, ReportKind, Request, SlubReport, StackEntry
from mmplay.recordings.log import memory_lines
from mmplay.recordings.log.builder import MOST_ROWS, MOST_TASKS, ReportBuilder
from mmplay.recordings.log.scan import Message

KILLED_SIZES = ("total_vm", "anon_rss", "file_rss", "shmem_rss")


def task(builder: ReportBuilder, message: Message) -> None:
    """One row of the OOM killer's task table."""
    opened = builder.current(message)
    if opened is None or opened.report.memory is None:
        return
    if len(opened.report.tasks) < MOST_TASKS:
        opened.report.tasks.append(dict(message.values))
        builder.claim(opened, message)


def kill(builder: ReportBuilder, message: Message) -> None:
    """`Out of memory: Kill process`: the choice."""
    values = message.values
    kill = OomKill(
        values["pid"], values["comm"], values.get("score"), time_us=message.prefix.time_us
    )
    _kill(builder, message, kill)


def killed(builder: ReportBuilder, message: Message) -> None:
    """`Killed process`: the deed, with the victim's sizes."""
    values = message.values
    opened = builder.current(message)
    kill = opened.report.kill if opened is not None else None
    if kill is None or kill.killed_pid is not None:
        kill = OomKill(values["pid"], values["comm"], time_us=message.prefix.time_us)
    sizes = {f"{name}_kb": values[name] for name in KILLED_SIZES if name in values}
    kill = kill._replace(killed_pid=values["pid"], killed_comm=values["comm"], **sizes)
    _kill(builder, message, kill)


def _kill(builder: ReportBuilder, message: Message, kill: OomKill) -> None:
    opened = builder.current(message)
    done = opened is None or (
        opened.report.kill is not None and opened.report.kill.killed_pid is not None
    )
    if opened is None or done or opened.report.kind is ReportKind.FAILURE:
        opened = builder.begin(message, ReportKind.OOM_KILL)
    opened.report.kind = ReportKind.OOM_KILL
    opened.report.kill = kill
    builder.claim(opened, message)


def boot_line(builder: ReportBuilder, message: Message) -> None:
    """`Linux version`: a boot starts and names itself."""
    builder.name_release(message, message.values["release"])


def request(kind: ReportKind, builder: ReportBuilder, message: Message) -> None:
    """Open a report at its header: a failure, or `invoked oom-killer`."""
    values = message.values
    asked = Request(values["comm"], values.get("order"), values["mode"], values.get("names"))
    builder.claim(builder.begin(message, kind, asked), message)


def cpu(builder: ReportBuilder, message: Message) -> None:
    """`CPU: 2 PID: 0 Comm: ...`: names the boot's release and the report's task."""
    values = message.values
    builder.name_release(message, values["release"])
    opened = builder.current(message)
    if opened is None or opened.has_cpu or opened.report.request is None:
        return
    request = opened.report.request
    if request.comm not in (None, values["comm"]):
        return
    opened.has_cpu = True
    opened.report.request = request._replace(pid=values["pid"], cpu=values.get("cpu"))
    builder.claim(opened, message)


def belonging(builder: ReportBuilder, message: Message) -> None:
    """Lines that carry nothing to count, but stand inside a report."""
    opened = builder.current(message)
    if opened is not None and opened.has_cpu and opened.report.memory is None:
        builder.claim(opened, message)


def trace(builder: ReportBuilder, message: Message) -> None:
    """`Call Trace:`: the entries that follow belong to the report."""
    opened = builder.current(message)
    if opened is None or not opened.has_cpu or opened.report.memory is not None:
        return
    if opened.report.request is not None and not opened.report.request.stack:
        opened.traced = True
        builder.claim(opened, message)


def entry(builder: ReportBuilder, message: Message) -> None:
    """One line of the call trace."""
    opened = builder.current(message)
    if opened is None or not opened.traced or opened.report.request is None:
        return
    request = opened.report.request
    if len(request.stack) >= MOST_ROWS:
        return
    opened.report.request = request._replace(stack=(*request.stack, _entry(message.values)))
    builder.claim(opened, message)


def _entry(values: Values) -> StackEntry:
    return StackEntry(
        symbol=values["symbol"],
        offset=values["offset"],
        size=values["size"],
        address=values.get("address"),
        module=values["module"],
        mark=values.get("mark", ""),
        guess=bool(values["guess"]),
    )


def slub(builder: ReportBuilder, message: Message) -> None:
    """`SLUB: Unable to allocate memory`: the caller's own mask."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    if opened is None or request is None or request.slub is not None:
        request = Request(None, None, None)
        opened = builder.begin(message, ReportKind.SLUB, request)
    values = message.values
    slub = SlubReport(values["gfp"], values.get("names"), values["node"])
    opened.report.request = request._replace(slub=slub)
    builder.claim(opened, message)


def slub_cache(builder: ReportBuilder, message: Message) -> None:
    """Name and sizes of the cache."""
    _add_to_slub(builder, message, **message.values)


def slub_node(builder: ReportBuilder, message: Message) -> None:
    """Slabs, objects and free objects on one node."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    slub = request.slub if request is not None else None
    if slub is not None and len(slub.nodes) < MOST_ROWS:
        row = tuple(message.values[name] for name in ("node", "slabs", "objs", "free"))
        _add_to_slub(builder, message, nodes=(*slub.nodes, row))


def _add_to_slub(builder: ReportBuilder, message: Message, **values: Any) -> None:
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    if opened is None or request is None or request.slub is None:
        return
    opened.report.request = request._replace(slub=request.slub._replace(**values))
    builder.claim(opened, message)


Handler = Callable[[ReportBuilder, Message], None]

TAIL_ROLES = (
    *("pagecache", "swapcache", "swapstats", "swapfree", "swaptotal", "ram", "highmem"),
    *("reserved", "cmareserved", "hwpoisoned"),
)
TOTALS_ROLES = (
    *("totals", "totals.active_anon", "totals.active_file", "totals.unevictable"),
    *("totals.slab_reclaimable", "totals.mapped", "totals.sec_pagetables"),
    *("totals.kernel_misc_reclaimable", "totals.free"),
)

HANDLERS: dict[str, Handler] = {
    "boot": boot_line,
    "failure": partial(request, ReportKind.FAILURE),
    "oom": partial(request, ReportKind.OOM_KILL),
    "cpu": cpu,
    "hardware": belonging,
    "workqueue": belonging,
    "words": belonging,
    "cpuset": belonging,
    "trace": trace,
    "entry": entry,
    "meminfo": memory_lines.meminfo,
    **dict.fromkeys(TOTALS_ROLES, memory_lines.totals),
    "zone": memory_lines.zone,
    "node": memory_lines.node,
    "reserve": memory_lines.reserve,
    "blocks": memory_lines.blocks,
    "hugepages": memory_lines.hugepages,
    **dict.fromkeys(TAIL_ROLES, memory_lines.tail),
    "slub": slub,
    "slubcache": slub_cache,
    "slubnode": slub_node,
    "task": task,
    "kill": kill,
    "killed": killed,
}
"""What a report does with each role of line; other lines are kept and belong to no report."""


def feed(builder: ReportBuilder, message: Message) -> None:
    """Add one message to the report it belongs to."""
    handler = HANDLERS.get(message.form.role)
    if handler is not None:
        builder.enter_boot(message)
        handler(builder, message)


def gather_one(messages: Iterable[Message], first_line: int) -> Report | None:
    """Return the report that begins at `first_line` among messages that start there."""
    found: list[Report] = []
    builder = ReportBuilder(
        sealed=lambda report: found.append(report) if report.first_line == first_line else None
    )
    for message in messages:
        feed(builder, message)
    builder.finish()
    return found[0] if found else None
