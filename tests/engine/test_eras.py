"""The rules of every era: masks, slab, marks, reserves, OOM score, by version."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.words import CALLERS, WORDS
from mmplay.engine.rules.eras import steps
from mmplay.engine.rules.gates import GATES
from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.versions import KERNELS, Kernel, every_era, kernel_named
from mmplay.engine.rules.watermarks import reserves


def at(version: str) -> Kernel:
    return kernel_named(version)


@pytest.mark.parametrize(
    ("version", "gate", "layout"),
    [
        ("4.5.0", "4.4", "4.5"),
        ("6.1.192", "6.1.192", "5.18"),
        ("6.6.80", "6.6.80", "6.4"),
        ("6.12.117", "6.12.117", "6.9"),
        ("3.0.101", "3.0", "3.0"),
        ("3.10.0-1160.el7", "3.16", "el7"),
        ("4.18.0-477.el8", "5.8", "4.19"),
        ("5.15.0-91-generic", "5.9", "5.14"),
        ("6.8.0-45-generic", "6.3", "6.8"),
        ("6.17.0", "6.12", "6.17"),
    ],
)
def test_a_version_has_its_gate_and_its_bits(version: str, gate: str, layout: str) -> None:
    kernel = at(version)
    assert (kernel.gate.name, kernel.gfp.name) == (gate, layout)


def test_every_gate_and_layout_is_of_some_release() -> None:
    facts = [step.facts for step in steps()]
    assert {one["gate"] for one in facts if "gate" in one} == set(GATES)
    assert {one["layout"] for one in facts if "layout" in one} == set(GFP_LAYOUTS)


def test_steps_replace_only_steps_before_them() -> None:
    known: set[str] = set()
    for step in steps():
        assert set(step.replaces) <= known, step.id
        assert step.id not in known
        known.add(step.id)


def test_every_caller_and_flag_of_every_era_has_its_words() -> None:
    for kernel in every_era():
        assert {one.name for one in kernel.gate.classes} <= set(CALLERS)
        assert {one.name for one in kernel.gate.flag_rules} <= set(WORDS)


SLAB = (
    # version, a caller's mask, what SLUB asks the page allocator for
    ("3.5", "GFP_ATOMIC", 0x20 | 0x200000),
    ("3.5", "GFP_KERNEL|__GFP_ZERO", 0xD0 | 0x200000),
    ("4.4.1", "GFP_ATOMIC", 0x2000020 | 0x200000),
    ("4.4.60", "GFP_ATOMIC", 0x2080020 | 0x200000),
    ("4.6", "GFP_ATOMIC", 0x2000020 | 0x200000),
    ("4.7", "GFP_ATOMIC", 0x2080020 | 0x200000),
    ("4.10", "GFP_ATOMIC", 0x1080020 | 0x200000),
    ("4.15", "GFP_ATOMIC", 0x1080020),
    ("4.19", "GFP_ATOMIC|__GFP_ZERO", 0x480020),
    ("5.4.286", "GFP_KERNEL_ACCOUNT", 0xCC0),
    ("6.1.192", "GFP_ATOMIC", 0xA20),
    ("6.3", "GFP_ATOMIC|__GFP_HIGHMEM", 0x820),
    ("6.12.117", "GFP_NOWAIT", 0x2800),
)


@pytest.mark.parametrize(("version", "asked", "passed"), SLAB)
def test_slub_passes_on_what_its_version_keeps(version: str, asked: str, passed: int) -> None:
    kernel = at(version)
    assert kernel.slab.page_mask(kernel.gfp.encode(asked)) == passed


def test_gaps_grew_by_the_scale_factor_in_4_6() -> None:
    assert at("4.5").marks("Normal", 1_000_000, 1_000_000, 8000, 0) == (2000, 2500, 3000)
    assert at("4.6").marks("Normal", 1_000_000, 1_000_000, 8000, 10) == (2000, 3000, 4000)


def test_highmem_has_a_min_of_its_own_and_movable_from_6_8() -> None:
    assert at("4.4").marks("HighMem", 200_000, 400_000, 8000, 0) == (128, 128 + 250, 128 + 500)
    assert at("5.10").marks("HighMem", 20_000, 400_000, 8000, 10)[0] == 32
    assert at("6.5").marks("Movable", 200_000, 400_000, 8000, 10)[0] == 1000
    assert at("6.8").marks("Movable", 200_000, 400_000, 8000, 10)[0] == 128


RESERVES = (
    # version, DMA's row of a machine with 4000, 200000 and no pages in DMA, Normal, Movable
    ("4.16", (256, 32, 1), (0, 781, 781)),
    ("4.16", (0, 32, 1), (0, 200_000, 200_000)),
    ("4.17", (0, 32, 0), (0, 0, 0)),
    ("6.9", (256, 32, 0), (0, 781, 781)),
    ("6.12.0", (256, 32, 0), (0, 781, 0)),
    ("6.14", (256, 32, 0), (0, 781, 781)),
)


@pytest.mark.parametrize(("version", "ratios", "row"), RESERVES)
def test_reserves_by_era(version: str, ratios: tuple[int, ...], row: tuple[int, ...]) -> None:
    assert reserves((4000, 200_000, 0), ratios, at(version).reserve)[0] == row


def test_5_8_lost_the_pages_of_a_zone_without_a_ratio() -> None:
    """A log of 5.7-rc6-next printed 0 824 1947 824: Movable's column lacks HighMem."""
    managed, ratios = (4000, 210_944, 287_488, 0), (256, 32, 0, 0)
    assert reserves(managed, ratios, at("5.8").reserve)[0] == (0, 824, 1947, 824)
    assert reserves(managed, ratios, at("5.11").reserve)[0] == (0, 824, 1947, 1947)


def test_an_empty_zone_keeps_nothing_from_5_8_on() -> None:
    managed, ratios = (0, 3200, 0), (256, 32, 0)
    assert reserves(managed, ratios, at("5.7").reserve)[0][1] == 12
    assert reserves(managed, ratios, at("5.8").reserve)[0][1] == 0


POINTS = (
    # version, pages, adj, all pages, points, points of root
    ("3.4", 250_000, 100, 1_000_000, 350, 320),
    ("3.4", 10, 0, 1_000_000, 1, 1),
    ("3.10", 250_000, 100, 1_000_000, 350_000, 320_000),
    ("3.10.0-514.el7", 250_000, 100, 1_000_000, 350_000, 342_500),
    ("4.14", 250_000, 0, 1_000_000, 250_000, 242_500),
    ("4.18", 250_000, 0, 1_000_000, 250_000, 250_000),
    ("5.8", 10, -500, 1_000_000, 1, 1),
    ("5.9", 10, -500, 1_000_000, 10 - 500_000, 10 - 500_000),
)


@pytest.mark.parametrize(("version", "pages", "adj", "total", "points", "of_root"), POINTS)
def test_points_by_era(
    version: str, pages: int, adj: int, total: int, points: int, of_root: int
) -> None:
    rule = at(version).oom
    assert rule.points(pages, adj, total) == points
    assert rule.points_of_root(pages, adj, total) == of_root


def test_page_tables_by_era() -> None:
    counted = [at(v).oom.page_tables for v in ("3.19", "4.0", "4.14", "4.15", "6.12")]
    assert counted == ["nr_ptes", "nr_pmds", "nr_pmds", "bytes", "bytes"]


def test_the_largest_min_free_kbytes_by_era() -> None:
    small = ("5.6", "3.10.0-514.el7", "4.18.0-147.el8", "4.5-rc7")
    large = ("5.7", "3.10.0-1160.el7", "4.18.0-240.el8", "6.12")
    assert {at(one).min_free.ceiling for one in small} == {65536}
    assert {at(one).min_free.ceiling for one in large} == {262144}


def test_only_two_kernels_can_be_simulated() -> None:
    named = {one.name for one in KERNELS.values() if one.sim is not None}
    assert named == {"4.5-rc7", "next-20160311"}
    assert all(one.sim is None for one in every_era() if one.name not in named)
