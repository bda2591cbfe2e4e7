"""The dynamics of a real 4.5.0 machine: ratios, stops and page counts, not seconds."""

from __future__ import annotations

import csv
import io
import lzma
from pathlib import Path

import pytest

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.counters import Measured, from_counters
from tests.engine.sim.machines import RC7
from tests.engine.sim.measured import H0, H2

TRUTH = Path(__file__).parents[4] / "shared" / "truth" / "incident-4.5"


def machine(measured: Measured, variant: str) -> Machine:
    return from_counters(measured, Choice(kernel_named(RC7), variant))


def fast_phase(m: Machine, from_ns: int, to_ns: int) -> tuple[int, int, int]:
    """Return (calls, works asked for, pages scanned) of the calls that began in the fast phase."""
    run_until(m, from_ns)
    counters = m.state.counters
    before = (counters.reclaim_calls, counters.wb_work + counters.wb_nowork, counters.pgscan_direct)
    run_until(m, to_ns)
    after = (counters.reclaim_calls, counters.wb_work + counters.wb_nowork, counters.pgscan_direct)
    calls, works, scanned = (b - a for a, b in zip(before, after, strict=True))
    return calls, works, scanned


def test_thirteen_works_and_seventy_pages_a_call() -> None:
    calls, works, scanned = fast_phase(machine(H0, "atomic"), 20_000_000_000, 20_200_000_000)
    assert calls > 500
    assert works == 13 * calls
    assert 67 <= scanned // calls <= 73


def test_depletion_of_h0() -> None:
    m = machine(H0, "atomic")
    dma, dma32 = m.state.zones
    while dma32.free > 600 and turn(m):
        pass
    assert abs(dma.free - 1734) <= 1
    while not m.state.counters.alloc_fail_net and turn(m):
        pass
    assert dma32.free <= 650
    while not m.state.first_fail_ns and turn(m):
        pass
    assert dma.free + dma32.free <= 8
    assert abs(m.state.caches[0].slabs() - 3111) <= 3111 * 5 // 100
    assert check(m) == []


def test_two_page_failures_for_each_starved_packet() -> None:
    m = machine(H0, "atomic")
    run_until(m, 22_000_000_000)
    before = m.state.counters.alloc_fail_net
    packets = m.state.counters.nf_drop + m.state.counters.nf_no_ext
    run_until(m, 22_500_000_000)
    failed = m.state.counters.alloc_fail_net - before
    starved = m.state.counters.nf_drop + m.state.counters.nf_no_ext - packets
    assert starved > 0
    assert 2 * starved <= failed <= 4 * starved


def test_h2_keeps_min_and_the_reserve_of_dma() -> None:
    m = machine(H2, "nowait")
    run_until(m, 24_000_000_000)
    dma, dma32 = m.state.zones
    assert abs(dma.free - 1738) <= 1
    assert 1299 - 170 <= dma32.free <= 1299
    assert m.state.counters.alloc_fail_net == 0
    calls, works, _ = fast_phase(m, 24_000_000_000, 24_200_000_000)
    assert abs(works - 13 * calls) <= calls


@pytest.mark.skipif(not TRUTH.exists(), reason="the measured runs are not here")
@pytest.mark.parametrize(("name", "fixture"), [("H0", H0), ("H2", H2)])
def test_the_fixture_is_the_measured_row(name: str, fixture: Measured) -> None:
    text = lzma.decompress((TRUTH / f"{name}.csv.xz").read_bytes()).decode()
    rows = csv.DictReader(io.StringIO(text))
    row = next(row for row in rows if round(float(row["t"]) * 1e6) * 1000 == fixture.time_ns)
    assert int(row["nr_running"]) > 180
    for key, value in fixture.row.items():
        if key in row:
            assert int(row[key]) == value, key
