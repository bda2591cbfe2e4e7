"""What is behind the answer of each zone: blocks and their types, boost, CMA, highatomic pages.

Source: mm/page_alloc.c:__zone_watermark_ok, boost_watermark; mm/vmstat.c:unusable_free_index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mmplay.engine.explain.counts import (
    Pieces,
    boost_of,
    dropped_boost,
    hidden_boost,
    hidden_cma,
    hidden_highatomic,
    pages_beside_highatomic,
    pieces,
    unprinted_highatomic,
    usable_types,
)
from mmplay.engine.explain.finding import Finding, finding, said
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest, zone_floor
from mmplay.engine.report import MemDump, Request
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.gates import FREE, GateRules
from mmplay.engine.rules.versions import Kernel

Reason = tuple[str, Finding]
"""The zone by its name, and what explains its answer."""


def reasons(kernel: Kernel, caller: Caller, tests: list[ZoneTest]) -> list[Reason]:
    """Return what is behind the answers of one look, zone by zone."""
    found = []
    for test in tests:
        for one in _of_zone(kernel, caller, test):
            found.append((test.name, one))
    return found


def _of_zone(kernel: Kernel, caller: Caller, test: ZoneTest) -> Iterator[Finding]:
    yield from _blocks(kernel.gate, caller, test)
    yield from _boost(kernel, caller, test)
    yield from _hidden(kernel.gate, caller, test)


def _blocks(gate: GateRules, caller: Caller, test: ZoneTest) -> Iterator[Finding]:
    """Say how many blocks there are and how many are needed: one that serves the caller."""
    cut = pieces(gate, test.zone, caller.flags, caller.order)
    if cut is None:
        return
    if test.halved is not None:
        yield finding(
            "blocks.halved",
            smaller=test.halved.order,
            order=test.halved.order + 1,
            own=(1 << caller.order) + gate.block_rest,
            left=test.halved.free,
            need=test.halved.need,
        )
    own = cut.large - cut.foreign
    if test.verdict is Verdict.NO_BLOCK and not own:
        yield _no_block(gate, caller, test, cut)
    elif caller.order > 0 and own and test.verdict is Verdict.REFUSED and test.halved is None:
        yield finding("blocks.there", count=own, order=caller.order)


def _no_block(gate: GateRules, caller: Caller, test: ZoneTest, cut: Pieces) -> Finding:
    if cut.large:
        usable = usable_types(gate, caller.flags, caller.order)
        there = {letter for one in test.zone.blocks or () if one.count for letter in one.types}
        return finding(
            "blocks.foreign",
            count=cut.foreign,
            order=caller.order,
            types=sorted(there - usable),
            unusable=cut.unusable,
        )
    if not cut.small:
        return finding("blocks.empty")
    return finding(
        "blocks.none",
        order=caller.order,
        pages=cut.small_pages,
        small=cut.small,
        unusable=cut.unusable,
    )


def _boost(kernel: Kernel, caller: Caller, test: ZoneTest) -> Iterator[Finding]:
    """Tell the boost of the tested mark as a share of its own."""
    boost, mark = boost_of(test.zone, kernel), test.zone.pages(caller.mark)
    if not boost or mark is None or caller.flags & AllocFlag.NO_WATERMARKS:
        return
    span = hidden_boost(kernel, test.zone)
    if span:
        yield finding("boost.hidden", least=span[0], most=span[1], mark=caller.mark, pages=mark)
    if dropped_boost(test.zone, caller.flags, caller.mark, kernel):
        yield finding("boost.dropped", boost=boost, mark=caller.mark)
        return
    bare = unboosted_floor(kernel, caller, test)
    if test.free is None or bare is None:
        return
    passes = test.verdict is Verdict.REFUSED and test.free.value > bare
    code = "boost.decides" if passes else "boost.share"
    yield finding(code, boost=boost, mark=caller.mark, free=test.free.value, floor=bare)


def unboosted_floor(kernel: Kernel, caller: Caller, test: ZoneTest) -> int | None:
    """Return the floor that the caller would meet without the boost, in pages."""
    boost = boost_of(test.zone, kernel)
    bare = test.zone.kb | {
        name: (pages - boost) * test.zone.page_kb
        for name in ("min", "low", "high")
        if (pages := test.zone.pages(name)) is not None
    }
    zone = replace(test.zone, kb=bare | {"boost": 0})
    tested = caller.caller._replace(flags=caller.flags)
    floor = zone_floor(kernel, zone, tested, caller.class_zone, caller.mark)
    return floor.value if floor else None


def _hidden(gate: GateRules, caller: Caller, test: ZoneTest) -> Iterator[Finding]:
    free = test.zone.pages("free")
    cma = hidden_cma(gate, test.zone, caller.flags)
    if cma and free is not None:
        code = "hidden.cma_last_look" if caller.mark == "high" else "hidden.cma"
        yield finding(code, cma=cma, free=free)
    kept = hidden_highatomic(gate, test.zone, caller.flags, caller.order)
    if kept and gate.highatomic == FREE and test.zone.pages("free_highatomic") is None:
        yield finding("hidden.highatomic_at_most", kept=kept)


def highatomic_findings(kernel: Kernel, dump: MemDump, request: Request | None) -> list[Finding]:
    """Return what had to be assumed where a dump does not print the pages kept for high orders."""
    if any("reserved_highatomic" in zone.kb for zone in dump.zones):
        return []
    listed = [pages_beside_highatomic(zone) for zone in dump.zones]
    lettered = any(one.types for zone in dump.zones for one in zone.blocks or () if one.count)
    if not lettered:
        return []
    if not any(listed):
        return [finding("assumed.no_highatomic")]
    order = request.order if request is not None else None
    counted = not kernel.gate.highatomic_order_0 and order == 0
    return [finding("assumed.highatomic_counted" if counted else "assumed.highatomic")]


def freed_before_last_look(
    caller: Caller, at_min: list[ZoneTest], last: list[ZoneTest]
) -> list[Finding]:
    """Say what passes at min in a dump whose last look explains the kill.

    Where only free CMA pages make the difference, they came free since min refused.
    """
    passing = [test for test in at_min if test.verdict is Verdict.PASSES]
    if not passing or any(test.verdict is Verdict.PASSES for test in last):
        return []
    found = []
    for test in passing:
        cma = test.zone.pages("free_cma") if caller.flags & AllocFlag.CMA else None
        spare = (test.free.value if test.free else 0) - (test.floor.value if test.floor else 0)
        by_cma = cma is not None and spare <= cma and cma > 0
        code = "gate.cma_freed" if by_cma else "gate.freed_before_last_look"
        found.append(finding(code, zone=test.name, free=test.free, floor=test.floor, pages=spare))
    return found


def skew_findings(
    gate: GateRules, caller: Caller, tests: list[ZoneTest], delay_us: int | None
) -> list[Finding]:
    """Say of every zone that passes by how much: a request was refused by earlier numbers.

    Highatomic blocks that the kernel does not print may explain it as well.
    """
    found = []
    for test in tests:
        if test.verdict is not Verdict.PASSES or test.free is None or test.floor is None:
            continue
        pages = test.free.value - test.floor.value
        kept = unprinted_highatomic(gate, test.zone, caller.flags, caller.order)
        if kept >= pages:
            found.append(finding("gate.unprinted", zone=test.name, pages=pages, kept=kept))
        else:
            found.append(_skew(test.name, pages, delay_us, caller.order))
    return [*found, *_maybe_bound(caller, tests)] if found else []


def _skew(zone: str, pages: int, delay_us: int | None, order: int) -> Finding:
    """Say when a dump was printed by which a request passes, and what may have changed since.

    Above order 0 blocks may have merged, or have been split, without a page more or less.
    """
    way = "went" if delay_us is not None and delay_us < 0 else "came"
    change = said(f"gate.{way}_blocks" if order > 0 else f"gate.{way}_pages")
    if delay_us is None:
        return finding("gate.skew_untimed", zone=zone, pages=pages, change=change)
    if delay_us >= 0:
        return finding("gate.skew", zone=zone, pages=pages, delay_us=delay_us, change=change)
    return finding("gate.skew_earlier", zone=zone, pages=pages, early_us=-delay_us, change=change)


def _maybe_bound(caller: Caller, tests: list[ZoneTest]) -> list[Finding]:
    """Name nodes that refuse in every zone where the log does not say which ones were allowed."""
    open_nodes = {test.zone.node for test in tests if test.verdict is Verdict.PASSES}
    closed = sorted({test.zone.node for test in tests} - open_nodes)
    if caller.nodes is not None or not closed:
        return []
    return [finding("gate.maybe_bound", nodes=[f"{node}" for node in closed])]
