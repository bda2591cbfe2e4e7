"""Watermarks, reserves and floors against the numbers that real kernels printed."""

import pytest

from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import (
    CLASSES_4_5,
    classes_at,
    floor,
    hidden,
    seen_free,
    watermark_ok,
)
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.rules.watermarks import reserves, zone_min
from mmplay.engine.terms import Term

MACHINES = (
    # kernel, min_free_kbytes, managed DMA / DMA32, min/low/high in kB of each, as printed
    ("4.5-rc7", 5249, (3976, 443833), (44, 52, 64), (5200, 6500, 7800)),
    ("next-20160311", 5249, (3976, 443813), (44, 56, 68), (5200, 6972, 8744)),
    # 4.6-rc2, at the managed pages of boot: about 160 fewer than its log prints later
    ("next-20160311", 3879, (3976, 248900), (60, 72, 84), (3812, 4804, 5796)),
    ("4.5-rc7", 5351, (3976, 443833), (44, 52, 64), (5300, 6624, 7948)),
    # 4.5.0 booted with 256M, 512M, 1G, 2G (pages there, kB here)
    ("4.5-rc7", 1985, (3977, 57631), (128, 160, 192), (1852, 2312, 2776)),
    ("4.5-rc7", 2841, (3977, 122140), (88, 108, 132), (2748, 3432, 4120)),
    ("4.5-rc7", 3904, (3977, 251157), (60, 72, 88), (3840, 4800, 5760)),
    ("4.5-rc7", 5635, (3977, 509199), (40, 48, 60), (5588, 6984, 8380)),
)


@pytest.mark.parametrize(("name", "kbytes", "managed", "dma", "dma32"), MACHINES)
def test_watermarks(
    name: str,
    kbytes: int,
    managed: tuple[int, int],
    dma: tuple[int, int, int],
    dma32: tuple[int, int, int],
) -> None:
    kernel = KERNELS[name]
    for pages, printed in zip(managed, (dma, dma32), strict=True):
        minimum = zone_min(kbytes, pages, sum(managed))
        low, high = kernel.gaps(minimum, pages, kernel.watermark_scale_factor or 0)
        assert (minimum * 4, low * 4, high * 4) == printed


@pytest.mark.parametrize(
    ("managed", "printed"),
    [
        ((3976, 443500, 0, 0), 1732),
        ((3976, 443833, 0, 0), 1733),
        ((3977, 57631, 0, 0), 225),
        ((3977, 122140, 0, 0), 477),
        ((3977, 251157, 0, 0), 981),
        ((3977, 509199, 0, 0), 1989),
    ],
)
def test_lowmem_reserve(managed: tuple[int, ...], printed: int) -> None:
    rows = reserves(managed, (256, 256, 32))
    assert rows[0] == (0, printed, printed, printed)
    assert rows[1] == (0, 0, 0, 0)


def test_lowmem_reserve_with_a_normal_zone() -> None:
    rows = reserves((3977, 763203, 245583, 0), (256, 256, 32))
    assert rows[0] == (0, 2981, 3940, 3940)
    assert rows[1] == (0, 0, 959, 959)


SIMULATED = sorted(name for name, kernel in KERNELS.items() if kernel.sim is not None)

FLOORS = (
    # (mark, min/low/high pages, reserve) -> plain, HARDER, HIGH, HIGH+HARDER, NO_WATERMARKS
    ("min", 1300, 0, (1300, 975, 650, 488, 0)),
    ("min", 11, 1732, (1743, 1741, 1738, 1737, 0)),
    ("min", 11, 0, (11, 9, 6, 5, 0)),
    ("low", 1625, 0, (1625,)),
    ("low", 13, 1732, (1745,)),
    ("low", 14, 1732, (1746,)),
    ("high", 1950, 0, (1950,)),
    ("high", 16, 1732, (1748,)),
    ("high", 17, 1732, (1749,)),
)


@pytest.mark.parametrize(("mark", "pages", "reserve", "expected"), FLOORS)
@pytest.mark.parametrize("name", SIMULATED)
def test_floors(name: str, mark: str, pages: int, reserve: int, expected: tuple[int, ...]) -> None:
    kernel = KERNELS[name]
    found = tuple(
        floor(kernel.gate.reductions, pages, reserve, one.flags) for one in kernel.classes_at(mark)
    )
    assert found == expected


def test_only_min_has_five_classes() -> None:
    assert [len(classes_at(CLASSES_4_5, mark)) for mark in ("min", "low", "high")] == [5, 1, 1]
    assert [one.name for one in CLASSES_4_5] == [
        "plain",
        "HARDER",
        "HIGH",
        "HIGH+HARDER",
        "NO_WATERMARKS",
    ]


@pytest.mark.parametrize(("free", "order", "kept"), [(651, 0, 0), (658, 3, 0), (1163, 0, 512)])
def test_the_watermark_test_is_the_same_for_ints_and_terms(
    free: int, order: int, kept: int
) -> None:
    for pages in (free, free - 1):
        told = watermark_ok(pages, order, kept, 650)
        assert told is watermark_ok(Term(pages), order, kept, Term(650))
        assert told is (seen_free(pages, order, kept) > 650)
        assert told is (pages == free)


@pytest.mark.parametrize(("flags", "kept"), [("NONE", 512), ("HARDER", 0), ("NO_WATERMARKS", 0)])
def test_only_who_may_go_below_min_sees_highatomic_pages(flags: str, kept: int) -> None:
    assert hidden(512, AllocFlag[flags], AllocFlag.HARDER) == kept
