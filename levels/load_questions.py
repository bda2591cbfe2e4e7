"""Reads the questions of a level file: [[ask]] tables, each once or for every line of `each`."""

from __future__ import annotations

import re

from mmplay.engine.errors import no_such
from mmplay.levels.language import (
    AFTER,
    NOW,
    START,
    check_act,
    check_moment,
    check_truth,
    check_when,
)
from mmplay.levels.model import CHOICE, NUMBER, TEXT, Option, Question
from mmplay.levels.sections import MAX_TEXT, Section

MAX_QUESTIONS = 120

BETWEEN = " | "
"""What stands between two words of a line; a bar without blanks joins flags of one mask."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_SLOT = re.compile(r"\{([0-9])\}", re.ASCII)


def load_questions(top: Section) -> tuple[Question, ...]:
    """Return all questions in order; `after` may name any that stands before."""
    found: list[Question] = []
    for table in top.tables("ask", MAX_QUESTIONS):
        questions = _asked(table)
        group = questions[0].group
        if group in {one.group for one in found}:
            raise table.error("id", f"there is a question {group!r} already")
        _check_after(table, questions[0].at, found)
        found += questions
        if len(found) > MAX_QUESTIONS:
            raise table.error("", f"the level asks more than {MAX_QUESTIONS} questions")
    return tuple(found)


def _check_after(table: Section, at: str, found: list[Question]) -> None:
    if at.startswith(AFTER):
        ident = at.removeprefix(AFTER)
        known = list(dict.fromkeys(name for one in found for name in (one.group, one.id)))
        if ident not in known:
            raise table.error("at", no_such("question before this one", ident, known))


def _asked(table: Section) -> list[Question]:
    """Return the question of a table, once for each line of `each`: {0}, {1} are its words."""
    group = ident_of(table, "id")
    options = tuple(option_of(table, "options", one) for one in table.texts("options"))
    question = Question(
        id=group,
        text=table.text("text", required=True),
        truth=table.text("truth", required=True),
        kind=table.one_of("kind", (NUMBER, CHOICE, TEXT), CHOICE if options else NUMBER),
        at=moment_of(table, "at") or START,
        when=table.text("when", NOW),
        options=options,
        unit=table.text("unit"),
        tolerance=table.number("tolerance"),
        before=tuple(_act(one) for one in table.texts("before")),
        after=tuple(_act(one) for one in table.texts("after")),
        suppose=tuple(_act(one) for one in table.texts("suppose")),
        why=table.text("why"),
        group=group,
        line=table.place.line(),
    )
    if question.kind == CHOICE and len(options) < 2:
        raise table.error("options", "a choice needs two or more")
    if question.kind == NUMBER and options:
        raise table.error("options", "a number is typed, not chosen")
    each = table.texts("each")
    table.done()
    found = [_filled(table, question, n, line) for n, line in enumerate(each, 1)] or [question]
    for one in found:
        table.checked("truth", one.truth, check_truth)
        table.checked("when", one.when, check_when)
        for key in ("before", "after", "suppose"):
            for name, _ in getattr(one, key):
                table.checked(key, name, check_act)
    return found


def _act(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    return name, value.strip()


def _filled(table: Section, question: Question, number: int, line: str) -> Question:
    words = [word.strip() for word in line.split(BETWEEN)]

    def word(slot: re.Match[str]) -> str:
        if int(slot[1]) >= len(words):
            raise table.error("each", f"line {number} has no word {{{slot[1]}}}")
        return words[int(slot[1])]

    def fill(text: str) -> str:
        filled = _SLOT.sub(word, text)
        if len(filled) > MAX_TEXT:
            raise table.error("each", f"line {number} makes a text of over {MAX_TEXT} characters")
        return filled

    def all_filled(acts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((fill(name), fill(value)) for name, value in acts)

    return question._replace(
        id=f"{question.id}.{number}",
        text=fill(question.text),
        truth=fill(question.truth),
        when=fill(question.when),
        why=fill(question.why),
        before=all_filled(question.before),
        after=all_filled(question.after),
        suppose=all_filled(question.suppose),
    )


def ident_of(section: Section, key: str) -> str:
    """Return an id of the file; raises LevelError for what is none."""
    ident = section.text(key, required=True)
    if not _ID.fullmatch(ident):
        raise section.error(key, "write a letter and up to 31 letters, digits, - or _")
    return ident


def moment_of(section: Section, key: str) -> str:
    """Return a moment in the words of the format, empty if none is named; raises LevelError."""
    there = section.has(key)
    text = section.text(key)
    return section.checked(key, text, check_moment) if there else text


def option_of(section: Section, key: str, text: str) -> Option:
    """Return what can be chosen: `VALUE | what is shown`; raises LevelError."""
    value, bar, shown = text.partition(BETWEEN)
    if not value.strip() or len(text) > 120:
        raise section.error(key, "write 'VALUE | what is shown', or VALUE alone")
    return Option(value.strip(), shown.strip() if bar else value.strip())
