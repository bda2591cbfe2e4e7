"""What the screen may show of a level now: panels, zones, lines, numbers, and the picture.

A number that answers the open question is nowhere to be read until it is answered.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.machine.machine import Machine
from mmplay.levels.language import AFTER, UNTIL
from mmplay.levels.model import Level, Option, Picture, Question
from mmplay.levels.play.moments import moment_test
from mmplay.levels.truth import FORMS, Truth
from mmplay.levels.truth.truths import KB, NUMBER, PAGES
from mmplay.recordings.run.replay import ANSWERED

LEAST_SECRET = 10
"""Smaller numbers stand for too much else to be veiled; a level hides them by name."""

UNKNOWN = "?"


class Edge(NamedTuple):
    """One edge of a loop in words, and whether it is lit.

    It is `known` once it is lit, or was told when its question was missed; `asked` while that
    question is open; `over` once what broke it has happened.
    """

    text: str
    lit: bool
    known: bool
    asked: bool = False
    over: bool = False


class Showing(NamedTuple):
    """What is shown now.

    `words` are the level's `shows` (None: everything), `hidden` what the open question hides,
    `secrets` the numbers that would answer it, but for those that it says itself. `caller` is who
    comes now, empty if nobody does; `known` are the truths that were asked for and found.
    """

    words: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    secrets: tuple[int, ...] = ()
    picture: Picture | None = None
    caller: str = ""
    edges: tuple[Edge, ...] = ()
    known: tuple[str, ...] = ()

    def shows(self, word: str) -> bool:
        """Tell whether a panel (`marks`) or a part of one (`marks.min`) is shown.

        A panel is shown if any part of it is, a part if it or its whole panel is.
        """
        whole = word.partition(".")[0]
        if word in self.hidden or whole in self.hidden:
            return False
        if self.words is None or word in self.words or whole in self.words:
            return True
        return word == whole and any(one.startswith(f"{word}.") for one in self.words)

    def veiled(self, text: str) -> str:
        """Return a text with a ? for every digit of a number that answers the open question.

        What the player has answered stays: a veil over it would tell that it is right now.
        """
        if ANSWERED in text:
            return text
        for secret in self.secrets:
            veil = UNKNOWN * len(str(secret))
            text = re.sub(_alone(secret), veil, text)
        return text


EVERYTHING = Showing()
"""What is shown where there is no level."""


def is_told_behind(question: Question) -> bool:
    """Tell whether the machine behind the picture answers a question, or shows what it hides."""
    form = FORMS.get(question.truth.partition(" ")[0])
    return bool(question.hides) or (form is not None and form.behind)


def showing(
    level: Level,
    m: Machine,
    question: Question | None,
    truth: Truth | None,
    done: frozenset[str],
    missed: Collection[str] = (),
) -> Showing:
    """Return what is shown of a level's machine while a question (or none) is open.

    `truth` is that question's answer; `done` are the ids and groups that are answered, `missed`
    the ids of questions that were missed or skipped: their answers were told.
    """
    picture, hidden, caller = level.picture, question.hides if question is not None else (), ""
    if question is not None:
        caller = question.caller or next(iter(picture.callers if picture else ()), "")
        kind, _, zone = question.picture.partition(" ")
        if kind:
            picture = (picture or Picture(kind=kind))._replace(kind=kind)
        if zone and picture is not None:
            picture = picture._replace(zone=zone)
    asked = f"{AFTER}{question.id}" if question is not None else ""
    edges = tuple(
        _edge(m, one, done, missed)._replace(asked=one.value.partition(UNTIL)[0] == asked)
        for one in (picture.edges if picture else ())
    )
    said = question.text if question is not None else ""
    secrets = tuple(one for one in _secrets(truth) if not re.search(_alone(one), said))
    return Showing(level.shows, hidden, secrets, picture, caller, edges)


def _alone(number: int) -> str:
    """Return the pattern of a number that is no part of another."""
    return rf"(?<![\w.]){number}(?!\d)(?!\.\d)"


def _edge(m: Machine, one: Option, done: frozenset[str], missed: Collection[str]) -> Edge:
    since, *until = one.value.split(UNTIL)
    lit = _has_come(m, since, done)
    known = lit or since.removeprefix(AFTER) in missed
    return Edge(one.text, lit, known, over=lit and any(_has_come(m, end, done) for end in until))


def _has_come(m: Machine, moment: str, done: frozenset[str]) -> bool:
    if moment.startswith(AFTER):
        return moment.removeprefix(AFTER) in done
    return moment_test(m, moment, m.state.turn + 1)(m)


def _secrets(truth: Truth | None) -> tuple[int, ...]:
    """Return the numbers that would tell an answer: pages in kB, too, and kB in pages."""
    if truth is None or truth.kind != NUMBER or not isinstance(truth.value, int):
        return ()
    found = [truth.value]
    if truth.unit == PAGES:
        found.append(truth.value * PAGE_KB)
    if truth.unit == KB and truth.value % PAGE_KB == 0:
        found.append(truth.value // PAGE_KB)
    return tuple(one for one in found if one >= LEAST_SECRET)
