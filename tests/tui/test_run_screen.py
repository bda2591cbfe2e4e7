"""A run on the play screen: inside a turn, acts, undo, forks, marks, breakpoints."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.recordings.export import Format
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.reader import TraceReader
from mmplay.tui import exporting
from mmplay.tui.app import MmplayApp
from tests.sessions import incident_run
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in, typed
from tests.waiting import PUMPS, as_long_as

SHORT_NS = 59_700_000_000


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every fork is recorded: not among the user's own sessions."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@asynccontextmanager
async def playing(
    run: SessionTimeline, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    app = MmplayApp(run)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


@pytest.mark.parametrize("size", SIZES)
async def test_inside_a_turn(size: tuple[int, int]) -> None:
    run = incident_run(SHORT_NS)
    busy = next(n for n in range(1000, 3000) if len(run.session.decisions_of(n)) > 2)
    async with playing(run, size) as pilot:
        await press(pilot, "b")
        await type_in(pilot, f"#{busy + 1}")
        shown = await press(pilot, "i")
        assert "inside this turn" in shown
        assert "<= " in shown or "> " in shown
        later = await press(pilot, "full_stop")
        assert later != shown
        assert "inside this turn" in later
        assert "inside this turn" not in await press(pilot, "i")
        assert "__alloc_pages_nodemask" in await press(pilot, "c")
        assert "from" in await press(pilot, "s")


async def test_the_first_frame_says_that_the_run_begins() -> None:
    async with playing(incident_run(SHORT_NS), (200, 60)) as pilot:
        assert "The run begins here" in text_of(pilot)
        assert "Nothing was decided" not in text_of(pilot)
        assert "The run begins here" not in await press(pilot, "full_stop")


async def test_a_run_goes_on_at_its_end() -> None:
    run = incident_run(SHORT_NS)
    async with playing(run) as pilot:
        before = len(run)
        await press(pilot, "Z")
        await press(pilot, "full_stop", "full_stop")
        assert len(run) == before + 2
        assert f"{before + 2}/{before + 2}" in text_of(pilot)


async def test_an_act_its_undo_and_its_redo() -> None:
    run = incident_run(SHORT_NS)
    async with playing(run) as pilot:
        await press(pilot, "Z", "x")
        assert "done; press u to undo it" in await type_in(pilot, "wb_mask nowait")
        assert run.session.live.state.wb_mask == 2
        facts = run.frame(len(run) - 1).facts
        assert facts is not None
        assert facts.acts == ("you: wb_mask nowait",)
        assert not any("wb_mask" in one.text for one in facts.decisions), "told once"
        await press(pilot, "full_stop")
        assert "undo: wb_mask nowait" in await press(pilot, "u")
        assert run.session.live.state.wb_mask == 0
        assert "redo: wb_mask nowait" in await press(pilot, "ctrl+r")
        assert run.session.live.state.wb_mask == 2
        await press(pilot, "x")
        assert "EINVAL" in await type_in(pilot, "dirty_ratio 500")
        await press(pilot, "x")
        assert "no such act" in await type_in(pilot, "reboot now")
        assert "wb_mask nowait" in await press(pilot, "V")


async def test_an_act_in_the_past_forks() -> None:
    run = incident_run(SHORT_NS)
    async with playing(run) as pilot:
        await press(pilot, "r", "full_stop", "full_stop", "x")
        await type_in(pilot, "wb_mask none")
        assert "(fork)" in text_of(pilot)
        assert run.session.acts == []
        assert "1 of 2" in await press(pilot, "o")
        assert "2 of 2" in await press(pilot, "o")


async def test_what_if_from_a_frame_of_a_log() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        said = await press(pilot, "f")
        assert "assumptions" in said
        assert "sim" in said
        assert "assumed:" in await press(pilot, "V")
        await press(pilot, "q", "full_stop", "full_stop")
        assert "3/3" in text_of(pilot)
        assert "rec" in await press(pilot, "o")


async def test_a_frame_without_memory_cannot_be_forked() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        assert "Mem-Info" in await press(pilot, "full_stop", "f")


async def test_marks_of_a_run() -> None:
    run = incident_run(SHORT_NS)
    async with playing(run) as pilot:
        await press(pilot, "5", "m", "k")
        here = [marker.frame for marker in run.markers]
        assert len(here) == 1
        await press(pilot, "r", "apostrophe", "k")
        assert f"{here[0] + 1}/" in text_of(pilot)
        await press(pilot, "a")
        assert "marked note" in await type_in(pilot, "look at free")
        assert "look at free" in await press(pilot, "V")


async def test_a_mark_of_a_shipped_recording_is_kept_in_the_users_copy(own_folders: Path) -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "full_stop", "m", "x")
        assert "your copy" in text_of(pilot)
        await press(pilot, "r")
        assert "frame 2/4" in await press(pilot, "right_square_bracket")
    (copy,) = (own_folders / "data" / "mmplay" / "recordings").glob("*.mmtrace")
    with copy.open("rb") as stream:
        reader = TraceReader(stream, "copy")
        assert list(reader)
        assert reader.marks == [(1, "x", "")]


async def test_a_breakpoint_on_a_counter() -> None:
    run = incident_run(61_480_000_000)
    async with playing(run) as pilot:
        await press(pilot, "B")
        await type_in(pilot, "free of DMA32 <= 650")
        index = pilot.app.screen.player.index  # type: ignore[attr-defined]
        assert run.session.machine_at(index).state.zones[1].free <= 650
        assert run.session.machine_at(index - 1).state.zones[1].free > 650
        await press(pilot, "r", "B")
        assert "is not a condition" in await type_in(pilot, "when it hurts")


async def test_a_breakpoint_in_a_log() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "B")
        await type_in(pilot, "zones.DMA32.free <= 650")
        assert "frame 3/4" in text_of(pilot)


async def test_playing_backwards() -> None:
    run = incident_run(SHORT_NS)
    async with playing(run) as pilot:
        await press(pilot, "Z")
        screen = pilot.app.screen
        await pilot.press("P")
        await typed(pilot)
        assert screen.player.direction == -1  # type: ignore[attr-defined]
        for _ in as_long_as(lambda: screen.player.index == len(run) - 1, PUMPS):  # type: ignore[attr-defined]
            await pilot.pause()
        await pilot.press("space")


@pytest.mark.parametrize("name", ["csv", "dmesg", "cast"])
async def test_exported_from_the_screen(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / f"out.{name}"
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "E")
        await type_in(pilot, f"{name} {target.name}")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "written:" in text_of(pilot)
    assert target.stat().st_size > 500


async def test_an_export_that_cannot_be_written_is_said() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "E")
        assert "formats are" in await type_in(pilot, "pdf x")
        await press(pilot, "E")
        assert "name the file, too" in await type_in(pilot, "csv")
        await press(pilot, "E")
        await type_in(pilot, "csv /none/x")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "/none/x: No such file" in text_of(pilot)


class Slow:
    """An exporter that waits between its two chunks until it is let go."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()

    def __call__(self, _: Recording) -> Iterator[bytes]:
        yield b"first"
        self.goes_on.wait(30)
        yield b"second"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    one = Slow()
    monkeypatch.setattr(Format, "load", lambda _: one)
    monkeypatch.setattr(exporting, "TELL_S", 0)
    return one


async def begin_export(pilot: Pilot[None], target: Path) -> str:
    """Start an export and see what the footer says."""
    await pilot.press("E", *"csv", "space", *target.name, "enter")
    await typed(pilot)
    await pilot.pause()
    return text_of(pilot)


async def test_an_export_outlives_a_search_and_a_second_one_is_refused(
    slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running("incident-4.5.0-rc7") as pilot:
        assert "writing out: 0 kB; Ctrl+C stops" in await begin_export(pilot, Path("out"))
        await pilot.press("slash", *"Normal", "enter", "b", *"50", "percent_sign", "enter")
        await typed(pilot)
        assert "out is still being written" in await begin_export(pilot, Path("second"))
        slow.goes_on.set()
        await settle(pilot)
        assert "written: out" in text_of(pilot)
    assert Path("out").read_bytes() == b"firstsecond"
    assert not Path("second").exists()


@pytest.mark.parametrize("key", ["ctrl+c", "escape"])
async def test_an_export_that_is_stopped_says_so(
    key: str, slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running("incident-4.5.0-rc7") as pilot:
        await begin_export(pilot, Path("out"))
        await pilot.press(key)
        await typed(pilot)
        await pilot.pause()
        slow.goes_on.set()
        assert re.search("export of out:? stopped", text_of(pilot))
    assert not Path("out").exists()
