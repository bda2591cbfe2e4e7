"""Readers of clean page cache, kswapd's race with them, workloads with a mask of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.log.stacks import TASK_WAYS
from mmplay.engine.sim.log.view import FREE, HELD, USED, blocks_of
from mmplay.engine.sim.machine.asks import PURPOSES, READ_PAGE
from mmplay.engine.sim.machine.decisions import Script
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.metrics import metric_names, read
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.programs import PROGRAM_NAMES, PROGRAMS, WORKLOADS
from mmplay.engine.sim.run.setup_fields import SetupError, setup_fields, setup_of
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import listened

MILLISECOND = 1_000_000
RC7, NEXT = kernel_named("4.5-rc7"), kernel_named("next-20160311")
BURST, GAP_NS = 100, 10 * MILLISECOND


def machine(
    *loads: Workload, free: int = 6000, clean: int = 6000, cpus: int = 2, scale: int = 10
) -> Machine:
    """A zone of 64 MB under next-20160311's marks, part of its file list clean."""
    places = (("inactive_file", 8000), ("clean", clean), ("active_anon", 1000))
    zone = BenchZone("DMA32", 16384, free, places=places)
    settings = (("watermark_scale_factor", scale),)
    bench = Bench((zone,), 1024, cpus, workloads=loads, settings=settings)
    return from_bench(bench, Choice(NEXT))


def reader(groups: int = 1, burst: int = BURST, gap_ns: int = GAP_NS, pages: int = -1) -> Workload:
    return Workload(
        "reader", "reader", groups, pages=pages, start_ns=START_NS, gap_ns=gap_ns, burst=burst
    )


def turns(m: Machine, until_ms: int) -> Iterator[Machine]:
    while m.state.now_ns < START_NS + until_ms * MILLISECOND and turn(m):
        yield m


def test_a_burst_is_clean_page_cache_and_then_there_is_a_pause() -> None:
    m = machine(reader())
    before = m.state.zones[0].inactive_file
    run_until(m, START_NS + GAP_NS // 2)
    zone = m.state.zones[0]
    assert zone.inactive_file == before + BURST
    assert zone.clean == 6000 + BURST
    assert read(m, "tasks.reader.done") == BURST
    run_until(m, START_NS + GAP_NS + GAP_NS // 2)
    assert read(m, "tasks.reader.done") == 2 * BURST
    assert m.state.counters.allocstall == 0
    assert zone.dirty == 0


def test_a_reader_stops_at_what_it_wants() -> None:
    m = machine(reader(pages=250))
    run_until(m, START_NS + 100 * MILLISECOND)
    assert read(m, "tasks.reader.done") == 250


def test_two_groups_read_twice_as_much() -> None:
    m = machine(reader(groups=2))
    run_until(m, START_NS + GAP_NS // 2)
    assert read(m, "tasks.reader.done") == 2 * BURST


def stalls(scale: int) -> tuple[int, int, int]:
    m = machine(reader(groups=4, burst=500), free=2400, cpus=4, scale=scale)
    run_until(m, START_NS + 50 * MILLISECOND)
    counters = m.state.counters
    return counters.allocstall, counters.pgscan_kswapd, counters.pgsteal_kswapd


def test_a_wider_gap_lets_kswapd_win_the_race_and_costs_scanning() -> None:
    (narrow, few, _), (middle, _, _), (wide, many, freed) = (stalls(n) for n in (10, 300, 1000))
    assert narrow > middle > wide == 0
    assert many > few
    assert many > freed > 0


def test_kswapd_sleeps_once_more_than_high_are_free() -> None:
    m = machine(reader(burst=5700, gap_ns=10**12))
    seen = [one.state.kswapd_awake for one in turns(m, 400)]
    zone = m.state.zones[0]
    assert 1 in seen
    assert seen[-1] == 0
    assert zone.free > zone.high
    assert m.state.counters.pgsteal_kswapd == m.state.counters.pgfree


def test_reclaim_drops_what_was_read_before() -> None:
    m = machine(reader(burst=9000, gap_ns=0), free=3000, clean=0)
    run_until(m, START_NS + 20 * MILLISECOND)
    counters = m.state.counters
    assert read(m, "tasks.reader.done") > 6000
    assert counters.pgsteal_kswapd + counters.pgsteal_direct > 3000
    assert check(m) == []


@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 900),
    st.integers(0, 20),
    st.integers(1, 6000),
    st.sampled_from([1, 10, 200, 1000]),
)
def test_pages_are_kept_after_every_turn(
    groups: int, burst: int, gap_ms: int, free: int, scale: int
) -> None:
    loads = reader(groups, burst, gap_ms * MILLISECOND, pages=2000)
    m = machine(loads, free=free, scale=scale)
    for number, one in enumerate(turns(m, 30)):
        assert check(one) == []
        if number > 400:
            break
    copy = unpack_state(pack_state(m.state))
    assert copy.digest() == m.state.digest()
    assert faults(m.setup, copy) == []


def test_a_reader_asks_as_a_read_does() -> None:
    m = machine(reader())
    mask = PURPOSES[READ_PAGE].mask(m.masks)
    assert mask == NEXT.gfp.encode("GFP_HIGHUSER_MOVABLE|__GFP_COLD")
    assert "SyS_read" in TASK_WAYS[PURPOSES[READ_PAGE].way]


def test_programs_have_numbers_and_names() -> None:
    assert len(PROGRAMS) == len(PROGRAM_NAMES)
    assert set(PROGRAM_NAMES) - set(WORKLOADS) == {"flusher", "kswapd"}


def test_a_writer_needs_caches() -> None:
    with pytest.raises(InputError, match="caches"):
        machine(Workload("w", "writer", 1))


# a mask of its own


def driver(gfp: str, free: int) -> Machine:
    """The incident's DMA zone, and a driver that wants 64 pages."""
    load = Workload("isa", "allocator", 1, pages=64, start_ns=START_NS, gap_ns=1000, gfp=gfp)
    low = BenchZone("DMA", 3976, free, (11, 13, 16), (0, 1732, 1732, 1732))
    high = BenchZone("DMA32", 8192, 480, (1300, 1625, 1950), (0, 0, 0, 0))
    return from_bench(Bench((low, high), workloads=(load,)), Choice(RC7))


CALLERS = (
    # mask, free pages of DMA, how many it gets, where DMA stands then
    ("GFP_NOWAIT|GFP_DMA", 100, 64, 36),
    ("GFP_NOWAIT|GFP_DMA", 60, 49, 11),
    ("GFP_NOWAIT", 1760, 17, 1743),
    ("GFP_NOWAIT|__GFP_HIGH", 1760, 22, 1738),
    ("GFP_ATOMIC", 1760, 23, 1737),
)


@pytest.mark.parametrize(("gfp", "free", "gets", "left"), CALLERS)
def test_a_workload_meets_the_floor_of_its_own_mask(
    gfp: str, free: int, gets: int, left: int
) -> None:
    m = driver(gfp, free)
    run_until(m, START_NS + MILLISECOND)
    assert read(m, "tasks.isa.done") == gets
    assert m.state.zones[0].free == left
    assert (read(m, "tasks.isa.refused") > 0) is (gets < 64)
    assert read(m, "tasks.isa.refused") == m.state.counters.alloc_fail_task
    assert check(m) == []


def test_the_report_of_a_refused_driver_prints_its_mask() -> None:
    m = driver("GFP_NOWAIT|GFP_DMA", 60)
    run_until(m, START_NS + MILLISECOND)
    values = [values for _, _, values in m.log if "mode" in values]
    assert values[0]["mode"] == RC7.gfp.encode("GFP_NOWAIT|GFP_DMA")


def test_masks_and_bursts_stand_in_a_recording() -> None:
    m = driver("GFP_NOWAIT|GFP_DMA", 60)
    assert setup_of(setup_fields(m.setup)) == m.setup
    fields = setup_fields(m.setup)
    loads = fields[11]
    assert loads[0][0] == "kthreadd"
    for place, wrong in ((-2, "GFP_NONSENSE"), (-2, 7), (-1, 7), (-6, 0)):
        kept, loads[-1][place] = loads[-1][place], wrong
        with pytest.raises(SetupError):
            setup_of(fields)
        loads[-1][place] = kept
    assert setup_of(fields) == m.setup


def test_a_workloads_numbers_have_names() -> None:
    m = driver("GFP_NOWAIT", 1760)
    assert {"tasks.isa.done", "tasks.isa.refused"} <= set(metric_names(m))
    for name in ("tasks.isa.pages", "tasks.nobody.done", "tasks.isa"):
        with pytest.raises(InputError, match="no counter of that name"):
            read(m, name)


# blocks by page


def toy() -> Machine:
    zone = BenchZone("DMA32", 16, 16, (0, 0, 0), (0, 0, 0, 0), blocks=((4, 1, "M"),))
    return from_bench(Bench((zone,)), Choice(RC7))


def test_blocks_of_a_toy_zone() -> None:
    m = toy()
    do_action(m, "set_free", "DMA32 15")
    for order in (1, 0, 2):
        do_action(m, "request", f"GFP_HIGHUSER_MOVABLE {order}")
    assert blocks_of(m, m.state.zones[0]) == [
        (0, 0, USED),
        (1, 1, HELD),
        (2, 3, HELD),
        (4, 7, HELD),
        (8, 15, FREE),
    ]


def test_a_block_is_given_back_by_its_page() -> None:
    m = toy()
    do_action(m, "request", "GFP_HIGHUSER_MOVABLE 1")
    do_action(m, "request", "GFP_HIGHUSER_MOVABLE 1")
    do_action(m, "free", "DMA32 2")
    assert blocks_of(m, m.state.zones[0])[:2] == [(0, 1, HELD), (2, 3, FREE)]
    for value, words in (
        ("DMA32 2", "page 2 of DMA32"),
        ("DMA32 1", "page 1 of DMA32"),
        ("DMA32 16", "not in 0..15"),
        ("DMA32 x", "no number"),
        ("Normal 0", "no zone of this machine"),
    ):
        before = m.state.digest()
        with pytest.raises(RefusedError, match=words):
            do_action(m, "free", value)
        assert m.state.digest() == before
    do_action(m, "free", "DMA32 0")
    assert blocks_of(m, m.state.zones[0]) == [(0, 15, FREE)]


def test_what_happens_by_itself_is_not_the_player() -> None:
    m = toy()
    made = listened(m)
    do_action(m, "request", "GFP_HIGHUSER_MOVABLE 0", Script)
    assert worded(m, made[-1]).text == "by itself: request GFP_HIGHUSER_MOVABLE 0"
