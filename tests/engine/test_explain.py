"""Verdicts, stops, remedies and contradictions of made-up machines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.explain.diagnose import Seen, diagnose, reclaim_findings, stop_finding
from mmplay.engine.explain.dumps import contradictions, trend_findings
from mmplay.engine.explain.finding import Finding, finding, seconds, sentence, templates
from mmplay.engine.explain.gate import Caller, Verdict, caller_of, ladder, stop_of, test_all
from mmplay.engine.explain.remedy import remedies
from mmplay.engine.report import (
    FreeBlocks,
    MemDump,
    Report,
    ReportKind,
    Request,
    SlubReport,
    ZoneDump,
)
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.floors import CLASSES_4_5, PLAIN, floor
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.rules.watermarks import PAGE_KB, reserves, zone_min
from mmplay.engine.stack import StackEntry, read_context

test_all.__test__ = False  # type: ignore[attr-defined]
RC7 = KERNELS["4.5-rc7"]


def machine(free_dma: int, free_dma32: int, kbytes: int = 4000) -> MemDump:
    """A two-zone machine whose marks follow from `kbytes`; free counts in pages."""
    managed = (3976, 250_000)
    rows = reserves((*managed, 0, 0), RC7.lowmem_reserve_ratio)
    dump = MemDump(time_us=1_000_000, totals={}, tail={"swap_total_kb": 0})
    for n, (name, pages, free) in enumerate(
        zip(("DMA", "DMA32"), managed, (free_dma, free_dma32), strict=True)
    ):
        minimum = zone_min(kbytes, pages, sum(managed))
        low, high = RC7.gaps(minimum, pages, 0)
        values = {"free": free, "min": minimum, "low": low, "high": high, "managed": pages}
        zone = ZoneDump(0, name, kb={key: value * PAGE_KB for key, value in values.items()})
        zone.reserve = rows[n]
        zone.blocks = (FreeBlocks(0, free, PAGE_KB, "UME" if free else ""),)
        dump.zones.append(zone)
    return dump


def request(mode: int, *symbols: str, slub: SlubReport | None = None) -> Request:
    stack = tuple(StackEntry(symbol, 1, 2) for symbol in symbols)
    return Request("demo", 0, mode, stack=stack, slub=slub)


@given(st.integers(0, 4000), st.integers(0, 4000), st.integers(256, 20_000))
def test_the_smallest_remedy_is_exactly_enough(dma: int, dma32: int, kbytes: int) -> None:
    dump = machine(dma, dma32, kbytes)
    caller = caller_of(RC7, 0x2200020, Context.SOFTIRQ, 0, dump)
    assert caller is not None
    tests = test_all(RC7, dump, caller)
    found = {one.code: one for one in remedies(RC7, dump, caller, tests, None)}
    if any(test.verdict is Verdict.PASSES for test in tests):
        assert not found
        return
    if "pass.min_free_own" in found:
        enough = found["pass.min_free_own"].operands["kbytes"]
        assert isinstance(enough, int)
        assert passes(machine(dma, dma32, enough), caller)
        assert not passes(machine(dma, dma32, enough + 1), caller)
    for name, short in (("DMA", dma), ("DMA32", dma32)):
        need = next(t for t in tests if t.zone.name == name).short_by
        assert need is not None
        more = {"DMA": (dma + need, dma32), "DMA32": (dma, dma32 + need)}[name]
        assert passes(machine(*more, kbytes), caller), (name, short)


def passes(dump: MemDump, caller: Caller) -> bool:
    return any(test.verdict is Verdict.PASSES for test in test_all(RC7, dump, caller))


@given(st.integers(0, 5000))
def test_every_free_count_stands_somewhere_on_the_ladder(free: int) -> None:
    dump = machine(1000, free)
    rungs = ladder(RC7, dump.zones[1], 1)
    assert [rung.pages.value for rung in rungs] == sorted(
        (rung.pages.value for rung in rungs), reverse=True
    )
    stop = stop_of(rungs, free)
    for rung in stop.on:
        assert rung.pages.value == free
    if stop.above is not None:
        assert stop.above.pages.value > free
    if stop.below is not None:
        assert stop.below.pages.value < free
    assert sentence(stop_finding(free, stop))


def test_the_reason_for_lost_flags_is_found_by_rule() -> None:
    dump = machine(900, 0)
    minimum = dump.zones[1].pages("min") or 0
    between = (floor(RC7.gate.reductions, minimum, 0, CLASSES_4_5[2].flags)) - 5
    dump = machine(900, between)
    slub = SlubReport(0x2088020, None, -1, "kmalloc-64", nodes=((0, 1, 64, 0),))
    report = Report(ReportKind.FAILURE, 1_000_000, 1, 2)
    report.request = request(0x2200020, "net_rx_action", "__do_softirq", slub=slub)
    report.memory = dump
    result = diagnose(report, RC7, Seen(dump, own=True, distance_us=0), "4.5.0")
    kept = [one for one in result.would_pass if one.code == "pass.kept"]
    assert [one.operands["flags"] for one in kept] == [["__GFP_ATOMIC"]]
    assert kept[0].operands["caller"] == "HIGH+HARDER"


def test_slub_masks_that_do_not_fit_are_told() -> None:
    slub = SlubReport(0x24000C0, None, -1)
    report = Report(ReportKind.FAILURE, 1, 1, 1, request=request(0x2200020, "new_slab", slub=slub))
    result = diagnose(report, RC7, None, "4.5.0")
    assert "caller.slab_differs" in [one.code for one in result.about_caller]


CONTEXTS: tuple[tuple[tuple[StackEntry, ...], Context], ...] = (
    ((StackEntry("new_slab", 0, 1), StackEntry("net_rx_action", 0, 1)), Context.SOFTIRQ),
    (
        (
            StackEntry("__alloc_pages_nodemask", 0, 1),
            StackEntry("do_try_to_free_pages", 0, 1),
            StackEntry("try_to_free_pages", 0, 1),
        ),
        Context.PF_MEMALLOC,
    ),
    ((StackEntry("x", 0, 1), StackEntry("handle_irq_event", 0, 1)), Context.HARDIRQ),
    # what lies under the interrupt belongs to somebody else
    (
        (StackEntry("net_rx_action", 0, 1), StackEntry("try_to_free_pages", 0, 1, mark="EOI")),
        Context.SOFTIRQ,
    ),
    (
        (StackEntry("x", 0, 1), StackEntry("y", 0, 1, mark="EOI"), StackEntry("kswapd", 0, 1)),
        Context.TASK,
    ),
    # an address that was only found on the stack proves nothing
    ((StackEntry("try_to_free_pages", 0, 1, guess=True),), Context.TASK),
    ((StackEntry("vfs_write", 0, 1),), Context.TASK),
)


@pytest.mark.parametrize(("stack", "context"), CONTEXTS)
def test_context_is_read_off_the_stack(stack: tuple[StackEntry, ...], context: Context) -> None:
    assert read_context(stack).context == context


def test_without_a_trace_the_context_is_unknown() -> None:
    assert not read_context(()).traced


def test_a_higher_order_needs_a_block() -> None:
    dump = machine(900, 5000)
    caller = Caller(PLAIN, 1, 2)
    tests = {test.zone.name: test for test in test_all(RC7, dump, caller)}
    assert tests["DMA32"].verdict is Verdict.NO_BLOCK
    assert tests["DMA32"].free is not None
    assert tests["DMA32"].free.value == 5000 - 3
    dump.zones[1].blocks = (
        FreeBlocks(0, 4000, 4, "UM"),
        FreeBlocks(1, 0, 8, ""),
        FreeBlocks(2, 3, 16, "H"),
    )
    assert test_all(RC7, dump, caller)[0].verdict is Verdict.NO_BLOCK
    dump.zones[1].blocks = (*dump.zones[1].blocks[:2], FreeBlocks(2, 3, 16, "MH"))
    assert test_all(RC7, dump, caller)[0].verdict is Verdict.PASSES


def test_missing_numbers_give_no_verdict() -> None:
    dump = machine(900, 500)
    dump.zones[1].reserve = None
    tests = test_all(RC7, dump, Caller(PLAIN, 1, 0))
    assert tests[0].verdict is Verdict.UNKNOWN
    assert remedies(RC7, dump, Caller(PLAIN, 1, 0), tests, None) == []


def test_unknown_kernels_get_no_verdict() -> None:
    dump = machine(900, 500)
    report = Report(ReportKind.FAILURE, 1, 1, 1, request=request(0x2200020), memory=dump)
    result = diagnose(report, None, Seen(dump, own=True, distance_us=0), "7.7.7")
    assert result.asks == []
    assert result.verdict is not None
    assert "7.7.7" in sentence(result.verdict)
    unnamed = diagnose(report, None, None, None).verdict
    assert unnamed is not None
    assert unnamed.code == "kernel.none"


def test_contradictions_of_a_dump() -> None:
    dump = machine(900, 500)
    assert contradictions(dump, RC7) == []
    zone = dump.zones[1]
    zone.blocks = (FreeBlocks(0, 490, 4, "U"),)
    zone.blocks_total_kb = 1964
    zone.kb |= {"pages_scanned": 2800, "active_file": 0, "inactive_file": 400, "isolated_file": 0}
    zone.kb["high"] += 40
    zone.all_unreclaimable = False
    dump.totals = {"free": 1500}
    dump.tail |= {"ram_pages": 300_000, "reserved_pages": 1}
    codes = [one.code for one in contradictions(dump, RC7)]
    assert codes == [
        *("note.lists", "note.list_total", "note.totals", "note.reserved"),
        *("note.unreclaimable", "note.marks"),
    ]
    assert not {"note.unreclaimable", "note.marks"} & {c.code for c in contradictions(dump, None)}


def test_zones_that_reclaim_gave_up_are_named_with_their_node_where_there_are_several() -> None:
    def said(*nodes: int) -> str:
        zones = [
            ZoneDump(node, "Normal", kb={"managed": 400}, all_unreclaimable=node > 0)
            for node in nodes
        ]
        return sentence(reclaim_findings(MemDump(0, zones=zones))[-1])

    assert said(0) == "all_unreclaimable: Normal no"
    assert said(0, 1) == "all_unreclaimable: Node 0 Normal no, Node 1 Normal yes"


def test_trend_counts_objects_only_where_it_can() -> None:
    before = MemDump(1_000_000, totals={"slab_unreclaimable": 100, "dirty": 7})
    after = MemDump(3_000_000, totals={"slab_unreclaimable": 160, "dirty": 7})
    slub = SlubReport(
        1, None, -1, "kmalloc-64", 64, 64, default_order=0, min_order=0, nodes=((0, 10, 640, 0),)
    )
    found = {one.code: one for one in trend_findings(before, after, slub)}
    assert found["trend.objects"].operands["objects"] == 60 * 64
    assert found["trend.rate"].operands["rate"] == 60 * 64 // 2
    assert "dirty" not in [one.operands.get("name") for one in found.values()]
    large = slub._replace(default_order=3)
    assert "trend.objects" not in [one.code for one in trend_findings(before, after, large)]
    assert trend_findings(MemDump(None), after, slub) == []


def test_every_template_names_only_operands_that_are_given() -> None:
    for code, template in templates().items():
        assert template.strip(), code
        assert template.count("{") == template.count("}"), code
    with pytest.raises(KeyError):
        sentence(Finding("pass.pages", {}))


def test_numbers_in_words() -> None:
    assert sentence(finding("pass.pages", pages=1, zone="DMA")) == "1 page more free in DMA"
    assert sentence(finding("pass.pages", pages=22, zone="DMA32")) == "22 pages more free in DMA32"
    assert seconds(1_965_478) == "1.965478 s"
    assert seconds(-26) == "-0.000026 s"
