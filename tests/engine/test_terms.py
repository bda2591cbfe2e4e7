"""A rule gives the same number whether it is called with ints or with Terms."""

from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.explain.finding import equation, symbolic
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import CLASSES_4_5, REDUCTIONS_4_5, floor
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.rules.watermarks import default_min_free_kbytes, lowmem_reserve, zone_min
from mmplay.engine.terms import Term
from mmplay.engine.terms import given as leaf

PAGES = st.integers(0, 1 << 34)
POSITIVE = st.integers(1, 1 << 34)


@given(PAGES, PAGES, st.sampled_from(CLASSES_4_5))
def test_floor(mark: int, reserve: int, caller: object) -> None:
    flags = getattr(caller, "flags", AllocFlag.NONE)
    term = floor(REDUCTIONS_4_5, leaf("min", mark), leaf("lowmem_reserve", reserve), flags)
    assert term.value == floor(REDUCTIONS_4_5, mark, reserve, flags)


@given(PAGES, POSITIVE, st.integers(1, 1000), st.sampled_from(sorted(KERNELS)))
def test_low_and_high(minimum: int, managed: int, scale: int, name: str) -> None:
    gaps = KERNELS[name].gaps
    terms = gaps(leaf("min", minimum), leaf("managed", managed), leaf("scale", scale))
    assert tuple(term.value for term in terms) == gaps(minimum, managed, scale)


@given(PAGES, POSITIVE, POSITIVE)
def test_zone_min(kbytes: int, managed: int, lowmem: int) -> None:
    terms = (leaf("min_free_kbytes", kbytes), leaf("managed", managed), leaf("lowmem", lowmem))
    assert zone_min(*terms).value == zone_min(kbytes, managed, lowmem)


@given(PAGES, POSITIVE)
def test_reserve_and_default(above: int, ratio: int) -> None:
    assert lowmem_reserve(leaf("above", above), leaf("ratio", ratio)).value == above // ratio
    kbytes = default_min_free_kbytes(Term(above), Term(128), Term(65536)).value
    assert kbytes == default_min_free_kbytes(above, 128, 65536)
    assert 128 <= kbytes <= 65536


def test_an_even_division_is_shown_and_a_rounded_one_is_its_result() -> None:
    high = floor(REDUCTIONS_4_5, leaf("min", 1300), leaf("lowmem_reserve", 0), AllocFlag.HIGH)
    assert equation(high) == "1300 - 1300/2 = 650"
    assert symbolic(high) == "min - min/2 + lowmem_reserve"
    dma = floor(REDUCTIONS_4_5, leaf("min", 11), leaf("lowmem_reserve", 1732), AllocFlag.HIGH)
    assert equation(dma) == "11 - 5 + 1732 = 1738"


def test_a_product_that_is_divided_stands_in_parentheses() -> None:
    term = zone_min(
        leaf("min_free_kbytes", 5249), leaf("managed", 3976), leaf("lowmem_pages", 447789)
    )
    assert equation(term) == "(1312 * 3976)/447789 = 11"
    assert symbolic(term) == "(pages_min * managed)/lowmem_pages"
