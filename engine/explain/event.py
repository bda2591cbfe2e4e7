"""What is said of one event besides its zones: limit, victim, memory, tasks, its own numbers."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.explain.looks import tables_refused
from mmplay.engine.explain.victim import cgroup_findings, task_findings, victim_findings
from mmplay.engine.explain.where import memory_findings
from mmplay.engine.report import Report, ReportKind
from mmplay.engine.rules.versions import Kernel


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
