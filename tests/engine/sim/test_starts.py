"""What a start takes from a dump, and what it must not take from the variant."""

from __future__ import annotations

import pytest

from mmplay.engine.report import FreeBlocks, MemDump, ZoneDump
from mmplay.engine.sim.check import check
from mmplay.engine.sim.log.reports import zone_line
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.mm.page_alloc import zone_watermark_ok
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts import common
from mmplay.engine.sim.starts.bench import BenchZone, roomy_zone
from mmplay.engine.sim.starts.dump import found_in_dump
from mmplay.engine.sim.state.buddy import HIGHATOMIC
from mmplay.engine.sim.state.zone import Zone
from tests.engine.sim.machines import NEXT, RC7, SECOND, incident


def zone_with(letters: str) -> Zone:
    """Return a zone that a dump describes, with these letters at one order."""
    pages = {"free": 1000, "managed": 100_000, "present": 100_000, "min": 1300, "low": 1625}
    one = ZoneDump(0, "DMA32", kb={name: 4 * n for name, n in (*pages.items(), ("high", 1950))})
    one.blocks = (FreeBlocks(0, 488, 4, "M"), FreeBlocks(9, 1, 2048, letters))
    one.reserve = (0, 0, 0, 0)
    return found_in_dump(MemDump(0, zones=[one]), 0, 1).zones[0]


def test_a_list_with_an_h_tells_of_a_reserved_block() -> None:
    zone = zone_with("H")
    assert zone.reserved_highatomic == 512
    block = next(iter(zone.buddy.lists[HIGHATOMIC * 11 + 9]))
    assert zone.buddy.type_of(block) == HIGHATOMIC
    assert not zone_watermark_ok(zone, 600, 0, harder=False)
    assert zone_watermark_ok(zone, 600, 0, harder=True)
    without = zone_with("M")
    assert without.reserved_highatomic == 0
    assert zone_watermark_ok(without, 600, 0, harder=False)


def test_reserved_blocks_that_do_not_lie_apart_are_counted_still() -> None:
    blocks = ((0, 300, "UMH"), (1, 300, "M"))
    zone = roomy_zone(BenchZone("DMA32", 1500, 900, blocks=blocks), 1)
    assert zone.reserved_highatomic == 512


def test_free_lists_are_as_printed_and_cpus_hold_the_rest_of_the_counter() -> None:
    """The log prints free:5200kB, and 5060 kB of blocks; the counter has all within a second."""
    m = incident()
    dma, dma32 = m.state.zones
    assert (dma32.free, dma32.buddy.free_pages()) == (1300, 5060 // 4)
    assert (dma.free, dma.buddy.free_pages()) == (1742, 6964 // 4)
    assert dma32.diffs == [-9, -9, -9, -8]
    assert not check(m)
    run_until(m, 60_600_000_000)
    assert sum(dma.diffs) == sum(dma32.diffs) == 0


def test_pages_scanned_is_printed_in_kb() -> None:
    m = incident()
    dma32 = m.state.zones[1]
    assert dma32.pages_scanned == 2_701_604 // 4
    assert zone_line(m, dma32, 0)["pages_scanned"] == 2_701_604
    assert m.reclaimable(dma32)


@pytest.mark.parametrize("kernel", [RC7, NEXT])
def test_variants_differ_in_the_mask_alone(kernel: str) -> None:
    first = incident("atomic", kernel)
    for variant, _ in WB_VARIANTS:
        other = incident(variant, kernel)
        assert other.setup == first.setup
        other.state.wb_mask = first.state.wb_mask
        assert other.state.digest() == first.state.digest()


def test_what_things_cost_and_how_much_comes_in_is_the_machines() -> None:
    one, other = incident(kernel=RC7).setup, incident("nomemalloc", NEXT).setup
    assert (one.costs, one.flow, one.workloads) == (other.costs, other.flow, other.workloads)


def test_frames_come_to_a_cpu_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {**common.ASSUMED, "cpus": common.Constant(2, "two")}
    monkeypatch.setattr(common, "ASSUMED", few)
    m = incident(packets=1000)
    assert m.setup.flow is not None
    assert (len(m.state.cpus), m.setup.flow.cpu) == (2, 1)
    run_until(m, 60 * SECOND)
    assert check(m) == []
