"""What is said of every answer of every shipped level, right or wrong: short, with its numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmplay.engine.explain.words import WORDS
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.missed import NUMBERS, what_was_missed
from mmplay.levels.play.questions import KERNEL_NAMES, Reply, reply_to, right_answer, taught_by
from mmplay.levels.play.solve import begin
from mmplay.levels.truth.truths import NUMBER
from tests.levels.test_every_question import LEVELS, forms

JARGON = re.compile(
    r"class zone|of class|no floor|\bplain\b|\bdiscount|watermark\b|NO_WATERMARKS|: [^/]*: ",
    re.ASCII,
)
"""Words that no story explained, and a second colon in one sentence."""

ENDS = re.compile(r"[.!?](?: |$)", re.ASCII)
MOST = 2


def replies(path: Path) -> list[Reply]:
    found = []
    for run, form, truth, _ in forms(path):
        options = [one.value for one in form.options]
        wrong = [str(one.value) for one in truth.others if truth.kind == NUMBER]
        for answer in options or [right_answer(form, truth), *wrong]:
            found.append(reply_to(form, truth, answer, taught_by(run.level)))
    return found


@pytest.mark.parametrize("path", LEVELS)
def test_an_answer_is_told_in_one_or_two_plain_sentences(path: Path) -> None:
    for reply in replies(path):
        said = reply.feedback()
        rule, *rest = said[: -bool(reply.question.why) or None]
        assert len(rest) < MOST, said
        assert all(len(ENDS.findall(one)) == 1 for one in (rule, *rest)), said
        assert not JARGON.search(" / ".join((rule, *rest))), said


@pytest.mark.parametrize("path", LEVELS)
def test_the_number_that_is_right_is_in_what_is_said(path: Path) -> None:
    for reply in replies(path):
        if reply.truth.kind == NUMBER:
            text = reply.feedback()[0]
            assert re.search(rf"(?<!\d){reply.truth.value}(?!\d)", text), (reply.answer, text)


@pytest.mark.parametrize("path", LEVELS)
def test_what_is_said_of_a_slip_names_nothing_that_the_level_has_not(path: Path) -> None:
    for reply in replies(path):
        if not reply.right and reply.wrong_because and len(reply.feedback()) > 1:
            names = KERNEL_NAMES.findall(reply.feedback()[1])
            assert reply.taught is not None
            assert {one.removeprefix("__GFP_") for one in names} <= reply.taught


@pytest.mark.parametrize("path", LEVELS)
def test_the_rule_of_a_question_is_its_own(path: Path) -> None:
    """A rule is a sentence of its own; what a number of the machine is called is none."""
    meanings = {one.text for one in WORDS.values()}
    mine = {
        truth.text: truth.rule
        for _, _, truth, _ in forms(path)
        if truth.findings[0].code not in NUMBERS
    }
    for question, rule in mine.items():
        assert rule not in meanings or question.startswith(RULED_BY_WORDS), (question, rule)


RULED_BY_WORDS = (
    *("works_per_call", "slabs", "marks DMA32 min", "total_reserve", "dirty_limit", "compute"),
    *("kb compute", "dirty_trend", "unreclaimable", "objects_per"),
)
"""Questions whose rule stands in the table of words, as it says how the number comes about."""


def test_the_rule_that_is_shown_at_the_end_is_that_of_the_form_that_was_missed() -> None:
    run = begin(level_of_id("L06"))
    missed: list[tuple[str, str]] = []
    while (question := run.open_question()) is not None and question.group == "may":
        right = right_answer(question, run.truths[question.id])
        if run.notes.missed[question.id] or len(missed) > 1:
            run.answer(question.id, right)
        else:
            missed.append((question.text, run.truths[question.id].rule))
            run.answer(question.id, "no" if right == "yes" else "yes")
    shown = [(one.question.text, one.rule) for one in what_was_missed(run)]
    assert shown == missed
    assert len({rule for _, rule in shown}) >= 1
