"""The lines of a request: headers, CPU line, call trace, SLUB report."""

from __future__ import annotations

from typing import Any

from mmplay.engine.printk.form import Values
from mmplay.engine.report.report import ReportKind
from mmplay.engine.report.request import Request, SlubReport, StackEntry
from mmplay.recordings.importer.message import Message
from mmplay.recordings.reports.builder import MOST_ROWS, ReportBuilder


def boot_line(builder: ReportBuilder, message: Message) -> None:
    """`Linux version`: a boot starts and names itself."""
    builder.name_release(message, message.values["release"])


def failure(builder: ReportBuilder, message: Message) -> None:
    """Open a failure at its header."""
    values = message.values
    request = Request(values["comm"], values.get("order"), values["mode"], values.get("names"))
    builder.claim(builder.begin(message, ReportKind.FAILURE, request), message)


def oom(builder: ReportBuilder, message: Message) -> None:
    """Open an OOM report at its header: `invoked oom-killer`."""
    values = message.values
    request = Request(values["comm"], values.get("order"), values["mode"], values.get("names"))
    builder.claim(builder.begin(message, ReportKind.OOM_KILL, request), message)


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
        opened = builder.begin(message, ReportKind.FAILURE, request)
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
