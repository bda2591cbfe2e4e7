"""Places and breakpoints: laws that hold in every recording, a log as well as a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Timeline
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_position, search_frames
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.sessions import incident_run

RUN = "a run"


@pytest.fixture(scope="module", params=[INCIDENT_RC7, INCIDENT_NEXT, RUN])
def timeline(request: pytest.FixtureRequest) -> Iterator[Timeline]:
    if request.param == RUN:
        yield incident_run(59_650_000_000)
        return
    with open_recording(request.param) as recording:
        yield recording


def some(timeline: Timeline) -> range:
    """Return about forty frames, the first and the last among them."""
    last = len(timeline) - 1
    return range(0, len(timeline), max(1, last // 40))


def text_of(time_us: int) -> str:
    return f"{time_us // 1_000_000}.{time_us % 1_000_000:06}"


def test_a_frame_s_number_leads_to_it(timeline: Timeline) -> None:
    for index in some(timeline):
        assert find_position(timeline, f"#{index + 1}", 0) == index
        assert find_position(timeline, f"  #{index + 1} ", index) == index


def test_a_frame_s_time_leads_to_the_last_frame_of_that_moment(timeline: Timeline) -> None:
    for index in some(timeline):
        time_us = timeline.time_us(index)
        assert time_us is not None
        found = find_position(timeline, text_of(time_us), index)
        assert found >= index
        assert timeline.time_us(found) == time_us
        if found + 1 < len(timeline):
            after = timeline.time_us(found + 1)
            assert after is not None
            assert after > time_us


def test_a_moment_between_frames_is_the_one_before(timeline: Timeline) -> None:
    for index in some(timeline)[:-1]:
        time_us = timeline.time_us(index)
        assert time_us is not None
        found = find_position(timeline, text_of(time_us - 1), index)
        assert found <= index
        before = timeline.time_us(found)
        assert before is not None
        assert before < time_us or found == 0


def test_there_and_back_is_where_one_was(timeline: Timeline) -> None:
    first, last = 0, len(timeline) - 1
    start, end = timeline.time_us(first), timeline.time_us(last)
    assert start is not None
    assert end is not None
    span = text_of(end - start)
    assert find_position(timeline, f"+{span}s", first) == last
    back = find_position(timeline, f"-{span}", last)
    assert timeline.time_us(back) == start


@pytest.mark.parametrize("text", ["+0s", "-0ms", "+0m", "-0h", "+0"])
def test_no_time_at_all_stays_at_this_moment(timeline: Timeline, text: str) -> None:
    for index in some(timeline):
        found = find_position(timeline, text, index)
        assert timeline.time_us(found) == timeline.time_us(index)


def test_far_beyond_the_ends_is_at_the_ends(timeline: Timeline) -> None:
    last = len(timeline) - 1
    assert find_position(timeline, "-999h", last) == 0
    assert find_position(timeline, "+999h", 0) == last
    assert find_position(timeline, "0.0", last) == 0
    assert find_position(timeline, "999999999999", 0) == last


def test_percentages_go_up_from_the_first_to_the_last(timeline: Timeline) -> None:
    found = [find_position(timeline, f"{part}%", 0) for part in range(0, 101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, len(timeline) - 1)
    assert find_position(timeline, "999%", 0) == len(timeline) - 1
    assert find_position(timeline, "50.9%", 0) == found[50]


def has(timeline: Timeline, word: str, first: int, last: int) -> bool:
    """Tell whether a word stands in these lines, in whatever case."""
    lines = timeline.lines(first, last - first + 1)
    return any(word.casefold() in line.text.casefold() for line in lines)


@pytest.mark.parametrize("word", ["Mem-Info", "CALL TRACE", "order", "no such word"])
def test_what_is_searched_for_stands_in_the_frame_that_is_found(
    timeline: Timeline, word: str
) -> None:
    if has(timeline, word, 1, timeline.line_count):
        frame = timeline.frame(search_frames(timeline, word, 0))
        assert has(timeline, word, frame.first_line, frame.last_line)
        return
    with pytest.raises(InputError, match=f"/{word}: not found"):
        search_frames(timeline, word, 0)


def test_a_search_goes_round_and_can_be_stopped(timeline: Timeline) -> None:
    if not timeline.line_count:
        return
    (line,) = timeline.lines(1, 1)
    word = line.text.strip()[-12:]
    assert search_frames(timeline, word, len(timeline) - 1) == search_frames(timeline, word, 0) or (
        search_frames(timeline, word, len(timeline) - 1) == timeline.frame_of_line(1)
    )
    with pytest.raises(InputError, match="stopped"):
        search_frames(timeline, word, 0, lambda: True)


def test_an_event_is_found_by_a_word_of_its_title(timeline: Timeline) -> None:
    for index in timeline.event_frames[:5]:
        title = timeline.frame(index).title
        first = next(
            one
            for one in timeline.event_frames
            if title.casefold() in timeline.frame(one).title.casefold()
        )
        assert find_position(timeline, title.upper(), 0) == first


@given(st.text(max_size=30), st.integers(0, 3))
def test_any_text_is_a_place_or_a_complaint(text: str, start: int) -> None:
    with open_recording(INCIDENT_RC7) as timeline:
        try:
            found = find_position(timeline, text, start)
        except InputError:
            return
        assert 0 <= found < len(timeline)


@given(
    st.sampled_from(["+", "-", ""]),
    st.integers(0, 10**12 - 1),
    st.integers(0, 10**6 - 1),
    st.sampled_from(["", "s", "ms", "m", "h"]),
)
def test_any_time_is_a_place(sign: str, whole: int, part: int, unit: str) -> None:
    text = f"{sign}{whole}.{part:06}{unit if sign else ''}"
    with open_recording(INCIDENT_RC7) as timeline:
        assert 0 <= find_position(timeline, text, 1) < len(timeline)
