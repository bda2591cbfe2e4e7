"""The questions of a run: their order, what an answer is worth, hints, and what the tape says.

Notes of the level itself stand on the tape as acts with BY_LEVEL before their names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.finding import as_sentence
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.level_text import LevelError
from mmplay.levels.model import (
    ALL_ACTS,
    ANSWER,
    CHOICE,
    SKIP,
    UNCOUNTED,
    Hint,
    Level,
    Question,
    name_and_value,
)
from mmplay.levels.truth import Truth, truth
from mmplay.recordings.run.tape import BY_LEVEL, Entry

UNEXPLAINED = (
    "wrong.number",
    "wrong.other",
    "wrong.some",
    "wrong.few_free",
    "wrong.many_free",
    "wrong.zone_refuses",
    "wrong.none_served",
)
"""Slips that no known rule gives: of them only the rule that holds is said."""

KERNEL_NAMES = re.compile(r"\b(?:__GFP|ALLOC|PF|TIF)_[A-Z_]+\b|\blowmem_reserve\b", re.ASCII)
"""Names that say nothing to who has not met them."""

NAMES = re.compile(r"\b[A-Z_]{2,}\b|\blowmem_reserve\b", re.ASCII)

T = TypeVar("T")

ANEW, ASK, HINT, WRONG, MISSED = "anew", "ask", "hint", "wrong", "missed"
"""What the level notes. ANEW stands first: how often it was begun before, so that it asks other
things. WRONG comes with a wrong answer; MISSED keeps those that an undo took."""

AGAIN = (ANEW, HINT, MISSED)
"""Notes that do not follow from what was done, so that a run that is made again needs them."""


def located(file: str, question: Question, key: str, do: Callable[..., T], *args: object) -> T:
    """Do something for a question; an InputError names the question's place as a LevelError."""
    try:
        return do(*args)
    except InputError as error:
        raise LevelError(f"{file}:{question.line}: {question.id}: {key}: {error}") from None


QUESTIONS_FIRST = "what you may do comes after the questions"
"""Where a level asks before it lets the player act."""

FEW_LETTERS = 40
"""An option that is no longer is said again in full."""

MANY_ACTS = 1_000
"""As many acts as a level takes that says no number."""


class Reply(NamedTuple):
    """What an answer was worth: right or not, the truth, and what a wrong answer would need."""

    question: Question
    answer: str
    right: bool
    truth: Truth
    wrong_because: str
    taught: frozenset[str] | None = None

    def said(self) -> str:
        """Return the answer as a player knows it: an option's word or number, or what was typed."""
        for place, one in enumerate(self.question.options, 1):
            if one.value == self.answer:
                return self.answer if one.text.startswith(self.answer) else str(place)
        return self.answer

    def kernel_says(self) -> str:
        """Return what is right as the player reads it: the words of an option, a number's unit."""
        return right_in_words(self.question, self.truth)

    def feedback(self) -> list[str]:
        """Return the rule that holds, what a wrong answer would need, what is said besides."""
        found = ["; ".join(self.truth.explanation())]
        slip = self.truth.slip(self.answer) if not self.right else None
        if slip is not None and slip.code not in UNEXPLAINED and self._is_taught():
            found.append(self._as_it_was_read())
        found.append(self.question.why)
        return [as_sentence(one) for one in found if one]

    def _as_it_was_read(self) -> str:
        """Return why the answer is wrong, begun with the words of its option, if they are few."""
        shown = {one.value: one.text for one in self.question.options}.get(self.answer, "")
        named = shown and not shown.startswith(self.answer) and len(shown) <= FEW_LETTERS
        begins = self.wrong_because.startswith(f"{self.answer} ")
        if not (named and begins):
            return self.wrong_because
        return f'"{shown}"{self.wrong_because.removeprefix(self.answer)}'

    def _is_taught(self) -> bool:
        """Tell whether the level has said every name of the kernel in what is said of a slip."""
        names = KERNEL_NAMES.findall(self.wrong_because)
        return self.taught is None or {one.removeprefix("__GFP_") for one in names} <= self.taught


def taught_by(level: Level) -> frozenset[str]:
    """Return the names of the kernel that a level says before it asks, or asks about."""
    ways = [way for one in level.questions for way in one.ways]
    asked = (part for one in ways for part in (one.text, one.truth, *one.each))
    offered = (option.text for one in ways for option in one.options)
    names = NAMES.findall(" ".join((level.story, *level.terms, *asked, *offered)))
    return frozenset(one.removeprefix("__GFP_") for one in names)


def _unit(question: Question, truth: Truth) -> str:
    unit = question.unit.removesuffix("s") if truth.value == 1 else question.unit
    return f" {unit}" if unit else ""


def reply_to(
    question: Question, truth: Truth, answer: str, taught: frozenset[str] | None = None
) -> Reply:
    """Return what an answer is worth; of slips only those are told that need no other names.

    Raises TruthError for what cannot be read as one, RefusedError for what is not to be chosen.
    """
    values = [option.value for option in question.options]
    if question.kind == CHOICE and truth.read(answer) not in map(truth.read, values):
        raise RefusedError(no_such("choice", answer, values))
    right = truth.accepts(answer, question.tolerance)
    wrong = "" if right else truth.wrong(answer)
    return Reply(question, answer, right, truth, wrong, taught)


def right_answer(question: Question, truth: Truth) -> str:
    """Return an answer that is right, as a player gives it: an option where there are some."""
    values = [option.value for option in question.options]
    right = (value for value in values if truth.accepts(value, question.tolerance))
    return next(right, truth.shown())


def right_in_words(question: Question, truth: Truth) -> str:
    """Return what is right as a player reads it: an option's place and words, a number's unit."""
    value = right_answer(question, truth)
    for place, one in enumerate(question.options, 1):
        if one.value == value:
            return one.text if one.text.startswith(value) else f"{place}: {one.text}"
    return f"{truth.shown()}{_unit(question, truth)}"


MOST_BEGUN = 1_000
"""From so many times on the questions are those of the first again."""


def times_begun(text: str) -> int:
    """Return how often a level was begun before, as a tape says it; 0 for what says nothing."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return found % MOST_BEGUN


class Notes:
    """What a tape says was asked, answered, skipped, missed and hinted.

    `answers` are the right ones: a wrong one is taken off, and `missed` counts it. `acts` counts
    what the player did, by name; `asked` says, in the order in which they were asked last, how
    often each question had been missed by then; `order` is all of it, in order. `wrongs` counts the
    wrong answers that were not undone, and `last_wrong` says of the last one how often the question
    had been missed when it was asked, and what was said. `undone` is the question whose miss was
    undone last, until it is asked again. `anew` says how often the level was begun before.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the acts of a tape."""
        self.asked: dict[str, int] = {}
        self.order: list[tuple[str, int]] = []
        self.wrongs: Counter[str] = Counter()
        self.last_wrong: dict[str, tuple[int, str]] = {}
        self.answers: dict[str, str] = {}
        self.skipped: set[str] = set()
        self.undone = ""
        self.missed: Counter[str] = Counter()
        self.hints = self.anew = 0
        self.acts: Counter[str] = Counter()
        for entry in entries:
            name, value = entry.fields
            if not name.startswith(BY_LEVEL):
                self.acts[name] += 1
            self._take(name.removeprefix(BY_LEVEL), value)

    def _take(self, name: str, value: str) -> None:
        if name == ASK:
            self.asked.pop(value, None)
            self.asked[value] = self.missed[value]
            self.undone = ""
            self.order.append((value, self.missed[value]))
        elif name == ANSWER:
            ident, _, answer = value.partition(" ")
            self.answers[ident] = answer
        elif name == SKIP:
            self.skipped.add(value)
        elif name == WRONG:
            self.last_wrong[value] = self.asked.get(value, 0), self.answers.pop(value, "")
            self.wrongs[value] += 1
            self.missed[value] += 1
        elif name == MISSED:
            self.missed.update(value.split())
            self.undone = value.split()[-1]
        elif name == HINT:
            self.hints += 1
        elif name == ANEW:
            self.anew = times_begun(value)

    @property
    def counted(self) -> int:
        """How many acts count: answers are none."""
        return sum(count for name, count in self.acts.items() if name not in UNCOUNTED)

    def replied_wrong(self) -> Counter[str]:
        """Return how often each question was missed or skipped: no undo takes that back."""
        return self.missed + Counter(self.skipped)

    def is_open(self, ident: str) -> bool:
        """Tell whether a question is asked and not answered yet."""
        return self.asked.get(ident) == self.missed[ident] and not self.done(ident)

    def comes_again(self, ident: str) -> bool:
        """Tell whether a question was missed and is to be asked again."""
        return self.asked.get(ident, self.missed[ident]) != self.missed[ident] and not self.done(
            ident
        )

    def answered(self, questions: Sequence[Question]) -> frozenset[str]:
        """Return which of these are answered, and the groups of which all are."""
        open_groups = {one.group for one in questions if one.id not in self.answers}
        return frozenset({*self.answers, *(one.group for one in questions)} - open_groups)

    def may_act(self, level: Level) -> bool:
        """Tell whether the question after which acts may be done is answered or skipped."""
        return not level.act_after or self.done(level.act_after)

    def refuse_beyond(self, level: Level, name: str) -> None:
        """Raise RefusedError where an act comes too early, or is one of its name too many."""
        if not self.may_act(level):
            raise RefusedError(QUESTIONS_FIRST)
        limits = level.limits
        done = {ALL_ACTS: self.counted, name: self.acts[name]}
        for one, most in map(name_and_value, limits):
            if done.get(one, -1) >= int(most):
                what = f"{most} act" if one == ALL_ACTS else f"{most} of these"
                plural = "s" if one == ALL_ACTS and most != "1" else ""
                raise RefusedError(f"{name}: this level takes at most {what}{plural}")

    def acts_left(self, level: Level) -> int:
        """Return how many more acts the level takes now; MANY_ACTS where nothing limits them."""
        if not self.may_act(level):
            return 0
        most = {name: int(value) for name, value in map(name_and_value, level.limits)}
        left = [most.get(one, MANY_ACTS) - self.acts[one] for one in level.allow]
        return max(0, min(sum(left), most.get(ALL_ACTS, MANY_ACTS) - self.counted))

    def done(self, ident: str) -> bool:
        """Tell whether a question is answered or skipped."""
        return ident in self.answers or ident in self.skipped


def hints_for(
    level: Level, m: Machine, question: Question | None, right: Truth | None
) -> list[str]:
    """Return the hints of the open question, its rule and formula last, or, of none, the level's.

    Raises LevelError for a rule that this machine cannot be asked.
    """
    if question is not None and right is not None:
        right = right._replace(rule=question.rule or right.rule)
        return list(dict.fromkeys((*question.hints, *right.hints())))
    return list(dict.fromkeys(text for hint in level.hints for text in _said(level, hint, m)))


def _said(level: Level, hint: Hint, m: Machine) -> tuple[str, ...]:
    if hint.text:
        return (hint.text,)
    try:
        return truth(hint.rule, level.kernel, m, read).hints()
    except InputError as error:
        raise LevelError(f"{level.file}:{hint.line}: hint: {error}") from None
