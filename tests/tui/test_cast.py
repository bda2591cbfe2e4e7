"""The cast: a terminal that plays it shows what the screen shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.recordings.library import open_recording
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.tui.app import MmplayApp
from mmplay.tui.cast import MOST_FRAMES, as_cast, chosen_frames
from mmplay.tui.screens.play import PlayScreen
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.sessions import incident_run
from tests.tui.screens import settle, text_of

SIZES = [(80, 24), (120, 40), (200, 60)]

Event = tuple[float, str, str]


def read_cast(recording: Recording, size: tuple[int, int]) -> tuple[dict[str, object], list[Event]]:
    """Return header and events of a cast that keeps the format's rules."""
    lines = b"".join(as_cast(recording, size)).decode("ascii").splitlines()
    header, *events = map(json.loads, lines)
    assert header["version"] == 2
    assert (header["width"], header["height"]) == size
    assert header["idle_time_limit"] == 2
    assert "timestamp" not in header
    for time, code, data in events:
        assert isinstance(time, float)
        assert code in ("o", "m")
        assert isinstance(data, str)
    assert all(a[0] <= b[0] for a, b in pairwise(events))
    return header, events


def played(events: list[Event], size: tuple[int, int]) -> Iterator[list[str]]:
    """Yield what a terminal shows after each output."""
    screen = pyte.Screen(*size)
    stream = pyte.Stream(screen)
    for _, code, data in events:
        if code == "o":
            stream.feed(data)
            yield [line.rstrip() for line in screen.display]


async def shown(name: str, frames: int, size: tuple[int, int]) -> AsyncIterator[list[str]]:
    """Yield what the play screen shows at each frame, moving there step by step."""
    app = MmplayApp(open_recording(name))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, PlayScreen)
        for _ in range(frames):
            yield text_of(pilot).split("\n")
            await pilot.press("full_stop")
            await settle(pilot)


@pytest.fixture(scope="module")
def casts() -> dict[tuple[str, tuple[int, int]], list[Event]]:
    """Every log's cast at every size: made outside of any event loop."""
    return {
        (name, size): read_cast(open_recording(name), size)[1]
        for name in (INCIDENT_RC7, INCIDENT_NEXT)
        for size in SIZES
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [INCIDENT_RC7, INCIDENT_NEXT])
async def test_a_terminal_shows_the_screen_of_every_frame(
    casts: dict[tuple[str, tuple[int, int]], list[Event]], name: str, size: tuple[int, int]
) -> None:
    screens = list(played(casts[name, size], size))
    with open_recording(name) as recording:
        assert len(screens) == len(recording)
    at = 0
    async for there in shown(name, len(screens), size):
        assert screens[at] == there, at
        at += 1
    assert at == len(screens)


def test_markers_are_the_events(casts: dict[tuple[str, tuple[int, int]], list[Event]]) -> None:
    labels = [data for _, code, data in casts[INCIDENT_RC7, (80, 24)] if code == "m"]
    with open_recording(INCIDENT_RC7) as recording:
        assert labels == [recording.frame(n).title for n in recording.event_frames]


def test_the_same_recording_gives_the_same_cast() -> None:
    one, other = (b"".join(as_cast(open_recording(INCIDENT_NEXT))) for _ in range(2))
    assert one == other


def run_of_the_incident() -> SessionTimeline:
    run = incident_run(59_634_000_000)
    run.session.mark(run.session.first + 700, "look here")
    run.changed()
    return run


def test_a_run_s_cast_has_its_events_and_marks() -> None:
    run = run_of_the_incident()
    frames = chosen_frames(run, 30)
    assert len(frames) <= 30
    assert {0, 700, len(run) - 1, *run.event_frames} <= set(frames)


def test_a_long_run_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmplay.tui.cast.chosen_frames", lambda run: chosen_frames(run, 12))
    run = run_of_the_incident()
    _, events = read_cast(run, (80, 24))
    screens = list(played(events, (80, 24)))
    assert len(screens) <= 12
    assert any("59.628838" in line for screen in screens for line in screen)
    labels = [data for _, code, data in events if code == "m"]
    assert labels == ["look here", "OOM kill: file_io.00 (4450)"]
    times = [time for time, code, _ in events if code == "o"]
    assert all(50_000 <= round((b - a) * 1e6) <= 2_000_000 for a, b in pairwise(times))


class Counted:
    """As much of a recording as the choice of frames asks for."""

    markers = ()

    def __init__(self, count: int, events: list[int]) -> None:
        self._count = count
        self.event_frames = events

    def __len__(self) -> int:
        return self._count


@given(st.integers(0, 5000), st.data())
def test_the_choice_of_frames(count: int, data: st.DataObject) -> None:
    most = 400
    places = st.lists(st.integers(0, max(0, count - 1)), unique=True, max_size=500)
    events = sorted(data.draw(places)) if count else []
    frames = chosen_frames(Counted(count, events), most)  # type: ignore[arg-type]
    assert frames == sorted(set(frames))
    assert len(frames) <= most == MOST_FRAMES
    if count:
        assert (frames[0], frames[-1]) == (0, count - 1)
    if len(events) <= most // 2:
        assert set(events) <= set(frames)
    if count > most:
        assert max(b - a for a, b in pairwise(frames)) <= count // 150
