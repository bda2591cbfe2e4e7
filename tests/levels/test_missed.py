"""What was missed: as it was asked, with its rule, and played again at once."""

from __future__ import annotations

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.sim.metrics import read
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.missed import Practice, what_was_missed
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following, knows, play
from tests.levels.proofs import DOOR, level
from tests.levels.test_drawing import DRAWN
from tests.levels.test_stages import two_stages
from tests.waiting import as_long_as

ACT = '[[win]]\ncounter = "dirty_ratio"\nop = "=="\nvalue = 5\ntext = "less"\n'
SOLVED = ACT + '[[solution]]\naction = "dirty_ratio"\nvalue = "5"\n'


def missing(run: LevelRun, *wanted: str) -> LevelRun:
    """Answer wrong at first what is wanted, and everything right in the end."""
    for question in as_long_as(run.open_question):
        if question.id in wanted and question.id not in run.missed():
            right = run.truths[question.id].shown()
            run.answer(question.id, "no" if right == "yes" else "yes")
        else:
            knows(run, question)
    return run


def test_what_a_level_does_before_a_question_is_not_done_again_when_it_is_missed() -> None:
    run = begin(level_of_id("L08"))
    first = read(run.session.live, "slab.kmalloc-64.in_use")
    run.answer("objects.1", "1")
    assert run.open_question() is not None
    assert read(run.session.live, "slab.kmalloc-64.in_use") == first == 800


def test_what_was_missed_is_told_as_it_was_asked_with_its_rule() -> None:
    run = begin(level(DRAWN + DOOR.replace('id = "door"', 'id = "gate"')))
    first = run.open_question()
    missing(run, "door", "gate.3")
    assert first is not None
    told = what_was_missed(run)
    assert [one.question.id for one in told] == ["door", "gate.3"]
    assert told[0].question.text == first.text
    assert all("refused when free is at its line or below" in one.rule for one in told)
    assert what_was_missed(missing(begin(level(DOOR)))) == []


def test_a_rule_is_that_of_the_form_that_was_missed_not_of_the_one_asked_again() -> None:
    run = missing(begin(level_of_id("L06")), "may.1", "may.2", "may.3")
    rules = {"sleep": "may sleep", "writes": "disk writes", "system": "the file system"}
    rules |= {"min": "below min", "kswapd": "wakes kswapd"}
    for question, rule in what_was_missed(run):
        asked = question.text.rstrip("?").split()[-1]
        assert rules[asked] in rule, (question.text, rule)


def test_only_what_was_missed_is_played_again_with_other_numbers() -> None:
    run = missing(begin(level(DRAWN + DOOR.replace('id = "door"', 'id = "gate"'))), "door")
    first = what_was_missed(run)[0].question
    game = Practice(run)
    question = game.asked()
    assert question.id == "door"
    assert question.text != first.text
    assert game.end() is None
    game.answer(game.level_run.truths["door"].shown())
    assert game.level_run.outcome is Outcome.WON
    assert game.end() is not None
    assert game.end() is None


def test_a_level_of_acts_does_them_by_itself_on_the_way() -> None:
    one = level(SOLVED + DOOR, 'allow = ["dirty_ratio"]')
    run = play(missing(begin(one), "door.2"), one.solution, knows)
    assert run.outcome is Outcome.WON
    game = Practice(run)
    assert game.asked().id == "door.2"
    game.answer("no")
    assert game.level_run.outcome is Outcome.WON


def test_a_shipped_level_again() -> None:
    run = missing(begin(level_of_id("L03")), "first.1", "retry.1")
    game = Practice(run)
    assert game.asked().id == "first.1"
    with pytest.raises(InputError, match="nothing to undo"):
        game.undo()
    assert game.asked().id == "first.1"
    game.answer(game.level_run.truths["first.1"].shown())
    assert game.asked().id == "retry.1"
    assert game.undo() == "your answer"
    assert game.asked().id == "first.1", "what was done by itself is taken back with it"
    game.answer(game.level_run.truths["first.1"].shown())
    assert game.asked().id == "retry.1"
    said = game.skip()
    assert game.undo().startswith("skipping it")
    assert game.asked().id == "retry.1"
    assert game.skip() == said
    assert game.end() is not None
    assert said.startswith("skipped: question 2/2, whose answer is ")
    assert "not won" not in said, "that was decided before"


def test_what_was_missed_in_an_earlier_stage_is_played_again_before_the_later_one() -> None:
    first = begin(two_stages())
    for answer in ("a 1", "a 600", "mask atomic", "mask nowait"):
        first.act("answer", answer)
    second = following(first)
    assert second is not None
    second.act("answer", "b 1")
    second.act("answer", "b 700")
    game = Practice(second)
    for ident, right in (("a", "600"), ("mask", "nowait")):
        assert game.asked().id == ident
        assert game.end() is None
        game.answer(right)
    after = game.end()
    assert after is not None
    assert isinstance(after.following, Practice)
    assert after.following.asked().id == "b"
    assert after.following.level_run.level.start.variant == "nowait"
    after.following.answer("700")
    last = after.following.end()
    assert last is not None
    assert (last.following, game.end()) == (None, None)


def test_a_stage_in_which_nothing_was_missed_is_not_played_again() -> None:
    first = begin(two_stages())
    for answer in ("a 1", "a 600", "mask nowait"):
        first.act("answer", answer)
    second = following(first)
    assert second is not None
    second.act("answer", "b 700")
    game = Practice(second)
    assert (game.level_run.level.stage, game.asked().id) == (1, "a")
    game.answer("600")
    ending = game.end()
    assert ending is not None
    assert ending.following is None
