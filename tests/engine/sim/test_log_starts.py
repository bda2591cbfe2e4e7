"""A start from a frame of anybody's log: what it takes, what it assumes, and what it refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.report import OomKill, Report, Request, ZoneDump
from mmplay.engine.rules.kernel import SIMULATED
from mmplay.engine.rules.versions import KERNELS, kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.differing import check_simulated, differing
from mmplay.engine.sim.starts.logged import from_log
from mmplay.engine.sim.starts.telling import Told, check_ram, told_memory
from mmplay.engine.sim.starts.unsaid import UNSAID, unsaid_of
from mmplay.engine.sim.state.tasks import EXITED
from mmplay.recordings.library import open_recording
from tests.engine.sim.machines import RC7, SECOND

KERNEL = KERNELS[RC7]
KERNEL_THREADS = ["kthreadd", "kswapd0", "kworker/u128:2"]
ROWS = (("init", 1, 500, 0), ("hog", 700, 90_000, 0), ("sshd", 800, 900, -1000))


@cache
def _shipped() -> Report:
    with open_recording("incident-4.5.0-rc7") as log:
        report = log.frame(0).report
    assert report is not None
    return report


def report_of(**changes: Any) -> Report:
    """Return the report of the incident's kill, to be changed."""
    return dataclasses.replace(deepcopy(_shipped()), **changes)


def with_table(request: Request | None = None) -> Report:
    """Return a report whose table has three tasks; it killed the largest half a second later."""
    rows: list[dict[str, int | str]] = [
        {"pid": pid, "comm": name, "rss": rss, "nr_ptes": 9, "total_vm": rss, "adj": adj}
        for name, pid, rss, adj in ROWS
    ]
    dump = _shipped().memory
    assert dump is not None
    assert dump.time_us is not None
    kill = OomKill(700, "hog", killed_pid=700, killed_comm="hog", time_us=dump.time_us + 500_000)
    return report_of(tasks=rows, kill=kill, request=request)


def started(report: Report, **given: int) -> Machine:
    m = from_log(Told(report, KERNEL), Choice(KERNEL), given)
    assert check(m) == [] == faults(m.setup, m.state)
    return m


def zone_of(report: Report, name: str = "DMA32") -> ZoneDump:
    assert report.memory is not None
    found = report.memory.zone(name)
    assert found is not None
    return found


def test_nothing_of_the_incident_is_put_in() -> None:
    m = started(report_of())
    assert m.state.tasks.names == KERNEL_THREADS
    assert m.setup.disk.pages_per_second == UNSAID["disk_rate"].value
    assert m.setup.costs == Machine(m.setup, m.state).setup.costs
    assert (m.state.dirty_ratio, m.state.packet_rate, m.setup.script) == (20, 0, ())
    assert any(line.startswith("tasks: none") for line in m.setup.assumed)


def test_zones_are_those_of_the_dump() -> None:
    report = report_of()
    m = started(report)
    for zone in m.state.zones:
        dump = zone_of(report, zone.name)
        told = ("managed", "present", "min", "low", "high", "dirty", "writeback", "pages_scanned")
        assert [getattr(zone, name) for name in told] == [dump.pages(name) for name in told]
        assert zone.reserve == list(dump.reserve or ())


def test_tasks_are_those_of_the_table_and_the_named_victim_dies() -> None:
    m = started(with_table())
    tasks = m.state.tasks
    assert tasks.names == [*KERNEL_THREADS, "init", "hog", "sshd"]
    hog = tasks.names.index("hog")
    assert tasks.rss(hog) > 0.9 * 90_000
    free = sum(zone.free for zone in m.state.zones)
    start_ns = m.state.now_ns
    run_until(m, start_ns + SECOND // 4)
    assert tasks.state[hog] != EXITED
    run_until(m, start_ns + SECOND)
    assert tasks.state[hog] == EXITED
    assert sum(zone.free for zone in m.state.zones) - free > 0.9 * 90_000
    assert m.state.counters.oom_kill == 0
    assert check(m) == []


def test_the_task_that_asked_goes_on_if_that_is_supposed() -> None:
    mask = KERNEL.gfp.mask(("GFP_HIGHUSER_MOVABLE",))
    report = with_table(Request("init", 0, mask, pid=1, cpu=0))
    assert "more_pages" in {one.name for one in unsaid_of(report)}
    taken = []
    for more in (0, 3000):
        m = started(report, more_pages=more)
        run_until(m, m.state.now_ns + SECOND)
        taken.append(m.state.tasks.done[m.state.tasks.names.index("init")])
    assert taken == [1, 3001]


def test_what_a_log_says_is_not_assumed() -> None:
    report = report_of(request=Request("swapper/6", 0, 0, pid=0, cpu=6))
    found = {one.name: one for one in unsaid_of(report)}
    assert found["cpus"].value == found["cpus"].low == 7
    assert "scanned_in_vain" not in found
    assert "more_pages" not in found
    assert "frames_per_second" not in {one.name for one in unsaid_of(report, packets=20)}
    for name in ("DMA", "DMA32"):
        del zone_of(report, name).kb["pages_scanned"]
    assert "scanned_in_vain" in {one.name for one in unsaid_of(report)}
    for percent, reclaimable in ((0, True), (100, False)):
        m = started(report, scanned_in_vain=percent)
        assert m.reclaimable(m.state.zones[1]) == reclaimable


def test_every_assumption_is_within_its_bounds_and_has_a_reason() -> None:
    for name, one in UNSAID.items():
        assert one.low <= one.value <= one.high, name
        assert len(one.reason) > 20, name


def test_an_assumption_changes_the_machine() -> None:
    m = started(report_of(), disk_rate=7, disk_requests=9, cpus=3, slowness=200, flusher=0)
    base = started(report_of())
    assert (m.setup.disk.pages_per_second, m.setup.disk.requests, m.setup.cpus) == (7, 9, 3)
    assert m.setup.costs.reclaim_call == 2 * base.setup.costs.reclaim_call
    assert m.setup.costs.exit_slab_pages == base.setup.costs.exit_slab_pages
    assert (base.state.wb_wakeup, m.state.wb_wakeup) == (1, 0)


def _no_memory(report: Report) -> None:
    report.memory = None


def _no_zones(report: Report) -> None:
    assert report.memory is not None
    report.memory.zones.clear()


def _cut(report: Report) -> None:
    zone_of(report).cut = "inacti"


def _without(name: str) -> Callable[[Report], None]:
    def drop(report: Report) -> None:
        del zone_of(report).kb[name]

    return drop


def _with(**values: int) -> Callable[[Report], None]:
    def change(report: Report) -> None:
        zone_of(report).kb.update({name: 4 * pages for name, pages in values.items()})

    return change


def _no_lists(report: Report) -> None:
    zone_of(report).blocks = None


def _other_node(report: Report) -> None:
    zone_of(report).node = 1


def _ram(report: Report) -> None:
    assert report.memory is not None
    report.memory.tail["ram_pages"] = 700_000


def _swap(report: Report) -> None:
    assert report.memory is not None
    report.memory.tail["swap_free_kb"] = 4096


def _uncounted(report: Report) -> None:
    assert report.memory is not None
    del zone_of(report).kb["dirty"], report.memory.totals["dirty"]


def _twice(report: Report) -> None:
    assert report.memory is not None
    report.memory.zones.append(deepcopy(zone_of(report)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_memory, "no Mem-Info of its own"),
        (_no_zones, "no zone lines"),
        (_cut, "zone DMA32: its line is cut off at 'inacti'"),
        (_without("managed"), "zone DMA32: the dump has no managed"),
        (_without("min"), "zone DMA32: the dump has no min"),
        (_no_lists, "zone DMA32: the dump has no free lists"),
        (_with(managed=600_000), "zone DMA32: it manages 600000 of"),
        (_with(free=520_000), "zone DMA32: more pages are free than"),
        (_with(low=5), "zone DMA32: marks 1300, 5, 1950 are not those"),
        (_with(free_cma=8), "zone DMA32: 8 of its free pages are CMA"),
        (_other_node, "zone Node 1 DMA32: it is on node 1"),
        (_ram, "the log counts 700000 pages of RAM, its zones have 524157"),
        (_swap, "1024 pages of swap are free"),
        (_uncounted, "the dump has no dirty, neither by zone nor in all"),
        (_twice, "lines of one zone twice"),
    ],
)
def test_what_cannot_be_continued_is_refused_with_the_reason(
    spoil: Callable[[Report], None], reason: str
) -> None:
    report = report_of()
    spoil(report)
    with pytest.raises(InputError, match=r"^[^\n]+$") as refused:
        told_memory(report)
    assert reason in str(refused.value)


def test_a_zone_without_managed_pages_is_no_machines_but_its_pages_are_ram() -> None:
    report = report_of()
    assert report.memory is not None
    dma = report.memory.zones[0]
    dma.kb["managed"] = 0
    assert [zone.name for zone in told_memory(report).zones] == ["DMA32"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "HighMem"}, "zone HighMem: x86_64, which is simulated, has no"),
        ({"page_kb": 64}, "zone DMA32: its pages are of 64 kB; those of x86_64"),
        ({"name": "DMA"}, "zone DMA: it has 520160 pages; on x86_64, which is simulated, 4096 at"),
    ],
)
def test_another_architecture_is_told_by_what_shows_it(
    change: dict[str, object], reason: str
) -> None:
    report = report_of()
    for name, value in change.items():
        setattr(zone_of(report), name, value)
    with pytest.raises(InputError, match=f"^{reason}"):
        told_memory(report)


def test_a_kernel_with_nothing_but_rules_of_its_own_has_no_more_rules() -> None:
    with pytest.raises(InputError, match=r"Different in 3.13.0 .*: \d rules, which the run"):
        check_simulated(kernel_named("3.13"), "3.13.0")


def test_ram_that_contradicts_the_zones_is_refused() -> None:
    dump = told_memory(report_of())
    check_ram(dump, 2 * 1024 * 1024)
    for ram_kb in (1024 * 1024, 4 * 1024 * 1024):
        with pytest.raises(InputError, match="524157 pages"):
            check_ram(dump, ram_kb)


def test_a_kernel_that_cannot_be_simulated_says_which_can_and_what_would_differ() -> None:
    check_simulated(KERNEL, "4.5.0")
    with pytest.raises(InputError) as refused:
        check_simulated(kernel_named("5.10"), "5.10.0-10-amd64")
    text = str(refused.value)
    assert all(name in text for name in SIMULATED)
    assert all(said in text for said in ("5.10.0-10-amd64", "watermark_boost", "by node"))
    assert "multi-generational" not in text
    assert "Different in 5.10.0-10-amd64 (rules of 5.9): " in text
    assert "OOM score" not in text


def test_the_differences_are_listed_when_it_is_run_all_the_same() -> None:
    printed_by = kernel_named("6.1")
    lines = differing(printed_by, "6.1.0-13-amd64", KERNEL)
    assert any("multi-generational" in line for line in lines)
    assert differing(KERNEL, "", KERNEL) == ()
    rounds = [one for one in lines if "16 rounds" in one]
    assert rounds
    assert rounds[0] not in differing(printed_by, "", KERNELS["next-20160311"])
    m = from_log(Told(report_of(), printed_by, "6.1.0-13-amd64"), Choice(KERNEL))
    assert set(lines) <= set(m.setup.assumed)
