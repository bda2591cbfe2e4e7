"""What-if: marks and reserves by the kernel's rules, and the same test asked once more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose
from mmplay.engine.explain.settings import Settings, settings_of, split_settings
from mmplay.engine.explain.what_if import (
    Change,
    conclusion,
    logged_scale,
    set_aside,
    table_of_settings,
    what_if,
)
from mmplay.engine.report import FreeBlocks, MemDump, Report, ReportKind, Request, ZoneDump
from mmplay.engine.rules.versions import KERNELS, Kernel
from mmplay.engine.rules.watermarks import PAGE_KB, reserves, zone_min

RC7, NEXT, LATER = KERNELS["4.5-rc7"], KERNELS["next-20160311"], KERNELS["6.1"]
ATOMIC = {RC7.name: 0x2080020, NEXT.name: 0x2080020, LATER.name: 0xA20}
MANAGED = {"DMA": 3976, "DMA32": 443_833}


def dump(
    kernel: Kernel, frees: tuple[int, int], kbytes: int = 5249, scale: int = 10, boost: int = 0
) -> MemDump:
    """A machine of two zones whose marks follow from its settings; boosted in DMA32."""
    pages = tuple(MANAGED.values())
    rows = reserves((*pages, 0, 0), kernel.lowmem_reserve_ratio)
    found = MemDump(time_us=0)
    for n, (name, free) in enumerate(zip(MANAGED, frees, strict=True)):
        raised = boost if name == "DMA32" else 0
        least = zone_min(kbytes, pages[n], sum(pages))
        marks = (least, *kernel.gaps(least, pages[n], scale))
        values = dict(zip(("min", "low", "high"), (mark + raised for mark in marks), strict=True))
        values |= {"free": free, "managed": pages[n], "boost": raised}
        zone = ZoneDump(0, name, kb={key: value * PAGE_KB for key, value in values.items()})
        zone.reserve = rows[n]
        zone.blocks = (FreeBlocks(0, free, PAGE_KB, "UME" if free else ""),)
        found.zones.append(zone)
    return found


def asked(kernel: Kernel, memory: MemDump, kind: ReportKind) -> tuple[Report, Diagnosis, Seen]:
    report = Report(kind, 0, 1, 9, request=Request("demo", 0, ATOMIC[kernel.name]), memory=memory)
    seen = Seen(memory, True, 0)
    return report, diagnose(report, kernel, seen, None), seen


def supposed(
    kernel: Kernel, memory: MemDump, settings: Settings, kind: ReportKind = ReportKind.FAILURE
) -> Change:
    report, diagnosis, seen = asked(kernel, memory, kind)
    return what_if(report, diagnosis, seen, None, settings)


def test_the_incidents_own_setting_changes_nothing() -> None:
    found = supposed(RC7, dump(RC7, (1000, 400)), Settings(min_free_kbytes=5249))
    assert all(one.logged == one.changed for one in found.zones)
    assert found.set_aside[0] == found.set_aside[1]
    assert found.outcome == ("refused", "refused")
    assert not any(row.differs for row in table_of_settings(found))


@pytest.mark.parametrize("kernel", [RC7, NEXT, LATER], ids=lambda one: one.name)
def test_marks_are_those_of_a_machine_with_these_settings(kernel: Kernel) -> None:
    found = supposed(kernel, dump(kernel, (1000, 400)), Settings(min_free_kbytes=20_000))
    made = dump(kernel, (1000, 400), 20_000)
    for one, zone in zip(found.zones, made.zones, strict=True):
        marks = (one.changed.min, one.changed.low, one.changed.high)
        assert marks == tuple(zone.pages(mark) for mark in ("min", "low", "high"))
    assert found.set_aside == (set_aside(dump(kernel, (1000, 400))), set_aside(made))


def test_a_larger_scale_moves_low_and_high_alone() -> None:
    found = supposed(LATER, dump(LATER, (1000, 400)), Settings(scale=200))
    zone = found.zones[1]
    assert zone.changed.min == zone.logged.min
    assert zone.changed.low == (zone.logged.min or 0) + 443_833 * 200 // 10_000
    assert zone.changed.floor == zone.logged.floor
    assert zone.changed.verdict == "refused"


def test_the_last_look_asks_for_high() -> None:
    memory = dump(LATER, (0, 2500))
    found = supposed(LATER, memory, Settings(scale=200), ReportKind.OOM_KILL)
    assert found.outcome == ("skew", "refused")
    assert found.zones[1].changed.floor == found.zones[1].changed.high


def test_who_passes_at_min_calls_no_killer() -> None:
    """Its floor at min falls from 488 to 477, and 480 pages are free; high is far above both."""
    memory = dump(LATER, (0, 480))
    assert memory.zones[1].pages("min") == 1300
    found = supposed(LATER, memory, Settings(min_free_kbytes=5130), ReportKind.OOM_KILL)
    assert found.outcome == ("refused", "passes")
    assert found.zones[1].changed.verdict == "refused"
    assert conclusion(found)[1].startswith("At min DMA32 passes: 480 > ")
    same = supposed(LATER, memory, Settings(min_free_kbytes=5249), ReportKind.OOM_KILL)
    assert same.outcome == ("refused", "refused")


def test_a_ratio_opens_a_zone() -> None:
    found = supposed(RC7, dump(RC7, (1000, 400)), Settings(ratios=(1024, 256, 32)))
    dma, dma32 = found.zones
    assert (dma.logged.reserve, dma.changed.reserve) == (1733, 433)
    assert (dma.logged.verdict, dma.changed.verdict) == ("refused", "passes")
    assert dma32.logged == dma32.changed
    assert found.outcome == ("refused", "passes")
    assert conclusion(found)[0] == "By arithmetic alone the outcome changes: refused -> passes."


@given(st.integers(0, 1500), st.integers(0, 1500))
def test_it_agrees_with_what_is_said_to_help(dma: int, dma32: int) -> None:
    """The largest vm.min_free_kbytes of the diagnosis is the largest with which it passes."""
    memory = dump(RC7, (dma, dma32))
    _, diagnosis, _ = asked(RC7, memory, ReportKind.FAILURE)
    for one in diagnosis.would_pass:
        if one.code.startswith("pass.min_free"):
            kbytes = one.operands["kbytes"]
            assert isinstance(kbytes, int)
            outcomes = [
                supposed(RC7, memory, Settings(min_free_kbytes=n)).outcome
                for n in (kbytes, kbytes + 1)
            ]
            assert outcomes == [("refused", "passes"), ("refused", "refused")]


@given(st.integers(11, 1000))
def test_the_factor_is_read_off_the_marks(scale: int) -> None:
    memory = dump(LATER, (1000, 400), scale=scale)
    gap = (memory.zones[1].pages("low") or 0) - (memory.zones[1].pages("min") or 0)
    found = logged_scale(LATER, memory)
    assert (
        LATER.gaps(memory.zones[1].pages("min") or 0, 443_833, found)[0]
        == (memory.zones[1].pages("low"))
        or abs(gap - 443_833 * 10 // 10_000) * 20 <= 443_833 * 10 // 10_000
    )


def test_a_boost_stays_and_is_said() -> None:
    plain = supposed(LATER, dump(LATER, (1000, 400)), Settings(min_free_kbytes=20_000))
    found = supposed(LATER, dump(LATER, (1000, 400), boost=512), Settings(min_free_kbytes=20_000))
    assert found.zones[1].changed.min == (plain.zones[1].changed.min or 0) + 512
    assert any("DMA32" in line and "boost" in line for line in conclusion(found))


def test_what_passes_by_its_own_numbers_says_nothing_about_settings() -> None:
    found = supposed(RC7, dump(RC7, (1000, 5000)), Settings(min_free_kbytes=4000))
    assert found.outcome == ("skew", "skew")
    assert any("own numbers" in line for line in conclusion(found))


def test_it_says_that_it_is_arithmetic() -> None:
    found = supposed(RC7, dump(RC7, (1000, 400)), Settings(min_free_kbytes=4000))
    assert "arithmetic only" in conclusion(found)[-1]


def test_a_kernel_without_the_factor_refuses_it() -> None:
    with pytest.raises(InputError, match=r"4\.5-rc7 does not have it"):
        supposed(RC7, dump(RC7, (1000, 400)), Settings(scale=20))


def test_a_dump_without_managed_pages_refuses_marks() -> None:
    memory = dump(RC7, (1000, 400))
    for zone in memory.zones:
        del zone.kb["managed"]
    for settings in (Settings(min_free_kbytes=4000), Settings(ratios=(1, 1, 1))):
        with pytest.raises(InputError, match="lacks the managed pages of DMA"):
            supposed(RC7, memory, settings)


def test_pages_of_another_size_count() -> None:
    memory, small = dump(LATER, (1000, 400), 84_000), dump(LATER, (1000, 400), 5249)
    for zone in memory.zones:
        zone.page_kb = 64
        zone.kb = {name: kb * 16 for name, kb in zone.kb.items()}
    found = supposed(LATER, memory, Settings(min_free_kbytes=5249 * 16))
    marks = [(one.changed.min, one.changed.low) for one in found.zones]
    assert marks == [(zone.pages("min"), zone.pages("low")) for zone in small.zones]
    assert table_of_settings(found)[-1].changed.endswith("MiB)")


# settings


def test_settings_are_read() -> None:
    texts = split_settings('vm.min_free_kbytes=1 vm.lowmem_reserve_ratio="256 256 32", vm.x=2')
    assert texts == ["vm.min_free_kbytes=1", 'vm.lowmem_reserve_ratio="256 256 32"', "vm.x=2"]
    assert settings_of(["min_free_kbytes=1"]) == Settings(1)
    found = settings_of(texts[:2])
    assert found == Settings(1, None, (256, 256, 32))
    assert str(found) == "vm.min_free_kbytes = 1, vm.lowmem_reserve_ratio = 256 256 32"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vm.swappiness=1", "vm.swappiness: arithmetic cannot answer it: it tells reclaim"),
        ("vm.page-cluster=1", "vm.page-cluster: arithmetic cannot answer it: the test"),
        ("min_free_kbyte=1", "did you mean vm.min_free_kbytes"),
        ("vm.min_free_kbytes", "write KEY=VALUE"),
        ("vm.min_free_kbytes=-1", "expected a whole number from 0 to 2147483647"),
        ("vm.watermark_scale_factor=0", "expected a whole number from 1 to 3000"),
        ("vm.lowmem_reserve_ratio=", "expected a number for each zone"),
        ("vm.lowmem_reserve_ratio=1 2 x", "expected a whole number"),
    ],
)
def test_bad_settings_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        settings_of([text])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
