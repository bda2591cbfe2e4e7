"""Views and the playhead, without a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.recordings.chart.axis import Axis
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.tui.cells import DENSITIES, plain, span_text, time_text, wrap
from mmplay.tui.glyphs import ASCII, BOXES
from mmplay.tui.player import SPEEDS, LogSearch, Player
from mmplay.tui.views.bars import timeline_rows
from mmplay.tui.views.counters import counters_rows
from mmplay.tui.views.report import report_rows
from mmplay.tui.views.scene import View
from mmplay.tui.views.zones import lists_rows, zones_rows


@pytest.mark.parametrize("width", [20, 51, 80, 200])
@pytest.mark.parametrize("density", DENSITIES)
def test_views_draw_every_frame_at_any_size(
    incident: ObservedTimeline, width: int, density: str
) -> None:
    for index in range(len(incident)):
        result = diagnose_frame(incident, index)
        for height in (0, 5, 50):
            for glyphs in (BOXES, ASCII):
                view = View(result, width, height, density, glyphs)
                for rows in (zones_rows, counters_rows, lists_rows, report_rows):
                    assert rows(view)


def test_bars_mark_the_floors_in_order(linux_next: ObservedTimeline) -> None:
    view = View(diagnose_frame(linux_next, 0), 80, 20, "full", BOXES)
    rows = [plain(cells) for cells in zones_rows(view)]
    letters = rows[5].replace("of 443813", "")
    assert letters.split() == ["A", "H", "d", "m", "l", "h"]
    bar = rows[4]
    assert bar.count("░") < letters.index("H") - 6
    assert "floors A atomic 488  H HIGH 650  d HARDER 975  m min 1300" in rows[7]


def test_a_bar_that_is_full_runs_off_its_end(rc7: ObservedTimeline) -> None:
    memory = rc7.frame(0).report.memory  # type: ignore[union-attr]
    assert memory is not None
    memory.zones[1].kb["free"] = 4 * 300_000
    view = View(diagnose_frame(rc7, 0), 80, 20, "full", BOXES)
    assert "»" in plain(zones_rows(view)[4])


@given(st.integers(4, 300))
def test_the_timeline_fits_its_width(width: int) -> None:
    from mmplay.recordings.library import open_recording

    with open_recording("incident-4.5.0-rc7") as timeline:
        placed = Axis(timeline, width, range(len(timeline)), by_event=False)
        columns = [placed.of(index) for index in range(len(timeline))]
        assert columns == sorted(columns)
        assert 0 <= min(columns) <= max(columns) < width
        assert all(placed.of(placed.frame(column)) == column for column in columns)
        for index in range(len(timeline)):
            rows = timeline_rows(timeline, timeline.frame(index), placed, 2, width + 4, BOXES)
            assert len(plain(rows[0])) == width + 4
            assert plain(rows[0]).count("●") == 1
            title, said = timeline.frame(index).title, plain(rows[1])
            assert title in said or "..." in said or width < 24, "what is cut says so"


@given(st.text(max_size=200), st.integers(1, 80))
def test_wrapping_loses_no_letter_and_fits(text: str, width: int) -> None:
    from rich.cells import cell_len

    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    if text.isascii() and text.isprintable():
        assert all(cell_len(line) <= width for line in lines)


def test_a_long_name_is_cut_at_a_joint() -> None:
    mask = "GFP_NOWAIT|__GFP_NOMEMALLOC|__GFP_NOWARN"
    assert wrap(mask, 27) == ["GFP_NOWAIT|", "__GFP_NOMEMALLOC|", "__GFP_NOWARN"]
    assert wrap("see include/linux/gfp.h", 14) == ["see", "include/linux/", "gfp.h"]
    assert wrap("wb_start_writeback", 12) == ["wb_start_", "writeback"]
    assert wrap("a" * 9, 4) == ["aaaa", "aaaa", "a"]


def test_spans_and_moments() -> None:
    assert span_text(26) == "26 us"
    assert span_text(1_706) == "1.706 ms"
    assert span_text(1_963_772) == "1.963 s"
    assert time_text(59_562_581, wall=False) == "59.562581"
    assert time_text(45_296_000_000, wall=True) == "12:34:56"
    assert time_text(None, wall=False) == "no time"


def test_the_player_stays_inside(rc7: ObservedTimeline) -> None:
    player = Player(rc7)
    player.to(99)
    assert player.index == player.last == 3
    assert player.delay_us() is None
    player.to(-5)
    assert player.index == 0
    assert not player.back()
    player.jump(2)
    assert player.back()
    assert player.index == 0
    assert player.back()
    assert player.index == 2
    assert not player.to_marker(1)


def test_gaps_are_shortened_and_never_too_short(rc7: ObservedTimeline) -> None:
    player = Player(rc7)
    assert player.delay_us() == 61_526_353 - 59_562_581
    player.faster(-99)
    assert player.speed == 0
    assert player.delay_us() == 2_000_000
    player.to(2)
    assert player.delay_us() == 50_000
    player.faster(99)
    assert player.speed_text() == "x64"
    assert len(SPEEDS) == 10


def test_searching_stops_when_told(rc7: ObservedTimeline) -> None:
    search = LogSearch(rc7)
    search.needle = "Mem-Info"
    assert search.find(1, 1, lambda: False) == 72
    assert search.find(72, 1, lambda: False) == 1
    assert search.find(1, -1, lambda: False) == 72
    assert search.find(1, 1, lambda: True) is None
    search.needle = "absent"
    assert search.find(50, -1, lambda: False) is None
