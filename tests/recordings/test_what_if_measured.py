"""What-if beside real kernels: zoneinfo after every write of the three settings, to the page."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmplay.engine.explain.settings import Settings, settings_of
from mmplay.engine.explain.what_if import changed_dump
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.recordings.live.numbers import NUMBER
from mmplay.recordings.live.samples import Text, memory_of
from tests.conftest import SHARED

FACTS = sorted((SHARED / "truth" / "modern").glob("*-facts-*.log.xz"))
VARY = re.compile(
    rb"=== VARY min_free_kbytes=(\d+) watermark_scale_factor=(\d+) lowmem_reserve_ratio=([\d\t ]+)"
)
ZONEINFO = re.compile(rb"=== BEGIN /proc/zoneinfo.*?\n(.*?)=== END", re.DOTALL)


def dump_of(zoneinfo: bytes) -> MemDump:
    numbers = [int(one) for one in NUMBER.findall(zoneinfo)]
    return memory_of({"zoneinfo": Text(zoneinfo, numbers)}, 0, PAGE_KB)


def written(data: bytes) -> Iterator[tuple[Settings, MemDump]]:
    """Yield what was written, and zoneinfo after it."""
    for found in VARY.finditer(data):
        kbytes, scale, ratios = (one.decode() for one in found.groups())
        texts = (
            *(f"vm.min_free_kbytes={kbytes}", f"vm.watermark_scale_factor={scale}"),
            f"vm.lowmem_reserve_ratio={ratios}",
        )
        after = ZONEINFO.search(data, found.end())
        assert after is not None
        yield settings_of(texts), dump_of(after[1])


def numbers(zone: ZoneDump) -> tuple[object, ...]:
    return (zone.name, *(zone.pages(mark) for mark in ("min", "low", "high")), zone.reserve)


@pytest.mark.skipif(not FACTS, reason="the captures of real kernels are not here")
@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.name)
def test_marks_and_reserves_are_those_that_the_kernel_showed(path: Path) -> None:
    data = lzma.decompress(path.read_bytes()).replace(b"\r\n", b"\n")
    kernel = kernel_named(path.name.split("-")[0])
    first = ZONEINFO.search(data)
    assert first is not None
    before, seen = dump_of(first[1]), 0
    for settings, after in written(data):
        changed, _ = changed_dump(kernel, before, settings)
        for one, shown in zip(changed.zones, after.zones, strict=True):
            assert numbers(one) == numbers(shown), settings
            seen += 1
    assert seen >= 27
