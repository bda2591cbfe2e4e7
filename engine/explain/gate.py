"""The watermark test of one request in every zone of a dump: the inequality and its verdict.

Source: mm/page_alloc.c:__zone_watermark_ok and get_page_from_freelist (4.5).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.kernel.alloc_flags import AllocFlag, Context
from mmplay.engine.kernel.floors import CallerClass, class_of, classes_at, floor, seen_free
from mmplay.engine.kernel.versions import Kernel
from mmplay.engine.kernel.zonelist import class_zone, highest_zone
from mmplay.engine.report.memory import MemDump, ZoneDump
from mmplay.engine.terms import Term, given, rule

PCP_TYPES = frozenset("UME")
"""Types whose free blocks serve any request; H, C and I do not (order > 0, no ALLOC_HARDER)."""


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
    """The test in one zone. `free` is what is compared: free pages, less 2^order - 1."""

    zone: ZoneDump
    verdict: Verdict
    free: Term | None = None
    floor: Term | None = None

    @property
    def short_by(self) -> int | None:
        """Pages that are missing for the test to pass; 0 if it passes, None if not known."""
        if self.free is None or self.floor is None:
            return None
        return max(0, self.floor.value + 1 - self.free.value)


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
    return Caller(class_of(flags), zone, order, context=context, alloc_flags=flags)


def zone_floor(
    kernel: Kernel, zone: ZoneDump, caller: CallerClass, class_index: int, mark: str = "min"
) -> Term | None:
    """Return the floor that `caller` meets in `zone`, from the marks that the dump printed.

    None if the dump lacks the mark or the reserve. Pages.
    """
    if caller.flags & AllocFlag.NO_WATERMARKS:
        return rule("floor.none", Term(0))
    mark_pages, reserve = zone.pages(mark), zone.reserve_for(class_index)
    if mark_pages is None or reserve is None:
        return None
    return floor(
        kernel.reductions, given(mark, mark_pages), given("lowmem_reserve", reserve), caller.flags
    )


def test_zone(kernel: Kernel, zone: ZoneDump, caller: Caller) -> ZoneTest:
    """Return the verdict of one zone for this caller."""
    free_pages = zone.pages("free")
    floor_pages = zone_floor(kernel, zone, caller.caller, caller.class_zone, caller.mark)
    if free_pages is None or floor_pages is None:
        return ZoneTest(zone, Verdict.UNKNOWN)
    free = seen_free(given("free", free_pages), caller.order, Term(0), caller.caller.flags)
    if free.value <= floor_pages.value:
        return ZoneTest(zone, Verdict.REFUSED, free, floor_pages)
    if not has_block(zone, caller):
        return ZoneTest(zone, Verdict.NO_BLOCK, free, floor_pages)
    return ZoneTest(zone, Verdict.PASSES, free, floor_pages)


def has_block(zone: ZoneDump, caller: Caller) -> bool:
    """Tell whether the free lists hold a block that this caller could take.

    Without free lists in the dump nothing speaks against it. Above order 0 ALLOC_HARDER may take
    a block of any type.
    """
    if zone.blocks is None:
        return True
    harder = caller.order > 0 and caller.caller.flags & AllocFlag.HARDER
    return any(
        blocks.count > 0
        and blocks.order >= caller.order
        and (harder or not blocks.types or bool(PCP_TYPES & set(blocks.types)))
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
        for caller in classes_at(mark)
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
    return Stop(on, above[-1] if above else None, below[0] if below else None)
