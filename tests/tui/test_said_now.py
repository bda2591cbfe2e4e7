"""What can be done now: the help says it, a digit means one thing, goals are in sight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.levels.catalogue import find_level
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import Row
from mmplay.tui.play import panels
from mmplay.tui.play.meaning import GO_ON_FIRST
from mmplay.tui.play.stage import FEEDBACK, TASK
from mmplay.tui.views.scene import View
from tests.conftest import INCIDENT_RC7
from tests.tui.screens import SIZES, press, running, text_of
from tests.tui.test_level_screen import answer_right, level_screen, opened, run_of
from tests.waiting import as_long_as

QUIET = "L16"
"""Nothing is asked in it before the first act, and it has the most goals and limits."""


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is won here counts for the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def footer(pilot: Pilot[None]) -> str:
    return text_of(pilot).splitlines()[-1]


async def all_answered(pilot: Pilot[None]) -> None:
    for _ in as_long_as(lambda: run_of(pilot).open_question() is not None):
        await answer_right(pilot)


async def test_the_help_of_a_level_says_what_the_keys_do_now() -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        asked = await press(pilot, "question_mark")
        assert "1-3       answer: what stands there" in asked
        for other in ("jump to", "mark this frame", "first frame", "one frame", "act:", "undo "):
            assert other not in asked
        await press(pilot, "escape", "1")
        landed = await press(pilot, "question_mark")
        assert "Enter     go on from the answer" in landed
        assert "1-3" not in landed
    async with MmplayApp(level=find_level("L03")).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        question = run_of(pilot).open_question()
        assert question is not None
        assert not question.hides
        behind = await press(pilot, "L", "question_mark")
        assert "answer" in behind.splitlines()[3]
        assert ".         one frame forward" in behind
        assert "0 - 9" not in behind
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        assert "i inside" not in footer(pilot)
        assert "f fork" in footer(pilot)
        assert "0 - 9     jump to 0 % .. 90 %" in await press(pilot, "question_mark")


async def test_a_digit_answers_or_acts_and_never_both() -> None:
    async with MmplayApp(level=find_level("L01")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "1")
        game = level_screen(pilot).game
        assert game is not None
        reply = game.game.reply
        assert GO_ON_FIRST in await press(pilot, "1")
        assert game.stage.landed is not None
        assert game.game.reply is reply


async def test_goals_and_what_loses_stand_under_the_picture_at_every_size() -> None:
    async with MmplayApp(level=find_level(QUIET)).run_test(size=(80, 23)) as pilot:
        await opened(pilot)
        await all_answered(pilot)
        shown = text_of(pilot)
        assert "[ ] at most 7700 pages are set aside (now 26305)" in shown
        assert "[x] until 1.5 s there are fewer than 60 stalls" in shown
        assert "at least 60 loses)" in shown
        assert "requests that failed: 0 (one loses); OOM kills: 0 (one loses)" in shown
        assert "answer every question" not in shown  # met, and the line on top counts it
        for name in (TASK, FEEDBACK):
            panel = level_screen(pilot).panels.panel(name)
            assert len(panel.rows) <= panel.size.height, name
        acts = run_of(pilot).score().acts
        await press(pilot, "2")
        assert run_of(pilot).score().acts == acts + 1


async def test_after_the_end_the_footer_says_what_goes_on_whatever_is_pressed() -> None:
    async with MmplayApp(level=find_level("L02")).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await all_answered(pilot)
        for _ in as_long_as(lambda: run_of(pilot).playing):
            await press(pilot, "full_stop")
        for key in ("full_stop", "space", "5"):
            await press(pilot, key)
            assert footer(pilot).startswith(" Enter reads on  u undo  R again"), key
        assert "Enter     read what it came to" in await press(pilot, "question_mark")


async def test_what_would_change_it_is_in_sight_on_a_small_screen() -> None:
    async with running(INCIDENT_RC7) as pilot:
        labels = [line[1:10].strip() for line in text_of(pilot).splitlines()]
        assert [one for one in labels if one in ("rule", "change")] == ["change"]
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        labels = [line[1:10].strip() for line in text_of(pilot).splitlines()]
        assert [one for one in labels if one in ("rule", "change")] == ["rule", "change"]


async def test_a_panel_that_nobody_sees_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counting(name: str, rows_of: Callable[[View], list[Row]]) -> None:
        def rows(view: View) -> list[Row]:
            made.append(name)
            return rows_of(view)

        monkeypatch.setitem(panels.VIEWS, name, rows)

    for name in ("report", "lists"):
        counting(name, panels.VIEWS[name])
    async with running(INCIDENT_RC7) as pilot:
        await press(pilot, "full_stop", "comma")
        assert made == []
        await press(pilot, "tab", "tab", "tab", "tab")
        assert "report" in made
        assert "killed file_io.00" in text_of(pilot)


async def test_several_remedies_are_a_list_and_one_is_a_sentence() -> None:
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        shown = text_of(pilot)
        assert "change   · 1 page more free in DMA32" in shown
        assert "         · 2 pages more free in DMA" in shown
        assert "rule     An order-0 request" in shown


@pytest.mark.parametrize("size", SIZES[1:])
async def test_panels_with_nothing_to_say_leave_their_place_to_the_picture(
    size: tuple[int, int],
) -> None:
    async with MmplayApp(level=find_level("L12")).run_test(size=size) as pilot:
        await opened(pilot)
        assert "─ turn ─" not in text_of(pilot)
        assert "─ log ─" not in text_of(pilot)
        for _ in as_long_as(lambda: run_of(pilot).session.end == run_of(pilot).session.first):
            await answer_right(pilot)
            if run_of(pilot).open_question() is None:
                await press(pilot, "full_stop")
        assert "─ turn ─" in text_of(pilot)


async def test_no_line_parts_a_value_from_its_sign() -> None:
    async with MmplayApp(level=find_level(QUIET)).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await all_answered(pilot)
        choices = text_of(pilot)
        assert "    = 50 " in choices
        assert "= " + "┃" not in choices.replace("  ", "")
