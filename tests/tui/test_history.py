"""The zones' free pages over time on the play screen."""

from __future__ import annotations

import pytest

from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.solve import begin
from mmplay.recordings.chart.axis import Axis
from mmplay.recordings.chart.curves import Curve, Reached, curves_of
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.library import open_recording
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import BOXES
from mmplay.tui.play.history import Known
from mmplay.tui.views.history import history_rows, short_size
from mmplay.tui.views.scene import View
from tests.conftest import INCIDENT_RC7
from tests.sessions import incident_run
from tests.tui.screens import press, running, text_of


def drawn(timeline: ObservedTimeline, index: int, height: int) -> list[str]:
    frames = range(len(timeline))
    view = View(diagnose_frame(timeline, index), 120, height, "full", BOXES)
    axis = Axis(timeline, 60, frames, by_event=False)
    return [plain(row) for row in history_rows(view, curves_of(timeline, frames), axis, height)]


def test_three_rows_show_the_zone_that_decides(rc7: ObservedTimeline) -> None:
    rows = drawn(rc7, 2, 3)
    assert len(rows) == 3
    assert rows[0].startswith(" DMA32")
    assert "high 1950" in rows[0]
    assert "min 1300" in rows[1]
    assert "0 " in rows[2][:8]
    assert "HIGH 650" in rows[2]


def test_more_rows_show_the_other_zone_near_its_floors(linux_next: ObservedTimeline) -> None:
    rows = drawn(linux_next, 0, 12)
    assert len(rows) == 12
    assert [row[:8].strip() for row in rows if "DMA" in row[:8]] == ["DMA32", "DMA"]
    text = "\n".join(rows)
    for name in (
        "high 2186",
        "low 1743",
        "min 1300",
        "HIGH 650◀",
        "HIGH 1738◀",
        "min+1732 1743",
        "2.5 MiB",
    ):
        assert name in text, name


def test_the_size_of_what_is_free_stands_beside_its_number(linux_next: ObservedTimeline) -> None:
    """Anywhere else it would be read as the end of the axis."""
    left = [row[:8].split() for row in drawn(linux_next, 0, 12)]
    (size,) = (n for n, words in enumerate(left) if words[:1] == ["2.5"])
    assert ["629"] in (left[size - 1], left[size + 1])


def test_every_dump_is_where_its_frame_is(rc7: ObservedTimeline) -> None:
    rows = drawn(rc7, 0, 12)
    first, last = rows[0][8:68], rows[6][8:68]
    assert first[0] in "│▄▀█"
    assert any(row[8] in "▄▀█" for row in rows)
    assert "∙" in "".join(row[8:68] for row in rows)
    assert last.rstrip()[-1] == "▄"


def test_free_pages_have_the_colour_of_the_line_that_they_are_below(rc7: ObservedTimeline) -> None:
    frames = range(len(rc7))
    view = View(diagnose_frame(rc7, 1), 120, 12, "full", BOXES)
    axis = Axis(rc7, 60, frames, by_event=False)
    rows = history_rows(view, curves_of(rc7, frames), axis, 12)
    drawn_in = {cell.role for row in rows for cell in row if set(cell.text) & set("▄▀█")}
    assert drawn_in <= {"below_min", "here"}, "DMA has 1742, its min is 11 and 1732 are locked"


def test_a_size_fits_beside_the_history() -> None:
    found = [short_size(pages) for pages in (0, 7, 629, 3840, 93592, 1388224)]
    assert found == ["0 kB", "28 kB", "2.5 MiB", "15 MiB", "366 MiB", "5.3 GiB"]


def test_the_present_is_known_of_a_run_between_its_rows() -> None:
    curve = Curve([(10, 500), (20, 400)], exact=True)
    curve.note(15, 450)
    curve.note(20, 1)
    assert curve.points == [(10, 500), (15, 450), (20, 400)]


def test_what_was_seen_of_a_run_is_not_forgotten_when_it_goes_on() -> None:
    run, known = incident_run(0), Known()
    key, everything = (0, "DMA32"), range(10**9)
    assert known.of(run, run.frame(0), everything)[key].points == [(0, 1300)]
    assert run.session is not None
    run.session.advance(until_ns=59_640_000_000)
    last = run.frame(len(run) - 1)
    points = known.of(run, last, everything)[key].points
    assert points[0] == (0, 1300)
    assert points[-1][0] == last.index


def test_the_first_frame_of_a_run_is_known_from_wherever_it_is_seen() -> None:
    run = incident_run(59_640_000_000)
    last = run.frame(len(run) - 1)
    assert Known().of(run, last, range(len(run)))[(0, "DMA32")].points[0] == (0, 1300)


def test_a_run_has_the_rows_that_it_kept() -> None:
    with open_recording("incident-run-none") as run:
        curves = curves_of(run, range(len(run)))
        assert set(curves) == {(0, "DMA"), (0, "DMA32")}
        assert all(curve.exact and len(curve.points) > 200 for curve in curves.values())
        assert curves[(0, "DMA32")].points[0][1] == 1269


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 3), ((120, 40), 10), ((200, 60), 28)])
async def test_the_history_stands_under_the_verdict(size: tuple[int, int], rows: int) -> None:
    async with running(INCIDENT_RC7, size) as pilot:
        line = pilot.app.screen.query_one("#timeline")
        assert line.size.height == rows + 2
        assert line.region.y == pilot.app.screen.query_one("#verdict").region.bottom
        assert "high 1950" in text_of(pilot)


async def test_events_that_came_together_stand_apart_by_event() -> None:
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        assert "◆4" not in text_of(pilot)
        by_event = await press(pilot, "A", "Z")
        assert "line of time: events at equal distances" in await press(pilot, "A", "A")
        for event in ("◆2", "◆3"):
            assert event in by_event, event
        assert "line of time: by time" in await press(pilot, "A")


def test_a_run_far_above_its_floors_is_seen_to_fall() -> None:
    run = begin(level_of_id("L03"))
    run.session.act("@set_free", "DMA32 900")
    game = LevelGame(run)
    view = View(diagnose_frame(game, 0), 120, 6, "full", BOXES)
    axis = Axis(game, 60, range(60), by_event=True)

    def heights(exact: bool) -> set[int]:
        curves = {(0, "DMA32"): Curve([(0, 900), (30, 450)], exact)}
        rows = [plain(row)[8:68] for row in history_rows(view, curves, axis, 6)]
        return {n for n, row in enumerate(rows) if "▀" in row or "▄" in row}

    assert len(heights(exact=True)) > 1
    assert heights(exact=False) == {0}, "what is only known of dumps runs along the top"


def test_a_band_lies_behind_the_curve_and_its_floors_shine_through(rc7: ObservedTimeline) -> None:
    view = View(diagnose_frame(rc7, 2), 120, 12, "full", BOXES)
    axis = Axis(rc7, 60, range(len(rc7)), by_event=False)
    bands = {(0, "DMA32"): [Reached(0, 1, 700, 1700)]}
    plots = [history_rows(view, {}, axis, 12, bands=found) for found in ({}, bands)]
    bare, filled = ([plain(row)[8:68] for row in rows] for rows in plots)
    assert [n for n, line in enumerate(filled) if "░" in line] == [2, 3, 4]
    for before, after in zip(bare, filled, strict=True):
        assert all(new in (old, "░") for old, new in zip(before, after, strict=True))
    assert "━░━░" in filled[3]
    assert "░ in other runs" in "\n".join(plain(row)[68:] for row in plots[1])
