"""What a run of a level is worth: points for each goal and each question, with the reason in words.

A level's points are halved between its goals and its questions, and each half is shared out
evenly; stages have equal shares. A question that was right at the second answer earns half of its
share, at the third a third. Where a level has acts, half of what a goal earns is earned on a
machine that the student has not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from mmplay.levels.model import Goal, Level, Question
from mmplay.levels.play.drawing import filled, line_words
from mmplay.levels.play.goals import GoalState, Outcome
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun

UNSEEN = Fraction(1, 2)
ELSEWHERE = "on a machine that you have not seen: "
NOT_ENDED = "the run was not played to its end"
MAX_REASON = 400
_SLOT = re.compile(r"\{\w+\}", re.ASCII)


class Part(NamedTuple):
    """One goal or question: what it earned of how much, and why."""

    name: str
    score: Fraction
    max_score: Fraction
    reason: str


def parts_of(
    level: Level,
    weight: int,
    runs: Sequence[LevelRun],
    unseen: Sequence[LevelRun] | None,
    why_none: str = "",
) -> list[Part]:
    """Return the parts of a level: of all its stages, those that were not reached among them.

    `runs` are those of the stages that were played; `unseen` the same acts on another machine, None
    where that does not count. `why_none` says why nothing was earned, if that is so.
    """
    stages = (level, *level.stages)
    share = Fraction(weight, len(stages))
    found: list[Part] = []
    for number, stage in enumerate(stages):
        run = runs[number] if number < len(runs) else None
        other = unseen[number] if unseen is not None and number < len(unseen) else None
        why = why_none or f"stage {number + 1} was not reached"
        found += _stage(stage, share, run, other, why, unseen is not None)
    return found


def _stage(
    level: Level,
    share: Fraction,
    run: LevelRun | None,
    other: LevelRun | None,
    why_none: str,
    twice: bool,
) -> Iterator[Part]:
    questions = run.questions if run is not None else level.questions
    half = share / 2 if level.wins and questions else share
    twice = twice and bool(level.allow)
    for number, goal in enumerate(level.wins):
        most = half / len(level.wins)
        seen = most * UNSEEN if twice else most
        yield _goal_part(goal, number, seen, run, why_none)
        if twice:
            why = NOT_ENDED if run is not None and run.playing else why_none
            part = _goal_part(goal, number, most - seen, other, why)
            yield part._replace(name=f"{ELSEWHERE}{part.name}")
    for question in questions:
        yield _question_part(question, half / len(questions), run, why_none)


def _goal_part(
    goal: Goal, number: int, most: Fraction, run: LevelRun | None, why_none: str
) -> Part:
    if run is None:
        return Part(goal.text, Fraction(0), most, why_none)
    if not finished(run) and (goal.at_end or run.playing):
        why = f"the run was lost before its end: {run.reason}"
        why = NOT_ENDED if run.playing else why
        return Part(goal.text, Fraction(0), most, why)
    state: GoalState = run.goals()[number]
    return Part(goal.text, most if state.met else Fraction(0), most, state.why)


def finished(run: LevelRun) -> bool:
    """Tell whether a run came to its end: it is over, and not by a [[lose]]."""
    lost = run.outcome is Outcome.LOST and run.reason in [goal.text for goal in run.level.loses]
    return not run.playing and not lost


def _question_part(question: Question, most: Fraction, run: LevelRun | None, why_none: str) -> Part:
    name = f"{question.id}: {_text_of(question, run)}"
    if run is None:
        return Part(name, Fraction(0), most, why_none)
    wrong = [one for one in run.replies if one.question.id == question.id and not one.right]
    first = _said(wrong[0]) if wrong else ""
    if run.is_right(question.id):
        missed = max(len(wrong), run.notes.missed[question.id])
        if not missed:
            return Part(name, most, most, f"right at once: {run.answers[question.id]}")
        before = f"; first you said {first}" if first else ""
        reason = f"right at answer {missed + 1}{before}"
        return Part(name, most / (missed + 1), most, reason[:MAX_REASON])
    if wrong:
        truth = wrong[0].truth.shown()
        reason = f"you said {first}; the kernel says {truth}"
    elif question.id in run.missed():
        reason = "the question was skipped"
    else:
        reason = "the run did not come to this question"
    return Part(name, Fraction(0), most, reason[:MAX_REASON])


def _text_of(question: Question, run: LevelRun | None) -> str:
    """Return a question as it was asked first.

    If it never was, one of its lines stands for all, and numbers that are drawn are left out.
    """
    form = run.asking.forms_asked().get(question.id) if run is not None else None
    if form is not None:
        return form.text
    if question.lines:
        question = filled(question, line_words(question.lines[question.slot % len(question.lines)]))
    return _SLOT.sub("..", question.text)


def _said(reply: Reply) -> str:
    """Return a wrong answer and which rule it would need; that sentence may begin with it."""
    because = reply.wrong_because
    return because if because.startswith(reply.answer) else f"{reply.answer}: {because}"
