"""Laws that every rule obeys for every machine, not only for those that were measured."""

from __future__ import annotations

from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.rules import memory
from mmplay.engine.rules.alloc_flags import SECOND_TRY, AllocFlag, Context, flag_names
from mmplay.engine.rules.floors import (
    NO_WATERMARKS,
    PLAIN,
    CallerClass,
    discounted,
    floor,
    hidden,
    seen_free,
    watermark_ok,
)
from mmplay.engine.rules.memory import buddy_of, class_zone
from mmplay.engine.rules.versions import KERNELS, Kernel
from mmplay.engine.rules.watermarks import (
    CAPPED_LEAST,
    CAPPED_MOST,
    HUGE_PAGES,
    MIN_FREE_KBYTES_CEILING,
    MIN_FREE_KBYTES_FLOOR,
    THP_LEAST_PAGES,
    boot_min_free_kbytes,
    capped_marks,
    default_min_free_kbytes,
    lowmem_reserve,
    pages_min,
    reserves,
    thp_min_free_kbytes,
    total_reserve,
    zone_min,
)
from mmplay.engine.terms import RULE, Term, as_term, constant, larger, named, smaller, square_root
from mmplay.engine.terms import given as leaf

PAGES = st.integers(0, 1 << 32)
SOME = st.integers(1, 1 << 32)
ORDERS = st.integers(0, 10)
EVERY_KERNEL = st.sampled_from(sorted(KERNELS.values(), key=lambda kernel: kernel.name))
FLAGS = st.integers(0, 127).map(AllocFlag)
MASKS = st.integers(0, (1 << 29) - 1)
CONTEXTS = st.integers(0, 31).map(Context)
KERNEL_AND_CLASS = EVERY_KERNEL.flatmap(
    lambda kernel: st.tuples(st.just(kernel), st.sampled_from(kernel.gate.classes))
)


# Floors


@given(KERNEL_AND_CLASS, PAGES, PAGES)
def test_no_discount_takes_a_floor_above_the_plain_one(
    pair: tuple[Kernel, CallerClass], mark: int, reserve: int
) -> None:
    kernel, caller = pair
    plain = floor(kernel.gate.reductions, mark, reserve, PLAIN.flags)
    assert plain == mark + reserve
    assert 0 <= floor(kernel.gate.reductions, mark, reserve, caller.flags) <= plain


@given(EVERY_KERNEL, PAGES, PAGES, FLAGS, FLAGS)
def test_more_flags_never_raise_a_floor(
    kernel: Kernel, mark: int, reserve: int, some: AllocFlag, more: AllocFlag
) -> None:
    rules = kernel.gate.reductions
    assert floor(rules, mark, reserve, some | more) <= floor(rules, mark, reserve, some)


@given(EVERY_KERNEL, PAGES, PAGES, FLAGS)
def test_a_higher_mark_never_lowers_a_floor(
    kernel: Kernel, mark: int, more: int, flags: AllocFlag
) -> None:
    rules = kernel.gate.reductions
    assert discounted(rules, mark + more, flags) >= discounted(rules, mark, flags)


@given(KERNEL_AND_CLASS, PAGES, PAGES)
def test_the_reserve_is_not_discounted(
    pair: tuple[Kernel, CallerClass], mark: int, reserve: int
) -> None:
    """Only the mark shrinks: who has __GFP_HIGH still keeps off what lower zones set aside."""
    kernel, caller = pair
    if caller == NO_WATERMARKS:
        assert floor(kernel.gate.reductions, mark, reserve, caller.flags) == 0
        return
    without = floor(kernel.gate.reductions, mark, 0, caller.flags)
    assert floor(kernel.gate.reductions, mark, reserve, caller.flags) == without + reserve


@given(EVERY_KERNEL, PAGES)
def test_classes_stand_highest_floor_first(kernel: Kernel, mark: int) -> None:
    floors = [floor(kernel.gate.reductions, mark, 7, one.flags) for one in kernel.gate.classes]
    assert floors == sorted(floors, reverse=True)


@given(EVERY_KERNEL, MASKS, CONTEXTS)
def test_every_request_belongs_to_a_class(kernel: Kernel, mask: int, context: Context) -> None:
    """The class meets the same floor as the flags themselves do, at any mark."""
    flags = kernel.alloc_flags(mask, context)
    caller = kernel.class_of(flags)
    assert caller.name in {one.name for one in kernel.gate.classes}
    if not flags & SECOND_TRY:
        rules = kernel.gate.reductions
        assert discounted(rules, 1300, caller.flags) == discounted(rules, 1300, flags)


@given(EVERY_KERNEL, MASKS, CONTEXTS)
def test_nomemalloc_keeps_off_the_last_reserves(
    kernel: Kernel, mask: int, context: Context
) -> None:
    mask |= kernel.gfp.value("__GFP_NOMEMALLOC")
    assert not kernel.alloc_flags(mask, context) & SECOND_TRY


@given(EVERY_KERNEL, MASKS, CONTEXTS)
def test_every_flag_has_a_rule_that_gave_it(kernel: Kernel, mask: int, context: Context) -> None:
    fired = kernel.fired(mask, context)
    flags = kernel.alloc_flags(mask, context)
    assert bool(fired) is bool(flags)
    assert all(rule.gives & flags == rule.gives for rule in fired)
    assert [name for name in flag_names(flags) if "UNBOOSTED" in name] == []


@given(EVERY_KERNEL, MASKS)
def test_an_interrupt_is_nobody_s_task(kernel: Kernel, mask: int) -> None:
    """A dying or a real-time task lends its rights to nobody who interrupts it."""
    plain = kernel.alloc_flags(mask, Context.HARDIRQ)
    for right in (Context.TIF_MEMDIE, Context.RT_TASK, Context.PF_MEMALLOC):
        assert kernel.alloc_flags(mask, Context.HARDIRQ | right) == plain


# The watermark test


@given(PAGES, ORDERS, PAGES, PAGES)
def test_one_page_more_never_turns_a_yes_into_a_no(
    free: int, order: int, kept: int, floor_pages: int
) -> None:
    if watermark_ok(free, order, kept, floor_pages):
        assert watermark_ok(free + 1, order, kept, floor_pages)
    assert not watermark_ok(floor_pages + kept, 0, kept, floor_pages)
    assert watermark_ok(floor_pages + kept + 1, 0, kept, floor_pages)


@given(PAGES, ORDERS, PAGES, PAGES)
def test_a_larger_block_is_never_easier(free: int, order: int, kept: int, floor_pages: int) -> None:
    if watermark_ok(free, order + 1, kept, floor_pages):
        assert watermark_ok(free, order, kept, floor_pages)


@given(PAGES, ORDERS, PAGES, PAGES)
def test_the_test_is_the_same_for_terms(free: int, order: int, kept: int, floor_pages: int) -> None:
    terms = leaf("free", free), leaf("min", floor_pages)
    told = watermark_ok(free, order, kept, floor_pages)
    assert watermark_ok(terms[0], order, kept, terms[1]) is told
    seen = seen_free(terms[0], order, kept)
    assert seen.value == seen_free(free, order, kept) == free - (2**order - 1) - kept
    assert (seen.op == RULE) is (order > 0 or kept > 0)


@given(PAGES, FLAGS, FLAGS)
def test_who_counts_highatomic_pages(kept: int, flags: AllocFlag, sees: AllocFlag) -> None:
    expected = 0 if flags & sees or AllocFlag.NO_WATERMARKS in flags else kept
    assert hidden(kept, flags, sees) == expected


# Watermarks


@given(EVERY_KERNEL, st.sampled_from(["DMA", "DMA32", "Normal", "Movable"]), SOME, SOME)
def test_marks_rise_from_min_to_high(kernel: Kernel, zone: str, managed: int, kbytes: int) -> None:
    least, low, high = kernel.marks(zone, managed, managed * 2, kbytes, 10)
    assert 0 <= least <= low <= high
    assert high - least in (2 * (low - least), 2 * (low - least) + 1)


@given(EVERY_KERNEL, st.lists(SOME, min_size=1, max_size=4), SOME)
def test_zones_share_min_free_kbytes_and_no_page_is_made_up(
    kernel: Kernel, managed: list[int], kbytes: int
) -> None:
    shares = [zone_min(kbytes, pages, sum(managed)) for pages in managed]
    assert pages_min(kbytes) - len(managed) < sum(shares) <= pages_min(kbytes)


@given(EVERY_KERNEL, SOME, SOME, st.integers(1, 1000))
def test_a_larger_scale_factor_never_narrows_the_gaps(
    kernel: Kernel, minimum: int, managed: int, scale: int
) -> None:
    low, high = kernel.gaps(minimum, managed, scale)
    wider_low, wider_high = kernel.gaps(minimum, managed, scale + 1)
    assert wider_low >= low
    assert wider_high >= high
    assert low >= minimum + minimum // 4


@given(PAGES, PAGES, st.integers(1, 1000))
def test_a_capped_zone_keeps_between_32_and_128_pages(share: int, managed: int, scale: int) -> None:
    least, low, high = capped_marks(share, managed, scale)
    assert CAPPED_LEAST <= least <= CAPPED_MOST
    assert high - low == low - least
    terms = capped_marks(leaf("share", share), leaf("managed", managed), leaf("scale", scale))
    assert tuple(term.value for term in terms) == (least, low, high)


@given(st.lists(PAGES, min_size=1, max_size=4), st.lists(st.integers(0, 512), max_size=4))
def test_reserves_grow_towards_higher_classes(managed: list[int], ratios: list[int]) -> None:
    rows = reserves(tuple(managed), tuple(ratios))
    for zone, row in enumerate(rows):
        assert len(row) == len(managed)
        assert row[: zone + 1] == (0,) * (zone + 1)
        assert list(row) == sorted(row)
        if zone >= len(ratios):
            assert set(row) == {0}


@given(PAGES, SOME)
def test_a_smaller_ratio_sets_more_aside(above: int, ratio: int) -> None:
    assert lowmem_reserve(above, ratio) >= lowmem_reserve(above, ratio + 1)
    assert lowmem_reserve(above, 1) == above


@given(PAGES)
def test_the_kernel_s_own_choice_of_min_free_kbytes_is_bounded(lowmem: int) -> None:
    chosen = default_min_free_kbytes(lowmem, MIN_FREE_KBYTES_FLOOR, MIN_FREE_KBYTES_CEILING)
    root = isqrt(lowmem * 16)
    assert chosen == min(max(root, 128), 65536)
    assert root**2 <= lowmem * 16 < (root + 1) ** 2


@given(PAGES, PAGES, PAGES)
def test_the_total_reserve_is_never_more_than_the_zone(
    managed: int, largest: int, high: int
) -> None:
    kept = total_reserve(managed, largest, high)
    assert kept == total_reserve(Term(managed), Term(largest), Term(high)).value
    assert kept <= managed
    assert kept in (managed, largest + high)


@pytest.mark.parametrize(
    ("managed", "kbytes"),
    [
        ((THP_LEAST_PAGES - 1,), 0),
        ((THP_LEAST_PAGES,), HUGE_PAGES * 11 * 4),
        ((3976, 443833), HUGE_PAGES * 2 * 11 * 4),
        ((1 << 30,), HUGE_PAGES * 11 * 4),
    ],
)
def test_huge_pages_ask_for_nothing_below_512_mb(managed: tuple[int, ...], kbytes: int) -> None:
    assert thp_min_free_kbytes(managed) == kbytes


def test_huge_pages_ask_for_a_twentieth_of_what_lies_above_the_high_marks() -> None:
    managed = (3977, THP_LEAST_PAGES)
    assert thp_min_free_kbytes(managed) == sum(managed) // 20 * 4


@given(EVERY_KERNEL, st.lists(st.integers(1, 1 << 24), min_size=1, max_size=3).map(tuple))
def test_boot_s_choice_is_a_number_with_its_history(
    kernel: Kernel, managed: tuple[int, ...]
) -> None:
    term = boot_min_free_kbytes(kernel.gaps, managed, 10)
    assert 128 <= term.value <= 65536
    assert term.name == "min_free_kbytes"
    assert evaluated(term) == term.value


def evaluated(term: Term) -> int:
    """Compute a term again from its leaves alone."""
    if not term.operands:
        return term.value
    values = [evaluated(one) for one in term.operands]
    return {
        "+": lambda: values[0] + values[1],
        "-": lambda: values[0] - values[1],
        "*": lambda: values[0] * values[1],
        "/": lambda: values[0] // values[1],
        "XOR": lambda: values[0] ^ values[1],
        "max": lambda: max(values),
        "min": lambda: min(values),
        "isqrt": lambda: isqrt(values[0]),
        RULE: lambda: values[0],
    }[term.op]()


# Terms


@given(PAGES, PAGES, SOME)
def test_a_term_computes_what_its_tree_says(a: int, b: int, c: int) -> None:
    one, other, third = leaf("a", a), leaf("b", b), leaf("c", c)
    made = larger(one + other, smaller(one * 3, third)) // third - (other ^ 5) + square_root(one)
    assert made.value == max(a + b, min(a * 3, c)) // c - (b ^ 5) + isqrt(a)
    assert evaluated(made) == made.value
    assert (made > made.value - 1, made > made.value) == (True, False)


@given(PAGES, PAGES)
def test_helpers_keep_the_kind_of_number_they_got(a: int, b: int) -> None:
    assert constant(a, b) == b
    assert constant(Term(a), b).value == b
    assert named(a, "free", b) == b
    assert named(Term(a), "free", b).name == "free"
    assert larger(a, b) + smaller(a, b) == a + b
    assert as_term(b).value == b
    term = Term(a)
    assert as_term(term) is term


# Other rules


@given(st.integers(0, 1 << 30), ORDERS)
def test_buddies_are_each_other_s_and_make_one_aligned_block(page: int, order: int) -> None:
    first = page >> order << order
    other = buddy_of(first, order)
    assert buddy_of(other, order) == first
    assert abs(other - first) == 1 << order
    assert min(first, other) % (2 << order) == 0
    assert buddy_of(Term(first), order).value == other


@given(PAGES, PAGES, PAGES, st.integers(1, 100))
def test_dirty_limits(free: int, kept: int, file_pages: int, ratio: int) -> None:
    pages = memory.dirtyable(free, kept, file_pages)
    assert file_pages <= pages <= file_pages + free
    limit = memory.dirty_limit(pages, ratio)
    assert limit * 100 <= pages * ratio < (limit + 1) * 100
    assert memory.dirty_limit(pages, 100) == pages
    terms = memory.dirtyable(leaf("free", free), leaf("kept", kept), Term(file_pages))
    assert memory.dirty_limit(terms, Term(ratio)).value == limit


@given(PAGES, PAGES)
def test_the_background_threshold_stays_below_the_limit(background: int, limit: int) -> None:
    kept = memory.halved_above(background, limit)
    assert kept == (background if background < limit else limit // 2)
    assert kept < limit or limit == 0


@pytest.mark.parametrize(("size", "pages"), [(0, 0), (1, 1), (4096, 1), (4097, 2), (1 << 20, 256)])
def test_a_limit_in_bytes_is_rounded_up_to_pages(size: int, pages: int) -> None:
    assert memory.bytes_limit(size) == pages


@given(PAGES, st.integers(-1000, 1000), st.integers(1000, 1 << 24))
def test_points_are_at_least_one_and_follow_adj(pages: int, adj: int, total: int) -> None:
    points = memory.points(pages, adj, total)
    assert points == max(pages + total // 1000 * adj, 1)
    assert points <= memory.points(pages, min(adj + 1, 1000), total)
    assert memory.points(Term(pages), Term(adj), Term(total)).value == points
    assert memory.score(points, total) == points * 1000 // total


@given(st.integers(0, 3), st.sets(st.integers(0, 3)))
def test_the_class_zone_is_the_highest_populated_one_allowed(
    highest: int, populated: set[int]
) -> None:
    found = class_zone(highest, populated)
    if found is None:
        assert all(one > highest for one in populated)
        return
    assert found <= highest
    assert not [one for one in populated if found < one <= highest]
