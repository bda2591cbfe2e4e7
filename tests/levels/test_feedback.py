"""What is said of every answer of every shipped level, right or wrong: short, with its numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Option
from mmplay.levels.play.questions import (
    KERNEL_NAMES,
    Reply,
    reply_to,
    right_answer,
    right_in_words,
    taught_by,
)
from mmplay.levels.play.solve import begin
from mmplay.levels.truth import truth as truth_of
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


def test_feedback_is_made_of_whole_sentences() -> None:
    assert as_sentence("the last page is given at 14") == "The last page is given at 14."
    assert as_sentence("kswapd keeps it") == "kswapd keeps it."
    assert as_sentence("PF_MEMALLOC: no.") == "PF_MEMALLOC: no."


def test_a_wrong_option_is_said_again_in_its_own_words_if_they_are_few() -> None:
    run = begin(level_of_id("L18"))
    door = next(one for one in run.questions if one.id == "door.1")
    asked = door._replace(truth="passes DMA32 HARDER 1150 highatomic 512")
    right = truth_of(asked.truth, run.level.kernel, run.session.live)
    said = reply_to(asked, right, "no").feedback()
    assert said[1].startswith('"it is refused" would be right if the 512 pages')
    long = asked._replace(options=(Option("yes | it passes"), Option(f"no | {'it is ' * 9}")))
    assert reply_to(long, right, "no").feedback()[1].startswith("No would be right if")
    assert right_in_words(asked, right) == "1: it passes"
