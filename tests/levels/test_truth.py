"""Right answers against the fact sheet: every form, both kernels, and what wrong answers get."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.words import FACTS
from mmplay.engine.rules.floors import CLASSES_4_5, floor
from mmplay.engine.rules.versions import KERNELS
from mmplay.levels.truth import FORMS, TruthError, truth, usage
from mmplay.levels.truth.compute import RULES
from tests.engine.sim.machines import NEXT, RC7
from tests.levels.truths import CLASSES, MACHINES, ask, value

LADDER = (
    ("floor DMA32 {}", (1300, 975, 650, 488, 0)),
    ("floor DMA {}", (1743, 1741, 1738, 1737, 0)),
    ("floor DMA {} for DMA", (11, 9, 6, 5, 0)),
    ("lowest_served DMA32 {}", (1301, 976, 651, 489, 1)),
    ("kb floor DMA {}", (6972, 6964, 6952, 6948, 0)),
)


@pytest.mark.parametrize("kernel", [RC7, NEXT])
@pytest.mark.parametrize(("text", "expected"), LADDER)
def test_the_table_of_floors(kernel: str, text: str, expected: tuple[int, ...]) -> None:
    assert tuple(value(text.format(name), kernel) for name in CLASSES) == expected


BOTH = (
    # zones and callers
    ("first_zone GFP_DMA", "DMA"),
    ("first_zone GFP_DMA32", "DMA32"),
    ("first_zone GFP_KERNEL", "DMA32"),
    ("first_zone 0x342004a", "DMA32"),
    ("first_zone GFP_HIGHUSER_MOVABLE on DMA DMA32 Normal", "Normal"),
    ("zone_order GFP_KERNEL", ("DMA32", "DMA")),
    ("zone_order GFP_KERNEL on DMA DMA32 Normal", ("Normal", "DMA32", "DMA")),
    ("zone_order GFP_HIGHUSER_MOVABLE on DMA Movable", ("Movable", "DMA")),
    ("zone_order 0x24000c4 on DMA DMA32 Normal", ("DMA32", "DMA")),
    ("zone_order GFP_DMA", ("DMA",)),
    ("fact kswapd.takes", "clean page cache"),
    ("fact kswapd.leaves", "anonymous memory"),
    ("class 0x2200020", "HIGH"),
    ("class GFP_ATOMIC", "HIGH+HARDER"),
    ("class GFP_ATOMIC:slab", "HIGH"),
    ("class GFP_KERNEL", "plain"),
    ("class GFP_KERNEL:pf_memalloc", "NO_WATERMARKS"),
    ("class GFP_KERNEL:tif_memdie", "NO_WATERMARKS"),
    ("class GFP_KERNEL:rt_task", "HARDER"),
    ("class 0x2210200:pf_memalloc", "plain"),
    ("floor DMA32 GFP_ATOMIC:softirq", 488),
    ("floor DMA GFP_DMA", 11),
    ("lowest_served DMA32 wb:atomic", 1),
    ("lowest_served DMA32 wb:nomemalloc", 651),
    ("lowest_served DMA32 wb:nowait", 1301),
    ("lowest_served DMA32 wb:none", "none"),
    # the watermark test
    ("passes DMA32 plain 1300", False),
    ("passes DMA32 plain 1301", True),
    ("passes DMA32 HIGH 629", False),
    ("passes DMA32 HIGH+HARDER 629", True),
    ("passes DMA HIGH 1738", False),
    ("passes DMA HIGH 1739", True),
    ("passes DMA32 plain 1500 highatomic 512", False),
    ("passes DMA32 HARDER 1500 highatomic 512", True),
    ("seen DMA32 plain 1500 highatomic 512", 988),
    ("lowest_served DMA32 plain highatomic 512", 1813),
    ("lowest_served DMA32 HIGH highatomic 512", 1163),
    ("lowest_served DMA32 HIGH+HARDER highatomic 512", 489),
    ("seen DMA32 GFP_ATOMIC 1500 highatomic 512", 1500),
    ("seen DMA32 plain 1500 order 3 highatomic 512", 981),
    ("passes DMA32 plain 1303 order 2", False),
    ("passes DMA32 plain 1304 order 2", True),
    ("passes DMA32 NO_WATERMARKS 0", False),
    ("passes DMA32 NO_WATERMARKS 1", True),
    ("drain_order HIGH NO_WATERMARKS", ("DMA32 650", "DMA 1738", "DMA32 0", "DMA 0")),
    # marks
    ("marks DMA min", 11),
    ("marks DMA32 min", 1300),
    ("reserve DMA DMA32", 1732),
    ("reserve DMA32 Normal", 0),
    ("floor DMA HIGH if lowmem_reserve_ratio 256 256 32", 1739),
    ("reserve DMA DMA32 if lowmem_reserve_ratio 8192", 54),
    ("marks DMA32 min if min_free_kbytes 16384", 4059),
    ("marks DMA32 low if min_free_kbytes 16384", 5073),
    # masks
    ("decode 0x2200020", ("GFP_NOWAIT", "__GFP_HIGH", "__GFP_NOTRACK")),
    ("decode 0x2088020", ("GFP_ATOMIC", "__GFP_ZERO")),
    ("decode 0x20", ("__GFP_HIGH",)),
    ("decode 0x20 in 3.10", ("GFP_ATOMIC",)),
    ("decode 0xa20 in 6.1", ("GFP_ATOMIC",)),
    ("encode GFP_ATOMIC in 4.19", 0x480020),
    ("encode GFP_HIGHUSER_MOVABLE", 0x24200CA),
    ("bits 0x2200020", ("__GFP_HIGH", "__GFP_NOTRACK", "__GFP_KSWAPD_RECLAIM")),
    ("may_sleep 0x2200020", False),
    ("may_sleep 0xd0 in 3.10", True),
    ("may_sleep 0xd0", False),
    ("wakes_kswapd 0x2200020", True),
    ("may_do_io GFP_NOFS", True),
    ("may_enter_fs GFP_NOFS", False),
    ("warns 0x2210200", False),
    ("uses_reserves 0x20", True),
    ("uses_reserves 0x2210200", False),
    ("uses_reserves 0xcc0 in 6.1", False),
    ("uses_reserves 0xa20 in 6.1", True),
    ("slab_mask 0x2088020", 0x2200020),
    ("slab_mask 0x2018200", 0x2210200),
    ("slab_mask 0x2098020", 0x2210020),
    ("slab_mask 0x2088020 if slab_keeps_atomic yes", 0x2280020),
    ("slab_lost 0x2088020", ("__GFP_ZERO", "__GFP_ATOMIC")),
    ("slab_lost_discount 0x2088020", ("__GFP_ATOMIC",)),
    # blocks and slabs
    ("buddy 12 2", 8),
    ("buddy 8 2", 12),
    ("buddy 0 10", 1024),
    ("objects_per_page kmalloc-64", 64),
    ("objects_per_page nf_conntrack", 12),
    ("objects_per_slab kmalloc-64", 64),
    ("objects_per_slab skbuff_head_cache cpus 4", 16),
    ("objects_per_slab skbuff_head_cache cpus 64", 32),
    ("objects_per_slab kmalloc-128 cpus 128", 64),
    ("objects_per_slab kmalloc-512 cpus 128", 64),
    ("objects kmalloc-64 3218", 205_952),
    ("objects kmalloc-64 728", 46_592),
    ("objects kmalloc-64 2993", 191_552),
    # reclaim and tasks
    ("works_per_call 114585", 13),
    ("works_per_call 110045 unreclaimable", 13),
    ("works_per_call 102400", 13),
    ("works_per_call 102399", 0),
    ("works_per_call 114585 reclaimable", 25),
    ("unreclaimable DMA", True),
    ("dirty_trend 40", "falls"),
    ("dirty_trend -40", "rises"),
    ("explains 6952", "high floor"),
    ("explains 2516", "between"),
    ("explained high floor by 5200 6952 205952", "6952"),
    ("wb_stops_at DMA32 650", "nomemalloc"),
    ("wb_stops_at DMA32 1300", "nowait"),
    ("wb_stops_at DMA 0", "atomic"),
    ("holds_key SyS_write __alloc_pages_nodemask", False),
    ("served GFP_ATOMIC", "DMA32"),
    ("served GFP_KERNEL", "none"),
    ("holds_key __alloc_pages_nodemask try_to_free_pages wb_start_writeback", True),
    ("holds_key try_to_free_pages do_IRQ __do_softirq", False),
    # given numbers
    ("compute managed 524157 76348", 447_809),
    ("compute score 321 1000 447809", 998),
    ("compute score 361 1000 447809", 998),
    ("compute points 321 1000 447809", 447_321),
    ("compute points 10 -1000 447809", 1),
    ("compute min 5249 443833 447809", 1300),
    ("compute min 5249 3976 447809", 11),
    ("compute lowmem_reserve 443500 256", 1732),
    ("compute lowmem_reserve 443833 256", 1733),
    ("compute boot_min_free_kbytes 3976 443500", 5249),
    ("compute boot_min_free_kbytes 3976 57631", 1985),
    ("compute min_free_kbytes 1789904", 5351),
    ("compute min_free_kbytes 1000000000 in 4.5-rc7", 65536),
    ("compute min_free_kbytes 1000000000 in 6.1", 126491),
    ("compute dirtyable 3042 3698 123851", 123_851),
    ("compute dirty_limit 123852 20", 24_770),
    ("compute pcp_batch 443833", 31),
    ("compute pcp_batch 3976", 1),
    ("compute objects 3218 64", 205_952),
    ("compute unreclaimable_limit 124320", 745_920),
    # facts
    ("fact mark.kswapd_sleeps", "high"),
    ("fact_with edge nothing freed", "stuck"),
    ("fact_with when after direct reclaim got no page", "highatomic returned"),
    ("fact cost.nf_conn", "packet dropped"),
    ("fact cost.extension", "nothing dropped"),
    ("fact loop.writeback", ("scan", "wake", "reserve", "stuck", "nothing freed")),
)


@pytest.mark.parametrize("kernel", [RC7, NEXT])
def test_values_that_both_kernels_share(kernel: str) -> None:
    for text, expected in BOTH:
        assert value(text, kernel) == expected, text


DIFFERENT = (
    ("kswapd_sleeps DMA32", 1951, 2187),
    ("marks DMA low", 13, 14),
    ("marks DMA high", 16, 17),
    ("marks DMA32 low", 1625, 1743),
    ("marks DMA32 high", 1950, 2186),
    ("floor DMA32 plain low", 1625, 1743),
    ("floor DMA plain low", 1745, 1746),
    ("floor DMA plain high", 1748, 1749),
    ("marks DMA32 high if min_free_kbytes 16384", 6088, 6087),
    ("compute low 1300 443833", 1625, 1743),
    ("kb compute step 16384 36700160", 16_384, 146_800),
    ("compute high 1300 443833", 1950, 2186),
    ("total_reserve all", 3698, 3935),
    ("total_reserve DMA", 1748, 1749),
    ("managed all", 447_809, 447_789),
    ("managed DMA32", 443_833, 443_813),
    ("dirty_limit", 24_758, 25_081),
    ("slabs kmalloc-64", 165, 728),
    ("passes DMA32 HIGH now", True, False),
)


@pytest.mark.parametrize(("text", "rc7", "linux_next"), DIFFERENT)
def test_values_that_differ(text: str, rc7: object, linux_next: object) -> None:
    assert (value(text, RC7), value(text, NEXT)) == (rc7, linux_next)


def test_each_form_is_tried_above() -> None:
    asked = {text.removeprefix("kb ").split()[0] for text, *_ in (*LADDER, *BOTH, *DIFFERENT)}
    own = {"split_block", "free_block", "merged_order", "fits", "freed_by_exit", "metric", "holds"}
    own |= {"waits_for", "waits_on", "refused_first"}
    assert asked | own == set(FORMS)
    texts = [text.removeprefix("kb ").split() for text, *_ in (*BOTH, *DIFFERENT)]
    rules = {words[1] for words in texts if words[0] == "compute"}
    assert rules | {"total_reserve"} == set(RULES)


def test_a_condition_of_the_machine() -> None:
    assert value("holds zones.DMA.free > 1000") is True
    assert value("holds zones.DMA.free <= 1000") is False


@pytest.mark.parametrize("name", sorted(FORMS))
def test_each_form_says_what_it_takes(name: str) -> None:
    assert usage(name).startswith(f"`{name}")
    assert usage(name).count("`") == 2


def test_every_truth_explains_itself() -> None:
    for text, _ in BOTH:
        explains_itself(text)


def explains_itself(text: str) -> None:
    found = ask(text)
    assert found.explanation()
    assert all(line and "{" not in line for line in found.explanation())
    assert found.text == text
    assert found.source
    assert found.as_json()["value"] is not None
    for hint in found.hints():
        assert hint
    for other in found.others:
        assert other.value != found.comparable() or type(other.value) is not type(found.value)


def test_without_a_machine() -> None:
    kernel = KERNELS[RC7]
    assert truth("buddy 12 2", kernel).value == 8
    assert truth("first_zone GFP_DMA on DMA DMA32", kernel).value == "DMA"
    assert truth("objects kmalloc-64 3218", kernel).value == 205_952
    with pytest.raises(TruthError, match="cpus N"):
        truth("objects_per_slab skbuff_head_cache", kernel)
    with pytest.raises(TruthError, match="needs a machine"):
        truth("floor DMA32 HIGH", kernel)


def test_metrics_are_numbers_of_the_machine() -> None:
    found = ask("metric zones.DMA.free")
    assert found.value == 1742
    assert value("metric slab.kmalloc-64.slabs") == 165
    assert value("metric min_free_kbytes if min_free_kbytes 9000") == 9000
    assert found.rule
    assert not found.accepts("1743")


def test_nothing_is_done_to_the_machine() -> None:
    machine = MACHINES[RC7]
    before = machine.state.digest()
    for text, *_ in (*BOTH, *DIFFERENT):
        ask(text)
    for text in ("freed_by_exit 4450", "split_block DMA 0", "fits DMA32 5"):
        ask(text)
    assert machine.state.digest() == before


def test_what_one_victim_gives_back() -> None:
    found = ask("freed_by_exit 4450")
    assert found.value == 8
    assert "16 others share its 25 pages" in found.explanation()[0]
    assert "counts its memory" in found.wrong("25")
    assert "only the kernel stack" in found.wrong("4")


def test_splits_and_merges_are_the_buddy_allocators_own() -> None:
    zone = MACHINES[RC7].state.zones[0]
    for order in range(4):
        page = ask(f"split_block DMA {order}").value
        assert page == zone.buddy.copy().take(order, 1)
    found = {ask(f"free_block DMA {n} if set_free DMA 3").value for n in (0, 1)}
    assert len(found) == 2, "three free pages are a block of each order"
    with pytest.raises(TruthError, match="free blocks of order 0, not one"):
        ask("free_block DMA 0")
    free = next(iter(zone.buddy.where))
    with pytest.raises(TruthError, match="free already"):
        ask(f"merged_order DMA {free} 0")
    order = zone.buddy.where[free] % 11
    held = free ^ (1 << order)
    if held % (1 << order) == 0 and held not in zone.buddy.where:
        grown = value(f"merged_order DMA {held} {order}")
        assert isinstance(grown, int)
        assert grown > order
    assert value("fits DMA 0") is True
    assert value("fits DMA32 10") is False


def test_the_facts_of_a_group_are_told_apart() -> None:
    assert len({fact.why for fact in FACTS.values()}) == len(FACTS)
    for name in FACTS:
        assert ask(f"fact {name}").explanation()


def test_the_floors_are_the_engines() -> None:
    zone = MACHINES[NEXT].state.zones[1]
    for caller in CLASSES_4_5:
        expected = floor(KERNELS[NEXT].gate.reductions, zone.min, zone.reserve[1], caller.flags)
        assert value(f"floor DMA32 {caller.name}", NEXT) == expected
