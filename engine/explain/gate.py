"""The watermark test of one request in every zone of a dump, and how far others are from refusal.

Source: mm/page_alloc.c:__zone_watermark_ok and get_page_from_freelist (4.5),
__zone_watermark_unusable_free and zone_watermark_fast (6.1.176, 6.6.80).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.floors import CallerClass, floor, hidden, seen_free, spare
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.terms import Term, given, rule

PCP_TYPES = frozenset("UME")
"""Types whose free blocks serve any request; H, C and I do not."""


class Verdict(StrEnum):
    """What the test says of one zone."""

    REFUSED = "refused"
    PASSES = "passes"
    NO_BLOCK = "no block"
    UNKNOWN = "unknown"


class Caller(NamedTuple):
    """The caller as the test sees it: its class, its class zone, the order, the mark it meets.

    `class_zone` is a zone index; it decides which lowmem_reserve counts.
    """

    caller: CallerClass
    class_zone: int
    order: int
    mark: str = "min"
    context: Context = Context.TASK
    alloc_flags: AllocFlag = AllocFlag.NONE


class ZoneTest(NamedTuple):
    """The test in one zone. `free` is what is compared: free pages, less what does not count."""

    zone: ZoneDump
    verdict: Verdict
    free: Term | None = None
    floor: Term | None = None

    @property
    def short_by(self) -> int | None:
        """Pages that are missing for the test to pass; 0 if it passes, None if not known."""
        if self.free is None or self.floor is None:
            return None
        return max(0, 1 - spare(self.free, self.floor))


def caller_of(
    kernel: Kernel, mode: int, context: Context, order: int, dump: MemDump
) -> Caller | None:
    """Return the caller behind a mask and a context; None if no populated zone can serve it."""
    zone = class_zone(
        highest_zone(kernel.gfp, mode), (z.index for z in dump.populated() if z.index is not None)
    )
    if zone is None:
        return None
    flags = kernel.alloc_flags(mode, context)
    return Caller(kernel.class_of(flags), zone, order, context=context, alloc_flags=flags)


def zone_floor(
    kernel: Kernel, zone: ZoneDump, caller: CallerClass, class_index: int, mark: str = "min"
) -> Term | None:
    """Return the floor that `caller` meets in `zone` at order 0, from the marks that were printed.

    None if the dump lacks the mark or the reserve. Pages.
    """
    if caller.flags & AllocFlag.NO_WATERMARKS:
        return rule("floor.none", Term(0))
    mark_pages, reserve = zone.pages(mark), zone.reserve_for(class_index)
    if mark_pages is None or reserve is None:
        return None
    tested, kept = given(mark, mark_pages), given("lowmem_reserve", reserve)
    boost = dropped_boost(zone, caller.flags, mark)
    if boost:
        tested = rule("unboosted", tested - given("boost", boost))
    return floor(kernel.gate.reductions, tested, kept, caller.flags)


def boost_of(zone: ZoneDump) -> int:
    """Return watermark_boost, which is part of every mark that is printed; 0 where it is not."""
    return zone.pages("boost") or 0


def dropped_boost(zone: ZoneDump, flags: AllocFlag, mark: str) -> int:
    """Return the boost that does not count for callers with `flags` at this mark, in pages."""
    return boost_of(zone) if flags & AllocFlag.UNBOOSTED and mark == "min" else 0


def test_zone(kernel: Kernel, zone: ZoneDump, caller: Caller) -> ZoneTest:
    """Return the verdict of one zone for this caller."""
    free_pages = zone.pages("free")
    floor_pages = zone_floor(kernel, zone, _tested_class(caller), caller.class_zone, caller.mark)
    if free_pages is None or floor_pages is None:
        return ZoneTest(zone, Verdict.UNKNOWN)
    free = compared_free(kernel, zone, free_pages, caller.caller.flags, caller.order)
    if spare(free, floor_pages) <= 0:
        return ZoneTest(zone, Verdict.REFUSED, free, floor_pages)
    if not has_block(kernel, zone, caller):
        return ZoneTest(zone, Verdict.NO_BLOCK, free, floor_pages)
    return ZoneTest(zone, Verdict.PASSES, free, floor_pages)


def _tested_class(caller: Caller) -> CallerClass:
    """Above order 0 the boost counts for everybody."""
    if caller.order <= 0:
        return caller.caller
    return caller.caller._replace(flags=caller.caller.flags & ~AllocFlag.UNBOOSTED)


def compared_free(
    kernel: Kernel, zone: ZoneDump, free_pages: int, flags: AllocFlag, order: int
) -> Term:
    """Return the pages that the test compares: free, less what this caller may not have.

    Pages reserved for high-order atomic requests count only for callers that may go below min; a
    dump that does not print them is taken as one without.
    """
    kept = hidden(zone.pages("reserved_highatomic") or 0, flags, kernel.gate.sees_highatomic)
    return seen_free(given("free", free_pages), order, kept)


def has_block(kernel: Kernel, zone: ZoneDump, caller: Caller) -> bool:
    """Tell whether the free lists hold a block that this caller could take.

    Without free lists in the dump nothing speaks against it.
    """
    if zone.blocks is None:
        return True
    gate, flags = kernel.gate, caller.caller.flags
    usable = set(PCP_TYPES)
    for extra in gate.extra_above if caller.order > 0 else gate.extra_order_0:
        if flags & extra.flags == extra.flags:
            usable.update(extra.types)
    return any(
        blocks.count > 0
        and blocks.order >= caller.order
        and (not blocks.types or bool(usable & set(blocks.types)))
        for blocks in zone.blocks
    )


def test_all(kernel: Kernel, dump: MemDump, caller: Caller) -> list[ZoneTest]:
    """Return the verdict of every populated zone that the caller may use, in zonelist order."""
    return [
        test_zone(kernel, zone, caller)
        for zone in dump.populated()
        if zone.index is not None and zone.index <= caller.class_zone
    ]


class Rung(NamedTuple):
    """One floor on the ladder of a zone: who stops there, at which mark, at how many pages."""

    caller: CallerClass
    mark: str
    pages: Term


def ladder(kernel: Kernel, zone: ZoneDump, class_index: int) -> list[Rung]:
    """Return every floor of a zone, highest first: all classes at min, plain at low and high."""
    rungs = [
        Rung(caller, mark, pages)
        for mark in ("high", "low", "min")
        for caller in kernel.classes_at(mark)
        if (pages := zone_floor(kernel, zone, caller, class_index, mark)) is not None
    ]
    return sorted(rungs, key=lambda rung: -rung.pages.value)


class Stop(NamedTuple):
    """Where a free count stands on the ladder: on rungs, or between the two around it."""

    on: tuple[Rung, ...]
    above: Rung | None = None
    below: Rung | None = None


def stop_of(rungs: list[Rung], free_pages: int) -> Stop:
    """Return which class of caller stops at `free_pages`, or the rungs it lies between."""
    on = tuple(rung for rung in rungs if rung.pages.value == free_pages)
    above = [rung for rung in rungs if rung.pages.value > free_pages]
    below = [rung for rung in rungs if rung.pages.value < free_pages]
    # Of classes with the same floor the first, the most ordinary, stands for all.
    lowest = [rung for rung in above if rung.pages.value == above[-1].pages.value]
    return Stop(on, lowest[0] if lowest else None, below[0] if below else None)


TYPICAL: tuple[tuple[str, Context], ...] = (
    ("GFP_ATOMIC", Context.SOFTIRQ),
    ("GFP_KERNEL", Context.TASK),
)
"""Whose distance is told: who cannot wait, and who can."""


def distances(kernel: Kernel, zone: ZoneDump, class_index: int) -> list[Finding]:
    """Return how many pages lie between the free pages of a zone and each typical caller's floor.

    For page requests of order 0 from callers of class zone `class_index`; empty where the dump
    lacks a number.
    """
    found: list[Finding] = []
    free_pages = zone.pages("free")
    if free_pages is None:
        return found
    for name, context in TYPICAL:
        caller = kernel.class_of(kernel.alloc_flags(kernel.gfp.value(name), context))
        floor = zone_floor(kernel, zone, caller, class_index)
        if floor is None:
            continue
        free = compared_free(kernel, zone, free_pages, caller.flags, 0)
        left = spare(free, floor)
        code = "distance.left" if left > 0 else "distance.none"
        found.append(finding(code, caller=name, free=free, floor=floor, left=left))
    return found
