"""Levels that never were: their right answers against arithmetic that is done here again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.levels.load import read_level
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, play

LEVEL = """\
format = 1
id = "T1"
title = "A test"
kernel = "{kernel}"
learn = "Nothing."
story = "A story."
task = "A task."
max_turns = 100
{keys}

[machine]
base = "bench"
min_free_kbytes = {kbytes}

[[machine.zone]]
name = "DMA32"
managed = {managed}
free = {free}
inactive_file = 200

[real]
function = "f"
path = "mm/x.c"
text = "t"
leaves_out = "l"
{questions}
"""

ASK = '[[ask]]\nid = "q{number}"\ntext = "{truth}?"\ntruth = "{truth}"\n'
UNIT = 'unit = "pages"\n'
OPTIONS = 'options = ["yes", "no"]\n'
YES_OR_NO = ("passes", "warns", "wakes_kswapd")


def level_of(*truths: str, **machine: Any) -> str:
    """Return a level that asks for these; 2,048 pages and min 13 unless said otherwise."""
    values = {"kernel": "4.5-rc7", "kbytes": 52, "managed": 2048, "free": 600, "keys": ""}
    questions = "\n".join(
        ASK.format(number=number, truth=truth)
        + (OPTIONS if truth.split()[0] in YES_OR_NO else UNIT)
        for number, truth in enumerate(truths)
    )
    return LEVEL.format(**{**values, **machine, "questions": questions})


def run_of(*truths: str, **machine: Any) -> LevelRun:
    return begin(read_level(level_of(*truths, **machine), "t.toml"), 1)


def told(run: LevelRun, value: object) -> bool:
    """Answer the open question; tell whether it was right."""
    question = run.open_question()
    assert question is not None
    return run.answer(question.id, str(value)).right


KBYTES = st.integers(16, 4000)
MANAGED = st.integers(1200, 30_000)
QUICK = settings(max_examples=30)


@QUICK
@given(KBYTES, MANAGED)
def test_marks_are_a_share_a_quarter_and_a_half(kbytes: int, managed: int) -> None:
    least = kbytes // 4
    run = run_of(
        "marks DMA32 min",
        "marks DMA32 low",
        "marks DMA32 high",
        kbytes=kbytes,
        managed=managed,
    )
    for value in (least, least + least // 4, least + least // 2):
        assert told(run, value)
    assert run.outcome is Outcome.WON
    assert run.score().right == 3


@QUICK
@given(KBYTES, MANAGED, st.integers(16, 4000))
def test_marks_after_a_write_are_those_of_what_was_written(
    kbytes: int, managed: int, written: int
) -> None:
    """The question asks of a copy: the machine itself keeps its marks."""
    run = run_of(
        f"marks DMA32 low if min_free_kbytes {written}",
        "marks DMA32 low",
        kbytes=kbytes,
        managed=managed,
    )
    for value in (written, kbytes):
        least = value // 4
        assert told(run, least + least // 4)


@QUICK
@given(KBYTES, MANAGED)
def test_every_class_meets_its_floor(kbytes: int, managed: int) -> None:
    least = kbytes // 4
    half = least - least // 2
    lower = least - least // 4
    expected = (least, lower, half, half - half // 4, 0)
    names = ("plain", "HARDER", "HIGH", "HIGH+HARDER", "NO_WATERMARKS")
    run = run_of(*(f"floor DMA32 {name}" for name in names), kbytes=kbytes, managed=managed)
    for value in expected:
        assert told(run, value), run.truths


@QUICK
@given(KBYTES, MANAGED, st.integers(0, 1000), st.sampled_from(["min", "low", "high"]))
def test_equal_to_the_mark_is_too_few(kbytes: int, managed: int, free: int, mark: str) -> None:
    least = kbytes // 4
    at = {"min": least, "low": least + least // 4, "high": least + least // 2}[mark]
    asked = (free, at, at + 1)
    run = run_of(
        *(f"passes DMA32 plain {pages} {mark}" for pages in dict.fromkeys(asked)),
        kbytes=kbytes,
        managed=managed,
    )
    for pages in dict.fromkeys(asked):
        assert told(run, "yes" if pages > at else "no")


@QUICK
@given(KBYTES, MANAGED)
def test_managed_pages_are_what_the_level_says(kbytes: int, managed: int) -> None:
    run = run_of("managed all", "managed DMA32", "metric zones.DMA32.free", managed=managed)
    for value in (managed, managed, 600):
        assert told(run, value)


# What happens to answers


def test_a_wrong_answer_names_the_right_one_and_costs() -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low")
    question = run.open_question()
    assert question is not None
    reply = run.answer(question.id, "14")
    assert not reply.right
    assert reply.truth.shown() == "13"
    assert reply.wrong_because
    assert told(run, 16)
    assert told(run, 13)
    assert run.outcome is Outcome.WON
    assert (run.score().right, run.score().stars) == (2, 1)


@pytest.mark.parametrize("answer", ["13", " 13 ", "013", "+13", "0x0d"])
def test_a_number_may_be_written_in_several_ways(answer: str) -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low")
    assert told(run, answer)


@pytest.mark.parametrize("answer", ["13.0", "1e1", "", "yes", "thirteen"])
def test_what_is_no_number_leaves_the_question_open(answer: str) -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low")
    question = run.open_question()
    assert question is not None
    before = run.digest()
    with pytest.raises(InputError):
        run.answer(question.id, answer)
    assert run.open_question() == question
    assert (run.digest(), run.answers) == (before, {})


def test_undo_takes_an_answer_back_and_redo_gives_it_again() -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low", "marks DMA32 high")
    digests = [run.digest()]
    for value in (13, 16):
        assert told(run, value)
        digests.append(run.digest())
    for before in reversed(digests[:-1]):
        assert run.undo()
        assert run.digest() == before
    assert not run.undo()
    for after in digests[1:]:
        assert run.redo()
        assert run.digest() == after
    assert not run.redo()
    question = run.open_question()
    assert question is not None
    assert question.id == "q2"


def test_an_undone_answer_can_be_given_otherwise() -> None:
    run = run_of("marks DMA32 min")
    assert not told(run, 99)
    assert run.playing
    assert run.undo()
    assert told(run, 13)
    assert run.score().won
    assert run.undo()
    assert told(run, 13)


def test_a_skipped_question_never_wins() -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low")
    question = run.open_question()
    assert question is not None
    run.skip(question.id)
    assert told(run, 16)
    assert run.outcome is Outcome.ENDED
    assert run.score().stars == 0


@given(st.lists(st.sampled_from(["13", "16", "19", "0", "skip", "undo", "redo"]), max_size=12))
def test_whatever_is_answered_the_score_is_what_stands(moves: list[str]) -> None:
    run = run_of("marks DMA32 min", "marks DMA32 low", "marks DMA32 high")
    right = ("13", "16", "19")
    for move in moves:
        question = run.open_question()
        if move == "undo":
            run.undo()
        elif move == "redo":
            run.redo()
        elif question is None:
            continue
        elif move == "skip":
            run.skip(question.id)
        else:
            run.answer(question.id, move)
    answers = run.answers
    good = sum(answers.get(f"q{number}") == value for number, value in enumerate(right))
    assert run.score().right == good
    if run.playing:
        assert run.open_question() is not None
    else:
        assert (run.outcome is Outcome.WON) is (good == 3)


# The same level, played again


def test_the_same_moves_come_to_the_same_end() -> None:
    text = level_of("marks DMA32 min", "marks DMA32 low") + (
        '[[solution]]\naction = "answer"\nvalues = ["q0 13", "q1 16"]\n'
    )
    level = read_level(text, "t.toml")
    ends = {play(begin(level, seed), level.solution).digest() for seed in (1, 1, 1)}
    assert len(ends) == 1
    assert play(begin(level, 1), level.solution).outcome is Outcome.WON
    assert play(begin(level, 1), ()).outcome is Outcome.ENDED


@pytest.mark.parametrize(
    ("truth", "why"),
    [
        ("marks Normal low", "Normal"),
        ("marks DMA32 lowest", "lowest"),
        ("floor DMA32 nobody", "nobody"),
        ("passes DMA32 plain many min", "many"),
        ("metric zones.DMA32.nothing", "nothing"),
        ("no_such_form DMA32", "no_such_form"),
        ("marks", "marks"),
    ],
)
def test_a_truth_that_cannot_be_asked_for_is_named(truth: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as error:
        run_of(truth).open_question()
    assert "\n" not in str(error.value)
