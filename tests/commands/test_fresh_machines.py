"""Fresh machines of many sizes: what `run boot` starts from is what the rules say of it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from mmplay.__main__ import main
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.rules.watermarks import ZONES, boot_min_free_kbytes

Captured = pytest.CaptureFixture[str]

SIZES = ("64M", "256M", "512M", "1G", "4G", "8G")
SIMULATED = sorted(name for name, kernel in KERNELS.items() if kernel.sim is not None)
MACHINES = [(size, kernel) for size in SIZES for kernel in SIMULATED]


def told(capsys: Captured, *args: str) -> dict[str, Any]:
    assert main([*args, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return dict(json.loads(out))


BOOTED: dict[tuple[str, ...], dict[str, Any]] = {}
"""What was booted already: a large machine takes a while."""


def booted(capsys: Captured, size: str, kernel: str, *more: str) -> dict[str, Any]:
    key = (size, kernel, *more)
    if key not in BOOTED:
        BOOTED[key] = told(capsys, "run", "boot", "--ram", size, "--kernel", kernel, *more)
    return BOOTED[key]


@cache
def pages_of(size: str) -> int:
    return int(size[:-1]) * {"M": 256, "G": 262_144}[size[-1]]


@pytest.mark.parametrize(("size", "kernel"), MACHINES)
def test_zones_fill_the_memory_in_order(size: str, kernel: str, capsys: Captured) -> None:
    found = booted(capsys, size, kernel)
    assert found["kernel"] == kernel
    names = list(found["zones"])
    assert names == [name for name in ZONES if name in names]
    assert ("Normal" in names) is (size in ("4G", "8G"))
    free = sum(zone["free"] for zone in found["zones"].values())
    assert pages_of(size) * 7 // 10 < free < pages_of(size)


@pytest.mark.parametrize(("size", "kernel"), MACHINES)
def test_marks_rise_and_their_sum_is_what_the_kernel_chose(
    size: str, kernel: str, capsys: Captured
) -> None:
    zones = booted(capsys, size, kernel)["zones"].values()
    for zone in zones:
        assert 0 < zone["min"] <= zone["low"] <= zone["high"] < zone["free"]
    kbytes = 4 * sum(zone["min"] for zone in zones)
    assert 128 - 4 * len(zones) <= kbytes <= 65536


@pytest.mark.parametrize("kernel", SIMULATED)
def test_more_memory_keeps_more_free(kernel: str, capsys: Captured) -> None:
    kept = [
        sum(zone["min"] for zone in booted(capsys, size, kernel)["zones"].values())
        for size in SIZES
    ]
    assert kept == sorted(kept)
    one = boot_min_free_kbytes(KERNELS[kernel].gaps, (3977, 122_140), 10)
    other = boot_min_free_kbytes(KERNELS[kernel].gaps, (3977, 251_157), 10)
    assert other.value > one.value


@pytest.mark.parametrize("size", SIZES)
def test_newer_kernels_keep_the_same_min_with_wider_gaps(size: str, capsys: Captured) -> None:
    old, new = (booted(capsys, size, kernel)["zones"] for kernel in ("4.5-rc7", "next-20160311"))
    for name, zone in old.items():
        gap, wider = (one["high"] - one["low"] for one in (zone, new[name]))
        if abs(zone["min"] - new[name]["min"]) <= 1:
            assert wider >= gap - 1


@pytest.mark.parametrize(("size", "kernel"), MACHINES)
def test_lower_zones_keep_pages_from_who_may_go_higher(
    size: str, kernel: str, capsys: Captured
) -> None:
    zones = booted(capsys, size, kernel)["zones"]
    for name, zone in zones.items():
        at = ZONES.index(name)
        reserve = zone["reserve"]
        assert reserve[: at + 1] == [0] * (at + 1)
        assert reserve == sorted(reserve)
    if "Normal" in zones:
        assert zones["DMA"]["reserve"][2] > zones["DMA"]["reserve"][1]


@pytest.mark.parametrize("kernel", SIMULATED)
def test_the_same_start_is_the_same_machine(kernel: str, capsys: Captured) -> None:
    one = booted(capsys, "512M", kernel)
    other = told(capsys, "run", "boot", "--ram", "512M", "--kernel", kernel)
    assert one == other
    assert booted(capsys, "1G", kernel)["digest"] != one["digest"]


@pytest.mark.parametrize("kernel", SIMULATED)
def test_what_is_written_at_the_start_moves_the_marks(kernel: str, capsys: Captured) -> None:
    plain = booted(capsys, "512M", kernel)["zones"]["DMA32"]
    more = booted(capsys, "512M", kernel, "--act", "min_free_kbytes 40000")["zones"]["DMA32"]
    assert more["min"] > 3 * plain["min"]
    assert more["free"] == plain["free"]


def test_what_is_assumed_is_told_with_its_reason(capsys: Captured) -> None:
    found = booted(capsys, "1G", "4.5-rc7")
    assert found["assumed"]
    for line in found["assumed"]:
        name, colon, reason = line.partition(": ")
        assert colon
        assert name
        assert reason


def test_as_text_it_says_the_same(capsys: Captured) -> None:
    found = booted(capsys, "1G", "4.5-rc7")
    assert main(["run", "boot", "--ram", "1G"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "boot, kernel 4.5-rc7, variant atomic, seed 1"
    assert any(found["digest"] in line for line in lines)
    for name, zone in found["zones"].items():
        (line,) = (one for one in lines if one.split()[:1] == [name])
        assert f"free {zone['free']} (min {zone['min']}" in line
