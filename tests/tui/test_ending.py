"""The end of a level: what its rows say, and the ways to leave it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmplay.levels import tries
from mmplay.levels.catalogue import find_level
from mmplay.levels.level_list import line_after
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.missed import Practice
from mmplay.levels.play.solve import begin, knows, play, playing
from mmplay.levels.tries import Try, keep, left_of, tries_of, tries_path
from mmplay.recordings.library import played_files
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import ASCII
from mmplay.tui.play import game
from mmplay.tui.screens.ending import EndScreen
from mmplay.tui.screens.menu import MenuScreen, _session_line
from mmplay.tui.views.ending import ending_rows, histogram_rows, keys_row
from mmplay.tui.views.task import cost_of
from tests.levels.classes import assignment
from tests.levels.test_stages import two_stages
from tests.tui.screens import press, settle, text_of
from tests.tui.test_level_screen import level_screen, opened, run_of
from tests.waiting import as_long_as


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried here is nobody's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def tried(acts: int, missed: int = 0, level: str = "L05") -> Try:
    return Try(level, acts, missed, 604, 90, 2)


def test_tries_are_kept_in_their_order_and_by_level() -> None:
    assert tries_of("L05") == []
    assert [keep(one) for one in (tried(3), tried(9, level="L12"), tried(2))] == ["", "", ""]
    assert [one.acts for one in tries_of("L05")] == [3, 2]
    assert len(tries_of()) == 3


def test_what_is_no_try_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tried(3))
    with tries_path().open("a") as stream:
        stream.write('{"level": "L05"}\n[1]\nnothing\n{"level": "L05", "acts": -1, "missed": 0,')
        stream.write(' "lowest_free": 0, "seconds": 0, "stars": 1}\n')
    keep(tried(4))
    assert [one.acts for one in tries_of("L05")] == [3, 4]
    monkeypatch.setattr(tries, "MOST_BYTES", 120)
    assert [one.acts for one in tries_of("L05")] == [4]


def test_why_a_level_was_lost_is_not_cut() -> None:
    level = find_level("L08")
    run = play(begin(level), level.losing, knows)
    shown = [plain(one).strip() for one in ending_rows(run, [], None, 40, ASCII)]
    assert shown[1] == "Fewer than 400 connections are left."


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert "cannot be kept" in keep(tried(1))
    assert tries_of() == []


def test_the_own_tries_are_counted_and_this_one_is_marked() -> None:
    rows = histogram_rows([tried(n) for n in (6, 8, 7, 11, 7)], True, 80, ASCII)
    head, *shown = [plain(row) for row in rows]
    assert head.strip() == "Your 5 tries, by acts taken:"
    assert [line.split()[0] for line in shown] == ["6-7", "8-9", "10-11"]
    assert [line.split("#")[-1].strip() for line in shown] == [
        "3 tries, this one among them", "1 try", "1 try",
    ]  # fmt: skip
    missed = histogram_rows([tried(0, 2), tried(0, 1)], False, 80, ASCII, 1300)
    assert plain(missed[0]).strip() == "Your 2 tries, by questions missed:"
    assert plain(missed[-1]).strip() == "Fewest free pages in this try: 1300"


def test_a_try_that_was_lost_is_no_short_one() -> None:
    lost = tried(1)._replace(stars=0)
    heads = [
        [plain(row).strip() for row in histogram_rows(tries, True, 80, ASCII)]
        for tries in ([lost, lost], [tried(5), lost], [lost, tried(5), tried(6)])
    ]
    assert heads[0] == ["Your 2 tries: none was won yet."]
    assert heads[1][0] == "Your 2 tries; the one that was won, by acts taken:"
    assert "this one" not in heads[1][1]
    assert heads[2][0] == "Your 3 tries; the 2 that were won, by acts taken:"
    assert [line.split()[0] for line in heads[2][1:]] == ["5", "6"]


def test_an_end_that_was_taken_back_was_none() -> None:
    keep(tried(1)._replace(stars=0, begun_ms=7))
    keep(tried(1)._replace(begun_ms=7, left=1))
    assert tries_of("L05") == []
    left = left_of("L05")
    assert left is not None
    assert (left.begun_ms, left.acts) == (7, 1)
    keep(tried(4)._replace(begun_ms=7))
    assert [one.acts for one in tries_of("L05")] == [4]
    assert left_of("L05") is None


def test_a_lost_run_that_goes_on_after_undo_is_one_try_and_its_time_goes_on() -> None:
    level = find_level("L08")
    game = LevelGame(begin(level))
    for _ in playing(game.level_run, level.losing, knows):
        pass
    assert game.end() is not None
    assert [one.stars for one in tries_of("L08")] == [0]
    game.undo()
    assert tries_of("L08") == []
    left = left_of("L08")
    assert left is not None
    keep(left._replace(seconds=left.seconds + 100))
    again = LevelGame.going_on(begin(level))
    for _ in playing(again.level_run, level.losing, knows):
        pass
    assert again.end() is not None
    assert [one.seconds >= 100 for one in tries_of("L08")] == [True]


def test_one_try_alone_is_not_drawn() -> None:
    assert histogram_rows([tried(3)], True, 80, ASCII) == []
    assert histogram_rows([], True, 80, ASCII) == []


def test_what_is_useful_comes_first_and_no_belief_stands_as_a_fact() -> None:
    run = begin(find_level("L03"))
    for question in as_long_as(run.open_question):
        right = run.truths[question.id].shown()
        wrong = next((one.value for one in question.options if one.value != right), "")
        if run.missed() or not wrong:
            knows(run, question)
        else:
            run.answer(question.id, wrong)
    text = [plain(row) for row in ending_rows(run, [tried(0, 1)], None, 80, ASCII)]
    places = [
        next(n for n, line in enumerate(text) if head in line)
        for head in (
            "for winning",
            "Many believe, and it is wrong",
            "In fact, free must be more",
            "What you missed",
            "In the real",
            "In the log: ",
        )
    ]
    assert places == sorted(places)
    assert "at most 2 of 8 questions missed (you missed 1)" in "\n".join(text)
    words = " ".join(" ".join(text).split())
    assert "no question missed (you missed 1) and at most 1 hint (you took 0)" in words
    assert "tries" not in "\n".join(text), "one try is compared with nothing"
    assert all(len(line) <= 80 for line in text)


def test_the_keys_fit_into_a_narrow_row() -> None:
    keys = plain(keys_row(line_after("L03"), 3, Outcome.LOST, 78))
    assert len(keys) <= 74
    assert keys.split()[-2:] == ["Esc", "menu"]


def test_the_list_goes_on_to_its_last_level() -> None:
    following = line_after("L03")
    assert following is not None
    assert following.id == "L04"
    assert "L04 " in plain(keys_row(following))
    assert line_after("L20") is None
    assert "the menu" in plain(keys_row(None))
    lost = plain(keys_row(following, outcome=Outcome.LOST))
    assert lost.split()[:4] == ["Enter", "again", "n", "L04"]


@pytest.mark.parametrize(
    ("key", "shown"),
    [("enter", "L04"), ("r", "L03  Three lines"), ("escape", "levels and recordings")],
)
async def test_every_way_out_of_the_end(key: str, shown: str) -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in as_long_as(lambda: run_of(pilot).playing):
            await press(pilot, "S")
        assert "Enter what it came to" in text_of(pilot)
        told = await press(pilot, "enter")
        assert "Enter L04" in told
        assert re.search(r"Esc menu  PgDn  1-22/\d+ ", told), "how to read on stands there, whole"
        assert isinstance(app.screen, EndScreen)
        assert "AFTER A LEVEL" in await press(pilot, "question_mark")
        await press(pilot, "escape")
        before = level_screen(pilot)
        assert shown in await press(pilot, key)
        assert isinstance(app.screen, MenuScreen) is (key == "escape")
        assert (before in app.screen_stack) is (key == "r")
        assert len(tries_of("L03")) == 1


async def test_what_was_missed_is_played_again_at_once() -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        run, wrong = run_of(pilot), ""
        for question in as_long_as(run.open_question):
            if question.id == "first.1" and not wrong:
                right = run.truths[question.id].shown()
                wrong = question.text
                run.answer(question.id, "no" if right == "yes" else "yes")
            else:
                knows(run, question)
        screen = level_screen(pilot)
        screen.mover.to_end()
        await settle(pilot)
        shown = await press(pilot, "enter", "m")
        again = run_of(pilot)
        asked = again.open_question()
        assert asked is not None
        assert (asked.id, again is run) == ("first.1", False)
        assert asked.text != wrong
        assert "once more, with other numbers" in shown
        assert screen.game is not None
        screen.game.game.answer(again.truths[asked.id].shown())
        screen.mover.to_end()
        await settle(pilot)
        shown = text_of(pilot)
        assert "All you missed is right now." in shown
        assert "This review changes no stars." in shown
        assert "every goal is met" not in shown, "nobody met them"
        assert "Enter goes back  R begins the level" in shown.splitlines()[-1]
        assert "stars  " not in shown
        assert "Enter L04" in await press(pilot, "enter")
        assert isinstance(app.screen, EndScreen), "back at the level's end"
        assert run_of(pilot) is run
        await press(pilot, "m", "q")
        assert isinstance(app.screen, EndScreen), "q leaves a review, not the program"
        await press(pilot, "escape")
        assert isinstance(app.screen, MenuScreen)


def test_another_form_is_not_said_to_have_other_numbers() -> None:
    run = begin(find_level("L02"))
    question = run.open_question()
    assert question is not None
    run.answer(question.id, "0")
    run = play(run, run.level.solution, knows)
    again = Practice(run)
    assert again.asked().text != question.text
    assert not again.other_numbers


async def test_what_was_missed_is_played_again_stage_by_stage() -> None:
    app = MmplayApp(level=two_stages())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for answers in (("a 1", "a 600", "mask nowait"), ("b 1", "b 700")):
            for answer in answers:
                run_of(pilot).act("answer", answer)
            level_screen(pilot).mover.to_end()
            await settle(pilot)
        await press(pilot, "enter", "m")
        for stage, right in ((1, "600"), (2, "700")):
            run = run_of(pilot)
            assert (run.level.stage, run.level.stages) == (stage, ())
            face = level_screen(pilot).game
            assert face is not None
            face.game.answer(right)
            level_screen(pilot).mover.to_end()
            await settle(pilot)
        assert "All you missed is right now." in text_of(pilot)


async def test_the_end_is_no_higher_than_what_it_says() -> None:
    async with MmplayApp(level=find_level("L03")).run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        for _ in as_long_as(lambda: run_of(pilot).playing):
            await press(pilot, "S")
        shown = await press(pilot, "enter")
        box = [line for line in shown.splitlines() if "┃" in line]
        assert "Esc menu" in box[-1]


@pytest.mark.usefixtures("held_motion")
async def test_enter_does_not_wait_for_the_next_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(game, "LAST_LOOK_S", 10**6)
    async with MmplayApp(level=find_level("L19"), motion=True).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        run = run_of(pilot)
        play(run, run.level.solution, knows)
        level_screen(pilot).mover.to_end()
        await settle(pilot)
        assert (run_of(pilot), run.outcome) == (run, Outcome.WON)
        await press(pilot, "enter")
        assert run_of(pilot).level.stage == run.level.stage + 1


async def test_the_next_level_of_an_assignment_follows() -> None:
    app = MmplayApp(level=assignment("L03", "L01").played_by("st01", "L03"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in as_long_as(lambda: run_of(pilot).playing):
            await press(pilot, "S")
        assert "Enter L01" in await press(pilot, "enter")
        await press(pilot, "enter")
        level = run_of(pilot).level
        assert (level.id, dict(level.bound)["student"], level.after) == ("L01", "st01", None)


async def test_what_was_played_is_looked_into_again_until_it_is_over() -> None:
    app = MmplayApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        below = app.screen
        assert isinstance(below, MenuScreen)
        await press(pilot, "enter", "enter")
        run = run_of(pilot)
        run.session.reached()
        path = played_files()[0]
        below._lines[path] = _session_line(path)  # As if the list had been shown meanwhile.
        assert below._lines[path][1] == "not finished"
        play(run, run.level.solution, knows)
        level_screen(pilot).mover.to_end()
        await settle(pilot)
        await press(pilot, "enter", "escape")
        assert "not finished" not in await press(pilot, "3")


def test_a_story_says_what_each_star_takes() -> None:
    told = cost_of(begin(find_level("L02")))
    assert told == (
        "Two stars: at most 4 acts, at most 1 of 6 questions missed at first. "
        "Three: none missed, and at most one hint (it is free)."
    )
    staged = cost_of(begin(find_level("L19")))
    assert "at most 2 of 11 questions missed at first" in staged, "of all stages"
