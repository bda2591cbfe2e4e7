"""What the keys do in a level: answers wait for Enter, turns for a key, undo takes one back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.levels.catalogue import find_level
from mmplay.tui.app import MmplayApp
from mmplay.tui.panels.stage_panel import ChoicePanel
from mmplay.tui.screens.menu import MenuScreen
from tests.tui.screens import press, settle, text_of, type_in
from tests.tui.test_level_screen import answer_right, level_screen, opened, run_of


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is won here counts for the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


async def test_every_answer_waits_until_the_player_goes_on() -> None:
    """L04 draws the history: it has no still to land on, yet its answers wait as all do."""
    async with MmplayApp(level=find_level("L04")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "p")
        shown = await type_in(pilot, "1743")
        assert "right" in shown
        assert "Enter goes on" in shown
        assert "question 2/4" not in shown
        assert "question 2/4" in await press(pilot, "enter")


async def test_a_number_that_is_typed_stands_beside_what_ends_it() -> None:
    async with MmplayApp(level=find_level("L02")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        shown = await press(pilot, "7", "backspace", "3")
        keys = "Enter answers, Backspace corrects, Esc leaves"
        assert shown.splitlines()[-1].split(maxsplit=1) == ["3", keys]
        assert keys not in await press(pilot, "escape")
        await press(pilot, "p")
        assert "You said 3: right." in await type_in(pilot, "3")


async def test_the_machine_is_offered_only_where_it_tells_no_answer() -> None:
    async with MmplayApp(level=find_level("L05")).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        offered = []
        for _ in range(5):
            question = run_of(pilot).open_question()
            assert question is not None
            offered.append((not question.hides, "L machine" in text_of(pilot).splitlines()[-1]))
            await answer_right(pilot)
        assert set(offered) == {(True, True), (False, False)}


async def test_the_footer_offers_what_can_be_done_now_and_undo_says_what_it_undid() -> None:
    async with MmplayApp(level=find_level("L02")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        footer = text_of(pilot).splitlines()[-1]
        assert "0-9 type the answer" in footer
        assert "Space" not in footer
        while run_of(pilot).open_question() is not None:
            await answer_right(pilot)
        footer = text_of(pilot).splitlines()[-1]
        assert ". one turn  1-9 act  H hint" in footer  # by turns: Space would do the same
        before = run_of(pilot).session.end
        await press(pilot, "full_stop", "space")
        assert run_of(pilot).session.end == before + 2
        assert not level_screen(pilot).player.playing
        await press(pilot, "4")
        assert run_of(pilot).session.end == before + 2
        assert "undone: give back" in await press(pilot, "u")
        assert "undone: the last turn" in await press(pilot, "u")
        assert run_of(pilot).session.end == before + 1
        await press(pilot, "u")
        assert "undone: your answer to question 6" in await press(pilot, "u")


async def test_small_letters_do_what_the_footer_says_and_choose_nothing() -> None:
    async with MmplayApp(level=find_level("L05")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        while (question := run_of(pilot).open_question()) is None or not question.hides:
            await answer_right(pilot)
        task = level_screen(pilot).query_one("#task", ChoicePanel)
        for key in ("l", "h", "s"):
            shown = await press(pilot, key)
            assert task.cursor is None
            assert ("Hint: " in shown) == (key == "h")
            assert "call stack" not in shown
        run = run_of(pilot)
        assert run.notes.hints == 1
        assert run.notes.skipped == {question.id}
        await press(pilot, "tab", "h")
        assert run.notes.hints == 2


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_a_level_whose_story_does_not_please_is_left_by_its_way_out(key: str) -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Enter begins, Esc goes back" in text_of(pilot)
        await press(pilot, key)
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_the_story_that_is_read_again_is_only_closed() -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "Enter goes on" in await press(pilot, "I")
        assert "question 1/8" in await press(pilot, "escape")
