"""A fork of a log's frame on the play screen: its bounds are found in the background."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.recordings import futures
from mmplay.recordings.futures import Ahead, Future, Supposed, future_of
from mmplay.recordings.library import open_recording
from mmplay.recordings.run import what_if
from mmplay.tui.play import bounds, runs
from tests.tui.screens import press, running, settle, text_of, type_in

NOT_YET = "One run, bounds not yet known"
SPAN_NS = 20_000_000


@pytest.fixture(autouse=True)
def short_and_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are short, and made by a thread; forks are not among the user's own sessions."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(what_if, "AFTER_FOUND_NS", SPAN_NS)
    monkeypatch.setattr(bounds, "AT_LEAST", 1)
    monkeypatch.setattr(bounds, "cores_here", lambda: 1)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """The incident's log under a name that is not its own: any machine's."""
    path = tmp_path / "oom.log"
    with open_recording("incident-4.5.0-rc7") as recording:
        path.write_bytes(b"".join(recording.text()))
    return str(path)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let no run begin before this is set."""
    go = threading.Event()

    def waiting(ahead: Ahead, one: Supposed) -> Future:
        go.wait()
        return future_of(ahead, one)

    monkeypatch.setattr(futures, "future_of", waiting)
    yield go
    go.set()


async def fork(pilot: Pilot[None]) -> str:
    """Press f without waiting for what begins with it."""
    await pilot.press("f")
    await pilot.pause()
    return flat(pilot)


def flat(pilot: Pilot[None]) -> str:
    return " ".join(text_of(pilot).split())


async def test_the_bounds_come_while_the_run_is_looked_at(log: str, held: threading.Event) -> None:
    async with running(log, (100, 36)) as pilot:
        assert f"{NOT_YET}; Esc stops." in await fork(pilot)
        held.set()
        await settle(pilot)
        assert "DMA32: free rises above min (1300 pages)" in flat(pilot)
        assert NOT_YET not in flat(pilot)
        page = await press(pilot, "V")
        assert "14 runs of 0.02 s" in page
        await press(pilot, "pagedown")
        assert "the disk's rate: 0 pages/s, assumed 25600" in flat(pilot)
        assert "The disk completes nothing within 0.02 s." in flat(pilot)


async def test_the_history_shows_how_far_the_other_runs_went(log: str) -> None:
    async with running(log, (100, 36)) as pilot:
        await press(pilot, "f", "full_stop", "full_stop")
        assert "░ in other runs" in text_of(pilot)
        await press(pilot, "x")
        await type_in(pilot, "disk 100")
        assert "in other runs" not in text_of(pilot), "they say nothing of what is done later"


async def test_an_export_has_the_band_of_the_other_runs(log: str, tmp_path: Path) -> None:
    async with running(log, (100, 36)) as pilot:
        await press(pilot, "f", "full_stop", "full_stop", "E")
        await type_in(pilot, f"svg {tmp_path}/fork.svg")
        await settle(pilot)
        await press(pilot, "x")
        await type_in(pilot, "disk 100")
        await press(pilot, "E")
        await type_in(pilot, f"svg {tmp_path}/later.svg")
        await settle(pilot)
    drawn, later = ((tmp_path / f"{one}.svg").read_text() for one in ("fork", "later"))
    assert 'class="band"' in drawn
    assert "the band: where free lay in any run within the bounds of what is assumed" in drawn
    assert "In other runs it lies between " in drawn
    assert 'class="band"' not in later, "they say nothing of what is done later"


async def test_escape_stops_them_and_does_not_leave(log: str, held: threading.Event) -> None:
    async with running(log) as pilot:
        await fork(pilot)
        await pilot.press("escape")
        await pilot.pause()
        held.set()
        await settle(pilot)
        assert "its bounds are not known: finding them was stopped" in flat(pilot)
        assert "its bounds are not known" in await press(pilot, "V")


async def test_where_no_process_can_be_made_it_says_so(
    log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(ahead: Ahead, one: Supposed) -> Future:
        raise OSError("no semaphores here")

    monkeypatch.setattr(futures, "future_of", none)
    async with running(log) as pilot:
        await press(pilot, "f")
        assert "its bounds are not known: no semaphores here" in flat(pilot)


async def test_what_is_done_at_the_start_is_in_them(log: str) -> None:
    async with running(log) as pilot:
        await press(pilot, "f", "x")
        await type_in(pilot, "disk 0")
        assert "depending on the disk" not in flat(pilot)
        await press(pilot, "full_stop", "x")
        await type_in(pilot, "disk 100")
        assert "What you did later is not in it." in flat(pilot)


async def test_the_other_fork_and_the_log_itself_have_none(log: str) -> None:
    async with running(log) as pilot:
        assert "V: all that was tried" in " ".join((await press(pilot, "f")).split())
        await press(pilot, "o")
        assert "V: all that was tried" not in flat(pilot)


async def test_a_frame_of_another_kernel_asks_whose_rules_are_to_run(log: str) -> None:
    text = Path(log).read_bytes().replace(b"4.5.0-rc7+", b"4.6.1").replace(b"4.5.0-rc7", b"4.6.1")
    Path(log).write_bytes(text)
    async with running(log, (100, 36)) as pilot:
        asked = await press(pilot, "f")
        assert "by the rules of 4.5-rc7 or next-20160311? (its own cannot be simulated)" in asked
        await type_in(pilot, "6.1")
        assert "cannot be simulated" in flat(pilot)
        await press(pilot, "f")
        await type_in(pilot, "4")
        assert "not known; simulated are 4.5-rc7, next-20160311" in flat(pilot)
        await press(pilot, "f")
        await type_in(pilot, "4.5-rc7")
        assert "V: all that was tried" in flat(pilot)
        assert "not 4.5-rc7: " in await press(pilot, "V", "G")


async def test_the_incidents_own_frame_has_numbers_that_were_fitted() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        assert "bounds" not in await fork(pilot)


@pytest.mark.parametrize(("rows", "told"), [(1, False), (9, True)])
async def test_what_it_depends_on_is_left_out_where_there_is_no_room(
    log: str, rows: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST_ROWS", rows)
    async with running(log, (120, 40)) as pilot:
        await press(pilot, "f")
        title = flat(pilot)
        assert "V: all that was tried." in title
        assert ("depending on" in title) is told
