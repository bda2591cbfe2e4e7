"""Whose rules a report is judged by: what it shows of the kernel that printed it."""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.frame import Rules
from mmplay.engine.report import Report
from mmplay.engine.rules.versions import NEWEST_READ, Candidates, Evidence, candidates_of


def evidence_of(report: Report) -> Evidence:
    """Return the masks with their names, and the fields of the report's own dump."""
    request, dump = report.request, report.memory
    pairs: list[tuple[int, str | None]] = []
    if request is not None and request.mode is not None:
        pairs.append((request.mode, request.names))
    if request is not None and request.slub is not None:
        pairs.append((request.slub.gfp, request.slub.names))
    if dump is None or not dump.zones:
        return Evidence(tuple(pairs))
    fields = frozenset(dump.totals).union(*(zone.kb for zone in dump.zones))
    return Evidence(tuple(pairs), fields)


def rules_for(report: Report, release: str | None) -> Rules:
    """Return whose rules a report of this release is judged by.

    Without a release the report is told by rules only where all candidates read its mask alike.
    """
    found = candidates_of(release, evidence_of(report))
    if not found.kernels:
        return Rules(None, (), found)
    likeliest, *others = reversed(found.kernels)
    if found.place is None and not _agree(report, found):
        return Rules(None, (likeliest, *others), found)
    return Rules(likeliest, tuple(others), found)


def _agree(report: Report, found: Candidates) -> bool:
    """Tell whether all candidates read the request's mask alike."""
    mode = report.request.mode if report.request else None
    return mode is not None and len({one.gfp.format(mode) for one in found.kernels}) == 1


def found_finding(rules: Rules, release: str | None) -> Finding | None:
    """Say how the rules were found, None where they are those of the very version."""
    found = rules.found
    if found.sure:
        return None
    return finding(
        found.why,
        release=release,
        kernels=_shown([one.name for one in reversed(found.kernels)]),
        distribution=found.place.distribution if found.place else None,
        newest=NEWEST_READ,
    )


MOST_SHOWN = 4


def _shown(names: list[str]) -> list[str]:
    """Return the likeliest of many names, and how many more there are."""
    if len(names) <= MOST_SHOWN:
        return names
    return [*names[: MOST_SHOWN - 1], f"{len(names) - MOST_SHOWN + 1} others"]
