"""What dumps say beside the verdict: who is refused now, what contradicts itself, what has changed.

A moment without a report has how a zone stands to its marks. Contradictions are notes, never
errors: the kernel prints a dump over milliseconds while others allocate and free, so the same
quantity may show two values; only a free list that does not add up to its own total is damaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmplay.engine.explain.counts import boost_of, hidden_boost, pages_above
from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.explain.gate import TYPICAL, Rung, Verdict, caller_of, ordinary_zones, test_all
from mmplay.engine.report import MemDump, SlubReport, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import MARKS, PAGE_KB


def standing(zone: ZoneDump) -> str:
    """Return how free pages stand to the zone's own marks: at, below or above one.

    Between two marks they are below the upper one; empty if a number is missing.
    """
    free = zone.pages("free")
    marks = [(name, pages) for name in MARKS if (pages := zone.pages(name)) is not None]
    if free is None or not marks:
        return ""
    for name, pages in marks:
        if free <= pages:
            return f"{'at' if free == pages else 'below'} {name}"
    return f"above {marks[-1][0]}"


class Refused(NamedTuple):
    """Classes of callers whose order-0 request a zone refuses at min, and whether all are refused.

    Those who may ignore every floor are not counted.
    """

    names: tuple[str, ...]
    all: bool


def refused_by(rungs: Sequence[Rung], free: int | None) -> Refused:
    """Return which classes of callers are refused on a zone's ladder; highest floor first."""
    floors = [one for one in rungs if one.mark == "min" and one.caller.name != "NO_WATERMARKS"]
    if free is None:
        return Refused((), False)
    names = tuple(one.caller.name for one in floors if free <= one.pages.value)
    return Refused(names, bool(floors) and len(names) == len(floors))


def moment_finding(dump: MemDump, kernel: Kernel | None) -> Finding | None:
    """Return the headline of a moment: the largest zone, and who gets no page of order 0 now.

    None if no zone says how many pages are free.
    """
    zones = [zone for zone in ordinary_zones(dump) if zone.pages("free") is not None]
    zone = max(zones, key=lambda one: one.pages("managed") or 0, default=None)
    if zone is None:
        return None
    free = zone.pages("free") or 0
    where = standing(zone)
    code, passes = _who(dump, kernel) if kernel is not None else ("moment", "")
    return finding(
        f"headline.{code}",
        zone=dump.label(zone),
        free=free,
        size=size(free * PAGE_KB),
        standing=f", {where}" if where else "",
        passes=passes,
    )


def _who(dump: MemDump, kernel: Kernel) -> tuple[str, str]:
    """Return which sentence says who is refused, and the zones that still serve the atomic one."""
    passing: list[list[str]] = []
    for name, context in TYPICAL:
        caller = caller_of(kernel, kernel.gfp.value(name), context, 0, dump)
        if caller is None:
            return "moment", ""
        tests = test_all(kernel, dump, caller)
        if any(test.verdict is Verdict.UNKNOWN for test in tests):
            return "moment", ""
        passing.append([test.name for test in tests if test.verdict is Verdict.PASSES])
    atomic, ordinary = passing
    if ordinary:
        return "moment_all", ""
    return ("moment_some", " and ".join(atomic)) if atomic else ("moment_none", "")


RULED_MARKS = ("low", "high")

FREED_AFTER_BOOT = 16384
"""Pages that boot may still give back after the marks were computed (init memory, initrd)."""


def contradictions(dump: MemDump, kernel: Kernel | None) -> list[Finding]:
    """Return what in the dump does not fit; checks against rules only if the kernel is known."""
    found = [_cut(zone, dump.label(zone)) for zone in dump.zones if zone.cut]
    found += [one for zone in dump.zones for one in _lists(zone, dump.label(zone))]
    found += _totals(dump)
    found += _reserved(dump)
    if kernel is not None:
        swap_pages = dump.tail.get("swap_free_kb", 0) // PAGE_KB
        for zone in dump.zones:
            found += _unreclaimable(kernel, zone, dump.label(zone), swap_pages)
            found += _marks(kernel, zone, dump.label(zone))
    return found


def _cut(zone: ZoneDump, label: str) -> Finding:
    numbers = (f"{name} {zone.pages(name)}" for name in zone.kb)
    return finding("note.cut", zone=label, lost=zone.cut, numbers=", ".join(numbers))


def _lists(zone: ZoneDump, label: str) -> list[Finding]:
    found: list[Finding] = []
    listed, free = zone.listed_pages(), zone.pages("free")
    if listed is None:
        return found
    if free is not None and free != listed:
        found.append(
            finding("note.lists", zone=label, free=free, listed=listed, moved=abs(free - listed))
        )
    total_kb = zone.blocks_total_kb
    if total_kb is not None and total_kb != listed * zone.page_kb:
        found.append(
            finding(
                "note.list_total",
                zone=label,
                listed_kb=listed * zone.page_kb,
                total_kb=total_kb,
            )
        )
    return found


def _totals(dump: MemDump) -> list[Finding]:
    """Compare sums over zones with totals, unless zones with pages are not in the dump."""
    if _zones_left_out(dump):
        return []
    differing = []
    for name, total in dump.totals.items():
        parts = [zone.pages(name) for zone in dump.zones]
        known = [part for part in parts if part is not None]
        if known and len(known) == len(parts) and sum(known) != total:
            differing.append(f"{name} {total} against {sum(known)}")
    return [finding("note.totals", fields=differing)] if differing else []


def _zones_left_out(dump: MemDump) -> bool:
    """Tell whether the topmost zone of a node shows pages above it: cut off, or not printed."""
    columns = dump.columns()
    topmost: dict[int, ZoneDump] = {}
    for zone in dump.populated():
        topmost.setdefault(zone.node, zone)
    return any(
        pages_above(zone, columns.index(zone.name), len(columns)) for zone in topmost.values()
    )


def _reserved(dump: MemDump) -> list[Finding]:
    ram, printed = dump.tail.get("ram_pages"), dump.tail.get("reserved_pages")
    managed = [zone.pages("managed") for zone in dump.zones]
    if ram is None or printed is None or not managed or None in managed:
        return []
    if _zones_left_out(dump):
        return []
    computed = ram - sum(pages for pages in managed if pages is not None)
    return (
        []
        if computed == printed
        else [finding("note.reserved", printed=printed, computed=computed)]
    )


def _unreclaimable(kernel: Kernel, zone: ZoneDump, label: str, swap_pages: int) -> list[Finding]:
    scanned, reclaimable = zone.pages("pages_scanned"), zone.reclaimable_pages(swap_pages)
    factor = kernel.unreclaimable_factor
    if scanned is None or reclaimable is None or factor is None:
        return []
    if zone.all_unreclaimable is None:
        return []
    limit = factor * reclaimable
    expected = scanned >= limit
    if expected == zone.all_unreclaimable:
        return []
    return [
        finding(
            "note.unreclaimable",
            zone=label,
            printed="yes" if zone.all_unreclaimable else "no",
            scanned=scanned,
            limit=f"{factor} x {reclaimable}",
            expected="yes" if expected else "no",
        )
    ]


def _marks(kernel: Kernel, zone: ZoneDump, label: str) -> list[Finding]:
    return [
        finding("note.marks", zone=label, mark=mark, printed=printed, computed=latest)
        for mark, earliest, latest in mark_spans(kernel, zone)
        if (printed := zone.pages(mark)) is not None and not earliest <= printed <= latest
    ]


def mark_spans(kernel: Kernel, zone: ZoneDump) -> list[tuple[str, int, int]]:
    """Return (mark, smallest, largest) that low and high may have beside the zone's min.

    The marks are computed at boot, when the zone manages a little less than it does later; the
    boost is part of each. Empty where the dump does not say enough, as with a boost that is not
    printed: before 5.8 low and high may hold an older one than min.
    """
    minimum, managed = zone.pages("min"), zone.pages("managed")
    capped = zone.name in (*kernel.capped_zones, "HighMem")
    if minimum is None or managed is None or capped or hidden_boost(kernel, zone):
        return []
    scale, boost = kernel.watermark_scale_factor or 0, boost_of(zone)
    least = managed - min(managed, FREED_AFTER_BOOT)
    spans = zip(
        RULED_MARKS,
        kernel.gaps(minimum - boost, least, scale),
        kernel.gaps(minimum - boost, managed, scale),
        strict=True,
    )
    return [(mark, first + boost, last + boost) for mark, first, last in spans]


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
        finding("trend.field", name=name, delta=new - old, span_us=span_us, before=old, after=new)
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
