"""`floors` and `gfp` as a user calls them, against arithmetic that is done here again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.versions import KERNELS

Captured = pytest.CaptureFixture[str]
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(capsys: Captured, *args: str) -> str:
    assert main(list(args)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def asked(capsys: Captured, *args: str) -> dict[str, Any]:
    found = json.loads(told(capsys, *args, "--json"))
    assert found.pop("schema") == 1
    return dict(found)


def floors(capsys: Captured, kernel: str, kbytes: int, **zones: int) -> dict[str, Any]:
    named = [word for name, pages in zones.items() for word in ("--zone", f"{name}={pages}")]
    return asked(capsys, "floors", "--kernel", kernel, "--min-free-kbytes", str(kbytes), *named)


# floors


@QUICK
@given(st.integers(1, 65536), st.integers(1, 1 << 22), st.integers(1, 1 << 24))
def test_marks_of_4_5_are_a_share_a_quarter_and_a_half(
    capsys: Captured, kbytes: int, dma32: int, normal: int
) -> None:
    found = floors(capsys, "4.5-rc7", kbytes, DMA32=dma32, Normal=normal)
    for zone, pages in zip(found["zones"], (dma32, normal), strict=True):
        least = kbytes // 4 * pages // (dma32 + normal)
        assert (zone["managed"], zone["min"]) == (pages, least)
        assert (zone["low"], zone["high"]) == (least + least // 4, least + least // 2)


@QUICK
@given(st.integers(1, 65536), st.integers(1, 1 << 22), st.sampled_from(["6.1", "6.6", "6.12"]))
def test_marks_since_4_6_are_at_least_a_thousandth_apart(
    capsys: Captured, kbytes: int, pages: int, kernel: str
) -> None:
    (zone,) = floors(capsys, kernel, kbytes, Normal=pages)["zones"]
    gap = max(zone["min"] // 4, pages * 10 // 10000)
    assert (zone["low"], zone["high"]) == (zone["min"] + gap, zone["min"] + 2 * gap)


@QUICK
@given(st.integers(1, 65536), st.integers(1, 1 << 22), st.sampled_from(sorted(KERNELS)))
def test_every_floor_carries_a_tree_that_ends_in_it(
    capsys: Captured, kbytes: int, pages: int, kernel: str
) -> None:
    (zone,) = floors(capsys, kernel, kbytes, Normal=pages)["zones"]
    marks = {mark: zone[mark] for mark in ("min", "low", "high")}
    for row in zone["floors"]:
        assert row["formula"]["value"] == row["floor"]
        assert 0 <= row["floor"] <= marks[row["mark"]]
        if row["caller"] == "plain":
            assert row["floor"] == marks[row["mark"]]
        if row["caller"] == "NO_WATERMARKS":
            assert (row["mark"], row["floor"]) == ("min", 0)
    assert [row["caller"] for row in zone["floors"] if row["mark"] == "low"] == ["plain"]


def test_a_movable_zone_is_capped_since_6_6_and_shares_before(capsys: Captured) -> None:
    zones = {"Normal": 500_000, "Movable": 500_000}
    before = floors(capsys, "6.1", 8000, **zones)["zones"]
    after = floors(capsys, "6.6", 8000, **zones)["zones"]
    assert [zone["min"] for zone in before] == [1000, 1000]
    assert [zone["min"] for zone in after] == [2000, 128]


def test_a_class_zone_sees_what_zones_below_set_aside(capsys: Captured) -> None:
    found = floors(capsys, "4.5-rc7", 4000, DMA=4000, DMA32=256_000, Normal=512_000)
    dma, dma32, normal = found["zones"]
    assert dma["lowmem_reserve"] == [0, 1000, 3000, 3000]
    assert dma32["lowmem_reserve"] == [0, 0, 2000, 2000]
    assert normal["lowmem_reserve"] == [0, 0, 0, 0]
    plain = {
        row["class_zone"]: row["floor"]
        for row in dma["floors"]
        if (row["mark"], row["caller"]) == ("min", "plain")
    }
    assert plain == {"DMA": dma["min"], "DMA32": dma["min"] + 1000, "Normal": dma["min"] + 3000}


def test_the_table_shows_pages_kilobytes_and_the_formula(capsys: Captured) -> None:
    args = ("floors", "--zone", "Normal=250000", "--min-free-kbytes", "8000")
    lines = told(capsys, *args).splitlines()
    assert lines[0] == "kernel 4.5-rc7   vm.min_free_kbytes 8000"
    assert "refused when free <= floor" in lines[1]
    assert "Normal   managed 250000   lowmem_reserve[] 0 0 0 0" in lines
    marks = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert "2000 (8000)" in marks["min"]
    assert "2500 (10000)" in marks["low"]
    assert "2000 + 2000/4 = 2500" in marks["low"]
    assert "3000 (12000)" in marks["high"]
    (high,) = (line for line in lines if "HIGH at min" in line)
    assert high.split()[0] == "Normal-class"
    assert "1000 (4000)" in high


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_a_scale_factor_moves_only_low_and_high(capsys: Captured, kernel: str) -> None:
    if kernel == "4.5-rc7":
        assert floors(capsys, kernel, 4000, Normal=90_000)["watermark_scale_factor"] is None
        return
    args = ("floors", "--kernel", kernel, "--zone", "Normal=90000", "--min-free-kbytes", "4000")
    plain = asked(capsys, *args)["zones"][0]
    wide = asked(capsys, *args, "--watermark-scale-factor", "1000")["zones"][0]
    assert wide["min"] == plain["min"] == 1000
    assert wide["low"] == 1000 + 9000
    assert wide["high"] == 1000 + 18000


# gfp


@QUICK
@given(st.sampled_from(sorted({*KERNELS, *GFP_LAYOUTS} - {"el7"})), st.integers(0, (1 << 28) - 1))
def test_names_lead_back_to_the_mask(capsys: Captured, kernel: str, mask: int) -> None:
    found = asked(capsys, "gfp", hex(mask), "--kernel", kernel)
    assert (found["asked"], found["mask"], found["lost"]) == (mask, mask, [])
    assert len(found["bits"]) == mask.bit_count()
    if found["names"]:
        again = asked(capsys, "gfp", found["names"], "--kernel", kernel)
        assert again["mask"] == mask


@QUICK
@given(st.sampled_from(sorted(KERNELS)), st.integers(0, (1 << 26) - 1))
def test_slub_never_passes_on_what_it_was_not_asked_but_its_own(
    capsys: Captured, kernel: str, mask: int
) -> None:
    found = asked(capsys, "gfp", hex(mask), "--kernel", kernel, "--slab")
    own = KERNELS[kernel].slab.adds
    assert found["mask"] & ~own & ~mask == 0
    assert found["mask"] & own == own
    assert len(found["lost"]) == (mask & ~found["mask"]).bit_count()


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_atomic_callers_meet_a_lower_floor_than_sleepers(capsys: Captured, kernel: str) -> None:
    """Their formula shows it: min is halved, and the half loses a quarter."""
    atomic = asked(capsys, "gfp", "GFP_ATOMIC", "--kernel", kernel)
    sleeper = asked(capsys, "gfp", "GFP_KERNEL", "--kernel", kernel)
    by_context = {row["context"]: row for row in atomic["floors"]}
    assert by_context["softirq"]["floor"].startswith("min - min/2 - (min - min/2)/4")
    assert by_context["softirq"]["why"]
    assert by_context["PF_MEMALLOC task"]["floor"] == "0"
    assert sleeper["floors"][0]["floor"] == "min + lowmem_reserve"
    assert sleeper["floors"][0]["alloc_flags"] == []
    assert atomic["allows"] != sleeper["allows"]


def test_what_slub_took_away_is_named(capsys: Captured) -> None:
    lines = told(capsys, "gfp", "GFP_ATOMIC|__GFP_ZERO", "--slab").splitlines()
    rows = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    assert rows["asked"].endswith("0x2088020 = GFP_ATOMIC|__GFP_ZERO")
    assert rows["lost"].split()[1:] == ["__GFP_ZERO,", "__GFP_ATOMIC"]
    assert "0x2200020" in rows["mask"]
    assert "4.5" in rows["kernel"]


def test_an_empty_mask_is_no_flags(capsys: Captured) -> None:
    out = told(capsys, "gfp", "0x0")
    assert "0x0 = no flags" in out
    assert "bits     none" in out
    assert told(capsys, "gfp", "0x0", "--slab").startswith("asked    0x0 = \nlost     nothing\n")


def test_any_version_or_release_is_a_kernel(capsys: Captured) -> None:
    out = told(capsys, "gfp", "GFP_KERNEL", "--kernel", "5.4.286")
    assert "0xcc0 = GFP_KERNEL" in out
    assert "(bits of 5.1 to 5.13)" in out
    found = asked(capsys, "gfp", "0x1100cca", "--kernel", "5.15.0-91-generic")
    assert found["names"] == "GFP_HIGHUSER_MOVABLE"
    assert found["kernel"] == "5.15"
    assert found["others"] == []


def test_a_release_that_may_follow_several_rules_has_several_readings(capsys: Captured) -> None:
    args = ("gfp", "0x1100cca", "--kernel", "5.14.0-70.el9")
    others = {one["names"]: one["kernels"] for one in asked(capsys, *args)["others"]}
    assert "5.14" in others["GFP_HIGHUSER_MOVABLE"]
    assert "or       0x1100cca = GFP_HIGHUSER_MOVABLE (rules of 5.14" in told(capsys, *args)


def test_a_mask_of_another_kernel_is_shown_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "gfp", "0x100cca")
    assert "or       0x100cca = GFP_HIGHUSER_MOVABLE (bits of 5.1" in out
    assert "give it as --kernel" in out
    assert "\nor " not in told(capsys, "gfp", "0x100cca", "--kernel", "6.1")
    assert "\nor " not in told(capsys, "gfp", "0x2200020")
