"""What a wrong answer, an unreadable one and a bad question are met with."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.solve import begin
from mmplay.levels.truth import TruthError, truth
from tests.levels.truths import ask

WRONG = (
    # question, wrong answer, what the sentence must say
    ("passes DMA plain 1736", "yes", "DMA keeps 1732 pages"),
    ("passes DMA GFP_DMA 1736", "no", "this one can use none"),
    ("passes DMA plain 1744", "no", "would be refused at low"),
    ("passes DMA32 plain 200", "yes", "held against no line"),
    ("passes DMA32 plain 1500 low", "yes", "more than 1625 pages"),
    ("floor DMA32 HIGH", "1300", "if nothing came off min; here half comes off, for __GFP_HIGH"),
    ("floor DMA32 HIGH", "488", "then a quarter of the rest for ALLOC_HARDER; here half"),
    ("floor DMA32 HIGH", "0", "held against no line"),
    ("floor DMA32 HIGH", "1625", "1625 belongs to low; this request is held against min"),
    ("floor DMA32 HIGH", "651", "first number at which it passes"),
    ("floor DMA32 HIGH", "649", "at 649 it is refused, too"),
    ("floor DMA32 HIGH", "325", "325 is a quarter of min itself"),
    ("floor DMA32 HIGH+HARDER", "162", "162 is what comes off; 488 is what is left"),
    ("floor DMA32 HIGH+HARDER", "325", "only a quarter of the rest, 650, comes off"),
    ("floor DMA32 HARDER", "325", "325 is what comes off; 975 is what is left"),
    ("floor DMA32 HIGH", "2600", "would be right in kB"),
    ("kb floor DMA HIGH", "1738", "would be right in pages"),
    ("kb floor DMA HIGH", "6972", "6972 would be right if nothing came off min"),
    ("floor DMA HIGH", "6", "leaves out the 1732 pages that DMA keeps"),
    ("floor DMA HIGH for DMA", "1738", "this one can use none"),
    ("lowest_served DMA32 HIGH", "650", "at 650 it is still refused: equal is not enough"),
    ("lowest_served DMA32 wb:nomemalloc", "1", "held against no line"),
    ("passes DMA32 HIGH 650", "yes", "equal is not enough: free must be above 650"),
    ("passes DMA32 HIGH 629", "yes", "then a quarter of the rest for ALLOC_HARDER; here half"),
    ("passes DMA32 HIGH+HARDER 629", "no", "half came off, for __GFP_HIGH; here"),
    ("passes DMA32 plain 1500 highatomic 512", "yes", "not all of the 1500 free pages count"),
    (
        "passes DMA32 HARDER 1150 highatomic 512",
        "no",
        "if the 512 pages that are set aside did not",
    ),
    ("passes DMA32 HARDER 1500 highatomic 512", "no", "with 975 pages or fewer"),
    ("drain_order HIGH NO_WATERMARKS", "DMA 1738, DMA32 650", "DMA 1738 comes at place 2, not 1"),
    ("drain_order HIGH", "DMA32 650", "1 of 2"),
    ("first_zone GFP_KERNEL", "Normal", "this machine has no zone Normal"),
    ("first_zone GFP_DMA", "DMA32", "may lie no higher than DMA"),
    ("first_zone GFP_KERNEL", "DMA", "only after DMA32"),
    ("class GFP_ATOMIC:slab", "HIGH+HARDER", "with __GFP_HIGH|__GFP_ATOMIC"),
    ("compute step 1300 443813 20 in next-20160311", "888", "without rounding down"),
    ("marks DMA32 low", "1743", "right on next-20160311: 1300 + 443 = 1743"),
    ("marks DMA32 min", "1325", "huge pages not raised the marks first"),
    ("marks DMA32 min", "1625", "asked is min"),
    ("reserve DMA DMA32", "1733", "443833/256 = 1733"),
    ("floor DMA HIGH if lowmem_reserve_ratio 256 256 32", "1738", "1738 is what it was before"),
    ("managed all", "524157", "counts the pages that the kernel keeps"),
    ("decode 0x20", "GFP_ATOMIC", "also has __GFP_ATOMIC and __GFP_KSWAPD_RECLAIM"),
    ("decode 0x2200020", "GFP_ATOMIC|__GFP_NOTRACK", "also has __GFP_ATOMIC"),
    ("decode 0x2200020", "GFP_NOWAIT|__GFP_HIGH", "lacks __GFP_NOTRACK"),
    ("decode 0x2200020", "0x2200120", "also has __GFP_COLD"),
    ("may_sleep 0xd0", "yes", "2.6.18 to 4.3"),
    ("may_sleep GFP_KERNEL in 6.1", "no", "a mask without __GFP_DIRECT_RECLAIM"),
    ("decode 0x20", "__GFP_IO", "__GFP_IO is not in it at all"),
    ("slab_lost 0x2088020", "__GFP_HIGH", "__GFP_HIGH was not lost: it is in both masks"),
    ("slab_lost 0x2088020", "__GFP_NOTRACK", "__GFP_NOTRACK was not lost: SLUB adds it"),
    ("slab_lost_discount 0x2088020", "0x20", "__GFP_HIGH was not lost"),
    ("slab_lost_discount 0x2088020", "0x8000", "__GFP_ZERO was lost, and it takes nothing off"),
    ("may_sleep 0xcc0 in 6.1", "no", "would be right with the bits of"),
    ("may_do_io 0xc0", "yes", "would need a mask with __GFP_DIRECT_RECLAIM"),
    ("may_do_io GFP_ATOMIC", "yes", "would need a mask with __GFP_IO and __GFP_DIRECT_RECLAIM"),
    ("warns 0x200", "yes", "with the bits of 5.1 and later"),
    ("uses_reserves 0x1082020 in 4.13", "no", "without __GFP_HIGH, __GFP_ATOMIC and __GFP_MEM"),
    ("encode GFP_ATOMIC", "0x20", "with the bits of 2.6.18 to 4.3,"),
    ("slab_mask 0x2088020", "0x2088020", "if SLUB passed everything on"),
    ("slab_mask 0x2088020", "0x2000020", "what SLUB adds: __GFP_NOTRACK"),
    ("buddy 12 2", "16", "neighbour on the other side"),
    ("buddy 12 2", "13", "of order 0"),
    ("objects kmalloc-64 3218", "3218", "counts slabs"),
    ("slabs kmalloc-64 if kfree kmalloc-64 1 63", "164", "what is left over takes a page too"),
    ("slabs kmalloc-64 if kfree kmalloc-64 1", "164", "if an empty slab always went back"),
    ("works_per_call 114585", "25", "still counted as worth scanning"),
    ("works_per_call 114585", "0", "fewer than 102400 pages"),
    ("works_per_call 102399", "13", "from 102400 inactive pages on"),
    ("dirty_limit", "89561", "share of all memory"),
    ("dirty_limit", "24759", "24759 would be right if it was rounded up"),
    ("dirty_trend 40", "stays", "share of what may become dirty"),
    ("dirty_trend 40", "rises", "anonymous memory leaves fewer"),
    ("dirty_trend -40", "falls", "anonymous memory gives pages back"),
    ("passes DMA32 HIGH 651", "no", "at 650 it would be refused; one page more"),
    ("drain_order HIGH", "DMA32 650, DMA 6", "place 2 of your answer is none of"),
    ("drain_order HIGH", "DMA32 1300, DMA 1743", "it would stop there if nothing came off min"),
    ("compute boot_min_free_kbytes 3976 443500", "5351", "had transparent huge pages not raised"),
    ("compute boot_min_free_kbytes 3976 443500", "45056", "overwrote it"),
    ("compute score 321 1000 447809", "0", "without oom_score_adj"),
    ("fact mark.kswapd_sleeps", "low", "right for the first try"),
    ("marks DMA32 high", "1951", "1951 is the first number above high; asked is high itself"),
    ("reserve DMA DMA32 if lowmem_reserve_ratio 2048 256 32", "217", "if it was rounded up"),
    ("floor DMA32 HIGH", "12345", "no rule here gives that"),
    ("passes DMA32 plain 1301", "no", "refused at low, but this try is held against min"),
)


SAID = (
    # question, what its right answer is told with
    ("floor DMA32 HIGH", "min 1300 - 650 (half, for __GFP_HIGH) = 650: at 650 free pages"),
    ("floor DMA HIGH", "min 11 - 5 (half, for __GFP_HIGH) + 1732 (lowmem_reserve) = 1738"),
    ("floor DMA32 plain", "min is 1300: at 1300 free pages or fewer, an ordinary request"),
    ("floor DMA32 plain low", "low is 1625: at 1625 free pages or fewer, a first try"),
    (
        "passes DMA32 plain 1626 low",
        "1626 > 1625: it passes; a first try is refused at low or below",
    ),
    ("passes DMA32 HIGH 650", "650 <= 650: it is refused; its line is min 1300 - 650 (half"),
    ("kswapd_sleeps DMA32", "1951 is the first number above 1950"),
    ("managed DMA", "15904 kB at 4 kB a page are 3976 pages"),
    ("kb managed DMA", "3976 pages of 4 kB each are 15904 kB"),
    ("marks DMA32 high", "1300 + 650 (half of min) = 1950"),
    ("may_do_io 0xc0", "has __GFP_IO but not __GFP_DIRECT_RECLAIM"),
    ("metric zones.DMA.free if set_free DMA 5", "before, 5 now"),
    ("floor DMA32 NO_WATERMARKS", "only at 0 free pages does DMA32 refuse it"),
    (
        "lowest_served DMA32 HIGH highatomic 512",
        "512 pages that are set aside do not count: at 1162 it is refused, at 1163",
    ),
    ("drain_order HIGH", "taken down to the line of its caller"),
)


@pytest.mark.parametrize(("text", "said"), SAID)
def test_a_rule_is_told_in_words_that_name_the_caller(text: str, said: str) -> None:
    assert said in "; ".join(ask(text).explanation())


@pytest.mark.parametrize(("text", "answer", "said"), WRONG)
def test_a_wrong_answer_is_met_with_the_rule_that_it_would_need(
    text: str, answer: str, said: str
) -> None:
    found = ask(text)
    assert not found.accepts(answer)
    assert said in found.wrong(answer)
    assert found.wrong(found.shown()) == ""
    assert found.accepts(found.shown())


def test_hints_lead_up_to_the_answer_without_saying_it() -> None:
    rule, names, numbers = ask("floor DMA HIGH").hints()
    assert "free is at its line or below; the line is min, and half comes off" in rule
    assert names == "min - min/2 + lowmem_reserve"
    assert numbers == "11 - 5 + 1732"


def test_answers_may_be_written_in_several_ways() -> None:
    objects = ask("objects kmalloc-64 3218")
    for answer in ("205952", "205 952", "205,952", "0x32480"):
        assert objects.accepts(answer)
    assert objects.accepts("205950", tolerance=2)
    assert not objects.accepts("205949", tolerance=2)
    mask = ask("slab_mask 0x2088020")
    assert mask.accepts("GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK")
    assert ask("decode 0x2200020").accepts("__GFP_NOTRACK|__GFP_HIGH|__GFP_KSWAPD_RECLAIM")
    assert ask("class 0x2200020").accepts("high")
    assert ask("passes DMA32 HIGH 651").accepts("Y")


@pytest.mark.parametrize(
    ("answer", "question"),
    [("", "floor DMA32 HIGH"), ("many", "floor DMA32 HIGH"), ("perhaps", "passes DMA32 HIGH 1")],
)
def test_an_answer_that_cannot_be_read(answer: str, question: str) -> None:
    with pytest.raises(TruthError):
        ask(question).accepts(answer)


BAD = (
    ("flor DMA32 HIGH", "did you mean floor?"),
    ("", "is no question"),
    ("kb", "is no question"),
    ("floor", "0 words, 2 to 3 expected"),
    ("floor DMA3 HIGH", "did you mean DMA32?"),
    ("floor dma32 high", "did you mean DMA32?"),
    ("floor DMA32 HIGHT", "did you mean HIGH?"),
    ("floor DMA32 HIGH mn", "did you mean min?"),
    ("floor DMA32 HIGH low", "tested at min only"),
    ("floor DMA32 HIGH for DMA", "never comes to DMA32"),
    ("floor DMA32 GFP_DMA", "never comes to DMA32"),
    ("floor DMA32 GFP_ATOMIC:softir", "did you mean softirq?"),
    ("floor DMA32 wb:none", "no variant"),
    ("floor DMA32 HIGH for", "needs a value"),
    ("passes DMA32 HIGH many", "is no number"),
    ("passes DMA32 HIGH 5 order 11", "orders are 0 to 10"),
    ("passes DMA32 HIGH 5 order 1 order 2", "twice"),
    ("decode GFP_ATOMC", "did you mean GFP_ATOMIC?"),
    ("decode 0xzz", "not a hexadecimal mask"),
    ("decode 0x20 in 2.4.37", "are not known"),
    ("decode 0x20 in 6.1 now", "stands at the end"),
    ("marks DMA32 mid", "did you mean min?"),
    ("compute flor 1", "is no rule to compute"),
    ("compute min 1 2", "2 numbers given"),
    ("compute boot_min_free_kbytes 3976 443500 in 6.1", "keeps what transparent huge pages ask"),
    ("compute lowmem_reserve 5 0", "RATIO is 0"),
    ("compute managed -5 2", "negative"),
    ("compute managed 99999999999999999999999 2", "too large"),
    ("buddy 13 2", "must divide by 2^2"),
    ("objects_per_page skbuff", "is no cache"),
    ("works_per_call 5 unreclaimabel", "did you mean unreclaimable?"),
    ("works_per_call -1", "expected 0 to"),
    ("fact mark.retri", "did you mean mark.retry?"),
    ("floor DMA32 HIGH if", "needs a machine, an action and its value"),
    ("floor DMA32 HIGH if min_free_kbyte 5", "did you mean min_free_kbytes?"),
    ("floor DMA32 HIGH if min_free_kbytes x", "EINVAL"),
    ("kb decode 0x20", "numbers of pages"),
    ("metric zones.DMA.fre", "did you mean zones.DMA.free?"),
    ("freed_by_exit 99999", "no task 99999"),
    ("freed_by_exit 2", "kernel thread"),
    ("merged_order DMA 5 3", "no block of order 3 at 5"),
    ("x" * 500, "longer than 400"),
)


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_question_says_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(TruthError) as raised:
        ask(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_block_of_an_order_is_supposed_where_none_can_begin() -> None:
    found = ask("buddy 12 2")
    assert "order" not in found.wrong("4"), "a block of order 3 does not begin at 12"
    assert "of order 1" in found.wrong("14")


def test_a_block_is_not_said_to_lack_buddies_that_the_zone_has_no_pages_for() -> None:
    m = begin(level_of_id("L02")).session.live
    do_action(m, "set_free", "DMA32 15")
    found = truth("merged_order DMA32 0 0", m.kernel, m)
    assert found.wrong("5") == "a block of order 5 would have 32 pages, and DMA32 has only 16"
