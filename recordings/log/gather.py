"""Which handler takes which line of a report; what CPU lines, call traces and daemons' lines say.

The daemons are those that kill before the kernel does: systemd-oomd, earlyoom, Android's.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.printk.form import Values
from mmplay.engine.report import Cgroup, OomKill, Report, ReportKind
from mmplay.engine.stack import StackEntry
from mmplay.recordings.log import kill_lines, memory_lines, request_lines
from mmplay.recordings.log.builder import MOST_ROWS, Handler, ReportBuilder
from mmplay.recordings.log.scan import Message


def boot_line(builder: ReportBuilder, message: Message) -> None:
    """`Linux version`: a boot starts and names itself."""
    builder.name_release(message, message.values["release"])


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


CLOSE = 4
"""Lines behind its header at which a trace is a report's although no CPU line names the task."""


def trace(builder: ReportBuilder, message: Message) -> None:
    """`Call Trace:`: the entries that follow belong to the report."""
    opened = builder.current(message)
    if opened is None or opened.report.memory is not None:
        return
    if not opened.has_cpu and message.number - opened.report.last_line > CLOSE:
        return
    if opened.report.request is not None and not opened.report.request.stack:
        opened.traced = True
        builder.claim(opened, message)


def oomd(builder: ReportBuilder, message: Message) -> None:
    """systemd-oomd killed a cgroup, for memory or for pressure."""
    opened = builder.alone(message, ReportKind.USERSPACE)
    opened.daemon, opened.why = "systemd-oomd", f"memory {message.values['why']}"
    opened.cgroup = Cgroup(task_path=message.values["path"])


def earlyoom(builder: ReportBuilder, message: Message) -> None:
    """Earlyoom sent a signal to the task with most badness."""
    values = message.values
    opened = builder.alone(message, ReportKind.USERSPACE)
    opened.daemon, opened.why = "earlyoom", values.get("signal", "low memory")
    opened.kill = OomKill(
        values["pid"],
        values["comm"],
        values["score"],
        anon_rss_kb=values["rss_mib"] * 1024,
        uid=values.get("uid"),
        time_us=message.prefix.time_us,
    )


def lowmemorykiller(builder: ReportBuilder, message: Message) -> None:
    """Android's killer: a daemon, or the driver that came before it (to 4.11)."""
    values = message.values
    report = builder.alone(message, ReportKind.USERSPACE)
    report.daemon = "lowmemorykiller"
    report.why = values.get("tail", "").lstrip("; ") or "low memory"
    report.kill = OomKill(
        *(values["pid"], values["comm"]),
        time_us=message.prefix.time_us,
        anon_rss_kb=values.get("rss"),
        uid=values.get("uid"),
        adj=values["adj"],
    )


OF_CGROUP = frozenset({"mem_cgroup_out_of_memory", "mem_cgroup_oom_synchronize"})
"""Functions that call the OOM killer for a cgroup."""


def entry(builder: ReportBuilder, message: Message) -> None:
    """One line of the call trace; 32-bit ARM and old kernels begin with it, without a heading."""
    opened = builder.current(message)
    if opened is None or opened.report.request is None:
        return
    if not opened.traced and not opened.report.request.stack:
        trace(builder, message)
    if not opened.traced:
        return
    request = opened.report.request
    if len(request.stack) >= MOST_ROWS:
        return
    one = _entry(message.values)
    if opened.mark and not one.mark:
        one = one._replace(mark=opened.mark)
    opened.mark = ""
    opened.report.request = request._replace(stack=(*request.stack, one))
    if opened.report.kind is ReportKind.OOM_KILL and one.symbol in OF_CGROUP and not one.guess:
        opened.report.kind = ReportKind.MEMCG_OOM
    builder.claim(opened, message)


def _entry(values: Values) -> StackEntry:
    return StackEntry(
        symbol=values["symbol"],
        offset=values["offset"],
        size=values["size"],
        address=values.get("address"),
        module=values["module"].partition(" ")[0],
        mark=values.get("mark", ""),
        guess=bool(values.get("guess")),
    )


MARKS = {"stackmark/end": {"IRQ": "EOI"}, "stackmark/bare-end": {"IRQ": "EOI"}}
"""What the end of a stack is marked with on the entry behind it, as kernels to 4.9 do."""


def stack_mark(builder: ReportBuilder, message: Message) -> None:
    """`<IRQ>` or `</IRQ>` on a line of its own (4.10 and later): it marks the entry behind it."""
    opened = builder.current(message)
    if opened is not None and opened.traced:
        mark = message.values["mark"]
        opened.mark = MARKS.get(message.form.name, {mark: mark}).get(mark, "")
        builder.claim(opened, message)


def of_trace(builder: ReportBuilder, message: Message) -> None:
    """Registers, code bytes and inlined calls: they stand inside a call trace."""
    opened = builder.current(message)
    if opened is not None and opened.traced:
        builder.claim(opened, message)


def beside(builder: ReportBuilder, message: Message) -> None:
    """Heads of tables, hints: they stand behind any line of a report."""
    opened = builder.current(message)
    if opened is not None and opened.report.kind is not ReportKind.USERSPACE:
        builder.claim(opened, message)


TAIL_ROLES = (
    *("pagecache", "swapcache", "swapstats", "swapfree", "swaptotal", "ram", "highmem"),
    *("reserved", "cmareserved", "hwpoisoned", "shared", "nonshared", "freepages", "slabpages"),
    *("swapcached", "quicklist", "protection"),
)
TOTALS_ROLES = (
    *("totals", "totals.active_anon", "totals.active_file", "totals.unevictable"),
    *("totals.slab_reclaimable", "totals.mapped", "totals.sec_pagetables"),
    *("totals.kernel_misc_reclaimable", "totals.free", "totals.free_cma"),
    *("totals.Active_anon", "totals.inactive_file", "totals.Active"),
)

HANDLERS: dict[str, Handler] = {
    "boot": boot_line,
    "cpu": cpu,
    **dict.fromkeys(("hardware", "workqueue", "words", "taints"), belonging),
    "trace": trace,
    "entry": entry,
    "stackmark": stack_mark,
    **dict.fromkeys(("regs", "inline"), of_trace),
    **dict.fromkeys(("tasksstate", "slabs", "slabhead", "slubhint", "leaked"), beside),
    **dict.fromkeys(
        ("pcp", "pcpcpu", "allocations", "empty", "freekb", "swapagain", "pagesof"),
        memory_lines.inside,
    ),
    "allocation": memory_lines.allocation,
    "meminfo": memory_lines.meminfo,
    **dict.fromkeys(TOTALS_ROLES, memory_lines.totals),
    "zone": memory_lines.zone,
    "node": memory_lines.node,
    "reserve": memory_lines.reserve,
    "blocks": memory_lines.blocks,
    "hugepages": memory_lines.hugepages,
    **dict.fromkeys(TAIL_ROLES, memory_lines.tail),
    **request_lines.HANDLERS,
    **kill_lines.HANDLERS,
    "oomd": oomd,
    "earlyoom": earlyoom,
    "lmkd": lowmemorykiller,
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
