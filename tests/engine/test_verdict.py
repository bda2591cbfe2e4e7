"""The verdict on a request: what decides, what is missing, and who must agree."""

import pytest

from mmplay.engine.explain.diagnose import Seen, diagnose
from mmplay.engine.explain.dumps import contradictions
from mmplay.engine.explain.finding import filled, sentence
from mmplay.engine.explain.headline import headline
from mmplay.engine.explain.verdict import Outcome, Status, judge
from mmplay.engine.report import (
    FreeBlocks,
    MemDump,
    Report,
    ReportKind,
    ZoneDump,
)
from tests.engine.judging import diagnosed, judged, machine, report
from tests.engine.test_gates import blocks, kernel, zone


def test_a_failure_is_decided_at_min() -> None:
    found = judged(report("GFP_KERNEL"), machine(zone(free=400)))
    assert (found.status, found.outcome) == (Status.EXACT, Outcome.REFUSED)
    assert [one.rules for one in found.candidates] == ["5.9"]
    assert found.candidates[0].zones == (("Normal", 0, 400, 400, "min", "refused"),)


def test_a_kill_is_decided_at_high() -> None:
    dump = machine(zone(free=600))
    found = judged(report("GFP_KERNEL", kind=ReportKind.OOM_KILL), dump)
    assert (found.outcome, found.candidates[0].zones[0].mark) == (Outcome.REFUSED, "high")
    assert judged(report("GFP_KERNEL"), dump).outcome is Outcome.SKEW


def test_the_skew_is_told_in_pages() -> None:
    low = zone("DMA32", free=400)
    found = judged(report("GFP_KERNEL"), machine(low, zone(free=588)))
    assert (found.status, found.outcome, found.skew_pages) == (Status.EXACT, Outcome.SKEW, 188)
    words = [
        sentence(one)
        for one in diagnosed(
            report("GFP_KERNEL"), machine(low, zone(free=588)), kernel("5.9")
        ).notes
    ]
    assert any("Normal would pass by 188 pages" in text for text in words)


def test_blocks_of_a_foreign_type_are_no_skew() -> None:
    one = zone(free=900, reserved_highatomic=0)
    one.blocks = blocks((0, ""), (450, "H"))
    found = judged(report("GFP_KERNEL"), machine(one))
    assert (found.status, found.outcome) == (Status.EXACT, Outcome.NO_BLOCK)
    assert found.candidates[0].zones[0].verdict == "no_block"
    result = diagnosed(report("GFP_KERNEL"), machine(one), kernel("5.9"))
    assert not any("in between" in sentence(note) for note in result.notes)
    assert "450 free blocks of order 0 or more, but not one of a type" in sentence(
        result.reasons[0][1]
    )


KINDS = (
    (ReportKind.MEMCG_OOM, Outcome.LIMIT),
    (ReportKind.SYSRQ, None),
    (ReportKind.USERSPACE, None),
    (ReportKind.CMA, None),
    (ReportKind.VMALLOC, None),
    (ReportKind.DUMP, None),
)


@pytest.mark.parametrize(("kind", "outcome"), KINDS)
def test_where_no_watermark_was_tested(kind: ReportKind, outcome: Outcome | None) -> None:
    found = judged(report("GFP_KERNEL", kind=kind), machine(zone(free=10)))
    assert (found.status, found.outcome, found.candidates) == (Status.NOT_ASKED, outcome, ())


def test_a_vmalloc_area_of_huge_pages_was_refused_one() -> None:
    found = judged(report("GFP_KERNEL", 9, ReportKind.VMALLOC), machine(zone(free=10)))
    assert found.outcome is Outcome.REFUSED


def test_the_line_that_is_missing_is_named() -> None:
    one = report("GFP_KERNEL", 3)
    assert judged(one, None).missing == ("Mem-Info",)
    assert judged(one, machine()).missing == ("zone lines",)
    assert judge(one, [], machine(zone(free=1))).missing == ("release",)
    assert judged(Report(ReportKind.FAILURE, 1, 1, 1), None).missing == ("Mem-Info", "gfp_mask")
    bare = zone(free=900)
    found = judged(one, machine(bare))
    assert (found.status, found.missing) == (Status.NONE, ("free lists of Normal",))
    bare.reserve = None
    assert judged(one, machine(bare)).missing == ("lowmem_reserve[] of Normal",)
    del bare.kb["min"]
    assert judged(one, machine(bare)).missing == ("free and min of Normal",)


def test_rules_that_agree_give_one_verdict() -> None:
    found = judged(report("GFP_KERNEL"), machine(zone(free=300)), "5.4.286", "5.8", "5.9")
    assert found.status is Status.EXACT
    assert [one.rules for one in found.candidates] == ["5.4.286; 5.8; 5.9"]
    assert found.decided_by is None


def test_rules_that_do_not_agree_are_all_shown() -> None:
    """A boost of 1024: 5.8 tests GFP_ATOMIC with it, 5.9 without."""
    hidden = zone(free=453, min=1368, low=1454, high=1540, managed=29_600)
    found = judged(report("GFP_ATOMIC"), machine(hidden), "5.8", "5.9")
    assert (found.status, found.outcome) == (Status.OPEN, None)
    assert [(one.rules, one.outcome) for one in found.candidates] == [
        ("5.8", Outcome.REFUSED),
        ("5.9", Outcome.SKEW),
    ]
    assert found.decided_by


def test_rules_that_explain_the_refusal_are_told_first() -> None:
    hidden = zone(free=453, min=1368, low=1454, high=1540, managed=29_600)
    dump = machine(hidden)
    result = diagnose(
        report("GFP_ATOMIC"),
        kernel("5.9"),
        Seen(dump, own=True, distance_us=1),
        None,
        [kernel("5.8")],
    )
    assert result.kernel is not None
    assert (result.kernel.name, result.judgement.status) == ("5.8", Status.OPEN)
    assert not any("in between" in sentence(note) for note in result.notes)
    assert result.verdict is not None
    assert "5.8: refused, 5.9: skew" in sentence(result.verdict)


@pytest.mark.parametrize(
    ("gates", "dump", "said"),
    [
        (("3.4", "3.9"), machine(zone(free=900, free_cma=600)), "CMA"),
        (("3.0", "3.4"), machine(zone(free=402)), "two pages"),
        (("5.8", "5.9"), machine(zone(free=900, reserved_highatomic=512)), "highatomic"),
    ],
)
def test_what_decides_between_candidates_is_said(
    gates: tuple[str, ...], dump: MemDump, said: str
) -> None:
    one = report("GFP_KERNEL")
    assert one.request is not None
    layout = kernel(gates[0]).gfp
    one.request = one.request._replace(mode=layout.value("GFP_KERNEL"))
    found = judge(one, [kernel(gate)._replace(gfp=layout) for gate in gates], dump)
    assert found.status is Status.OPEN
    assert said in (found.decided_by or "")


LISTS = (FreeBlocks(0, 500, 4, "U"), FreeBlocks(1, 200, 8, "UM"), FreeBlocks(2, 0, 16, ""))


def reasons(one: ZoneDump, order: int, gate: str = "5.9") -> list[str]:
    result = diagnosed(report("GFP_KERNEL", order), machine(one), kernel(gate))
    return [sentence(finding) for _, finding in result.reasons]


def test_fragmentation_is_said_in_numbers() -> None:
    one = zone(free=900)
    one.blocks = LISTS
    assert reasons(one, 2) == [
        "no free block of order 2 or more, and one is needed: 900 pages are free in 700 smaller "
        "blocks (unusable index 1000 of 1000)"
    ]


def test_a_floor_that_refuses_is_no_fragmentation() -> None:
    one = zone(free=403)
    one.blocks = (*LISTS[:2], FreeBlocks(2, 3, 16, "M"))
    assert reasons(one, 2) == [
        "3 free blocks of order 2 or more would serve it: the floor refuses, not fragmentation"
    ]


def test_blocks_that_are_there_but_too_few_are_told_by_the_halving_loop() -> None:
    """732 - 7 - 156 - 400 - 120 = 49, and 400 / 8 = 50 must be exceeded."""
    one = zone(free=732)
    one.blocks = blocks((156, "U"), (200, "U"), (30, "U"), (0, ""), (0, ""), (1, "M"))
    layout = kernel("3.16").gfp
    asked = report("GFP_KERNEL", 3)
    assert asked.request is not None
    asked.request = asked.request._replace(mode=layout.value("GFP_KERNEL"))
    result = diagnosed(asked, machine(one), kernel("3.16"))
    assert result.judgement.outcome is Outcome.REFUSED
    assert [sentence(finding) for _, finding in result.reasons] == [
        "free, less the blocks below order 3 and 7 for the request itself, is 49, and more than 50 "
        "must be left: refused at o=2 of the halving loop"
    ]
    assert "2 pages more free in Normal in blocks of order 3 or more" in [
        sentence(finding) for finding in result.would_pass
    ]


def test_the_boost_is_a_share_of_its_own() -> None:
    one = zone(free=1000, boost=700, min=1100, low=1200, high=1300)
    assert reasons(one, 0) == [
        "700 of the pages in min are watermark_boost: without them the floor is 400 and 1000 passes"
    ]


def helped(one: ZoneDump, order: int = 0) -> list[str]:
    result = diagnosed(report("GFP_KERNEL", order), machine(one), kernel("5.9"))
    return [finding.code for finding in result.would_pass]


def test_a_block_helps_where_blocks_are_missing() -> None:
    one = zone(free=900)
    one.blocks = LISTS
    assert helped(one, 2) == ["pass.block"]


@pytest.mark.parametrize("free", [0, 10, 399, 400])
def test_no_bound_that_is_met_already(free: int) -> None:
    """Whatever boot made of the setting: 400 of 400 pages are 1600 kB."""
    result = diagnosed(report("GFP_KERNEL"), machine(zone(free=free)), kernel("5.9"))
    bounds = [one.operands["kbytes"] for one in result.would_pass if one.code == "pass.min_free"]
    assert all(isinstance(bound, int) and bound < 1600 for bound in bounds)


@pytest.mark.parametrize(("mask", "code"), [("GFP_KERNEL", ""), ("GFP_ATOMIC", "_own")])
def test_a_smaller_min_is_no_advice_for_whom_min_is_kept(mask: str, code: str) -> None:
    result = diagnosed(report(mask), machine(zone(free=90)), kernel("5.9"))
    found = [one.code for one in result.would_pass if one.code.startswith("pass.min_free")]
    assert found == [f"pass.min_free{code}"]


def test_a_zone_without_pages_or_reserve_has_no_ladder() -> None:
    bare = zone(free=90)
    bare.reserve = None
    empty = zone("DMA", free=0, min=0, low=0, high=0, managed=0)
    for one in (bare, empty):
        assert diagnosed(report("GFP_KERNEL"), machine(one), kernel("5.9")).stops == []


def test_all_that_is_taken_off_free_is_shown() -> None:
    one = zone(free=900)
    one.blocks = LISTS
    one.kb["reserved_highatomic"] = 512 * 4
    result = diagnosed(report("GFP_KERNEL", 2), machine(one), kernel("5.9"))
    (free,) = {test.free for _, tests in result.asks for test in tests}
    assert free is not None
    assert filled(free) == "900 - 3 - 512"


def test_marks_that_boot_computed_from_fewer_pages_bound_by_their_ratio() -> None:
    """The mins add up to 16894 pages; managed would give Normal another share of them."""
    dma = zone("DMA", free=0, min=16, managed=3840)
    dma.reserve = (0, 2305, 15744, 15744, 15744)
    dma32 = zone("DMA32", free=750, min=2471, managed=600_497)
    dma32.reserve = (0, 0, 13439, 13439, 13439)
    normal = zone(free=14_400, min=14_407, low=18_008, high=21_609, managed=3_442_470)
    result = diagnosed(report("GFP_KERNEL"), machine(dma, dma32, normal), kernel("5.9"))
    bound = next(one for one in result.would_pass if one.code == "pass.min_free")
    assert bound.operands["kbytes"] == 14_399 * 16_894 // 14_407 * 4 + 3


def test_pages_that_a_zone_does_not_have_are_no_remedy() -> None:
    """DMA would need 401 pages more than its 300."""
    one = zone("DMA", free=100, managed=300)
    one.reserve = (0, 0, 200, 200, 200)
    assert "pass.pages" not in helped(one)
    assert "pass.pages" in helped(zone("DMA", free=100, managed=600))


def test_a_lower_floor_does_not_help_where_blocks_are_missing_too() -> None:
    """890 - 3 <= 900, and nothing of order 2: the gate and the lists both refuse."""
    one = zone(free=890, min=900, low=1125, high=1350)
    one.blocks = LISTS
    result = diagnosed(report("GFP_KERNEL", 2), machine(one), kernel("5.9"))
    assert [sentence(found) for found in result.would_pass] == [
        "14 pages more free in Normal, and among the free ones a block of order 2 or more of a "
        "type that serves this request",
        "no class of caller and no setting would have let it pass in these zones",
    ]


def test_numbers_of_an_earlier_report_are_not_called_later_ones() -> None:
    seen = Seen(machine(zone(free=588)), own=False, distance_us=-1_041_827)
    one = report("GFP_KERNEL")
    result = diagnose(one, kernel("5.9"), seen, None)
    notes = [sentence(found) for found in result.notes]
    assert notes == [
        "Normal would pass by 188 pages: the dump was printed 1.041827 s before the refusal. "
        "Either as many were taken in between, or what refused it is not in this report"
    ]
    assert "the nearest numbers, of another report" in headline(one, result)


def test_a_zone_without_pages_is_said_to_be_empty() -> None:
    empty = zone("DMA", free=0, min=0, low=0, high=0, managed=0)
    one = report("GFP_KERNEL")
    result = diagnosed(one, machine(empty), kernel("5.9"))
    assert headline(one, result).endswith("no zone that it may use has any pages.")
    assert [found.code for found in result.would_pass] == ["pass.nothing"]


def test_zones_that_the_log_lost_are_missed() -> None:
    """The reserve of DMA counts pages of a zone above it, whose line was cut off."""
    dma = zone("DMA", free=454, min=22, low=27, high=32)
    dma.reserve = (0, 436, 436, 436, 436)
    found = judged(report("GFP_KERNEL"), machine(dma))
    assert (found.status, found.missing) == (Status.NONE, ("zone lines above DMA",))
    assert diagnosed(report("GFP_KERNEL"), machine(dma), kernel("5.9")).would_pass == []
    both = machine(dma, zone("DMA32", free=100))
    assert judged(report("GFP_KERNEL"), both).status is Status.EXACT


def test_totals_are_not_compared_with_zones_that_are_not_all_there() -> None:
    dma = zone("DMA", free=454)
    dma.reserve = (0, 436, 436, 436, 436)
    dump = machine(dma)
    dump.totals["free"] = 900
    assert contradictions(dump, None) == []
    dma.reserve = (0, 0, 0, 0, 0)
    assert [one.code for one in contradictions(dump, None)] == ["note.totals"]


def test_pages_alone_do_not_stop_a_kill_where_a_block_is_missing() -> None:
    one = zone(free=500)
    one.blocks = LISTS
    kill = report("GFP_KERNEL", 2, ReportKind.OOM_KILL)
    codes = {found.code for found in diagnosed(kill, machine(one), kernel("5.9")).would_pass}
    assert "pass.last_look" not in codes
    one.blocks = (*LISTS[:2], FreeBlocks(2, 3, 16, "M"))
    codes = {found.code for found in diagnosed(kill, machine(one), kernel("5.9")).would_pass}
    assert "pass.last_look" in codes
