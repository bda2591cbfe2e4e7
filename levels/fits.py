"""Whether the texts of a level fit the smallest screen, 80x24."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from unicodedata import east_asian_width

from mmplay.levels.model import Level, Question

WIDTH = 76
"""Columns of text inside a frame at 80 columns."""

MOST: dict[str, int] = {"story": 14, "task": 3, "learn": 3, "against": 3, "recreates": 3}
"""Lines that a text of this name may take; the story has a screen of its own."""

TITLE, QUESTION, HINT, GOAL, REAL = 40, 9, 5, 2, 18


def lines(text: str, width: int = WIDTH) -> int:
    """Return how many lines a text takes."""
    return sum(len(wrap(one, width)) or 1 for one in text.split("\n")) if text else 0


def misfits(level: Level) -> Iterator[str]:
    """Yield a complaint for every text that does not fit."""
    if len(level.title) > TITLE:
        yield f"title: longer than {TITLE} characters"
    for name, most in MOST.items():
        yield from _too_long(name, lines(getattr(level, name)), most)
    for act in (level, *level.acts):
        yield from _act_misfits(act)
    for hint in level.hints:
        yield from _too_long(f"line {hint.line}, hint", lines(hint.text), HINT)
    real = level.real
    closing = sum(
        map(lines, (f"{real.function} {real.path}", real.text, real.leaves_out, real.log))
    )
    yield from _too_long("[real]", closing, REAL)
    yield from _too_wide(level)


def _act_misfits(level: Level) -> Iterator[str]:
    """Yield a complaint for every text of one act that does not fit."""
    if len(level.act_title) > TITLE:
        yield f"title of act {level.act}: longer than {TITLE} characters"
    for question in level.questions:
        where = f"line {question.line}, question {question.id}"
        yield from _too_long(where, _question_lines(question), QUESTION)
        yield from _too_long(f"{where}: why", lines(question.why), 3)
    for goal in (*level.wins, *level.loses):
        yield from _too_long(f"line {goal.line}, goal", lines(goal.text), GOAL)
    yield from _too_long("choices", sum(lines(one.text, WIDTH - 4) for one in level.choices), 9)


def _question_lines(question: Question) -> int:
    """Return the lines of a question and its options, as the task panel shows them."""
    options = sum(lines(option.text, WIDTH - 4) for option in question.options)
    return lines(f"12/34  {question.text}") + options


def _too_long(what: str, count: int, most: int) -> Iterator[str]:
    if count > most:
        yield f"{what}: takes {count} lines of {WIDTH} columns, {most} fit"


def _too_wide(level: Level) -> Iterator[str]:
    texts = [level.title, level.story, level.task, *(one.text for one in level.questions)]
    wide = next((c for text in texts for c in text if east_asian_width(c) in "WF"), "")
    if wide:
        yield f"{wide!r} is two columns wide; not every terminal draws it"
