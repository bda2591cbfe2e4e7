"""A run of a level: what is asked when, acts and their limits, undo and redo, stars, the end."""

from __future__ import annotations

from functools import partial

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.catalogue import find_level
from mmplay.levels.level_text import LevelError
from mmplay.levels.model import Level
from mmplay.levels.play import moments
from mmplay.levels.play.goals import Missed, Outcome, stars
from mmplay.levels.play.guesser import Guesser
from mmplay.levels.play.moments import Laters
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play
from mmplay.recordings.run.unwritten import UnwrittenSession
from mmplay.recordings.trace.format import Code
from tests.levels.proofs import DOOR, EATER, NUMBER, level
from tests.waiting import as_long_as

MOVES = '[[solution]]\naction = "answer"\nvalues = ["door.1 yes", "door.2 no", "door.3 no"]\n'
FREE = """\
[[win]]
counter = "dirty_ratio"
op = "=="
value = 5
text = "dirty_ratio is 5"
"""
ALLOW = 'allow = ["dirty_ratio", "set_free", "request"]\n'


def answered(run: LevelRun, *answers: str) -> LevelRun:
    for answer in answers:
        question = run.open_question()
        assert question is not None
        run.answer(question.id, answer)
    return run


def test_right_answers_win_with_three_stars() -> None:
    run = answered(begin(level(DOOR + MOVES)), "yes", "no", "no")
    assert run.outcome is Outcome.WON
    score = run.score()
    assert (score.stars, score.acts, score.par, score.right, score.missed) == (3, 0, 0, 3, 0)


def test_a_wrong_answer_is_met_with_the_rule_it_would_need() -> None:
    run = begin(level(DOOR))
    reply = run.answer("door.1", "no")
    assert not reply.right
    assert reply.wrong_because
    assert reply.truth.shown() == "yes"


def test_a_missed_question_comes_again_after_the_others_until_it_is_right() -> None:
    run = answered(begin(level(DOOR + MOVES)), "no", "no")
    assert [one.id for one in run.questions] == ["door.1", "door.2", "door.3"]
    assert run.answers == {"door.2": "no"}
    answered(run, "no", "no")
    assert run.playing
    answered(run, "yes")
    assert run.outcome is Outcome.WON
    assert run.missed() == {"door.1"}
    assert run.notes.missed["door.1"] == 2


def test_undo_takes_an_answer_back_but_it_stays_missed() -> None:
    run = begin(level(DOOR + MOVES))
    answered(run, "no")
    assert run.undo()
    assert run.answers == {}
    assert not run.redo()
    assert run.open_question() == run.questions[0], "who takes it back has it before him again"
    answered(run, "yes", "no", "no")
    assert run.outcome is Outcome.WON
    score = run.score()
    assert (score.stars, score.acts, score.missed) == (1, 0, 1)


@pytest.mark.parametrize(
    ("asked", "missed", "earned"), [(8, 2, 2), (8, 3, 1), (7, 1, 2), (3, 1, 1)]
)
def test_a_quarter_of_the_first_answers_may_be_missed_for_two_stars(
    asked: int, missed: int, earned: int
) -> None:
    assert stars(True, 0, Missed(missed, asked), 0) == earned
    assert stars(True, 1, Missed(0, asked), 0) == 1


def test_undo_after_a_right_answer_costs_nothing() -> None:
    run = answered(begin(level(DOOR + MOVES)), "yes")
    run.undo()
    assert answered(run, "yes", "no", "no").score().stars == 3


def test_a_skipped_question_stays_missed_after_undo() -> None:
    run = begin(level(DOOR + MOVES))
    run.skip("door.1")
    run.undo()
    assert answered(run, "yes", "no", "no").score().stars == 1


def test_a_skipped_question_never_wins_and_no_question_loses() -> None:
    run = begin(level(DOOR))
    answered(run, "yes", "no")
    run.skip("door.3")
    assert run.outcome is Outcome.ENDED
    assert run.reason == "one question is not answered, so this is no win"
    assert run.score().stars == 0


def test_hints_stay_used_after_undo_and_the_first_is_free() -> None:
    hinted = DOOR + 'hints = ["look at {0}"]\n' + MOVES
    run = begin(level(hinted))
    assert run.hint() == "look at 14"
    answered(run, "yes")
    run.undo()
    assert run.hints_used == 1
    assert answered(run, "yes", "no", "no").score().stars == 3
    run = begin(level(hinted))
    assert run.hint() != run.hint()
    answered(run, "yes")
    run.undo()
    assert run.hints_used == 2
    assert answered(run, "yes", "no", "no").score().stars == 2


@pytest.mark.parametrize("ident", ["L02", "L04"])
def test_a_hint_does_not_stand_in_the_way_of_taking_time_back(ident: str) -> None:
    """By turns each turn is taken back for itself, else what passed since the last deed."""
    run = begin(find_level(ident))
    for question in as_long_as(run.open_question):
        knows(run, question)
    run.advance(2)
    hints = [run.hint()]
    run.advance(1)
    hints.append(run.hint())
    answers, ends = run.answers, [run.session.end - run.session.first]
    for _ in range(3 if run.level.by_turns else 1):
        run.undo()
        ends.append(run.session.end - run.session.first)
    assert ends == ([3, 2, 1, 0] if run.level.by_turns else [3, 0])
    assert run.answers == answers
    assert run.hints_used == 2
    assert run.undo().startswith("your answer")


def test_hints_end_with_the_rule_of_the_open_question() -> None:
    run = begin(level(NUMBER + 'hints = ["look"]\n[[hint]]\ntext = "of no use here"\n'))
    hints = run.hints()
    assert len(hints) > 1
    given = [run.hint() for _ in range(len(hints) + 3)]
    assert given[: len(hints)] == hints
    assert set(given[len(hints) :]) == {hints[-1]}
    assert run.hints_used == len(hints)
    assert "hint" not in [entry.fields[0] for entry in run.player_acts()]


def test_redo_does_it_again_until_time_goes_on() -> None:
    run = answered(begin(level(DOOR + MOVES)), "yes", "no")
    run.undo()
    run.undo()
    assert run.redo()
    assert run.redo()
    assert not run.redo()
    assert run.answers == {"door.1": "yes", "door.2": "no"}
    run.undo()
    answered(run, "no")
    assert not run.redo()


def test_undo_without_acts() -> None:
    assert not begin(level(DOOR)).undo()


def test_nothing_goes_on_while_a_question_is_open() -> None:
    run = begin(level(NUMBER, ALLOW))
    with pytest.raises(RefusedError, match="first answer this"):
        run.advance(1)
    with pytest.raises(RefusedError, match="first answer this"):
        run.act("dirty_ratio", "5")
    with pytest.raises(RefusedError, match="is not asked now; low is"):
        run.answer("door.1", "yes")
    with pytest.raises(InputError, match="whole number"):
        run.answer("low", "sixteen")
    assert run.answers == {}


def test_only_what_is_allowed_and_as_often() -> None:
    run = begin(level(FREE.replace("5", "7"), ALLOW + 'limits = ["dirty_ratio 1", "acts 2"]'))
    with pytest.raises(RefusedError, match="did you mean dirty_ratio"):
        run.act("dirty_ration", "5")
    with pytest.raises(RefusedError, match="no act of this level"):
        run.act("kill", "5")
    with pytest.raises(RefusedError, match="EINVAL"):
        run.act("dirty_ratio", "500")
    run.act("dirty_ratio", "5")
    with pytest.raises(RefusedError, match="dirty_ratio: this level takes at most 1 of these"):
        run.act("dirty_ratio", "7")
    run.act("set_free", "DMA32 500")
    with pytest.raises(RefusedError, match="at most 2 acts"):
        run.act("set_free", "DMA32 400")
    run.undo()
    run.act("set_free", "DMA32 400")
    assert run.score().acts == 2


def test_a_goal_is_won_when_it_is_met() -> None:
    run = begin(level(FREE, ALLOW))
    assert not run.goals()[0].met
    assert "vm.dirty_ratio: 20, and it must be exactly 5" in run.goals()[0].why
    run.act("dirty_ratio", "5")
    assert run.outcome is Outcome.WON
    with pytest.raises(RefusedError, match="the run is won"):
        run.act("dirty_ratio", "6")
    run.undo()
    assert run.playing


def test_a_goal_at_the_end_waits_for_it() -> None:
    run = begin(level(FREE + 'at = "end"\n', ALLOW, EATER))
    run.act("dirty_ratio", "5")
    assert run.playing
    run.advance(1 << 30)
    assert run.outcome is Outcome.WON
    assert run.turns_left == 0
    other = begin(level(FREE + 'at = "end"\n', ALLOW, EATER))
    other.advance(1 << 30)
    assert other.outcome is Outcome.LOST
    assert other.reason.startswith("the goal was that ")
    assert other.reason.endswith(" (vm.dirty_ratio: 20)")


def test_lost_by_a_bound() -> None:
    lose = '[[lose]]\ncounter = "dirty_ratio"\nop = ">"\nvalue = 50\ntext = "too much"\n'
    run = begin(level(FREE + lose, ALLOW))
    run.act("dirty_ratio", "60")
    assert (run.outcome, run.reason) == (Outcome.LOST, "too much")


def test_waiting_no_turn_is_not_the_end() -> None:
    run = begin(level(FREE, ALLOW, EATER))
    run.act("wait", "0")
    assert run.playing
    with pytest.raises(InputError, match="no number of turns"):
        run.act("wait", "long")


def test_a_machine_in_which_nothing_happens_any_more_ends_the_run() -> None:
    run = begin(level(FREE, ALLOW))
    assert run.advance(50) == 0
    assert run.outcome is Outcome.LOST


AT = """\
[[ask]]
id = "a"
at = "turn 7"
text = "Free now?"
truth = "metric turns"
[[ask]]
id = "b"
at = "turn 7"
text = "And later?"
truth = "metric turns"
when = "+5 turns"
[[ask]]
id = "c"
at = "zones.DMA32.free < 590"
text = "And at the end?"
truth = "metric turns"
when = "end"
[[ask]]
id = "d"
at = "end"
text = "Now?"
truth = "metric turns"
"""


def test_questions_stop_the_run_at_their_moments_one_after_the_other() -> None:
    run = begin(level(AT, 'end = "turn 40"', EATER))
    asked = []
    for _ in as_long_as(lambda: run.playing):
        question = run.open_question()
        if question is None:
            run.advance(1 << 30)
            continue
        asked.append((question.id, run.session.end, run.truths[question.id].value))
        run.answer(question.id, str(run.truths[question.id].value))
    assert [one[0] for one in asked] == ["a", "b", "c", "d"]
    assert asked[0][1:] == (7, 7)
    assert asked[1][1:] == (7, 12)
    assert asked[2][2] == 40
    assert asked[3][1:] == (40, 40)
    assert run.outcome is Outcome.WON


def test_the_continuation_is_not_the_run() -> None:
    run = begin(level(AT, 'end = "turn 40"', EATER))
    run.advance(50)
    assert run.session.end == 7
    digest = run.session.live.state.digest()
    run.answer("a", "7")
    assert run.truths["b"].value == 12
    assert run.session.live.state.digest() == digest


def test_shuffled_questions_depend_on_the_seed_alone() -> None:
    many = DOOR.replace('"14", "13", "12"', ", ".join(f'"{n}"' for n in range(10, 30)))
    one = level(many + NUMBER, "shuffle = true")
    orders = {tuple(q.id for q in begin(one, seed).questions) for seed in (1, 1, 2, 3)}
    assert len(orders) == 3
    for order in orders:
        assert order[-1] == "low"
        assert set(order) == {q.id for q in one.questions}


BAD = [
    (DOOR.replace("plain {0} min", "plain {0} min order 99"), "", "truth"),
    (DOOR.replace("set_free DMA32", "set_free Normal"), "", "before"),
    (DOOR.replace("before", "after").replace('DMA32 {0}"]', 'Normal 1"]'), "", "after"),
    (DOOR + 'at = "zones.Normal.free < 5"', "", "at"),
    (FREE.replace('dirty_ratio"', 'zones.Normal.free"'), "", "counter"),
]


@pytest.mark.parametrize(("tables", "keys", "key"), BAD)
def test_what_only_the_machine_knows_is_said_with_the_line(
    tables: str, keys: str, key: str
) -> None:
    with pytest.raises(LevelError, match=rf"t\.toml:\d+: .*{key}"):
        answered(begin(level(tables, keys)), "yes", "no", "no")


def test_moves_wait_for_their_time() -> None:
    moves = '[[solution]]\naction = "dirty_ratio"\nvalue = "5"\nturn = 9\n'
    one: Level = level(FREE + moves, ALLOW, EATER)
    run = play(begin(one), one.solution)
    assert run.outcome is Outcome.WON
    assert run.player_acts()[0].turn == 9


def test_a_refused_move_says_its_line() -> None:
    one = level(FREE + '[[solution]]\naction = "dirty_ratio"\nvalue = "500"\n', ALLOW, EATER)
    with pytest.raises(RefusedError, match=r"line \d+: dirty_ratio 500: .*EINVAL"):
        play(begin(one), one.solution)


def test_marks_are_no_acts() -> None:
    run = begin(level(FREE, ALLOW, EATER))
    run.act("mark", "here")
    assert run.score().acts == 0
    assert [mark.fields[0] for mark in run.session.tape.marks] == ["here"]


def test_the_random_player_plays_the_same_again() -> None:
    one = level(FREE + DOOR + NUMBER, ALLOW + 'choices = ["dirty_ratio 6"]', EATER)
    for seed in range(30):
        ends = []
        for _ in range(2):
            run = begin(one)
            assert Guesser(run, seed).play()
            ends.append((run.outcome, run.reason, run.session.live.state.digest()))
        assert ends[0] == ends[1]


def test_a_run_that_begins_anew_asks_the_machine_nothing_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = level(NUMBER + 'when = "+3 turns"\n', "", EATER)
    first = begin(one)
    assert first.open_question() is not None
    monkeypatch.setattr(moments, "later", None)
    assert begin(one).truths == first.truths
    monkeypatch.undo()
    other = begin(level(NUMBER, "", EATER.replace("2000", "1000")))
    assert other.laters is not first.laters


@pytest.mark.parametrize("name", ["L10", "L18"])
def test_a_run_that_nobody_reads_comes_to_the_same(name: str) -> None:
    """Undone acts too, and with the truths and the turns that runs share."""
    one, laters = find_level(name), Laters()
    make = partial(UnwrittenSession, ways={})
    for seed in range(4):
        read = Guesser(begin(one, laters=Laters()), seed)
        unread = Guesser(begin(one, laters=laters, make=make), seed)
        for player in (read, unread):
            assert player.play()
            player.run.undo()
        assert unread.run.score() == read.run.score()
        assert unread.run.digest() == read.run.digest()
        assert [one.right for one in unread.run.replies] == [one.right for one in read.run.replies]
        assert not unread.run.session.tape.of(Code.KEY)
