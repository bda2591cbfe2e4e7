"""The menu: a list and Enter, and a log by its path."""

import gc
import subprocess
import sys
from pathlib import Path
from weakref import ref

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from mmplay.engine.frame import Ask
from mmplay.levels.play.solve import knows, play
from mmplay.recordings.library import shipped
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.screens.play import PlayScreen
from tests.conftest import INCIDENT_RC7, incident_text
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in
from tests.waiting import as_long_as

OWN = len(shipped())
"""The first recording of the user's own in the list."""

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests play is not among the user's own sessions."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


async def choose(pilot: Pilot[None], kind: str, number: int = 0) -> str:
    """Put the cursor on an entry."""
    panel = pilot.app.screen.query_one("#entries", CellPanel)
    assert panel.choose(Ask(kind, (number,) if kind != "import" else ()))
    await settle(pilot)
    return text_of(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_menu_lists_the_recordings(size: tuple[int, int]) -> None:
    async with running(None, size) as pilot:
        screen = await press(pilot, "2")
        for text in ("incident-4.5.0-rc7", "incident-next-20160311", "Recordings", "Enter open"):
            assert text in screen, text
        assert "4.5.0-rc7+" in screen
        assert "100 lines, 4 frames" in screen
        assert "import a kernel log" in await choose(pilot, "import")


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_level_is_preselected_and_enter_plays_it(size: tuple[int, int]) -> None:
    async with running(None, size) as pilot:
        screen = text_of(pilot)
        assert "1 Ground" in screen
        assert "not won yet" in screen
        assert "stars 0/" in screen
        await press(pilot, "enter", "enter")
        assert isinstance(pilot.app.screen, PlayScreen)
        assert pilot.app.screen.game is not None
        await press(pilot, "S", "q")
        assert isinstance(pilot.app.screen, MenuScreen)
        played = await press(pilot, "3")
        assert "Played" in played
        assert "not finished" in played
        assert "turns" in played


@pytest.mark.usefixtures("guessing")
async def test_the_preview_is_fitted_to_a_new_size() -> None:
    async with running(None, (120, 40)) as pilot:
        for size, told in (((80, 24), False), ((120, 40), True)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            shown = text_of(pilot)
            assert ("In March 2016" in shown) is told
            beside = [line.split("│")[1].strip() for line in shown.splitlines() if "│" in line]
            assert "in which zone a request starts, and where it may go" in " ".join(beside)


async def test_after_a_won_level_the_next_one_is_chosen() -> None:
    async with running(None) as pilot:
        await press(pilot, "enter", "enter")
        run = pilot.app.screen
        assert isinstance(run, PlayScreen)
        assert run.game is not None
        play(run.game.level_run, run.game.level.solution, knows)
        run.mover.to_end()
        await settle(pilot)
        await press(pilot, "q")
        panel = pilot.app.screen.query_one("#entries", CellPanel)
        assert panel.value.startswith("L02")


async def test_the_help_of_the_menu_has_its_heading() -> None:
    async with running(None) as pilot:
        shown = await press(pilot, "question_mark")
        assert "MENU" in shown
        assert "h j k l   move (arrows too)" in shown
        assert "back to the number" not in shown


async def test_a_level_tells_its_story_where_there_is_room() -> None:
    for size, told in (((80, 24), False), ((120, 40), True)):
        async with running(None, size) as pilot:
            assert ("In March 2016" in text_of(pilot)) is told


async def test_digits_lead_to_the_sections() -> None:
    async with running(None) as pilot:
        assert "100 lines, 4 frames" in await press(pilot, "2")
        assert "not won yet" in await press(pilot, "1")
        assert "still empty" in await press(pilot, "3")
        assert "still empty" not in await press(pilot, "2")


async def test_enter_opens_and_q_comes_back() -> None:
    async with running(None) as pilot:
        await press(pilot, "2")
        assert "78 lines, 2 frames" in await press(pilot, "down")
        assert "t=89.794733" in await press(pilot, "enter")
        assert isinstance(pilot.app.screen, PlayScreen)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, MenuScreen)
        await pilot.press("q")
        await pilot.pause()
        assert not pilot.app.is_running


async def test_a_log_is_imported_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kern.log").write_bytes(incident_text(INCIDENT_RC7))
    async with running(None) as pilot:
        await choose(pilot, "import")
        await press(pilot, "enter")
        screen = await type_in(pilot, "kern.log")
        assert "t=59.562581" in screen


async def test_a_log_that_cannot_be_read_is_told_in_the_footer() -> None:
    async with running(None) as pilot:
        await press(pilot, "i")
        assert "no such file" in await type_in(pilot, "/none")
        assert isinstance(pilot.app.screen, MenuScreen)
        await press(pilot, "i")
        assert "> levels and recordings" in await press(pilot, "escape")


async def test_a_log_without_reports_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("boot.log").write_text("[    0.000000] Linux version 4.5.0 (root@vm) #1\n")
    async with running(None) as pilot:
        await press(pilot, "i")
        assert "no failure, OOM kill or Mem-Info" in await type_in(pilot, "boot.log")


async def test_own_recordings_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "mmplay" / "recordings"
    folder.mkdir(parents=True)
    (folder / "broken.mmtrace").write_bytes(b"no trace")
    async with running(None) as pilot:
        assert "broken" in await choose(pilot, "open", OWN)
        assert "magic" in text_of(pilot)


async def test_escape_never_ends_the_program() -> None:
    async with running(None) as pilot:
        assert "press q to quit" in await press(pilot, "escape")
        assert pilot.app.is_running
    async with running(shipped()[0].name) as pilot:
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_help_in_the_menu() -> None:
    async with running(None) as pilot:
        screen = await press(pilot, "question_mark")
        assert "import a kernel log" in screen
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, MenuScreen)


def test_the_menu_is_painted_before_anything_that_explains_is_loaded() -> None:
    unread = "('engine.explain', 'engine.printk', 'recordings.log', 'recordings.trace')"
    found = f"[m for m in sys.modules for one in {unread} if one in m]"
    text = f"import sys, mmplay.tui.app; print({found})"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


async def test_a_session_that_could_not_be_read_is_looked_at_again(tmp_path: Path) -> None:
    async with running(None, (80, 24)) as pilot:
        await press(pilot, "enter", "enter", "1", "q")
        (file,) = (tmp_path / "state").rglob("*.mmtrace")
        whole = file.read_bytes()
        file.write_bytes(whole[:20])
    async with running(None, (80, 24)) as pilot:
        assert "damaged" in await press(pilot, "3")
        file.write_bytes(whole)
        assert "damaged" not in await press(pilot, "question_mark", "escape")
        assert "L01 Three rooms" in await press(pilot, "3")


async def test_a_screen_that_was_left_keeps_nothing_drawn() -> None:
    async with running(None) as pilot:
        await press(pilot, "enter", "enter")
        drawn = [ref(one._styles_cache) for one in pilot.app.screen.walk_children(Widget)]
        await press(pilot, "escape")
        assert len(drawn) > 1

        def left() -> bool:
            gc.collect()
            return sum(one() is not None for one in drawn) > 1  # an event of one may be kept

        for _ in as_long_as(left, 50):
            await pilot.pause()
