"""A capture on the play screen while it is written: it follows the last frame until it is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.live.timeline import open_live
from mmplay.tui.app import MmplayApp
from mmplay.tui.screens.play import PlayScreen
from tests.recordings.fake_proc import Machine, write_proc
from tests.tui.screens import SIZES, press, settle, text_of


class Live:
    """A capture of a made-up machine."""

    def __init__(self, folder: Path, release: str) -> None:
        self.proc, self.path, self.release = folder / "proc", folder / "live.mmtrace", release
        write_proc(self.proc, Machine(), release)
        roots = Roots(self.proc, folder / "none")
        self.capture = Capture(self.path, Plan(1_000_000, 3_600_000_000), roots)

    def sample(self, free: int) -> None:
        write_proc(self.proc, Machine(free=free), self.release)
        self.capture.sample()


@pytest.fixture
def live(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Live]:
    made = Live(tmp_path, getattr(request, "param", "6.12.30"))
    made.sample(1000)
    yield made
    made.capture.abandon()


@pytest.mark.parametrize("size", SIZES)
async def test_the_screen_follows_until_it_is_left(live: Live, size: tuple[int, int]) -> None:
    app = MmplayApp(open_live(live.path), 0)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        assert "1/1" in text_of(pilot)
        assert text_of(pilot).splitlines()[0].endswith("  live")
        live.sample(629)
        screen.follower.look()
        await settle(pilot)
        shown = text_of(pilot)
        assert "2/2" in shown
        assert "629" in shown
        assert "A atomic" in shown
        assert "GFP_ATOMIC is " in shown
        assert "sample 1" in await press(pilot, "comma")
        live.sample(500)
        screen.follower.look()
        await settle(pilot)
        assert "2/3" not in text_of(pilot)
        assert "1/3" in text_of(pilot)
        assert "3/3" in await press(pilot, "Z")
        live.sample(90)
        screen.follower.look()
        await settle(pilot)
        assert "4/4" in text_of(pilot)
        assert "below min" in text_of(pilot)


@pytest.mark.parametrize("live", ["2.4.20"], indirect=True)
async def test_no_floors_where_the_rules_are_not_known(live: Live) -> None:
    app = MmplayApp(open_live(live.path), 0)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        shown = text_of(pilot)
        assert "rules unknown for this kernel" in shown
        assert "no report at this frame" not in shown
        assert "─ free lists ─" in shown
        assert "refusal" not in shown


async def test_the_end_stops_the_looking(live: Live) -> None:
    app = MmplayApp(open_live(live.path), 0)
    async with app.run_test() as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        live.sample(700)
        live.capture.close()
        screen.follower.look()
        await settle(pilot)
        assert "2/2" in text_of(pilot)
        assert screen.follower._timer is None
        assert screen.said == "the recording has ended: live, 2 frames"
        assert text_of(pilot).splitlines()[0].endswith("|| x1")


async def test_a_file_that_vanished_is_told(live: Live) -> None:
    app = MmplayApp(open_live(live.path), 0)
    async with app.run_test() as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        live.path.unlink()
        live.path.write_bytes(b"no trace")
        screen.follower.look()
        await settle(pilot)
        assert "not an mmplay trace" in screen.said
        assert "1/1" in await press(pilot, "Z")


async def test_a_file_that_was_deleted_is_told_once_and_stays_on_the_screen(live: Live) -> None:
    app = MmplayApp(open_live(live.path), 0)
    async with app.run_test() as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        live.sample(700)
        screen.follower.look()
        live.path.unlink()
        screen.follower.look()
        assert "the file was deleted; you see what it held until then" in screen.said
        assert screen.follower._timer is None
        assert "1/2" in await press(pilot, "comma")
