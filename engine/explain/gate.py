"""The watermark test of one request in every zone of a dump, and how far others are from refusal.

Source: mm/page_alloc.c:__zone_watermark_ok and get_page_from_freelist of every era; what counts as
free in it is told by `counts`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.explain.counts import Halving, counted_free, dropped_boost, fits, halving
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.floors import CallerClass, discounted, floor, spare
from mmplay.engine.rules.memory import class_zone, top_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.terms import Term, given, rule


class Verdict(StrEnum):
    """What the test says of one zone."""

    REFUSED = "refused"
    PASSES = "passes"
    NO_BLOCK = "no block"
    UNKNOWN = "unknown"


class Caller(NamedTuple):
    """The caller as the test sees it: its class, its class zone, the order, the mark it meets.

    `class_zone` is an index of `columns`, the zones of the machine; it decides which
    lowmem_reserve counts. `top_zone` is the highest zone that the mask allows. Of `nodes` only
    zones on these are asked; None: on all.
    """

    caller: CallerClass
    class_zone: int
    order: int
    mark: str = "min"
    context: Context = Context.TASK
    alloc_flags: AllocFlag = AllocFlag.NONE
    columns: tuple[str, ...] = ZONES
    nodes: frozenset[int] | None = None

    @property
    def class_name(self) -> str:
        """The name of the class zone."""
        return self.columns[self.class_zone]

    @property
    def flags(self) -> AllocFlag:
        """What counts in the test: the flags of the class, and whether CMA pages may be used.

        Above order 0 the boost counts for everybody.
        """
        flags = self.caller.flags | self.alloc_flags & AllocFlag.CMA
        return flags if self.order <= 0 else flags & ~AllocFlag.UNBOOSTED

    def asks(self, dump: MemDump, zone: ZoneDump) -> bool:
        """Tell whether this caller may use a zone of the dump."""
        index = dump.index_of(zone)
        allowed = self.nodes is None or zone.node in self.nodes
        return allowed and index is not None and index <= self.class_zone


class ZoneTest(NamedTuple):
    """The test in one zone. `free` is what is compared: free pages, less what does not count.

    `label` is what the zone is called among the others. `halved` is where the loop over smaller
    orders refused, in kernels that have it.
    """

    zone: ZoneDump
    verdict: Verdict
    free: Term | None = None
    floor: Term | None = None
    label: str = ""
    halved: Halving | None = None

    @property
    def name(self) -> str:
        """What the zone is called."""
        return self.label or self.zone.name

    @property
    def short_by(self) -> int | None:
        """Pages that are missing for the test to pass; 0 if it passes, None if not known."""
        if self.free is None or self.floor is None:
            return None
        return max(0, 1 - spare(self.free, self.floor))


def caller_of(
    kernel: Kernel,
    mode: int,
    context: Context,
    order: int,
    dump: MemDump,
    nodes: frozenset[int] | None = None,
) -> Caller | None:
    """Return the caller behind a mask and a context; None if no populated zone can serve it.

    `nodes` are those that it may use, None for all.
    """
    columns = dump.columns()
    top = top_zone(kernel.gfp, mode, columns)
    allowed = [zone for zone in dump.populated() if nodes is None or zone.node in nodes]
    zone = class_zone(top, (columns.index(one.name) for one in allowed))
    if zone is None:
        return None
    flags = kernel.alloc_flags(mode, context)
    caller = kernel.class_of(flags)
    if kernel.gfp.has(mode, "__GFP_MOVABLE") and not kernel.gfp.has(mode, "__GFP_RECLAIMABLE"):
        flags |= AllocFlag.CMA
    index = top if kernel.gate.class_by_mask else zone
    return Caller(
        caller, index, order, context=context, alloc_flags=flags, columns=columns, nodes=nodes
    )


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
    boost = dropped_boost(zone, caller.flags, mark, kernel)
    if boost:
        tested = rule("unboosted", tested - given("boost", boost))
    return floor(kernel.gate.reductions, tested, kept, caller.flags)


def test_zone(kernel: Kernel, zone: ZoneDump, caller: Caller) -> ZoneTest:
    """Return the verdict of one zone for this caller."""
    tested = caller.caller._replace(flags=caller.flags)
    floor_pages = zone_floor(kernel, zone, tested, caller.class_zone, caller.mark)
    free = counted_free(kernel.gate, zone, caller.flags, caller.order)
    if free is None or floor_pages is None:
        return ZoneTest(zone, Verdict.UNKNOWN, free, floor_pages)
    if spare(free, floor_pages) <= 0:
        return ZoneTest(zone, Verdict.REFUSED, free, floor_pages)
    if caller.order > 0 and zone.blocks is None:
        return ZoneTest(zone, Verdict.UNKNOWN, free, floor_pages)
    halved = _halved(kernel, zone, caller)
    if not has_block(kernel, zone, caller):
        return ZoneTest(zone, Verdict.NO_BLOCK, free, floor_pages, halved=halved)
    if halved is not None:
        return _refused_by_halving(kernel, zone, caller, halved)
    return ZoneTest(zone, Verdict.PASSES, free, floor_pages)


def _refused_by_halving(
    kernel: Kernel, zone: ZoneDump, caller: Caller, halved: Halving
) -> ZoneTest:
    """Return the comparison in the loop that refused: pages in larger blocks, the halved mark."""
    pages, mark = zone.pages("free") or 0, zone.pages(caller.mark) or 0
    left = rule("halved_free", given("free", pages) - (pages - halved.free))
    need = discounted(kernel.gate.reductions, given(caller.mark, mark), caller.flags)
    need = rule("halved_mark", need // (1 << (halved.order + 1)))
    return ZoneTest(zone, Verdict.REFUSED, left, need, halved=halved)


def _halved(kernel: Kernel, zone: ZoneDump, caller: Caller) -> Halving | None:
    mark = zone.pages(caller.mark)
    if not kernel.gate.halving or caller.order <= 0 or mark is None:
        return None
    if caller.flags & AllocFlag.NO_WATERMARKS:
        return None
    mark = discounted(kernel.gate.reductions, mark, caller.flags)
    return halving(kernel.gate, zone, caller.flags, caller.order, mark)


def has_block(kernel: Kernel, zone: ZoneDump, caller: Caller) -> bool:
    """Tell whether the free lists hold a block that this caller could take.

    Without free lists in the dump nothing speaks against it.
    """
    if zone.blocks is None:
        return True
    return any(fits(kernel.gate, caller.flags, caller.order, one) for one in zone.blocks)


def test_all(kernel: Kernel, dump: MemDump, caller: Caller) -> list[ZoneTest]:
    """Return the verdict of every populated zone that the caller may use, in zonelist order."""
    return [
        test_zone(kernel, zone, caller)._replace(label=dump.label(zone))
        for zone in dump.populated()
        if caller.asks(dump, zone)
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


def ordinary_class(dump: MemDump) -> int | None:
    """Return the class zone of a caller that may use Normal, as an index of the dump's columns."""
    columns = dump.columns()
    return class_zone(
        columns.index("Normal"), (columns.index(zone.name) for zone in dump.populated())
    )


def ordinary_zones(dump: MemDump) -> list[ZoneDump]:
    """Return the zones with pages that such a caller may use; all, where there are none."""
    top, zones = ordinary_class(dump), dump.populated()
    usable = [zone for zone in zones if top is not None and (dump.index_of(zone) or 0) <= top]
    return usable or zones or dump.zones


def distances(
    kernel: Kernel, zone: ZoneDump, class_index: int, columns: tuple[str, ...] = ZONES
) -> list[Finding]:
    """Return how many pages lie between the free pages of a zone and each typical caller's floor.

    For page requests of order 0 from callers of class zone `class_index` of `columns`, or of the
    highest zone that their mask allows; none from one that may not use the zone, and none where
    the dump lacks a number.
    """
    found: list[Finding] = []
    for name, context in TYPICAL:
        mode = kernel.gfp.value(name)
        top = top_zone(kernel.gfp, mode, columns)
        if zone.name in columns[top + 1 :]:
            continue
        caller = kernel.class_of(kernel.alloc_flags(mode, context))
        floor = zone_floor(kernel, zone, caller, min(class_index, top))
        free = counted_free(kernel.gate, zone, caller.flags, 0)
        if floor is None or free is None:
            continue
        left = spare(free, floor)
        code = "distance.left" if left > 0 else "distance.none"
        found.append(finding(code, caller=name, free=free, floor=floor, left=left))
    return found
