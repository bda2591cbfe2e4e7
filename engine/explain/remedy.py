"""What would have let a refused request pass: pages, blocks, flags, settings. All from the rules.

Nothing here is advice: every entry states the smallest change by which the same test, on the
same free counts, says yes. A bound that today's setting already meets is none.
"""

from __future__ import annotations

from mmplay.engine.explain.caller import kept_mask
from mmplay.engine.explain.counts import boost_of, dropped_boost
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest, has_block, test_zone
from mmplay.engine.explain.reasons import unboosted_floor
from mmplay.engine.explain.words import CALLERS
from mmplay.engine.report import MemDump, SlubReport, ZoneDump
from mmplay.engine.rules.alloc_flags import SECOND_TRY, AllocFlag
from mmplay.engine.rules.floors import CallerClass, discounted
from mmplay.engine.rules.versions import Kernel

BELOW_MIN = AllocFlag.HIGH | AllocFlag.HARDER | AllocFlag.MIN_RESERVE | AllocFlag.NON_BLOCK
"""Whoever may go below min is one of those that min is kept for."""


def remedies(
    kernel: Kernel, dump: MemDump, caller: Caller, tests: list[ZoneTest], slub: SlubReport | None
) -> list[Finding]:
    """Return what would have let the request pass; empty if some zone did say yes."""
    if any(test.verdict in (Verdict.PASSES, Verdict.UNKNOWN) for test in tests):
        return []
    short = sorted((test for test in tests if _holds(test)), key=lambda test: test.short_by or 0)
    pages = [_pages(kernel, caller, test) for test in short]
    blocks = [
        finding(
            "pass.block" if caller.order > 0 else "pass.page", order=caller.order, zone=test.name
        )
        for test in tests
        if test.verdict is Verdict.NO_BLOCK and test.zone.listed_pages()
    ]
    refused = [test for test in tests if test.verdict is Verdict.REFUSED]
    by_floor = [test for test in refused if _by_floor_alone(kernel, caller, test)]
    settings = [
        *_unboosted(kernel, caller, by_floor),
        *_smaller_min(kernel, dump, caller, by_floor),
        *_ratios(kernel, dump, caller, by_floor),
    ]
    flags = _flags(kernel, caller, refused, slub)
    tried = caller.order == 0 or not kernel.gate.halving
    if tried and not (flags or settings or blocks):
        flags = [finding("pass.nothing")]
    return [*blocks, *pages, *flags, *settings]


def _holds(test: ZoneTest) -> bool:
    """Tell whether a zone is short of pages and large enough to have that many more free."""
    free, pages = test.zone.pages("free") or 0, test.zone.pages("managed")
    pages = test.zone.pages("present") if pages is None else pages
    return bool(test.short_by) and (pages is None or free + (test.short_by or 0) <= pages)


def _by_floor_alone(kernel: Kernel, caller: Caller, test: ZoneTest) -> bool:
    """Tell whether a lower floor is all that a zone lacks: there is a block to give.

    With the halving loop of old kernels a block is not enough, so nothing is said above order 0.
    """
    if caller.order > 0 and (kernel.gate.halving or test.zone.blocks is None):
        return False
    return has_block(kernel, test.zone, caller)


def _pages(kernel: Kernel, caller: Caller, test: ZoneTest) -> Finding:
    pages = test.short_by or 0
    if test.halved is not None:
        return finding("pass.larger", pages=pages, zone=test.name, order=test.halved.order + 1)
    if caller.order == 0 or has_block(kernel, test.zone, caller):
        return finding("pass.pages", pages=pages, zone=test.name)
    return finding("pass.pages_and_block", pages=pages, zone=test.name, order=caller.order)


def last_look_pages(kernel: Kernel, caller: Caller, tests: list[ZoneTest]) -> list[Finding]:
    """Return what the OOM killer's last look was short of, in the zone that was nearest.

    Empty if it was not refused everywhere, and where pages alone would not do.
    """
    if not all(test.short_by for test in tests):
        return []
    short = [
        (test.short_by or 0, test.name)
        for test in tests
        if _holds(test) and (caller.order <= 0 or _by_floor_alone(kernel, caller, test))
    ]
    if not short:
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
        if kernel.alloc_flags(mask & ~kernel.gfp.encode(name), caller.context) != better.flags
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
            zone=test.name,
            free=test.free,
        )
    ]


def _next_class(kernel: Kernel, caller: Caller, refused: list[ZoneTest]) -> list[Finding]:
    for better in kernel.gate.classes:
        if better.flags & SECOND_TRY:
            continue  # nobody asks to free memory or to be killed
        test = _first_pass(kernel, caller, better, refused)
        if test is not None:
            return [
                finding(
                    "pass.class",
                    caller=better.name,
                    how=CALLERS[better.name].how,
                    floor=test.floor,
                    zone=test.name,
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
    other = caller._replace(caller=better, mark="min")
    for test in refused:
        again = test_zone(kernel, test.zone, other)._replace(label=test.label)
        if again.verdict is Verdict.PASSES:
            return again
    return None


def _unboosted(kernel: Kernel, caller: Caller, refused: list[ZoneTest]) -> list[Finding]:
    """Return the zones that only watermark_boost closes; blocks must be there, too."""
    found = []
    for test in refused:
        bare = unboosted_floor(kernel, caller, test)
        free = test.free.value if test.free else 0
        if bare is None or not boost_of(test.zone, kernel) or free <= bare:
            continue
        found.append(finding("pass.unboosted", zone=test.name, floor=bare, free=free))
    return found


def _smaller_min(
    kernel: Kernel, dump: MemDump, caller: Caller, refused: list[ZoneTest]
) -> list[Finding]:
    """Return the largest vm.min_free_kbytes with which some zone passes.

    Only the min mark follows from it alone. Where managed is not printed, or no setting gives every
    min that is printed (boot computed them from fewer pages), the bound is today's setting by the
    ratio of the marks.
    """
    sharing = [test for test in refused if test.zone.name not in _capped(kernel)]
    lowmem_pages = lowmem(kernel, dump)
    if caller.mark != "min" or not sharing:
        return []
    span = min_free_span(dump, _capped(kernel), kernel) if lowmem_pages is not None else None
    needs = [(test, need) for test in sharing if (need := _largest_mark(kernel, caller, test)) >= 0]
    if span is None or lowmem_pages is None:
        bounds = [_by_ratio(kernel, dump, test, need) for test, need in needs]
    else:
        managed = [test.zone.pages("managed") or 1 for test, _ in needs]
        bounds = [
            ((need + 1) * lowmem_pages - 1) // pages
            for (_, need), pages in zip(needs, managed, strict=True)
        ]
    best = max(bounds, default=-1)
    page_kb = dump.zones[0].page_kb
    today = span[0] // page_kb if span else _sum_of_mins(kernel, dump)
    if best < 0 or best >= today:
        return []
    code = "pass.min_free_own" if caller.caller.flags & BELOW_MIN else "pass.min_free"
    return [finding(code, kbytes=best * page_kb + page_kb - 1)]


def _capped(kernel: Kernel) -> tuple[str, ...]:
    """Return the zones that have no share in vm.min_free_kbytes (is_highmem besides)."""
    return (*kernel.capped_zones, "HighMem")


def _largest_mark(kernel: Kernel, caller: Caller, test: ZoneTest) -> int:
    """Return the largest unboosted min with which a zone passes, in pages; -1 if there is none."""
    mark, reserve = test.zone.pages("min"), test.zone.reserve_for(caller.class_zone)
    if mark is None or reserve is None or test.free is None:
        return -1
    boost = boost_of(test.zone, kernel)
    counted = boost - dropped_boost(test.zone, caller.flags, "min", kernel)
    low, high = -1, mark - boost
    while high - low > 1:
        middle = (low + high) // 2
        floor_pages = discounted(kernel.gate.reductions, middle + counted, caller.flags) + reserve
        low, high = (middle, high) if test.free.value > floor_pages else (low, middle)
    return low


def _by_ratio(kernel: Kernel, dump: MemDump, test: ZoneTest, need: int) -> int:
    mark = (test.zone.pages("min") or 0) - boost_of(test.zone, kernel)
    return need * _sum_of_mins(kernel, dump) // mark if mark > 0 else -1


def _sum_of_mins(kernel: Kernel, dump: MemDump) -> int:
    """Return the least vm.min_free_kbytes can be, in pages: each min was rounded down."""
    return sum(
        (zone.pages("min") or 0) - boost_of(zone, kernel)
        for zone in dump.zones
        if zone.name not in _capped(kernel)
    )


def min_free_span(
    dump: MemDump, capped: tuple[str, ...], kernel: Kernel | None = None
) -> tuple[int, int] | None:
    """Return the smallest and largest vm.min_free_kbytes that give every printed min.

    Zones in `capped` have a min of their own. None where managed or min are not printed, or no
    value gives them all.
    """
    zones = [
        (zone.pages("min"), zone.pages("managed"), boost_of(zone, kernel))
        for zone in dump.zones
        if zone.name not in capped
    ]
    known = [(low - boost, managed) for low, managed, boost in zones if low is not None and managed]
    if not known or len(known) != len(zones):
        return None
    lowmem_pages = sum(managed for _, managed in known)
    first = max(-(-low * lowmem_pages // managed) for low, managed in known)
    last = min(-(-(low + 1) * lowmem_pages // managed) - 1 for low, managed in known)
    if first > last:
        return None
    page_kb = dump.zones[0].page_kb
    return first * page_kb, last * page_kb + page_kb - 1


def lowmem(kernel: Kernel, dump: MemDump) -> int | None:
    """Return the managed pages that share vm.min_free_kbytes; None where one is not printed."""
    managed = [zone.pages("managed") for zone in dump.zones if zone.name not in _capped(kernel)]
    return None if None in managed else sum(pages for pages in managed if pages is not None)


def _ratios(
    kernel: Kernel, dump: MemDump, caller: Caller, refused: list[ZoneTest]
) -> list[Finding]:
    """Return, for each zone that its reserve alone closes, the ratio that would open it."""
    found = []
    for test in refused:
        zone = test.zone
        above = managed_above(dump, zone, caller.class_zone)
        mark, today = zone.pages(caller.mark), zone.reserve_for(caller.class_zone)
        if not above or not today or test.free is None or mark is None or caller.order > 0:
            continue
        mark -= dropped_boost(zone, caller.flags, caller.mark, kernel)
        room = test.free.value - 1 - discounted(kernel.gate.reductions, mark, caller.flags)
        ratio = above // (room + 1) + 1 if room >= 0 else 0
        if room < 0 or today <= room or ratio <= above // today:
            continue
        found.append(finding("pass.reserve", zone=test.name, ratio=ratio, reserve=above // ratio))
    return found


def managed_above(dump: MemDump, zone: ZoneDump, class_index: int) -> int | None:
    """Return managed pages of the node's zones over `zone`, up to the class zone."""
    columns = dump.columns()
    between = columns[columns.index(zone.name) + 1 : class_index + 1]
    pages = [
        other.pages("managed")
        for other in dump.zones
        if other.node == zone.node and other.name in between
    ]
    return None if None in pages else sum(count for count in pages if count is not None)
