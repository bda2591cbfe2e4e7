"""Levels on the screen: played through by keys, with undo, hints, restart, at three sizes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.levels.catalogue import find_level
from mmplay.levels.model import Level, Move
from mmplay.levels.play.moments import moment_test
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows
from mmplay.levels.progress import best
from mmplay.recordings.library import played_files
from mmplay.tui.app import MmplayApp
from mmplay.tui.screens.play import PlayScreen
from mmplay.tui.views.pictures.canvas import STEPS
from tests.levels.proofs import NUMBER, level_text
from tests.tui.screens import SIZES, press, settle, spelled, text_of, type_in, typed
from tests.waiting import PUMPS, as_long_as

MOST_STEPS = 400


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is won here counts for the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def level_screen(pilot: Pilot[None]) -> PlayScreen:
    """Return the level's screen, also while another one lies over it."""
    return next(one for one in pilot.app.screen_stack if isinstance(one, PlayScreen))


def run_of(pilot: Pilot[None]) -> LevelRun:
    """Return the run of the level on the screen."""
    game = level_screen(pilot).game
    assert game is not None
    return game.level_run


async def opened(pilot: Pilot[None]) -> None:
    """Wait for the story, and close it."""
    await settle(pilot)
    await press(pilot, "enter")


async def act(pilot: Pilot[None], move: Move) -> None:
    """Make one move of a solution by keys."""
    if move.action == "wait":
        run_of(pilot).act(move.action, move.value)
    else:
        await press(pilot, "x")
        await type_in(pilot, f"{move.action} {move.value}")


async def answer_right(pilot: Pilot[None]) -> None:
    """Answer the open question by keys, and go on from where the answer lands."""
    await pilot.press(*right_keys(run_of(pilot)))
    await settle(pilot)
    await go_on(pilot)


def right_keys(run: LevelRun) -> list[str]:
    """Return the keys that answer the open question right: a digit, or the answer typed."""
    question = run.open_question()
    assert question is not None
    value = right_answer(question, run.truths[question.id])
    values = [option.value for option in question.options]
    if value in values:
        return [str(values.index(value) + 1)]
    return ["p", *spelled(value), "enter"]


async def go_on(pilot: Pilot[None]) -> None:
    """Go on from an answer that has landed."""
    if (game := level_screen(pilot).game) is not None and game.stage.landed is not None:
        await press(pilot, "enter")


async def come_to(pilot: Pilot[None], move: Move) -> None:
    """Answer and step on until an act can be made."""
    for _ in range(MOST_STEPS):
        run = run_of(pilot)
        if run.open_question() is not None:
            await answer_right(pilot)
        elif moment_test(run.session.live, move.at or "now", run.end_turn)(run.session.to_end()):
            return
        else:
            await pilot.press("full_stop")
            await typed(pilot)
    raise AssertionError(f"{move}: never came")


async def play_through(pilot: Pilot[None], level: Level, to_the_end: str = "full_stop") -> None:
    """Make the solution's acts, answer right; come to the end by one key."""
    for move in level.solution:
        if move.action not in ("answer", "place"):
            await come_to(pilot, move)
            await act(pilot, move)
    for _ in range(MOST_STEPS):
        if run_of(pilot).open_question() is not None:
            await answer_right(pilot)
            continue
        if not run_of(pilot).playing:
            break
        await pilot.press(to_the_end)
        await typed(pilot)
        for _ in as_long_as(
            lambda: level_screen(pilot).player.playing and run_of(pilot).playing, PUMPS
        ):
            await pilot.pause()
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_a_wrong_answer_is_met_with_its_rule(size: tuple[int, int]) -> None:
    level = find_level("L03")
    app = MmplayApp(level=level)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        run = run_of(pilot)
        question = run.open_question()
        assert question is not None
        right = run.truths[question.id].shown()
        wrong = next(n for n, one in enumerate(question.options, 1) if one.value != right)
        assert "hint (one is free)" in text_of(pilot)
        shown = await press(pilot, str(wrong))
        assert "The right answer is" in shown
        assert "Hint:" in await press(pilot, "H")
        assert "hint (no third star)" in await press(pilot, "u")
        assert run_of(pilot).missed() == {question.id}
        assert run_of(pilot).score().acts == 0
        await press(pilot, "R")
        assert run_of(pilot) is not run
        assert "the level begins again" in text_of(pilot)


async def test_time_stands_still_while_something_is_asked() -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "answer first" in await press(pilot, "full_stop")
        assert run_of(pilot).session.end == run_of(pilot).session.first
        said = " ".join((await press(pilot, "S")).split())
        assert "skipped: question 1/8, whose answer is low, the line in the middle;" in said
        assert "with a skipped question the level is not won, and undo takes it back" in said
        assert run_of(pilot).notes.skipped


async def test_a_run_with_skipped_questions_ends_without_a_win_and_says_why() -> None:
    level = find_level("L03")
    app = MmplayApp(level=level)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in range(40):
            if not run_of(pilot).playing:
                break
            await press(pilot, "S")
        shown = await press(pilot, "enter")
        assert "ended" in shown
        assert "8 questions are not answered" in shown
    assert best(level.id) is None


async def test_a_fork_of_a_level_does_not_count() -> None:
    level = find_level("L05")
    app = MmplayApp(level=level)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        run = run_of(pilot)
        await press(pilot, "f", "x")
        await type_in(pilot, "min_free_kbytes 9000")
        assert run.score().acts == 0
        assert "this is a fork" in text_of(pilot) or "9000" in text_of(pilot)
        await press(pilot, "o")
        assert run_of(pilot) is run


async def test_the_slabs_of_a_level_are_listed_and_follow_an_act() -> None:
    app = MmplayApp(level=find_level("L08"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        run = run_of(pilot)
        for question in as_long_as(run.open_question):
            knows(run, question)
        await press(pilot, "x")
        shown = await type_in(pilot, "kfree kmalloc-64 full 10")
        assert re.search(r"cpu +█+·+ 32/64", shown)
        assert re.search(r"11 full +█+ 64/64", shown)
        assert re.search(r"partial +█+·+ 54/64", shown)


@pytest.mark.parametrize("in_between", [[], ["z"], ["p"]])
async def test_escape_keeps_a_level_and_enter_goes_on_with_it(in_between: list[str]) -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "1")
        before = run_of(pilot)
        await press(pilot, *in_between, *["escape"] * len(in_between))
        assert isinstance(app.screen, PlayScreen)
        assert "L03 is kept: Enter goes on" in await press(pilot, "escape")
        assert "not finished" in await press(pilot, "3")
        await press(pilot, "enter", "escape")
        shown = await press(pilot, "enter")
        assert "L03 goes on where you left it" in shown
        run = run_of(pilot)
        assert run is not before
        assert run.score() == before.score()
        assert run.session.to_end().state.digest() == before.session.to_end().state.digest()
        assert len(played_files()) == 1


async def test_a_level_that_has_ended_is_kept_no_more() -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in as_long_as(lambda: run_of(pilot).playing):
            await press(pilot, "S" if run_of(pilot).open_question() else "full_stop")
            await go_on(pilot)
        assert "is kept" not in await press(pilot, "enter", "escape")


async def test_a_level_that_is_not_on_the_list_is_kept_too(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(level_text(NUMBER))
    app = MmplayApp(level=find_level(str(own)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "escape")
        assert "T1" not in text_of(pilot), "only its story was read"
    app = MmplayApp(level=find_level(str(own)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "7", "enter")
        assert "T1 is kept: open its file again" in await press(pilot, "escape")
    app = MmplayApp(level=find_level(str(own)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "T1 goes on" in text_of(pilot)


async def test_a_level_that_no_disk_takes_is_said_to_be_lost(tmp_path: Path) -> None:
    (tmp_path / "state" / "mmplay").mkdir(parents=True)
    (tmp_path / "state" / "mmplay" / "sessions").touch()
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "L03 is not kept: " in await press(pilot, "S", "escape")


@pytest.mark.parametrize("size", SIZES)
async def test_the_incidents_lines_stand_beside_those_of_the_run(size: tuple[int, int]) -> None:
    app = MmplayApp(level=find_level("L19"))
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        assert "would tell the answer" in await press(pilot, "M")
        await press(pilot, "1", "enter")
        shown = await press(pilot, "M")
        assert "incident 59.562581  Mem-Info:" in shown
        assert "here the run starts from it" in shown
        await press(pilot, "M")
        for _ in as_long_as(lambda: run_of(pilot).open_question() is None):
            await press(pilot, "full_stop")
        shown = await press(pilot, "M")
        assert "incident 59.631071  Killed process 4450" in shown
        assert "here 59.628839  Killed process 4450" in shown
        assert "same: time -3 ms" in shown
        assert "the reserves go down to 0" in await press(pilot, "M")


async def test_a_level_without_a_log_says_that_it_has_none() -> None:
    app = MmplayApp(level=find_level("L02"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "none of the incident's logs" in await press(pilot, "M")


async def test_a_missed_question_shows_what_the_answer_was_worth_and_the_run_goes_on() -> None:
    app = MmplayApp(level=find_level("L19"))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = await press(pilot, "2")
        assert "You said 2. The right answer is min" in shown
        assert "What you chose gives another number" in shown
        assert run_of(pilot).playing


async def test_enter_on_a_choice_chooses_it_and_shows_its_worth() -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "1-3 answers; or choose with the arrows" in await press(pilot, "enter")
        shown = await press(pilot, "down", "down", "enter")
        assert "You said low: right" in shown
        assert "memeater" in shown
        assert "question 1/8" in shown
        shown = await press(pilot, "enter")
        assert "question 2/8" in shown
        assert "You said" not in shown, "what was said of the question before is gone"


async def test_a_digit_begins_a_number_that_is_typed() -> None:
    app = MmplayApp(level=find_level("L02"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "0-9  type the answer" in await press(pilot, "enter")
        shown = await press(pilot, "3", "enter")
        assert "You said 3: right." in shown
        assert "Largest free order in DMA32: 4 before, 3 now." in shown


async def test_a_level_plays_on_by_itself_to_the_next_question() -> None:
    """Not only to the end of one stride, which is no end of the recording."""
    app = MmplayApp(level=find_level("L12"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await answer_right(pilot)
        run = run_of(pilot)
        assert run.open_question() is None
        await pilot.press("space")
        await typed(pilot)
        for _ in as_long_as(lambda: level_screen(pilot).player.playing, PUMPS):
            await pilot.pause()
        await settle(pilot)
        assert run.open_question() is not None
        assert run.session.end > run.level.stride
        assert "H hint" in text_of(pilot).splitlines()[-1], "nothing is said: nobody asked for more"


@pytest.mark.usefixtures("held_motion")
async def test_an_answer_lands_in_steps_and_any_key_draws_the_end() -> None:
    app = MmplayApp(level=find_level("L01"), motion=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        game = level_screen(pilot).game
        assert game is not None
        await press(pilot, "1")
        assert game.stage.landed is not None
        for _ in range(STEPS - 1):
            game.stage._tick()
            assert game.stage.moving
        await press(pilot, "question_mark")
        assert not game.stage.moving
        assert "Enter goes on" in await press(pilot, "escape")


@pytest.mark.usefixtures("held_motion")
async def test_a_move_ends_by_itself_after_its_steps() -> None:
    app = MmplayApp(level=find_level("L01"), motion=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        game = level_screen(pilot).game
        assert game is not None
        await press(pilot, "1")
        for _ in range(STEPS):
            assert game.stage.moving
            game.stage._tick()
        assert not game.stage.moving
