"""The conversation of a level, which the screen and the line mode share."""

from __future__ import annotations

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Level
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.run import LevelRun, Outcome
from mmplay.levels.play.solve import begin
from mmplay.recordings.run.tape import BY_LEVEL, Entry
from mmplay.recordings.trace.format import Code
from tests.levels.proofs import DOOR, EATER, NUMBER, level

CHOICES = 'allow = ["dirty_ratio"]\nchoices = ["dirty_ratio 5 | less"]\n'
GOAL = '[[win]]\ncounter = "dirty_ratio"\nop = "=="\nvalue = 5\ntext = "less"\n'


def game_of(one: Level) -> LevelGame:
    return LevelGame(begin(one))


def test_a_number_answers_like_the_option_that_it_stands_for() -> None:
    by_number, by_value, chosen = (game_of(level(DOOR)) for _ in range(3))
    replies = [by_number.answer("1"), by_value.answer(" yes "), chosen.choose(1)]
    assert [one and (one.answer, one.right) for one in replies] == [("yes", True)] * 3
    tapes = [one.level_run.session.tape.told for one in (by_number, by_value, chosen)]
    assert len(set(tapes)) == 1
    with pytest.raises(InputError, match=r"^20 is none of them; choose 1-2$"):
        game_of(level(DOOR)).answer("20")


def test_what_is_numbered_is_the_question_or_else_the_choices() -> None:
    game = game_of(level(GOAL + DOOR + 'at = "turn 50"\n', CHOICES))
    assert [one.text for one in game.options] == ["less"]
    assert game.choose(1) is None
    assert game_of(level(GOAL + DOOR, CHOICES)).options == ("yes", "no")
    with pytest.raises(InputError, match="choose 1-2"):
        game_of(level(DOOR)).choose(3)


def test_an_end_is_told_once_and_again_after_it_was_taken_back() -> None:
    kept: list[Outcome] = []

    def keep(run: LevelRun) -> str:
        kept.append(run.outcome)
        return "no room"

    game = game_of(level(DOOR))
    assert game.end(keep) is None
    for answer in ("yes", "no", "no"):
        game.answer(answer)
    assert not game.options
    ending = game.end(keep)
    assert ending is not None
    assert (ending.following, ending.trouble) == (None, "no room")
    assert game.end(keep) is None
    game.undo()
    assert game.end(keep) is None
    game.redo()
    assert game.end(keep) is not None
    assert kept == [Outcome.WON, Outcome.WON]


def test_what_cannot_be_done_changes_nothing() -> None:
    game = game_of(level(GOAL, CHOICES))
    before = game.level_run.session.tape.told
    for deed in (game.skip, game.undo, game.redo, game.asked):
        with pytest.raises(InputError, match=r"nothing|no question"):
            deed()
    for text in ("kill 5", "dirty_ratio 500"):
        with pytest.raises(InputError):
            game.act(text)
    assert game.level_run.session.tape.told == before


def test_a_reply_and_a_hint_are_read_until_something_else_is_done() -> None:
    game = game_of(level(DOOR))
    reply = game.answer("no")
    assert game.reply == reply
    assert game.hint() == game.hinted != ""
    assert game.reply == reply
    game.skip()
    assert game.hinted == ""
    assert not game.reply


def test_a_right_answer_is_told_why_too_and_one_is_no_plural() -> None:
    asked = NUMBER.replace("marks DMA32 low", "lowest_served DMA32 wb:atomic")
    game = game_of(level(f'{asked}why = "It was so."\n'))
    for answer in ("4", "1"):
        assert game.answer(answer).feedback()[-1] == "It was so."
    assert game.level_run.outcome is Outcome.WON
    assert game.reply is not None
    assert game.reply.kernel_says() == "1 page"


def test_looking_for_a_condition_lets_no_time_go_by_that_the_level_does_not() -> None:
    game = game_of(level(DOOR + 'at = "turn 5"\n', machine=EATER))
    assert game.find_break("turns >= 3", 0, lambda: False) == 3
    with pytest.raises(InputError, match="first answer this question"):
        game.find_break("turns >= 50", 3, lambda: False)
    assert game.session.end == 5
    with pytest.raises(InputError, match="first answer this question"):
        game.find_break("turns >= 50", 5, lambda: False)
    assert game.session.end == 5


def test_what_a_level_does_by_itself_is_no_deed_of_the_player() -> None:
    game = LevelGame(begin(level(DOOR)))
    game.answer("yes")
    facts = game.frame(0).facts
    assert facts is not None
    assert "DMA32 has 13 free pages now" in facts.acts
    assert "DMA32 has 14 free pages now" not in facts.acts, "that was set before"
    assert "you answered: yes" in facts.acts
    assert [one.text for one in facts.decisions if "set_free" in one.text] == []


def test_what_was_done_is_said_in_the_words_that_the_player_saw() -> None:
    game = game_of(level_of_id("L12"))
    game.answer("stuck")
    shown = next(one.text for one in game.asked().options if one.value == "stuck")
    game.skip()
    said = [act.text for act in game.acts if not act.name.startswith(BY_LEVEL)]
    assert said == [f"you answered: {shown}", "you skipped the question"]
    pages = game_of(level_of_id("L02"))
    given = Entry(Code.ACT, 0, 0, ["free", "DMA32 6"])
    assert pages.said_of(given) == "you: give back the block at 6"
