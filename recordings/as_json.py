"""Reports as plain data for JSON: every number that was read, pages and microseconds."""

from __future__ import annotations

from mmplay.engine.frame import Frame
from mmplay.engine.report.memory import MemDump, ZoneDump
from mmplay.engine.report.report import Report, ReportKind
from mmplay.engine.report.request import Request, SlubReport, StackEntry

Json = dict[str, object]


def frame_json(frame: Frame) -> Json:
    """Return one frame: where it stands, and everything its report says."""
    report = frame.report
    return {
        "frame": frame.index + 1,
        "boot": frame.boot + 1,
        "kind": str(report.kind) if report else None,
        "title": frame.title,
        "time_us": frame.time_us,
        "release": frame.release,
        "kernel": frame.kernel.name if frame.kernel else None,
        "lines": [frame.first_line, frame.last_line],
        **(report_json(report) if report else {}),
    }


def report_json(report: Report) -> Json:
    """Return everything a report says: request, kill, call trace, slab report, memory."""
    request, kill = report.request, report.kill
    return {
        "failure": _request_json(request)
        if request and report.kind is ReportKind.FAILURE
        else None,
        "oom": {
            "invoked": _request_json(request) if request else None,
            "kill": kill._asdict() if kill else None,
            "tasks": report.tasks,
        }
        if report.kind is ReportKind.OOM_KILL
        else None,
        "stack": [_entry_json(entry) for entry in request.stack] if request else [],
        "slub": _slub_json(request.slub) if request and request.slub else None,
        "memory": memory_json(report.memory) if report.memory else None,
        "memory_delay_us": report.memory_delay_us(),
    }


def _request_json(request: Request) -> Json:
    return {
        "comm": request.comm,
        "pid": request.pid,
        "cpu": request.cpu,
        "order": request.order,
        "mode": request.mode,
        "names": request.names,
    }


def _entry_json(entry: StackEntry) -> Json:
    address = None if entry.address is None else f"{entry.address:016x}"
    return {**entry._asdict(), "address": address}


def _slub_json(slub: SlubReport) -> Json:
    fields = slub._asdict()
    names = ("node", "slabs", "objs", "free")
    fields["nodes"] = [dict(zip(names, node, strict=True)) for node in slub.nodes]
    return fields


def memory_json(dump: MemDump) -> Json:
    """Return a Mem-Info dump; zone fields in pages, `_kb` where a name says so."""
    return {
        "time_us": dump.time_us,
        "totals": dump.totals,
        "zones": [_zone_json(zone) for zone in dump.zones],
        "nodes": [
            {"node": node, **{f"{name}_kb": value for name, value in fields.items()}}
            for node, fields in dump.nodes.items()
        ],
        "hugepages": dump.hugepages,
        "tail": dump.tail,
    }


def _zone_json(zone: ZoneDump) -> Json:
    return {
        "node": zone.node,
        "zone": zone.name,
        "time_us": zone.time_us,
        **{name: zone.pages(name) for name in zone.kb},
        "all_unreclaimable": zone.all_unreclaimable,
        "lowmem_reserve": list(zone.reserve) if zone.reserve is not None else None,
        "free_lists": [
            {"order": one.order, "count": one.count, "size_kb": one.size_kb, "types": one.types}
            for one in zone.blocks
        ]
        if zone.blocks is not None
        else None,
        "free_lists_kb": zone.blocks_total_kb,
    }
