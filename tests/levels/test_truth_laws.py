"""Laws of right answers, tried with many numbers and words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.rules.floors import CLASSES_4_5
from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.memory import points, score
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.starts.bench import reclaim_call
from mmplay.levels.truth import FORMS
from tests.engine.sim.machines import NEXT, RC7
from tests.levels.truths import CLASSES, ask, value


@given(
    st.integers(0, 1 << 24),
    st.sampled_from(CLASSES_4_5),
    st.sampled_from(["DMA", "DMA32"]),
    st.sampled_from([RC7, NEXT]),
)
def test_passes_is_the_floor_at_any_free_count(
    free: int, caller: object, zone: str, kernel: str
) -> None:
    name = getattr(caller, "name", "")
    limit = value(f"floor {zone} {name}", kernel)
    assert isinstance(limit, int)
    assert value(f"passes {zone} {name} {free}", kernel) is (free > limit)


@given(st.integers(0, 1 << 20), st.integers(0, 10))
def test_the_buddy_of_the_buddy_is_the_block(number: int, order: int) -> None:
    block = number << order
    buddy = value(f"buddy {block} {order}")
    assert value(f"buddy {buddy} {order}") == block
    assert buddy != block


@given(st.integers(0, (1 << 26) - 1), st.sampled_from(sorted(set(GFP_LAYOUTS) - {"el7"})))
def test_what_is_decoded_encodes_to_the_same(mask: int, layout: str) -> None:
    found = ask(f"decode {mask:#x} in {layout}")
    assert found.accepts(found.shown())
    assert found.accepts(f"{mask:#x}")
    assert ask(f"bits {mask:#x} in {layout}").accepts(found.shown())


@given(st.text(max_size=60))
def test_no_text_is_more_than_an_error(text: str) -> None:
    try:
        found = ask(text)
    except InputError:
        return
    assert found.explanation()


@given(
    st.lists(st.sampled_from([*FORMS, *CLASSES, "DMA", "DMA32", "min", "5", "0x20"]), max_size=5)
)
def test_no_mix_of_words_is_more_than_an_error(words: list[str]) -> None:
    try:
        found = ask(" ".join(words))
    except InputError:
        return
    assert found.accepts(found.shown())


@given(st.integers(0, 1 << 20))
def test_the_cliff_of_works(inactive: int) -> None:
    for kernel in (KERNELS[RC7], KERNELS[NEXT]):
        works = reclaim_call(kernel, inactive, reclaimable=False).works
        # 13 priorities of the second pass; from 49 << 12 pages on the first pass asks, too.
        assert works == 13 * ((inactive >= 102_400) + (inactive >= 200_704))


@given(st.integers(0, 1 << 30), st.integers(-1000, 1000), st.integers(1, 1 << 30))
def test_points_are_those_of_the_kernel(pages: int, adj: int, total: int) -> None:
    added = pages + adj * (total // 1000)
    assert points(pages, adj, total) == (added if added > 0 else 1)
    assert score(points(pages, adj, total), total) == max(added, 1) * 1000 // total
