"""What an answer is worth."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.errors import no_such
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.model import CHOICE, Question
from mmplay.levels.truth import Truth


class Reply(NamedTuple):
    """What an answer was worth: right or not, the truth, and what a wrong answer would need."""

    question: Question
    answer: str
    right: bool
    truth: Truth
    wrong_because: str


def reply_to(question: Question, truth: Truth, answer: str) -> Reply:
    """Return what an answer is worth.

    Raises TruthError for what cannot be read as one, RefusedError for what is not to be chosen.
    """
    values = [option.value for option in question.options]
    if question.kind == CHOICE and truth.read(answer) not in map(truth.read, values):
        raise RefusedError(no_such("choice", answer, values))
    right = truth.accepts(answer, question.tolerance)
    return Reply(question, answer, right, truth, "" if right else truth.wrong(answer))
