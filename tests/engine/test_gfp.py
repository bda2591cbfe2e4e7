"""GFP masks: bits, names, print order, SLUB's mask, alloc flags."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.explain.caller import abilities, phrases
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.gfp import GFP_LAYOUTS, GfpError
from mmplay.engine.rules.kernel import PASSED_ON
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import (
    KERNELS,
    Evidence,
    UnknownKernelError,
    candidates_of,
    kernel_named,
)

LAYOUT = GFP_LAYOUTS["4.5"]

COMPOSITES = (
    *(("GFP_ATOMIC", 0x2080020), ("GFP_NOWAIT", 0x2000000), ("GFP_NOIO", 0x2400000)),
    *(("GFP_NOFS", 0x2400040), ("GFP_KERNEL", 0x24000C0), ("GFP_KERNEL_ACCOUNT", 0x25000C0)),
    *(("GFP_TEMPORARY", 0x24000D0), ("GFP_USER", 0x24200C0), ("GFP_HIGHUSER", 0x24200C2)),
    *(("GFP_HIGHUSER_MOVABLE", 0x24200CA), ("GFP_TRANSHUGE", 0x4352CA), ("GFP_DMA", 1)),
)


@pytest.mark.parametrize(("name", "value"), COMPOSITES)
def test_composites_of_4_5(name: str, value: int) -> None:
    assert LAYOUT.value(name) == value


PRINTED = (
    # layout, mask, the names that a kernel of that layout printed
    ("4.5", 0x2200020, "GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK"),
    ("4.5", 0x2088020, "GFP_ATOMIC|__GFP_ZERO"),
    ("4.5", 0x342004A, "GFP_NOFS|__GFP_HIGHMEM|__GFP_HARDWALL|__GFP_MOVABLE|__GFP_WRITE"),
    ("4.8", 0x27080C0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_NOTRACK"),
    ("4.8", 0x24010C0, "GFP_KERNEL|__GFP_NORETRY"),
    ("4.10", 0x14200CA, "GFP_HIGHUSER_MOVABLE"),
    ("4.13", 0x14080C0, "GFP_KERNEL|__GFP_ZERO"),
    ("4.19", 0x484020, "GFP_ATOMIC|__GFP_COMP"),
    ("4.19", 0x6202C2, "GFP_HIGHUSER|__GFP_NOWARN"),
    ("5.1", 0x40A20, "GFP_ATOMIC|__GFP_COMP"),
    ("5.1", 0xC2CC0, "GFP_KERNEL|__GFP_NOWARN|__GFP_COMP|__GFP_NOMEMALLOC"),
    ("5.1", 0x101CC0, "GFP_USER|__GFP_WRITE"),
    ("5.18", 0x220, "__GFP_HIGH|__GFP_ATOMIC"),
    ("5.18", 0x80820, "GFP_NOWAIT|__GFP_HIGH|__GFP_NOMEMALLOC"),
    ("6.9", 0x800, "__GFP_KSWAPD_RECLAIM"),
    ("6.9", 0x80820, "GFP_ATOMIC|__GFP_NOMEMALLOC"),
    ("6.9", 0x141CCA, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_WRITE"),
)


@pytest.mark.parametrize(("layout", "mask", "names"), PRINTED)
def test_names_as_kernels_printed_them(layout: str, mask: int, names: str) -> None:
    assert GFP_LAYOUTS[layout].format(mask) == names


@given(st.sampled_from(sorted(GFP_LAYOUTS)), st.integers(0, (1 << 32) - 1))
def test_names_encode_back_to_the_mask(name: str, mask: int) -> None:
    layout = GFP_LAYOUTS[name]
    text = layout.format(mask)
    assert (layout.encode(text) if text else 0) == mask
    assert layout.encode(f"{mask:#x}") == mask


@given(st.sampled_from(sorted(GFP_LAYOUTS)), st.integers(0, (1 << 32) - 1))
def test_single_bits_add_up(name: str, mask: int) -> None:
    layout = GFP_LAYOUTS[name]
    assert sum(layout.encode(bit) for bit in layout.single_bits(mask)) == mask


def test_every_layout_gives_each_bit_one_name() -> None:
    for layout in GFP_LAYOUTS.values():
        values = list(layout.bits.values())
        assert len(values) == len(set(values)), layout.name
        assert all(value & (value - 1) == 0 for value in values), layout.name


def test_what_every_slab_passes_on_is_the_same_in_every_layout() -> None:
    names = ("__GFP_HIGH", "__GFP_IO", "__GFP_FS")
    for layout in GFP_LAYOUTS.values():
        assert sum(layout.bits[name] for name in names) == PASSED_ON, layout.name


def test_a_cache_may_add_its_own_flags_to_its_callers_mask() -> None:
    slab = KERNELS["4.5-rc7"].slab
    asked, page = LAYOUT.value("GFP_ATOMIC"), slab.page_mask(LAYOUT.value("GFP_ATOMIC"))
    assert slab.may_become(asked, page)
    assert slab.may_become(asked, page | LAYOUT.value("__GFP_COMP"))
    assert slab.may_become(asked, page & ~slab.adds)
    assert not slab.may_become(asked, page | LAYOUT.value("__GFP_ATOMIC"))


def test_gfp_atomic_moved_through_the_years() -> None:
    atomic = {name: layout.value("GFP_ATOMIC") for name, layout in GFP_LAYOUTS.items()}
    assert list(dict.fromkeys(atomic.values())) == [
        0x20,
        0x2080020,
        0x1080020,
        0x480020,
        0xA20,
        0x820,
    ]
    assert next(name for name, value in atomic.items() if value == 0x820) == "6.3"


SIMULATED = sorted(name for name, kernel in KERNELS.items() if kernel.sim is not None)


@pytest.mark.parametrize("text", ["", "GFP_ATOMC", "0xzz", "0x100000000", "GFP_ATOMIC||__GFP_ZERO"])
def test_bad_masks_are_refused(text: str) -> None:
    with pytest.raises(GfpError):
        LAYOUT.encode(text)


def test_a_near_miss_gets_a_hint() -> None:
    with pytest.raises(GfpError, match="did you mean GFP_ATOMIC"):
        LAYOUT.encode("GFP_ATOMC")
    with pytest.raises(GfpError, match="did you mean __GFP_ZERO"):
        LAYOUT.encode("ZERO")


@pytest.mark.parametrize(
    ("asked", "passed"),
    [
        (0x2088020, 0x2200020),
        (0x2080020, 0x2200020),
        (0x2018200, 0x2210200),
        (0x2098020, 0x2210020),
    ],
)
@pytest.mark.parametrize("name", SIMULATED)
def test_slub_loses_gfp_atomic(name: str, asked: int, passed: int) -> None:
    assert KERNELS[name].slab.page_mask(asked) == passed
    assert not LAYOUT.has(passed, "__GFP_ATOMIC")


HIGH, HARDER, NONE, ALL = (
    AllocFlag.HIGH,
    AllocFlag.HARDER,
    AllocFlag.NONE,
    AllocFlag.NO_WATERMARKS,
)
ALLOC = (
    ("GFP_KERNEL", Context.TASK, NONE),
    ("GFP_KERNEL", Context.PF_MEMALLOC, ALL),
    ("GFP_KERNEL", Context.TIF_MEMDIE, ALL),
    ("GFP_KERNEL", Context.RT_TASK, HARDER),
    ("GFP_KERNEL|__GFP_NOMEMALLOC", Context.PF_MEMALLOC, NONE),
    ("GFP_ATOMIC", Context.SOFTIRQ, HIGH | HARDER),
    ("GFP_ATOMIC", Context.RT_TASK, HIGH | HARDER),
    ("GFP_ATOMIC|__GFP_NOMEMALLOC", Context.TASK, HIGH),
    ("GFP_ATOMIC|__GFP_NOMEMALLOC", Context.PF_MEMALLOC, HIGH),
    ("0x2200020", Context.SOFTIRQ, HIGH),
    ("0x2200020", Context.PF_MEMALLOC, HIGH | ALL),
    ("0x2200020", Context.RT_TASK | Context.SOFTIRQ, HIGH),
    ("0x2200020", Context.SOFTIRQ | Context.PF_MEMALLOC, HIGH | ALL),
    ("0x2200020", Context.HARDIRQ | Context.PF_MEMALLOC, HIGH),
    ("GFP_NOWAIT|__GFP_NOMEMALLOC|__GFP_NOWARN", Context.PF_MEMALLOC, NONE),
    ("GFP_NOWAIT|__GFP_MEMALLOC", Context.TASK, ALL),
    ("GFP_NOWAIT|__GFP_MEMALLOC", Context.HARDIRQ, ALL),
)


@pytest.mark.parametrize(("mask", "context", "flags"), ALLOC)
def test_alloc_flags(mask: str, context: Context, flags: AllocFlag) -> None:
    for kernel in (KERNELS[name] for name in SIMULATED):
        assert kernel.alloc_flags(kernel.gfp.encode(mask), context) == flags


ZONE_OF = (
    *(("GFP_KERNEL", 2), ("GFP_DMA", 0), ("GFP_DMA32", 1), ("__GFP_HIGHMEM", 2)),
    *(("__GFP_MOVABLE", 2), ("GFP_HIGHUSER_MOVABLE", 3), ("__GFP_MOVABLE|GFP_DMA32", 1)),
)


@pytest.mark.parametrize(("mask", "zone"), ZONE_OF)
def test_first_zone(mask: str, zone: int) -> None:
    assert highest_zone(LAYOUT, LAYOUT.encode(mask)) == zone


def test_class_zone_is_the_highest_populated() -> None:
    assert class_zone(2, (0, 1)) == 1
    assert class_zone(0, (0, 1)) == 0
    assert class_zone(0, (1, 2)) is None


def test_abilities_by_name_not_by_bit() -> None:
    old = abilities(GFP_LAYOUTS["3.9"], 0xD0)
    assert (old.may_sleep, old.may_do_io, old.may_enter_fs, old.wakes_kswapd) == (True,) * 4
    atomic = abilities(GFP_LAYOUTS["5.18"], 0xA20)
    assert (atomic.may_sleep, atomic.wakes_kswapd, atomic.may_use_reserves) == (False, True, True)
    high = abilities(LAYOUT, 0x20)
    assert not high.wakes_kswapd
    assert "may not sleep" in phrases(high)
    assert abilities(LAYOUT, LAYOUT.encode("GFP_NOFS|__GFP_NOFAIL")).retries == "never gives up"


def printed_pairs() -> list[tuple[str, int, str]]:
    """Masks with the names beside them, as logs of these releases had them."""
    text = (Path(__file__).parent / "data" / "gfp_pairs.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return [(release, int(mask, 16), names) for release, mask, names in rows]


@pytest.mark.parametrize(("release", "mask", "names"), printed_pairs())
def test_a_release_prints_a_mask_as_its_logs_do(release: str, mask: int, names: str) -> None:
    found = candidates_of(release, Evidence(((mask, names),)))
    assert {one.gfp.format(mask) for one in found.kernels} == {names}


def test_unknown_kernels_are_named() -> None:
    with pytest.raises(UnknownKernelError, match=r"did you mean 4\.5-rc7"):
        kernel_named("v4.5-rc8")
    with pytest.raises(UnknownKernelError, match=r"a version from 2\.6\.18 on"):
        kernel_named("2.4.37")
    assert kernel_named("5.14.0-427.el9").name == kernel_named("6.8").name
    assert kernel_named("4.5-rc7").gfp is LAYOUT
