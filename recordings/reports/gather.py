"""Which handler takes which line: the table that turns messages into reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mmplay.engine.report.report import Report
from mmplay.recordings.importer.message import Message
from mmplay.recordings.reports import memory_lines, oom_lines, request_lines
from mmplay.recordings.reports.builder import ReportBuilder

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
    "boot": request_lines.boot_line,
    "failure": request_lines.failure,
    "oom": request_lines.oom,
    "cpu": request_lines.cpu,
    "hardware": request_lines.belonging,
    "workqueue": request_lines.belonging,
    "words": request_lines.belonging,
    "cpuset": request_lines.belonging,
    "trace": request_lines.trace,
    "entry": request_lines.entry,
    "meminfo": memory_lines.meminfo,
    **dict.fromkeys(TOTALS_ROLES, memory_lines.totals),
    "zone": memory_lines.zone,
    "node": memory_lines.node,
    "reserve": memory_lines.reserve,
    "blocks": memory_lines.blocks,
    "hugepages": memory_lines.hugepages,
    **dict.fromkeys(TAIL_ROLES, memory_lines.tail),
    "slub": request_lines.slub,
    "slubcache": request_lines.slub_cache,
    "slubnode": request_lines.slub_node,
    "task": oom_lines.task,
    "kill": oom_lines.kill,
    "killed": oom_lines.killed,
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
