"""Where frames stand on a line, by time and by event; which of many are on it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmplay.recordings.chart.axis import MOST_FRAMES, Axis, frames_shown
from mmplay.recordings.log.observed import ObservedTimeline


def test_events_that_came_together_are_told_apart_by_event(rc7: ObservedTimeline) -> None:
    whole = range(len(rc7))
    by_time = Axis(rc7, 61, whole, by_event=False)
    assert [by_time.of(index) for index in whole] == [0, 59, 59, 60]
    by_event = Axis(rc7, 61, whole, by_event=True)
    assert [by_event.of(index) for index in whole] == [0, 20, 40, 60]
    assert [by_event.frame(column) for column in (0, 9, 20, 33, 41, 60)] == [0, 0, 1, 2, 2, 3]


def test_a_line_of_some_frames_ends_with_them(rc7: ObservedTimeline) -> None:
    part = Axis(rc7, 60, range(1, 3), by_event=False)
    assert [part.of(index) for index in range(4)] == [0, 0, 59, 59]
    assert {part.frame(column) for column in range(60)} == {1, 2}


@given(st.integers(1, 3_000), st.lists(st.integers(0, 2_999), max_size=8))
def test_the_present_frame_is_always_on_the_line(count: int, places: list[int]) -> None:
    shown = range(0)
    for index in (min(count - 1, place) for place in places):
        shown = frames_shown(count, index, shown)
        assert index in shown
        assert len(shown) == min(count, MOST_FRAMES)


def test_the_line_moves_by_half_when_the_present_leaves_it() -> None:
    shown = frames_shown(1_000, 100, range(0))
    assert shown == range(0, MOST_FRAMES)
    assert frames_shown(1_000, MOST_FRAMES - 1, shown) == shown
    half = MOST_FRAMES // 2
    moved = frames_shown(1_000, MOST_FRAMES, shown)
    assert moved.start == half
    assert frames_shown(1_000, half - 1, moved).start == 0
