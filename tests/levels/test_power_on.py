"""From power-on to livelock: what happens in which order, under each mask, and on less memory."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.slowpath import RECLAIM
from mmplay.engine.sim.mm.throttle import EXEMPT
from mmplay.engine.sim.run.turns import run_until
from mmplay.levels.scenario.build import Changes, choice_for, machine_of_scenario
from mmplay.levels.scenario.load import load_scenario, read_scenario, scenario_path
from tests.levels.test_scenario import BOOT, machine, refusal

MS = 1_000_000
SECOND = 1000 * MS
HALF_OF_MINS = (11 + 1298) // 2


def powered_on(variant: str, until_s: int) -> Machine:
    scenario = load_scenario(scenario_path("power-on.toml"))
    m = machine_of_scenario(scenario, choice_for(scenario, Changes(variant=variant)))
    run_until(m, until_s * SECOND)
    return m


class Course:
    """When what was so first, in ns, and the slabs of works when nothing was left."""

    def __init__(self, m: Machine) -> None:
        self.first: dict[str, int] = {}
        self.slabs = self.kills = 0
        self.free_riders: set[int] = set()
        while m.state.now_ns < 24 * SECOND:
            run_until(m, m.state.now_ns + 50 * MS)
            self._look(m)

    def _look(self, m: Machine) -> None:
        dma, dma32 = m.state.zones
        now = {
            "min": dma32.free <= 1298,
            "fast phase": m.state.counters.wb_work > 2000,
            "DMA32 at HIGH": dma32.free <= 649,
            "DMA at HIGH": dma.free <= 1734,
            "DMA32 empty": dma32.free == 0,
            "kill": m.state.counters.oom_kill > 0,
            "DMA empty": dma.free == 0,
        }
        for what, so in now.items():
            if so and what not in self.first:
                self.first[what] = m.state.now_ns
                self.slabs = m.state.caches[0].slabs()
                self.kills = m.state.counters.oom_kill
        if dma.free + dma32.free < HALF_OF_MINS // 2:
            tasks = m.state.tasks
            reclaiming = [n for n, stage in enumerate(tasks.stage) if stage == RECLAIM]
            self.free_riders |= {n for n in reclaiming if not tasks.flags[n] & EXEMPT}


@pytest.fixture(scope="module")
def run() -> tuple[Machine, Course]:
    m = powered_on("atomic", 15)
    return m, Course(m)


def test_it_goes_the_way_of_a_real_kernel(run: tuple[Machine, Course]) -> None:
    _, course = run
    order = sorted(course.first, key=lambda what: course.first[what])
    assert order == [
        *("min", "fast phase", "DMA32 at HIGH", "DMA at HIGH"),
        *("DMA32 empty", "kill", "DMA empty"),
    ]


def test_as_many_slabs_of_works_as_on_a_real_kernel(run: tuple[Machine, Course]) -> None:
    _, course = run
    assert abs(course.slabs - 3111) <= 311


def test_below_half_of_the_mins_only_the_exempt_go_on(run: tuple[Machine, Course]) -> None:
    m, course = run
    assert course.free_riders == set()
    assert m.state.throttled > 180
    assert sum(zone.free for zone in m.state.zones) == 0
    assert m.state.counters.oom_kill == course.kills <= 2, "who was killed cannot exit"


def test_with_the_patch_min_stays_and_the_network_lives() -> None:
    m = powered_on("nowait", 24)
    dma, dma32 = m.state.zones
    assert 1135 <= dma32.free <= 1255
    assert dma.free == 1738
    assert m.state.counters.alloc_fail_net == 0
    assert m.state.counters.wb_nowork > 20_000


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("reclaim_call_ns = 140_000", "reclaim_call_ns = 98_000"),
        ("start_s = 14.25", "start_s = 16"),
    ],
)
def test_at_the_ends_of_what_is_documented_it_comes_too(number: str, other: str) -> None:
    """docs/SCENARIOS.md says with which numbers it comes; these are ends, and end soon enough."""
    path = scenario_path("power-on.toml")
    text = path.read_text()
    assert number in text
    scenario = read_scenario(text.replace(number, other), str(path))
    m = machine_of_scenario(scenario, choice_for(scenario, Changes()))
    second = 22
    while any(zone.lowest for zone in m.state.zones) and second <= 26:
        run_until(m, second * SECOND)
        second += 1
    assert [zone.lowest for zone in m.state.zones] == [0, 0]


def test_below_the_edge_reclaim_asks_for_nothing() -> None:
    """512 MB: 102,400 inactive pages cannot be, so that no call asks for more than it frees."""
    path = scenario_path("power-on.toml")
    text = path.read_text().replace('"2G"', '"512M"').replace('crashkernel = "256M"\n', "")
    text = text.replace("groups = 192", "groups = 128").replace("[19.3, 164_200]", "[12, 0]")
    text = text.replace("[14.35, 0], [12, 0], [19.31, 0]", "[9, 0]").replace("14.25", "8.5")
    scenario = read_scenario(text, str(path))
    m = machine_of_scenario(scenario, choice_for(scenario, Changes()))
    run_until(m, 12 * SECOND)
    counters = m.state.counters
    calls, works = counters.reclaim_calls, counters.wb_work
    run_until(m, 16 * SECOND)
    assert counters.reclaim_calls - calls > 1000
    assert counters.wb_work - works <= 3 * (counters.reclaim_calls - calls) // 10
    assert min(zone.free for zone in m.state.zones) > 200


# the machine at its boot


def test_the_log_buffer_is_taken_off_the_highest_zone() -> None:
    """H0's kernel had log_buf_len=4M, and 1056 pages less than one without."""
    at_boot = '"2G"\ncrashkernel = "256M"'
    plain, measured = (
        machine(BOOT.replace('"512M"', at_boot + more)).state
        for more in ("", '\nlog_buf_len = "4M"')
    )
    assert plain.zones[1].managed - measured.zones[1].managed == 1024
    assert (measured.zones[0].reserve[1], measured.zones[1].min) == (1728, 1298)
    rounded = machine(BOOT.replace('"512M"', '"2G"\nlog_buf_len = "3M"')).state
    without = machine(BOOT.replace('"512M"', '"2G"')).state
    assert without.zones[1].managed - rounded.zones[1].managed == 1024
    large = machine(BOOT.replace('"512M"', '"8G"\nlog_buf_len = "4M"')).state
    none = machine(BOOT.replace('"512M"', '"8G"')).state
    assert none.zones[2].managed - large.zones[2].managed == 1024
    assert "log_buf_len" in refusal(BOOT.replace('"512M"', '"512M"\nlog_buf_len = "300M"'))


def test_counters_lag_as_in_every_kernel_and_are_made_good_each_second() -> None:
    m = machine(BOOT)
    run_until(m, 1_700_000_000)
    assert any(any(zone.diffs) for zone in m.state.zones)
    assert check(m) == []
