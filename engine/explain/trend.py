"""What changed between two dumps of one boot, and what the change of slab amounts to."""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.report.memory import MemDump
from mmplay.engine.report.request import SlubReport

SLAB_FIELD = "slab_unreclaimable"
MICROSECONDS = 1_000_000


def trend_findings(before: MemDump, after: MemDump, slub: SlubReport | None) -> list[Finding]:
    """Return every total that changed, largest change first, then the slab growth in objects.

    `slub` is a slab report of the later dump: it tells how many objects a slab holds.
    """
    if before.time_us is None or after.time_us is None:
        return []
    span_us = after.time_us - before.time_us
    changed = [
        (name, before.totals[name], value)
        for name, value in after.totals.items()
        if name in before.totals and before.totals[name] != value
    ]
    changed.sort(key=lambda row: -abs(row[2] - row[1]))
    found = [
        finding(
            "trend.field",
            name=name,
            delta=new - old,
            span_us=span_us,
            before=old,
            after=new,
        )
        for name, old, new in changed
    ]
    grown = after.totals.get(SLAB_FIELD, 0) - before.totals.get(SLAB_FIELD, 0)
    if slub is not None and grown > 0:
        found += _objects(grown, span_us, slub)
    return found


def _objects(grown_pages: int, span_us: int, slub: SlubReport) -> list[Finding]:
    per_page = objects_per_page(slub)
    if per_page is None or slub.cache is None:
        return []
    objects = grown_pages * per_page
    found = [finding("trend.objects", delta=grown_pages, objects=objects, cache=slub.cache)]
    if span_us > 0:
        found.append(finding("trend.rate", rate=objects * MICROSECONDS // span_us))
    return found


def objects_per_page(slub: SlubReport) -> int | None:
    """Return the objects in one page of the cache; None unless all its slabs are one page."""
    slabs, objs = sum(node[1] for node in slub.nodes), sum(node[2] for node in slub.nodes)
    if slub.default_order != 0 or slub.min_order != 0 or not slabs or objs % slabs:
        return None
    return objs // slabs
