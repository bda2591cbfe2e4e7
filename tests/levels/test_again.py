"""How missed questions come again: in other words, and not so that the wrong answer is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import NUMBER, Option, Question
from mmplay.levels.play.drawing import Miss, forms_in_order, next_form
from mmplay.levels.play.missed import Practice
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, begin_anew, knows, playing
from mmplay.levels.truth import Truth
from tests.waiting import as_long_as

NUMBERS = re.compile("[0-9]+")
MISSES = 2
"""How often each question is missed before it is answered."""


def wrong_answer(run: LevelRun, question: Question) -> str:
    """Return an answer that is not right."""
    right = run.truths[question.id]
    if question.options:
        return next(one.value for one in question.options if not right.accepts(one.value))
    assert question.kind == NUMBER
    return str(int(right.shown()) + 1)


def all_texts(run: LevelRun, question: Question) -> set[str]:
    """Return every text in which an open question could have been asked."""
    bare = next(one for one in run.questions if one.id == question.id)
    m = run.session.to_end()
    return {one.text for one in forms_in_order(run.level, bare, m, run.seed)}


class Clumsy:
    """Misses each question so often, then answers it; keeps what was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.problems: list[str] = []

    def __call__(self, run: LevelRun, question: Question) -> None:
        """Reply to the open question."""
        text, left = question.text, all_texts(run, question) - set(self.texts)
        if self.texts and self.texts[-1] == text:
            self.problems.append(f"twice running: {text}")
        elif text in self.texts and left:
            self.problems.append(f"again, with {len(left)} left: {text}")
        self.texts.append(text)
        if run.notes.missed[question.id] < MISSES:
            run.answer(question.id, wrong_answer(run, question))
        else:
            knows(run, question)


@pytest.mark.parametrize("path", [pytest.param(one, id=one.stem) for one in shipped_levels()])
def test_no_form_comes_again_while_another_is_left(path: Path) -> None:
    clumsy = Clumsy()
    run = begin(load_level(path))
    for _ in playing(run, run.level.solution, clumsy):
        pass
    assert clumsy.problems == []
    assert clumsy.texts


ZONES = tuple(Option(one) for one in ("DMA", "DMA32", "Normal"))
SETS = tuple(Option(one) for one in ("GFP_KERNEL", "GFP_ATOMIC|__GFP_ZERO", "GFP_ATOMIC"))
DOORS = (Option("yes | it opens"), Option("no | it stays shut"))


def chosen(options: tuple[Option, ...], said: str, *rights: str) -> str:
    """Miss a question of which the first is right with `said`; return what is right next."""
    forms = [Question(id="q", text=f"{n}?", truth="x", options=options) for n in range(len(rights))]
    kind = "yes/no" if options == DOORS else "name"
    values = [one == "yes" if options == DOORS else one for one in rights]
    truths = {
        one.text: Truth("x", value, kind, ()) for one, value in zip(forms, values, strict=True)
    }
    miss = Miss(forms[0], truths["0?"], said)
    form = next_form(forms, ["0?"], miss, lambda one: truths[one.text])
    return truths[form.text].shown()


@pytest.mark.parametrize(
    ("options", "said", "rights", "expected"),
    [
        (ZONES, "DMA32", ("DMA", "DMA32", "DMA", "Normal"), "Normal"),
        (ZONES, "DMA32", ("DMA", "DMA32", "DMA"), "DMA"),
        (ZONES, "DMA32", ("DMA", "DMA32"), "DMA32"),
        (DOORS, "yes", ("no", "yes", "no"), "no"),
        (SETS, "GFP_ATOMIC|__GFP_ZERO", ("GFP_KERNEL", "GFP_ATOMIC", "GFP_KERNEL"), "GFP_KERNEL"),
        ((), "7", ("9", "7", "9", "8"), "8"),
    ],
)
def test_a_miss_comes_again_where_the_wrong_answer_is_wrong_and_the_right_one_another(
    options: tuple[Option, ...], said: str, rights: tuple[str, ...], expected: str
) -> None:
    assert chosen(options, said, *rights) == expected


@pytest.mark.parametrize("ident", ["L01", "L03", "L04", "L05"])
def test_a_review_asks_what_the_run_did_not_ask_and_counts_what_it_asks(ident: str) -> None:
    run = begin(level_of_id(ident))
    for _ in playing(run, run.level.solution, Clumsy()):
        pass
    game, seen = Practice(run), {form.text for form in run.asking.all_asked()}
    question = game.asked()
    assert question.text not in seen or not all_texts(game.level_run, question) - seen
    assert game.place(question) == f"1/{len(run.missed())}"


def test_who_took_equal_for_above_meets_an_equal_one_again() -> None:
    asked: list[set[str]] = []
    run = begin(level_of_id("L03"), 2)
    for question in as_long_as(run.open_question):
        if question.group == "retry":
            asked.append(set(NUMBERS.findall(question.text)))
        if question.group == "retry" and not run.missed():
            run.answer(question.id, "yes")
        else:
            knows(run, question)
    assert [len(numbers) for numbers in asked] == [1, 1], "free and min are the same number"
    assert asked[0] != asked[1]


def test_a_review_knows_how_a_question_was_missed() -> None:
    run = begin(level_of_id("L01"))
    for question in as_long_as(run.open_question):
        if "An old sound card" in question.text and not run.missed():
            run.answer(question.id, "Normal")
        else:
            knows(run, question)
    game = Practice(run)
    assert not game.level_run.truths[game.asked().id].accepts("Normal")


def test_who_missed_the_reach_of_a_device_is_asked_of_another_device() -> None:
    for seed in range(4):
        run = begin(level_of_id("L01"), seed)
        while "16 MB only" not in (question := asked_now(run)).text:
            knows(run, question)
        run.answer(question.id, "DMA32" if "2 GB" in question.text else "Normal")
        while (again := asked_now(run)).id != question.id:
            knows(run, again)
        assert "16 MB only" in again.text or "32-bit" in again.text or "16 GB" in again.text


def asked_now(run: LevelRun) -> Question:
    """The open question; there is one."""
    question = run.open_question()
    assert question is not None
    return question


def test_a_missed_fact_is_asked_from_its_other_side() -> None:
    run = begin(level_of_id("L10"))
    while (question := asked_now(run)).group != "cost":
        knows(run, question)
    form, ident = question.truth.split()[0], question.id
    run.answer(ident, wrong_answer(run, question))
    while (again := asked_now(run)).id != ident:
        knows(run, again)
    assert {form, again.truth.split()[0]} == {"fact", "fact_with"}


def first_texts(ident: str, before: int) -> list[str]:
    """Return what is asked of who knows it all and has begun the level so often before."""
    one = level_of_id(ident)
    run = begin(one)
    if before:
        begin_anew(run, before)
    *_, run = playing(run, one.solution, knows)
    assert run.score().stars == 3
    return [form.text for form, _ in run.asking.first_asked().values()]


def test_a_level_that_is_begun_anew_asks_other_things_and_the_same_each_time() -> None:
    first, second = first_texts("L03", 0), first_texts("L03", 1)
    assert len(first) == len(second)
    assert [text for text in second if text in first] == []
    assert first_texts("L03", 1) == second


def test_a_run_that_has_begun_does_not_begin_anew() -> None:
    run = begin(level_of_id("L03"))
    run.answer(run.questions[0].id, "low")
    with pytest.raises(InputError, match="that has begun"):
        begin_anew(run, 1)
