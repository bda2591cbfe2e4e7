"""The questions of a run: their order, what an answer is worth, hints, and what the tape says.

Notes of the level itself stand on the tape as acts with BY_LEVEL before their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.state.state import advance
from mmplay.levels.level_text import LevelError
from mmplay.levels.model import (
    ALL_ACTS,
    ANSWER,
    CHOICE,
    SKIP,
    Hint,
    Level,
    Question,
    name_and_value,
)
from mmplay.levels.truth import Truth, truth
from mmplay.recordings.run.tape import BY_LEVEL, Entry

T = TypeVar("T")

ASK, HINT, MISSED = "ask", "hint", "missed"


def located(file: str, question: Question, key: str, do: Callable[..., T], *args: object) -> T:
    """Do something for a question; an InputError names the question's place as a LevelError."""
    try:
        return do(*args)
    except InputError as error:
        raise LevelError(f"{file}:{question.line}: {question.id}: {key}: {error}") from None


def in_order(level: Level, seed: int) -> tuple[Question, ...]:
    """Return the questions; the lines of one [[ask]] stay together."""
    if not level.shuffle:
        return level.questions
    found: list[Question] = []
    for _, group in groupby(level.questions, key=lambda one: one.group):
        questions = list(group)
        for last in range(len(questions) - 1, 0, -1):
            seed, number = advance(seed)
            place = number % (last + 1)
            questions[last], questions[place] = questions[place], questions[last]
        found += questions
    return tuple(found)


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


class Notes:
    """What a tape says was asked, answered, skipped, missed and hinted.

    `acts` counts the player's acts by name, answers among them.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the acts of a tape."""
        self.asked: set[str] = set()
        self.answers: dict[str, str] = {}
        self.skipped: set[str] = set()
        self.missed: set[str] = set()
        self.hints = 0
        self.acts: Counter[str] = Counter()
        for entry in entries:
            name, value = entry.fields
            if not name.startswith(BY_LEVEL):
                self.acts[name] += 1
            self._take(name.removeprefix(BY_LEVEL), value)

    def _take(self, name: str, value: str) -> None:
        if name == ASK:
            self.asked.add(value)
        elif name == ANSWER:
            ident, _, answer = value.partition(" ")
            self.answers[ident] = answer
        elif name == SKIP:
            self.skipped.add(value)
        elif name == MISSED:
            self.missed.add(value)
        elif name == HINT:
            self.hints += 1

    def right(self, questions: Iterable[Question], truths: Mapping[str, Truth]) -> set[str]:
        """Return which of these questions are answered, and right."""
        return {
            one.id
            for one in questions
            if one.id in self.answers
            and truths[one.id].accepts(self.answers[one.id], one.tolerance)
        }

    def answered(self, questions: Sequence[Question]) -> frozenset[str]:
        """Return which of these are answered, and the groups of which all are."""
        open_groups = {one.group for one in questions if one.id not in self.answers}
        return frozenset({*self.answers, *(one.group for one in questions)} - open_groups)

    def refuse_beyond(self, limits: Iterable[str], name: str) -> None:
        """Raise RefusedError where another act of this name is one too many."""
        acts = self.acts
        done = {ALL_ACTS: sum(acts.values()) - acts[ANSWER] - acts[SKIP], name: acts[name]}
        for one, most in map(name_and_value, limits):
            if done.get(one, -1) >= int(most):
                raise RefusedError(f"{name}: this level takes {one} at most {most} times")

    def done(self, ident: str) -> bool:
        """Tell whether a question is answered or skipped."""
        return ident in self.answers or ident in self.skipped


def hints_for(level: Level, m: Machine, own: Iterable[str]) -> list[str]:
    """Return a level's hints for this machine, then those of the open question, each once.

    Raises LevelError for a rule that this machine cannot be asked.
    """
    found = [text for hint in level.hints for text in _said(level, hint, m)]
    return list(dict.fromkeys([*found, *own]))


def _said(level: Level, hint: Hint, m: Machine) -> tuple[str, ...]:
    if hint.text:
        return (hint.text,)
    try:
        return truth(hint.rule, level.kernel, m, read).hints()
    except InputError as error:
        raise LevelError(f"{level.file}:{hint.line}: hint: {error}") from None
