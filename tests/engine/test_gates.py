"""The watermark test of every era: each rule by small numbers that only it explains."""

import pytest

from mmplay.engine.explain.counts import boost_of, hidden_boost
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest, caller_of
from mmplay.engine.explain.gate import test_all as all_zones
from mmplay.engine.explain.looks import looks_of
from mmplay.engine.report import FreeBlocks, MemDump, ReportKind, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.gates import GATES
from mmplay.engine.rules.memory import zone_columns
from mmplay.engine.rules.versions import KERNELS, Kernel, layout_of_release

RELEASE = {"2.6.32": "2.6.32", "3.0": "3.0.1", "3.9": "3.10.4", "3.10": "3.10.4"}
"""A release whose masks go with a gate; else the gate's own name is one."""


def kernel(gate: str) -> Kernel:
    """Return a kernel with this gate and the masks that went with it."""
    layout = layout_of_release(RELEASE.get(gate, f"{gate}.0"))
    assert layout is not None
    base = KERNELS["6.1"] if GATES[gate].boosts else KERNELS["4.5-rc7"]
    return base._replace(name=gate, gate=GATES[gate], gfp=layout)


def blocks(*counts: tuple[int, str]) -> tuple[FreeBlocks, ...]:
    """Return free lists from order 0 on, each a count and the letters of its types."""
    return tuple(
        FreeBlocks(order, count, 4 << order, types) for order, (count, types) in enumerate(counts)
    )


def zone(name: str = "Normal", **pages: int) -> ZoneDump:
    """Return a zone of node 0 with these fields in pages; min is 400, low 500, high 600."""
    known = {"min": 400, "low": 500, "high": 600, "managed": 100_000} | pages
    return ZoneDump(0, name, kb={key: 4 * value for key, value in known.items()}, reserve=(0,) * 5)


def asked(
    gate: str, mask: str, one: ZoneDump, order: int = 0, context: Context = Context.TASK
) -> ZoneTest:
    """Return the test of a request in the only zone of a dump."""
    rules, dump = kernel(gate), MemDump(0, zones=[one])
    caller = caller_of(rules, rules.gfp.encode(mask), context, order, dump)
    assert caller is not None
    return all_zones(rules, dump, caller)[0]


def verdict(gate: str, mask: str, one: ZoneDump, order: int = 0) -> Verdict:
    return asked(gate, mask, one, order).verdict


@pytest.mark.parametrize(("gate", "rest"), [("2.6.32", 0), ("3.0", 2), ("3.4", 0), ("4.15", 0)])
def test_3_0_to_3_2_take_two_pages_more(gate: str, rest: int) -> None:
    assert verdict(gate, "GFP_KERNEL", zone(free=400 + rest)) is Verdict.REFUSED
    assert verdict(gate, "GFP_KERNEL", zone(free=401 + rest)) is Verdict.PASSES


ATOMICS = (
    *((gate, "GFP_ATOMIC", 150) for gate in ("2.6.32", "3.4", "3.16", "4.4", "4.14", "5.9", "6.3")),
    # no __GFP_WAIT is enough up to 4.3, then it takes __GFP_ATOMIC; NON_BLOCK alone gives nothing
    ("2.6.32", "0x0", 300),
    ("3.4", "0x0", 300),
    ("4.4", "GFP_NOWAIT", 400),
    ("6.3", "GFP_NOWAIT", 400),
    # __GFP_NOMEMALLOC forbids the quarter from 3.0 on
    ("2.6.32", "GFP_ATOMIC|__GFP_NOMEMALLOC", 150),
    ("3.4", "GFP_ATOMIC|__GFP_NOMEMALLOC", 200),
    # transparent huge pages cannot wait, either, but do not wake kswapd
    ("3.10", "__GFP_NO_KSWAPD", 300),
    ("3.16", "__GFP_NO_KSWAPD", 400),
)


@pytest.mark.parametrize(("gate", "mask", "floor"), ATOMICS)
def test_who_may_go_below_min(gate: str, mask: str, floor: int) -> None:
    assert verdict(gate, mask, zone(free=floor)) is Verdict.REFUSED
    assert verdict(gate, mask, zone(free=floor + 1)) is Verdict.PASSES


@pytest.mark.parametrize(("gate", "floor"), [("4.4", 0), ("4.14", 200), ("6.3", 200)])
def test_a_victim_of_the_killer_is_let_to_half_of_min_from_4_14_on(gate: str, floor: int) -> None:
    test = asked(gate, "GFP_KERNEL", zone(free=floor), context=Context.TIF_MEMDIE)
    assert test.floor is not None
    assert (test.verdict, test.floor.value) == (Verdict.REFUSED, floor)


LISTS = blocks((100, "U"), (200, "U"), (30, "U"), (10, "U"), (0, ""), (1, "M"))


@pytest.mark.parametrize("gate", ["2.6.32", "3.4", "3.10", "3.16"])
def test_before_4_4_smaller_blocks_are_taken_off_and_the_mark_is_halved(gate: str) -> None:
    """732 - 7 = 725 > 400; less 100: 625 > 200; less 400: 225 > 100; less 120: 105 > 50."""
    one = zone(free=732)
    one.blocks = LISTS
    assert verdict(gate, "GFP_KERNEL", one, 3) is Verdict.PASSES
    # the same with 56 single pages more: 105 - 56 = 49 <= 50
    one.blocks = (FreeBlocks(0, 156, 4, "U"), *LISTS[1:])
    test = asked(gate, "GFP_KERNEL", one, 3)
    assert (test.verdict, test.halved, test.short_by) == (Verdict.REFUSED, (2, 49, 50), 2)
    assert test.free is not None
    assert test.floor is not None
    assert (test.free.value, test.floor.value) == (49, 50)
    assert verdict("4.4", "GFP_KERNEL", one, 3) is Verdict.PASSES
    one.blocks = one.blocks[:3]
    test = asked(gate, "GFP_KERNEL", one, 3)
    assert (test.verdict, test.halved) == (Verdict.NO_BLOCK, (2, 49, 50))


def test_the_halving_loop_may_pass_by_blocks_that_do_not_serve() -> None:
    one = zone(free=1000)
    one.blocks = blocks((0, ""), (0, ""), (0, ""), (125, "C"))
    assert verdict("3.10", "GFP_KERNEL", one, 3) is Verdict.NO_BLOCK
    assert verdict("3.10", "GFP_HIGHUSER_MOVABLE", one, 3) is Verdict.PASSES


@pytest.mark.parametrize(
    ("gate", "mask", "expected"),
    [
        ("2.6.32", "GFP_KERNEL", Verdict.PASSES),
        ("3.9", "GFP_KERNEL", Verdict.REFUSED),
        ("4.4", "GFP_KERNEL", Verdict.REFUSED),
        ("6.3", "GFP_KERNEL", Verdict.REFUSED),
        ("3.9", "GFP_HIGHUSER_MOVABLE", Verdict.PASSES),
        ("6.3", "GFP_HIGHUSER_MOVABLE", Verdict.PASSES),
    ],
)
def test_free_cma_pages_count_for_movable_requests_only(
    gate: str, mask: str, expected: Verdict
) -> None:
    assert verdict(gate, mask, zone(free=900, free_cma=600)) is expected


@pytest.mark.parametrize("gate", ["3.10", "4.14", "5.9", "6.12"])
def test_at_the_last_look_before_a_kill_cma_counts_for_nobody(gate: str) -> None:
    rules, dump = kernel(gate), MemDump(0, zones=[zone(free=1200, free_cma=600)])
    mask = rules.gfp.encode("GFP_HIGHUSER_MOVABLE")
    caller = caller_of(rules, mask, Context.TASK, 0, dump)
    assert caller is not None
    (_, at_min), (last, at_high) = looks_of(rules, ReportKind.OOM_KILL, caller, dump)
    assert at_min[0].verdict is Verdict.PASSES
    assert (last.mark, at_high[0].verdict, at_high[0].short_by) == ("high", Verdict.REFUSED, 1)


@pytest.mark.parametrize(
    ("gate", "order", "hidden"),
    [
        ("3.16", 0, 0),
        ("4.4", 0, 512),
        ("4.7", 0, 0),
        ("4.15", 0, 0),
        ("5.8", 0, 0),
        ("5.9", 0, 512),
    ],
)
def test_reserved_highatomic_pages_and_order_0(gate: str, order: int, hidden: int) -> None:
    """zone_watermark_fast passes order 0 without a look at them in 4.7 to 5.8."""
    test = asked(gate, "GFP_KERNEL", zone(free=1000, reserved_highatomic=512), order)
    assert test.free is not None
    assert test.free.value == 1000 - hidden


def test_an_h_in_the_lists_of_4_4_stands_for_one_block() -> None:
    one = zone(free=900)
    one.blocks = blocks((100, "UH"), (400, "U"))
    assert verdict("4.4", "GFP_KERNEL", one) is Verdict.REFUSED
    one.blocks = blocks((100, "U"), (400, "U"))
    assert verdict("4.4", "GFP_KERNEL", one) is Verdict.PASSES
    one.blocks = blocks((100, "UH"), (400, "U"))
    assert verdict("4.4", "GFP_ATOMIC", one) is Verdict.PASSES


ONLY_H = blocks((0, ""), (400, "H"))
ONLY_C = blocks((0, ""), (400, "C"))


@pytest.mark.parametrize(
    ("gate", "lists", "expected"),
    [
        ("4.4", ONLY_C, Verdict.PASSES),
        ("4.14", ONLY_C, Verdict.PASSES),
        ("4.4.155", ONLY_C, Verdict.NO_BLOCK),
        ("4.15", ONLY_C, Verdict.NO_BLOCK),
        ("4.15", ONLY_H, Verdict.PASSES),
        ("6.3", ONLY_H, Verdict.PASSES),
        ("6.12.117", ONLY_H, Verdict.PASSES),
    ],
)
def test_which_lists_serve_an_atomic_block(
    gate: str, lists: tuple[FreeBlocks, ...], expected: Verdict
) -> None:
    one = zone(free=800)
    one.blocks = lists
    assert verdict(gate, "GFP_ATOMIC", one, 1) is expected


@pytest.mark.parametrize(
    ("gate", "mask", "order", "expected"),
    [
        ("6.3", "GFP_NOWAIT", 1, Verdict.PASSES),
        ("6.12", "GFP_NOWAIT", 1, Verdict.PASSES),
        ("6.12.117", "GFP_NOWAIT", 1, Verdict.NO_BLOCK),
        ("6.1.192", "GFP_NOWAIT", 1, Verdict.NO_BLOCK),
        ("5.9", "GFP_ATOMIC", 0, Verdict.NO_BLOCK),
        ("6.3", "GFP_ATOMIC", 0, Verdict.NO_BLOCK),
        ("6.6.80", "GFP_ATOMIC", 0, Verdict.PASSES),
        ("6.12", "GFP_NOWAIT", 0, Verdict.PASSES),
    ],
)
def test_who_may_take_a_highatomic_block(
    gate: str, mask: str, order: int, expected: Verdict
) -> None:
    one = zone(free=800)
    one.blocks = ONLY_H
    assert verdict(gate, mask, one, order) is expected


def test_the_class_zone_is_the_one_with_pages_up_to_5_7() -> None:
    """Movable has no pages here, and 6.10 to 6.13 give it no reserve."""
    one = zone("DMA32", free=450)
    one.reserve = (0, 0, 100, 0, 0)
    dump = MemDump(0, zones=[one, zone(free=10)])
    for gate, expected in (("5.4.286", 500), ("5.8", 400), ("6.3", 400)):
        rules = kernel(gate)
        mask = rules.gfp.encode("GFP_HIGHUSER_MOVABLE")
        caller = caller_of(rules, mask, Context.TASK, 0, dump)
        assert caller is not None
        test = all_zones(rules, dump, caller)[1]
        assert test.floor is not None
        assert (test.zone.name, test.floor.value) == ("DMA32", expected)


def boosted(gap: int = 86, minimum: int = 1368) -> ZoneDump:
    return zone(free=453, min=minimum, low=minimum + gap, high=minimum + 2 * gap, managed=29_600)


def test_a_boost_that_is_not_printed_is_found_by_the_gaps() -> None:
    """A quarter of 344 is 86; 0.1 % of managed would be 29."""
    assert hidden_boost(kernel("5.8"), boosted()) == (1021, 1024)
    assert boost_of(boosted(), kernel("5.8")) == 1024
    assert hidden_boost(kernel("4.15"), boosted()) is None  # no boost before 5.0
    assert hidden_boost(kernel("5.8"), boosted(minimum=346)) is None  # 4 x 86 and what was cut off
    assert hidden_boost(kernel("5.8"), boosted(gap=29)) is None  # the gap is a share of the zone
    printed = boosted()
    printed.kb["boost"] = 0
    assert hidden_boost(kernel("5.8"), printed) is None


@pytest.mark.parametrize(("gate", "floor"), [("5.8", 513), ("5.4.286", 129), ("5.9", 129)])
def test_who_is_tested_without_a_hidden_boost(gate: str, floor: int) -> None:
    test = asked(gate, "GFP_ATOMIC", boosted())
    assert test.floor is not None
    assert test.floor.value == floor
    assert test.verdict is (Verdict.REFUSED if floor > 453 else Verdict.PASSES)


def test_without_lists_a_block_is_not_taken_for_granted() -> None:
    assert verdict("4.15", "GFP_KERNEL", zone(free=5000), 3) is Verdict.UNKNOWN
    assert verdict("4.15", "GFP_KERNEL", zone(free=400), 3) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("names", "count", "columns"),
    [
        (("DMA", "DMA32", "Normal"), 5, ("DMA", "DMA32", "Normal", "Movable", "Device")),
        (("Normal",), 4, ("DMA", "DMA32", "Normal", "Movable")),
        (("DMA", "HighMem"), 4, ("DMA", "Normal", "HighMem", "Movable")),
        (("Normal", "HighMem"), 3, ("Normal", "HighMem", "Movable")),
        (("DMA32", "Normal"), 3, ("DMA32", "Normal", "Movable")),
        (("Normal",), 2, ("Normal", "Movable")),
    ],
)
def test_the_zones_of_a_machine(
    names: tuple[str, ...], count: int, columns: tuple[str, ...]
) -> None:
    assert zone_columns(names, count) == columns


def test_high_memory_is_a_zone_of_its_own() -> None:
    normal, high = zone("Normal", free=900), zone("HighMem", free=300, min=100, low=150, high=200)
    normal.reserve, high.reserve = (0, 0, 700, 700), (0, 0, 0, 0)
    dump = MemDump(0, zones=[normal, high])
    rules = kernel("4.15")

    def named(mask: str) -> list[tuple[str, str]]:
        caller = caller_of(rules, rules.gfp.encode(mask), Context.TASK, 0, dump)
        assert caller is not None
        return [(test.name, str(test.verdict)) for test in all_zones(rules, dump, caller)]

    assert named("GFP_HIGHUSER") == [("HighMem", "passes"), ("Normal", "refused")]
    assert named("GFP_KERNEL") == [("Normal", "passes")]


@pytest.mark.parametrize("gate", list(GATES))
def test_every_gate_has_a_class_for_every_caller(gate: str) -> None:
    rules = kernel(gate)
    for context in Context:
        for mask in ("GFP_KERNEL", "GFP_ATOMIC", "0x0", "GFP_KERNEL|__GFP_HIGH"):
            flags = rules.alloc_flags(rules.gfp.encode(mask), context)
            assert rules.class_of(flags | AllocFlag.CMA).name


def test_an_atomic_request_is_never_refused_where_a_plain_one_passes() -> None:
    for gate in GATES:
        for free in range(390, 420):
            if verdict(gate, "GFP_KERNEL", zone(free=free)) is Verdict.PASSES:
                assert verdict(gate, "GFP_ATOMIC", zone(free=free)) is Verdict.PASSES


def test_a_caller_names_its_class_zone() -> None:
    assert Caller(KERNELS["6.6"].gate.classes[0], 1, 0).class_name == "DMA32"
