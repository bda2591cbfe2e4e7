"""What would have let a refused request pass: pages, flags, settings. All from the rules.

Nothing here is advice: every entry states the smallest change by which the same test, on the
same free counts, says yes.
"""

from __future__ import annotations

from mmplay.engine.explain.caller import kept_mask
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest, boost_of, dropped_boost, test_zone
from mmplay.engine.explain.words import CALLERS
from mmplay.engine.report import MemDump, SlubReport, ZoneDump
from mmplay.engine.rules.floors import CallerClass, discounted
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB, zone_min


def remedies(
    kernel: Kernel, dump: MemDump, caller: Caller, tests: list[ZoneTest], slub: SlubReport | None
) -> list[Finding]:
    """Return what would have let the request pass; empty if some zone did say yes."""
    if any(test.verdict in (Verdict.PASSES, Verdict.UNKNOWN) for test in tests):
        return []
    pages = [
        finding("pass.pages", pages=test.short_by, zone=test.zone.name)
        for test in sorted(tests, key=lambda test: test.short_by or 0)
        if test.short_by
    ]
    refused = [test for test in tests if test.verdict is Verdict.REFUSED]
    settings = [
        *_smaller_min(kernel, dump, caller, refused),
        *_ratios(kernel, dump, caller, refused),
    ]
    flags = _flags(kernel, caller, refused, slub)
    if not flags and not settings:
        flags = [finding("pass.nothing")]
    return [*pages, *flags, *settings]


def last_look_pages(tests: list[ZoneTest]) -> list[Finding]:
    """Return what the OOM killer's last look was short of, in the zone that was nearest.

    Empty if it was not refused everywhere.
    """
    short = [(test.short_by, test.zone.name) for test in tests if test.short_by]
    if len(short) < len(tests) or not short:
        return []
    pages, zone = min(short)
    return [finding("pass.last_look", pages=pages, zone=zone)]


def _flags(
    kernel: Kernel, caller: Caller, refused: list[ZoneTest], slub: SlubReport | None
) -> list[Finding]:
    kept = _kept_by_slab(kernel, caller, refused, slub) if slub else []
    return kept or _next_class(kernel, caller, refused)


def _kept_by_slab(
    kernel: Kernel, caller: Caller, refused: list[ZoneTest], slub: SlubReport
) -> list[Finding]:
    mask = kept_mask(kernel, slub)
    better = kernel.class_of(kernel.alloc_flags(mask, caller.context))
    lost = [
        name
        for name in kernel.gfp.single_bits(slub.gfp & ~kernel.slab.keeps)
        if kernel.alloc_flags(mask & ~kernel.gfp.value(name), caller.context) != better.flags
    ]
    test = _first_pass(kernel, caller, better, refused)
    if not lost or test is None:
        return []
    return [
        finding(
            "pass.kept",
            flags=lost,
            caller=better.name,
            floor=test.floor,
            zone=test.zone.name,
            free=test.free,
        )
    ]


def _next_class(kernel: Kernel, caller: Caller, refused: list[ZoneTest]) -> list[Finding]:
    for better in kernel.gate.classes:
        test = _first_pass(kernel, caller, better, refused)
        if test is not None:
            return [
                finding(
                    "pass.class",
                    caller=better.name,
                    how=CALLERS[better.name].how,
                    floor=test.floor,
                    zone=test.zone.name,
                    free=test.free,
                )
            ]
    return []


def _first_pass(
    kernel: Kernel, caller: Caller, better: CallerClass, refused: list[ZoneTest]
) -> ZoneTest | None:
    """Return the first zone in which a caller of class `better` passes at the min mark."""
    if better.flags == caller.caller.flags:
        return None
    other = Caller(better, caller.class_zone, caller.order)
    for test in refused:
        again = test_zone(kernel, test.zone, other)
        if again.verdict is Verdict.PASSES:
            return again
    return None


def _smaller_min(
    kernel: Kernel, dump: MemDump, caller: Caller, refused: list[ZoneTest]
) -> list[Finding]:
    """Return the largest vm.min_free_kbytes with which some zone passes.

    Only the min mark follows from it alone; nothing is said where managed is not printed.
    """
    sharing = [test for test in refused if test.zone.name not in kernel.capped_zones]
    lowmem_pages = lowmem(kernel, dump)
    if caller.mark != "min" or lowmem_pages is None or not sharing:
        return []
    lowest, highest = -1, lowmem_pages
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        if any(_passes_with(kernel, caller, test, middle, lowmem_pages) for test in sharing):
            lowest = middle
        else:
            highest = middle
    if lowest < 0:
        return []
    return [finding("pass.min_free", kbytes=lowest * PAGE_KB + PAGE_KB - 1)]


def _passes_with(
    kernel: Kernel, caller: Caller, test: ZoneTest, pages_min: int, lowmem_pages: int
) -> bool:
    managed, reserve = test.zone.pages("managed"), test.zone.reserve_for(caller.class_zone)
    if managed is None or reserve is None or test.free is None:
        return False
    flags = caller.caller.flags
    boost = boost_of(test.zone) - dropped_boost(test.zone, flags, "min")
    mark = zone_min(pages_min * PAGE_KB, managed, lowmem_pages) + boost
    return test.free.value > discounted(kernel.gate.reductions, mark, flags) + reserve


def lowmem(kernel: Kernel, dump: MemDump) -> int | None:
    """Return the managed pages that share vm.min_free_kbytes; None where one is not printed."""
    managed = [zone.pages("managed") for zone in dump.zones if zone.name not in kernel.capped_zones]
    return None if None in managed else sum(pages for pages in managed if pages is not None)


def _ratios(
    kernel: Kernel, dump: MemDump, caller: Caller, refused: list[ZoneTest]
) -> list[Finding]:
    """Return, for each zone that its reserve alone closes, the ratio that would open it."""
    found = []
    flags = caller.caller.flags
    for test in refused:
        zone = test.zone
        above = _managed_above(dump, zone, caller.class_zone)
        mark = zone.pages(caller.mark)
        if not above or test.free is None or mark is None or caller.order > 0:
            continue
        mark -= dropped_boost(zone, flags, caller.mark)
        room = test.free.value - 1 - discounted(kernel.gate.reductions, mark, flags)
        if room < 0 or (zone.reserve_for(caller.class_zone) or 0) <= room:
            continue
        ratio = above // (room + 1) + 1
        found.append(finding("pass.reserve", zone=zone.name, ratio=ratio, reserve=above // ratio))
    return found


def _managed_above(dump: MemDump, zone: ZoneDump, class_index: int) -> int | None:
    """Return managed pages of the node's zones over `zone`, up to the class zone."""
    pages = [
        other.pages("managed")
        for other in dump.zones
        if other.node == zone.node
        and other.index is not None
        and zone.index is not None
        and zone.index < other.index <= class_index
    ]
    return None if None in pages else sum(count for count in pages if count is not None)
