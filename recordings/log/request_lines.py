"""The lines of a request that got nothing: headers, cpuset, vmalloc, SLUB and SLAB, CMA."""

from __future__ import annotations

import re
from typing import Any

from mmplay.engine.printk.form import Values
from mmplay.engine.report import CmaFailure, ReportKind, Request, SlubReport
from mmplay.engine.rules.kernel import PASSED_ON
from mmplay.recordings.log.builder import MOST_ROWS, Handler, OpenReport, ReportBuilder
from mmplay.recordings.log.scan import Message

MOST_NODES = 1024
"""The largest number of nodes that a kernel can be built for (CONFIG_NODES_SHIFT 10)."""


def nodes_of(text: str) -> tuple[int, ...] | None:
    """Return the nodes of a list such as `0-1,4`; None for `(null)` or what is no such list."""
    nodes: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return None
        if max(len(first), len(last)) > len(str(MOST_NODES)):
            return None
        nodes += range(int(first), min(int(last or first), MOST_NODES) + 1)
        if len(nodes) > MOST_NODES:
            return None
    return tuple(nodes)


_ALLOWED = re.compile(r"(?P<nodemask>.*?)(?:,cpuset=(?P<cpuset>.*),mems_allowed=(?P<mems>[^ ]*))?")


def allowed(text: str) -> dict[str, Any]:
    """Return what stands behind `nodemask=` as fields of a Request."""
    found = _ALLOWED.fullmatch(text.strip(" ,"))
    if found is None:
        return {}
    mems = found["mems"]
    return {
        "nodemask": nodes_of(found["nodemask"]),
        "cpuset": found["cpuset"],
        "mems_allowed": nodes_of(mems) if mems else None,
    }


def asked_by(values: Values) -> Request:
    """Return the request that a header names."""
    behind = values.get("tail") or values.get("mask", "").strip().removeprefix("nodemask=")
    comm = values.get("comm")
    return Request(
        comm and (comm.strip() or comm),  # a pasted log may be indented
        values.get("order"),
        values.get("mode"),
        values.get("names"),
        **(allowed(behind) if behind else {}),
    )


def failure(builder: ReportBuilder, message: Message) -> None:
    """`page allocation failure`, or a vmalloc that failed: a report begins."""
    values = message.values
    request = asked_by(values)
    opened = builder.current(message)
    if opened is not None and opened.report.kind is ReportKind.VMALLOC and not opened.has_header:
        # Up to 4.8 vmalloc says its size in a line of its own, just before.
        opened.report.request = request
    else:
        kind = ReportKind.VMALLOC if "bytes" in values else ReportKind.FAILURE
        opened = builder.begin(message, kind, request)
    opened.has_header = True
    _vmalloc_says(opened, values)
    builder.claim(opened, message)


def failure_mode(builder: ReportBuilder, message: Message) -> None:
    """`, mode:0xM(NAMES), nodemask=`: the rest of a header that another CPU has cut in two."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    if opened is None or request is None or request.mode is not None or request.order is None:
        return
    mode, names = message.values["mode"], message.values["names"]
    opened.report.request = request._replace(mode=mode, names=names)
    builder.claim(opened, message)


_PAGES = re.compile(
    r"(?:page order (?P<old>[0-9]{1,2}), )?failed to allocate pages"
    r"|page order (?P<order>[0-9]{1,2}) allocation failed"
)


def _vmalloc_says(opened: OpenReport, values: Values) -> None:
    """Take what a vmalloc was asked for, or had; one that asked for pages prints what it had.

    Source: mm/vmalloc.c:__vmalloc_area_node, area->nr_pages * PAGE_SIZE.
    """
    if "bytes" not in values:
        return
    report, request = opened.report, opened.report.request
    report.asked_bytes, report.why = values["bytes"], values.get("why")
    report.got_bytes = values.get("allocated")
    pages = _PAGES.fullmatch(values.get("why", ""))
    if pages is not None:
        report.asked_bytes, report.got_bytes = None, values["bytes"]
    if report.got_bytes is not None and request is not None:
        order = (pages["old"] or pages["order"]) if pages is not None else None
        report.request = request._replace(order=int(order or 0))


def vmalloc(builder: ReportBuilder, message: Message) -> None:
    """`vmalloc: allocation failure: N bytes`: the task is named by the line after it."""
    opened = builder.begin(message, ReportKind.VMALLOC)
    _vmalloc_says(opened, message.values)
    builder.claim(opened, message)


def stall(builder: ReportBuilder, message: Message) -> None:
    """`page allocation stalls for`: the request still goes on."""
    opened = builder.begin(message, ReportKind.STALL, asked_by(message.values))
    opened.has_header = True
    opened.report.stalled_ms = message.values["ms"]
    builder.claim(opened, message)


def cpuset(builder: ReportBuilder, message: Message) -> None:
    """`COMM cpuset=C mems_allowed=L`: on which nodes the task may have memory (to 4.20)."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    values = message.values
    if opened is None or request is None or request.comm not in (None, values["comm"]):
        return
    mems = nodes_of(values["mems"])
    opened.report.request = request._replace(cpuset=values["cpuset"], mems_allowed=mems)
    builder.claim(opened, message)


def slub(builder: ReportBuilder, message: Message) -> None:
    """`SLUB: Unable to allocate memory`: the caller's own mask."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    values = message.values
    if opened is None or request is None or not _is_its_page(request, values["gfp"]):
        request = Request(None, None, None)
        opened = builder.begin(message, ReportKind.SLUB, request)
    allocator = message.form.template.partition(":")[0]
    slub = SlubReport(values["gfp"], values.get("names"), values["node"], allocator=allocator)
    opened.report.request = request._replace(slub=slub)
    builder.claim(opened, message)


def _is_its_page(request: Request, gfp: int) -> bool:
    """Tell whether a slab may have asked for this request's page, by what every slab passes on."""
    return request.slub is None and not ((request.mode or gfp) ^ gfp) & PASSED_ON


CACHE_FIELDS = ("cache", "object_size", "buffer_size", "default_order", "min_order")


def slub_cache(builder: ReportBuilder, message: Message) -> None:
    """Name and sizes of the cache."""
    values = message.values
    _add_to_slub(builder, message, **{name: values.get(name) for name in CACHE_FIELDS})


def slub_node(builder: ReportBuilder, message: Message) -> None:
    """Slabs, objects and free objects on one node."""
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    slub = request.slub if request is not None else None
    if slub is not None and len(slub.nodes) < MOST_ROWS:
        values = message.values
        free = values["free"] if "free" in values else values["objs"] - values["used"]
        row = (values["node"], values["slabs"], values["objs"], free)
        _add_to_slub(builder, message, nodes=(*slub.nodes, row))


def _add_to_slub(builder: ReportBuilder, message: Message, **values: Any) -> None:
    opened = builder.current(message)
    request = opened.report.request if opened is not None else None
    if opened is None or request is None or request.slub is None:
        return
    opened.report.request = request._replace(slub=request.slub._replace(**values))
    builder.claim(opened, message)


def cma(builder: ReportBuilder, message: Message) -> None:
    """`cma_alloc: alloc failed`: no range of a CMA area could be freed."""
    values = message.values
    opened = builder.begin(message, ReportKind.CMA)
    opened.report.cma = CmaFailure(values.get("area"), values["pages"], values["ret"])
    builder.claim(opened, message)


def cma_free(builder: ReportBuilder, message: Message) -> None:
    """`number of available pages`: the free ranges of the area."""
    opened = builder.current(message)
    if opened is None or opened.report.cma is None:
        return
    values = message.values
    opened.report.cma = opened.report.cma._replace(free=values["free"], total=values["total"])
    builder.claim(opened, message)


HANDLERS: dict[str, Handler] = {
    "failure": failure,
    "failuremode": failure_mode,
    "vmalloc": vmalloc,
    "stall": stall,
    "cpuset": cpuset,
    "slub": slub,
    "slubcache": slub_cache,
    "slubnode": slub_node,
    "cma": cma,
    "cmafree": cma_free,
}
