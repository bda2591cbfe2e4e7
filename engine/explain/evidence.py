"""What a report shows of the kernel that printed it, and the kernels whose rules it may follow."""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.verdict import Judgement, Status
from mmplay.engine.report import MemDump, Report
from mmplay.engine.rules.releases import version_of
from mmplay.engine.rules.versions import (
    Candidates,
    Evidence,
    Kernel,
    candidates_of,
    kernel_of_release,
)


def evidence_of(report: Report | None, dump: MemDump | None) -> Evidence:
    """Return what a report shows of its kernel: masks with names, fields, how it words things."""
    forms = frozenset(report.forms.items()) if report else frozenset()
    if dump is None:
        return Evidence(_pairs(report), forms=forms)
    fields = frozenset(dump.totals).union(*(zone.kb for zone in dump.zones))
    return Evidence(_pairs(report), fields, _whole(dump), forms)


def _pairs(report: Report | None) -> tuple[tuple[int, str | None], ...]:
    request = report.request if report else None
    if request is None:
        return ()
    found = [] if request.mode is None else [(request.mode, request.names)]
    if request.slub is not None:
        found.append((request.slub.gfp, request.slub.names))
    return tuple(found)


def _whole(dump: MemDump) -> frozenset[str]:
    """Tell of what a dump has all fields: `totals` up to their end, a zone line up to its own."""
    ends = [zone.all_unreclaimable is not None or "free_cma" in zone.kb for zone in dump.zones]
    parts = (("zones", any(ends)), ("totals", "free" in dump.totals))
    return frozenset(name for name, whole in parts if whole)


def candidates_for(
    given: Kernel | None, release: str | None, report: Report | None, dump: MemDump | None
) -> Candidates:
    """Return the kernels whose rules a report may follow, the likeliest last.

    `given` are the rules that its recording goes by: if they are not those of the release, somebody
    chose them, and they alone count. Empty for a version older than all that were read.
    """
    own = kernel_of_release(release) if release else None
    if given is not None and (own is None or own.name != given.name):
        return Candidates((given,), sure=True, why="rules.chosen")
    if release and own is None and version_of(release) is not None:
        return Candidates((), sure=False, why="rules.older")
    return candidates_of(release, evidence_of(report, dump))


def rules_findings(found: Candidates, release: str | None, judgement: Judgement) -> list[Finding]:
    """Say how the rules were found where they are not those of the very version, and if all agree.

    Nothing is said where no verdict was to be had.
    """
    if found.sure or not found.kernels or judgement.status is Status.NOT_ASKED:
        return []
    count = len(found.kernels)
    told = [finding(found.why, release=release, count=count)]
    if count > 1 and judgement.status is Status.EXACT:
        told.append(finding("rules.agree", count=count))
    return told
