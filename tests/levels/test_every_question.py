"""Every question of the shipped levels, in every form: hints, marks, pictures, right answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mmplay.engine.explain.finding import filled
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import Question, name_and_value
from mmplay.levels.play.asking import after_answer
from mmplay.levels.play.drawing import forms_in_order
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.missed import BARE, rule_of
from mmplay.levels.play.questions import Reply, reply_to, right_answer, taught_by
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.showing import showing
from mmplay.levels.play.solve import knows, onward, playing
from mmplay.levels.truth import Truth
from mmplay.levels.truth.truths import NUMBER
from mmplay.tui.cells import plain, wrap
from mmplay.tui.glyphs import BOXES
from mmplay.tui.play.stage import LEAST_FEEDBACK, MOST_FEEDBACK
from mmplay.tui.views.pictures.canvas import STEPS
from mmplay.tui.views.pictures.kinds import Still
from mmplay.tui.views.pictures.sight import sight_of
from mmplay.tui.views.stage import feedback_rows, question_rows
from mmplay.tui.views.task import caches_of
from tests.levels.proofs import unread

LEVELS = [pytest.param(path, id=path.stem) for path in shipped_levels()]
MOST = {"L19": 11}

SEEDS = range(4)
SUM = re.compile(r"[\d +\-*/()]+", re.ASCII)
SAYS = re.compile(r"(?<!to )\b(min|low|high) (?:is )?(\d+)\b", re.ASCII)


def marks_of(run: LevelRun, form: Question) -> frozenset[int]:
    """The marks of the machine that a form is asked of: what it does before may change them."""
    now = run.session.to_end()
    m = Machine(now.setup, now.state.copy())
    for name, value in map(name_and_value, form.before):
        do_action(m, name, value)
        if name == "set_free":
            zone = next(one for one in m.state.zones if one.name == value.split()[0])
            listed = sum(zone.buddy.count(order) << order for order in range(11))
            assert (zone.free, listed) == (int(value.split()[1]),) * 2, f"{form.id}: {value}"
    return frozenset(mark for one in m.state.zones for mark in (one.min, one.low, one.high))


Asked = tuple[LevelRun, Question, Truth, frozenset[int]]


class Drawn(NamedTuple):
    """A form of a question, its picture while it is open, and once an answer has landed."""

    form: Question
    asked: Still
    landed: Still


class Played(NamedTuple):
    """What one way to a level's end came by; `unchanged` comes again in the same words."""

    forms: list[Asked]
    unchanged: list[str]
    pictures: list[Drawn]


def forms(path: Path) -> list[Asked]:
    """Every form of every question that a right player comes to, with the marks of that moment."""
    return played(path).forms


def pictures_of(run: LevelRun, form: Question, truth: Truth) -> Iterator[Drawn]:
    """Yield the pictures of a form, if its level has one of the moment."""
    now = run.session.to_end()
    m = Machine(now.setup, now.state.copy())
    for name, value in map(name_and_value, form.before):
        do_action(m, name, value)
    shown = showing(run.level, m, form, truth, frozenset())
    sight = sight_of(m, BOXES, shown)._replace(
        question=form, cache=next(iter(caches_of(run.level, m)), ""), taught=taught_by(run.level)
    )
    asked = Still.of(sight)
    then = run.asking.supposed_by(form, m) or after_answer(m, form)
    landed = Still.of(sight.answered(then, truth))
    if asked is not None and landed is not None:
        yield Drawn(form, asked, landed)


def comes_unchanged(run: LevelRun, ident: str) -> bool:
    """Tell whether a question that was missed may come again in the words that it had first."""
    one = next(one for one in run.asking.questions if one.id == ident)
    m = run.session.to_end()
    forms = ([form.text for form in forms_in_order(run.level, one, m, seed)] for seed in SEEDS)
    return any(len(set(texts)) < 2 for texts in forms)


@pytest.fixture(scope="module", autouse=True)
def let_go() -> Iterator[None]:
    """Keep twenty levels' runs no longer than this file's tests."""
    yield
    played.cache_clear()


@cache
def played(path: Path) -> Played:
    """Play a level rightly and look at every form of what it asks."""
    level = load_level(path)
    run, seen = unread(level), set[str]()
    found = Played([], [], [])

    def look(run: LevelRun) -> None:
        question = run.open_question()
        if question is not None and question.id not in seen:
            seen.add(question.id)
            if comes_unchanged(run, question.id):
                found.unchanged.append(question.id)
            for form, truth in run.asking.forms(question.id, run.session.to_end()):
                found.forms.append((run, form, truth, marks_of(run, form)))
                found.pictures.extend(pictures_of(run, form, truth))

    look(run)
    for last in playing(run, level.solution, knows):
        look(last)
    return found


@pytest.mark.parametrize("path", LEVELS)
def test_a_missed_question_comes_again_in_another_form(path: Path) -> None:
    assert played(path).unchanged == []


@pytest.mark.parametrize("path", LEVELS)
def test_a_level_asks_eight_questions_at_most(path: Path) -> None:
    level = load_level(path)
    asked = sum(len(one.questions) for one in (level, *level.stages))
    assert asked <= MOST.get(level.id, 8)


@pytest.mark.parametrize("path", LEVELS)
def test_the_log_at_a_levels_end_is_told_in_words(path: Path) -> None:
    real = load_level(path).real
    assert bool(real.log) == bool(real.log_says)


@pytest.mark.parametrize("path", LEVELS)
def test_the_last_hint_comes_to_the_answer(path: Path) -> None:
    for _, form, truth, _ in forms(path):
        hints = [*form.hints, *truth.hints()]
        assert hints, form.id
        if truth.term is not None and truth.kind == NUMBER:
            assert truth.term.value == truth.value
            assert hints[-1] == filled(truth.term) or filled(truth.term) == str(truth.value)
        sums = [one for one in form.hints if SUM.fullmatch(one) and truth.kind == NUMBER]
        for one in sums:
            assert eval(one.replace("/", "//")) == truth.value, (form.id, one)


@pytest.mark.parametrize("path", LEVELS)
def test_marks_that_a_question_names_are_the_machines(path: Path) -> None:
    for run, form, truth, marks in forms(path):
        elsewhere = any(one in form.text for one in ("kernel", "another server"))
        if elsewhere or " in " in truth.text or " if " in truth.text:
            continue  # asked of another machine, or of one to which something was done
        for name, pages in SAYS.findall(form.text):
            assert int(pages) in marks, (run.level.id, form.id, name, pages)


@pytest.mark.parametrize("path", LEVELS)
def test_every_form_is_drawn_before_its_answer_on_the_way_and_after(path: Path) -> None:
    for form, asked, landed in played(path).pictures:
        for still, past, step in (
            (asked, None, STEPS),
            (landed, asked, 3),
            (landed, asked, STEPS),
        ):
            rows = still.rows(*PICTURE, BOXES, past, step)
            assert len(rows) <= PICTURE[1], form.id
            assert any(plain(one).strip() for one in rows), form.id
        assert asked.words().endswith("."), form.id
        assert landed.words().endswith("."), form.id


@pytest.mark.parametrize("path", LEVELS)
def test_a_picture_has_the_marks_that_its_question_names(path: Path) -> None:
    for form, asked, landed in played(path).pictures:
        if any(word in form.text for word in ELSEWHERE):
            continue
        said = {name: int(pages) for name, pages in SAYS.findall(form.text)}
        for still in (asked, landed):
            for line in getattr(still.facts, "lines", getattr(still.facts, "rungs", ())):
                if line.name in said and line.drawn:
                    assert line.pages == said[line.name], (form.id, form.text)


QUESTIONS_ALONE = [one for one in LEVELS if not load_level(Path(str(one.values[0]))).wins]


@pytest.mark.parametrize("path", QUESTIONS_ALONE)
def test_a_level_of_questions_is_won_by_keys_with_three_stars(path: Path) -> None:
    game = LevelGame(unread(load_level(path)))
    while (question := game.question) is not None or game.grow(1):
        if question is None:
            continue
        right = right_answer(question, game.level_run.truths[question.id])
        values = [option.value for option in question.options]
        reply = game.choose(values.index(right) + 1) if values else game.answer(right)
        assert reply is not None
        assert reply.right
    assert onward(game.level_run).score().stars == 3


ELSEWHERE = ("not in the picture", "would have", "lowmem_reserve")
"""Words of a question whose marks are another machine's, or have a reserve on top of them."""

PICTURE = (43, 8)
"""Columns and rows of a picture at 80x24 under a long question and a long feedback."""

WIDTH, TASK_WIDTH = 78, 33
"""Columns for the question and the feedback, and for the options, at 80x24."""

LINES, MOST_ASKED = 20, 4
"""Lines there for the question, its options and the feedback; most of the question's own."""


@pytest.mark.parametrize("path", LEVELS)
def test_no_question_option_hint_or_feedback_is_cut_at_80x24(path: Path) -> None:
    for _, form, truth, _ in forms(path):
        asked = len(wrap(form.text, WIDTH))
        assert asked <= MOST_ASKED, form.text
        said: list[tuple[Reply | None, str]] = [(None, hint) for hint in form.hints]
        said += [(None, hint) for hint in truth.hints()]
        said += [(reply_to(form, truth, one.value), "") for one in form.options]
        for reply, hint in said:
            feedback = feedback_rows(reply, hint, WIDTH)
            assert len(feedback) <= MOST_FEEDBACK, (form.id, [*map(plain, feedback)])
            left = LINES - asked - max(LEAST_FEEDBACK, len(feedback))
            options = question_rows(form, (TASK_WIDTH, left), BOXES, reply)
            assert len(options) <= left, (form.id, [*map(plain, feedback)])
            wide = [one for one in map(plain, options) if len(one) > TASK_WIDTH]
            assert not wide, (form.id, wide)


@pytest.mark.parametrize("path", LEVELS)
def test_a_rule_is_that_of_its_own_question(path: Path) -> None:
    """A number that is read off the machine has none of its own: there the level says it."""
    for _, form, truth, _ in forms(path):
        rule = rule_of(form, truth)
        assert rule, form.id
        if truth.text.split()[0] in BARE:
            assert form.rule or form.why, form.id
        if truth.text.split()[0] in ("floor", "passes") and "plain" in truth.text:
            assert "half" not in rule, form.id
