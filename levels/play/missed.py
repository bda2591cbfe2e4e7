"""What was missed in a level, as it was asked, with its rule; and playing it again at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mmplay.levels.model import Question
from mmplay.levels.play.drawing import Seen
from mmplay.levels.play.game import LevelGame, Sequel, numbered
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, playing
from mmplay.levels.truth import Truth


class Missed(NamedTuple):
    """A question that was not right at first, as it was asked then, and the rule in words."""

    question: Question
    rule: str


def what_was_missed(run: LevelRun) -> list[Missed]:
    """Return what was missed in this stage and those before it, in the order of asking."""
    return [one for stage in run.all_stages() for one in _of_stage(stage)]


def _of_stage(run: LevelRun) -> Iterator[Missed]:
    missed = run.missed()
    for ident, (question, truth) in run.asking.first_asked().items():
        if ident in missed:
            yield Missed(question, rule_of(question, truth))


BARE = ("metric", "holds")
"""Forms that read a number of the machine: they know what it is, not what it comes from."""


def rule_of(question: Question, truth: Truth) -> str:
    """Return the rule that an answer goes by: the level's own words, else those of the form."""
    bare = truth.text.partition(" ")[0] in BARE
    said = question.rule or (question.why if bare else "")
    return said or truth.rule or "; ".join(truth.explanation())


def _numberless(text: str) -> str:
    return re.sub("[0-9]+", "", text)


def _seen(run: LevelRun, wanted: Iterable[str]) -> Iterator[tuple[str, Seen]]:
    """Yield what was asked in a run and how it was missed, by question."""
    texts = [form.text for form in run.asking.all_asked()]
    for ident in wanted:
        yield ident, Seen(texts, run.asking.last_miss(ident, run.notes))


class Practice(LevelGame):
    """Stages once more, with only what was missed: all else is done and answered as it should be.

    It begins with the first stage of `run`, or of those before it, in which something was missed,
    and what follows it are the others. It counts for nothing and is not recorded. What is drawn is
    drawn anew, where the level draws.
    """

    counts = False

    def __init__(self, run: LevelRun, stages: Sequence[LevelRun] = ()) -> None:
        """Begin with `stages`, if they are given; raises ValueError if nothing was missed."""
        run, *self._later = stages or [one for one in run.all_stages() if one.missed()]
        level = run.level._replace(stages=())
        self._first = run.asking.first_asked()
        self._wanted = frozenset(run.missed())
        again = begin(level, run.seed, seen=dict(_seen(run, self._wanted)))
        self._acts = [move for move in level.solution if move.action in level.allow]
        self._steps = playing(again, self._acts, knows)
        super().__init__(again)
        self._go_on()

    @property
    def other_numbers(self) -> bool:
        """Whether the open question is the one that was asked at first but for its numbers."""
        question = self.question
        if question is None:
            return False
        text, before = question.text, self._first[question.id][0].text
        return text != before and _numberless(text) == _numberless(before)

    @property
    def announced(self) -> str:
        """What is said where what was missed begins again."""
        return "once more, with other numbers" if self.other_numbers else "once more"

    def place(self, question: Question) -> str:
        """Return which of the questions that were missed this is."""
        run = self.level_run
        return numbered([one.id for one in run.questions if one.id in self._wanted], question)

    def _go_on(self) -> None:
        """Let everything happen up to the next question that was missed, or the end."""
        while self.live:
            question = self.question
            if question is not None and question.id in self._wanted:
                return
            if next(self._steps, None) is None:
                return

    def _done(self, reply: Reply | None = None) -> None:
        self._go_on()
        super()._done(reply)

    def _take_back(self) -> str:
        """Take back the last reply to what was missed, and all that was done since by itself."""
        run = self.level_run
        while undone := run.undo():
            question = run.open_question()
            if question is not None and question.id in self._wanted:
                break
        self._steps = playing(run, self._acts[run.notes.counted :], knows)
        if not undone:
            self._go_on()
        return undone

    def _keep_try(self) -> str:
        """Keep nothing: this is no try."""
        return ""

    def end(self, keep: object = None) -> Sequel | None:
        """Return the next stage in which something was missed, once this one is over."""
        if self.live or self._told_end():
            return None
        if not self._later:
            return Sequel(None, "")
        following = Practice(self._later[0], self._later)
        following.reply = self.reply
        return Sequel(following, "")

    def _told_end(self) -> bool:
        told, self._ended = self._ended, True
        return told
