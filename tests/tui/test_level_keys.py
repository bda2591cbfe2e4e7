"""What the keys do in a level: answers wait for Enter, turns for a key, undo takes one back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.levels.catalogue import find_level
from mmplay.levels.play.deeds import ONLY_ACTS
from mmplay.levels.play.solve import knows
from mmplay.tui.app import MmplayApp
from mmplay.tui.play.panels import ChoicePanel
from mmplay.tui.screens.menu import MenuScreen
from tests.tui.screens import SIZES, press, settle, text_of, type_in
from tests.tui.test_level_screen import answer_right, level_screen, opened, run_of
from tests.waiting import PUMPS, as_long_as


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("away", ["M", "L"])
async def test_enter_goes_on_from_wherever_the_keys_were(size: tuple[int, int], away: str) -> None:
    async with MmplayApp(level=find_level("L03")).run_test(size=size) as pilot:
        await opened(pilot)
        assert "> question" not in await press(pilot, away)
        assert "Enter goes on" in await press(pilot, "1")
        assert "Enter goes on" not in await press(pilot, "enter")


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
    async with MmplayApp(level=find_level("L04")).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        offered = []
        for _ in range(3):
            question = run_of(pilot).open_question()
            assert question is not None
            helped = await press(pilot, "question_mark")
            assert ("the machine behind it" in helped) == ("the incident's own lines" in helped)
            await press(pilot, "escape")
            offered.append((not question.hides, "L machine" in text_of(pilot).splitlines()[-1]))
            assert offered[-1][1] == ("the incident's own lines" in helped)
            await answer_right(pilot)
        assert set(offered) == {(True, True), (False, False)}
        for _ in range(2):
            shown = await press(pilot, "enter")
        assert "lets 100 turns pass" in shown
        assert ". 100 turns" in shown.splitlines()[-1]


async def test_the_footer_offers_what_can_be_done_now_and_undo_says_what_it_undid() -> None:
    async with MmplayApp(level=find_level("L02")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        footer = text_of(pilot).splitlines()[-1]
        assert "0-9 type the answer" in footer
        assert "Space" not in footer
        for _ in as_long_as(lambda: run_of(pilot).open_question() is not None):
            await answer_right(pilot)
        footer = text_of(pilot).splitlines()[-1]
        assert ". one turn  2-3 act  H hint" in footer  # by turns: Space would do the same
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
        said = (await press(pilot, "u")).splitlines()[-1]
        assert "undone: your answer" in said
        assert "? keys" in said, "keys stay in sight beside what is said"


async def test_where_only_acts_do_anything_no_time_passes() -> None:
    async with MmplayApp(level=find_level("L08"), motion=True).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for question in as_long_as(lambda: run_of(pilot).open_question()):
            knows(run_of(pilot), question)
        for key in ("full_stop", "space"):
            assert ONLY_ACTS in await press(pilot, key)
        assert run_of(pilot).playing
        assert not level_screen(pilot).player.playing
        assert "acts 1" in await press(pilot, "2")
        assert run_of(pilot).playing
        shown = await press(pilot, "2")
        assert "your turn" in shown
        assert "acts 2" in shown


async def test_time_waits_for_more_acts_stops_and_goes_on_and_is_taken_back() -> None:
    async with MmplayApp(level=find_level("L09"), motion=True).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        run = run_of(pilot)
        for question in as_long_as(run.open_question):
            knows(run, question)
        assert "Time waits while you act." in await press(pilot, "1", "u", "I", "escape")
        begun = run.session.end
        await press(pilot, "full_stop")
        passed = run.session.end
        assert passed > begun
        assert "undone: the time since your last answer" in await press(pilot, "u")
        assert run.session.end == begun
        assert run.open_question() is None
        await press(pilot, "1")
        assert "is left. After it time runs" in text_of(pilot)
        await press(pilot, "space")
        player = level_screen(pilot).player
        assert player.playing
        await press(pilot, "space", "space")
        assert player.playing
        before = run.session.end
        level_screen(pilot).mover._tick()
        assert run.session.end == before + 1000
        assert player.index == player.last
        assert "acts 2" in await press(pilot, "3")
        assert player.playing
        shown = await press(pilot, "u")
        assert "undone: dirty_ratio 40" in shown
        assert "your turn" in shown
        assert not player.playing


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


async def test_a_last_act_that_does_not_win_ends_the_level_at_once_and_it_is_kept() -> None:
    async with MmplayApp(level=find_level("L15"), motion=True).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for question in as_long_as(lambda: run_of(pilot).open_question()):
            knows(run_of(pilot), question)
        await press(pilot, "2")
        for _ in as_long_as(lambda: level_screen(pilot).player.playing, PUMPS):
            await pilot.pause()
        shown = await press(pilot, "f5")
        assert "end of the recording" not in shown
        assert "Enter reads on" in shown
        assert "lost  " in await press(pilot, "enter")


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_a_level_whose_story_does_not_please_is_left_by_its_way_out(key: str) -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Enter begins, Esc goes back" in text_of(pilot)
        assert "hint: one is free" in await press(pilot, "question_mark")
        await press(pilot, "escape", key)
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_the_story_that_is_read_again_is_only_closed() -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "Enter goes on" in await press(pilot, "I")
        assert "question 1/8" in await press(pilot, "escape")


async def test_where_one_only_answers_there_is_no_prompt_for_an_act() -> None:
    async with MmplayApp(level=find_level("L03")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "in this level you only answer" in await press(pilot, "x")
        await press(pilot, "1")
        assert run_of(pilot).replies
