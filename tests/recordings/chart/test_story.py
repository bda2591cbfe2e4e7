"""Where free met which floor: found by the turn in a run, by the dump in a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.engine.explain.gate import ladder
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.metrics import condition
from mmplay.recordings.chart.story import ZoneStory, stories_of
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.run.replay import made_again
from tests.recordings.export.exported import hostile_log, logged, short_run
from tests.sessions import incident_run, session


def zones_of(story_zones: list[ZoneStory]) -> dict[str, ZoneStory]:
    return {zone.name: zone for zone in story_zones}


@pytest.mark.parametrize(
    ("zone", "floor", "pages"),
    [("DMA32", "HARDER", 975), ("DMA32", "HIGH", 650), ("DMA", "HIGH", 1738)],
)
def test_a_run_meets_a_floor_at_the_turn_a_breakpoint_stops(
    zone: str, floor: str, pages: int
) -> None:
    """The breakpoint looks at every turn by another road."""
    run = incident_run(60_200_000_000)
    (story,) = stories_of(run)
    line = zones_of(story.zones)[zone].floors[floor]
    assert line.pages == pages
    assert line.met is not None
    other = session()
    stop = condition(other.live, f"free of {zone} <= {pages}")
    other.advance(until_ns=60_200_000_000, stop=stop)
    assert stop.holds(other.live)
    assert line.met.time_us == other.live.state.now_ns // 1000


def test_the_floors_are_those_of_the_ladder() -> None:
    run = incident_run(59_600_000_000)
    (story,) = stories_of(run)
    m = run.session.live
    for zone in memory_of(m).zones:
        rungs = ladder(m.kernel, zone, ZONES.index("DMA32"))
        wanted = sorted(r.pages.value for r in rungs if r.caller.name != "NO_WATERMARKS")
        floors = zones_of(story.zones)[zone.name].ordered()
        assert sorted(one.pages for one in floors) == wanted


def test_levels_hold_every_free_count_between_them() -> None:
    run = short_run()
    (story,) = stories_of(run)
    assert story.exact
    made = [[one.free for one in turn.machine.state.zones] for turn in made_again(run.session)]
    for free, zone in zip(zip(*made, strict=True), story.zones, strict=True):
        assert min(level.lowest for level in zone.levels) == min(free)
        assert max(level.highest for level in zone.levels) == max(free)
        assert zone.levels[0].highest >= free[0]
        assert zone.levels[-1].last == free[-1]
        assert len(zone.levels) <= 601
        times = [level.time_us for level in zone.levels]
        assert times == sorted(times)
        assert story.first_us <= times[0] <= times[-1] <= story.last_us


def test_an_act_moves_the_floors_from_its_turn_on() -> None:
    run = short_run()
    (act,) = run.session.acts
    (story,) = stories_of(run)
    steps = zones_of(story.zones)["DMA32"].floors["min"].steps
    assert [pages for _, pages in steps] == [1300, 2029]
    assert steps[1][0] == act.time_us


def test_a_log_says_no_more_than_its_dumps(rc7: ObservedTimeline) -> None:
    (story,) = stories_of(rc7)
    assert not story.exact
    zones = zones_of(story.zones)
    assert [level.last for level in zones["DMA32"].levels] == [1300, 0]
    high = zones["DMA32"].floors["HIGH"]
    assert high.met is not None
    assert (high.met.since_us, high.met.time_us) == (59_587_123, 61_528_068)
    assert zones["DMA32"].floors["min"].met is not None
    assert zones["DMA32"].floors["min"].met.since_us is None


def test_each_boot_has_its_own_story(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        first, second = stories_of(log)
    assert set(zones_of(first.zones)) == {"DMA", "DMA32"}
    assert first.last_us < second.first_us
    # The dump of the second boot lacks DMA32: its callers' class zone is DMA.
    assert {zone.name: zone.class_zone for zone in second.zones} == {"DMA": "DMA"}


def test_without_rules_only_marks_are_drawn(tmp_path: Path) -> None:
    from tests.conftest import INCIDENT_NEXT, incident_text

    text = incident_text(INCIDENT_NEXT).replace(b"4.5.0-rc7-next-20160311+", b"2.4.20-demo")
    with logged(tmp_path, text) as log:
        (story,) = stories_of(log)
    for zone in story.zones:
        assert set(zone.floors) == {"high", "low", "min"}
        assert zone.class_zone == ""
