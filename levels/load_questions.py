"""Makes questions of [[ask]] tables, each once or for every line of `each`."""

from __future__ import annotations

import re

from mmplay.engine.errors import no_such
from mmplay.levels.file import MAX_QUESTIONS, AskTable
from mmplay.levels.language import (
    AFTER,
    START,
    check_act,
    check_moment,
    check_truth,
    check_when,
)
from mmplay.levels.model import CHOICE, NUMBER, Option, Question
from mmplay.levels.source import MAX_TEXT, Place

BETWEEN = " | "
"""What stands between two words of a line; a bar without blanks joins flags of one mask."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_SLOT = re.compile(r"\{([0-9])\}", re.ASCII)


def load_questions(top: Place, tables: tuple[AskTable, ...]) -> tuple[Question, ...]:
    """Return all questions in order; `after` may name any that stands before."""
    found: list[Question] = []
    for number, table in enumerate(tables):
        place = top.at("ask", number)
        questions = _asked(place, table)
        group = questions[0].group
        if group in {one.group for one in found}:
            raise place.error("id", f"there is a question {group!r} already")
        _check_after(place, questions[0].at, found)
        found += questions
        if len(found) > MAX_QUESTIONS:
            raise place.error("", f"the level asks more than {MAX_QUESTIONS} questions")
    return tuple(found)


def _check_after(place: Place, at: str, found: list[Question]) -> None:
    if at.startswith(AFTER):
        ident = at.removeprefix(AFTER)
        known = list(dict.fromkeys(name for one in found for name in (one.group, one.id)))
        if ident not in known:
            raise place.error("at", no_such("question before this one", ident, known))


def _asked(place: Place, table: AskTable) -> list[Question]:
    """Return the question of a table, once for each line of `each`: {0}, {1} are its words."""
    options = tuple(option_of(place, "options", one) for one in table.options)
    question = Question(
        id=ident_of(place, table.id),
        text=table.text,
        truth=table.truth,
        kind=table.kind or (CHOICE if options else NUMBER),
        at=moment_of(place, "at", table.at) or START,
        when=table.when,
        options=options,
        unit=table.unit,
        tolerance=table.tolerance,
        before=tuple(map(_act, table.before)),
        after=tuple(map(_act, table.after)),
        suppose=tuple(map(_act, table.suppose)),
        why=table.why,
        group=table.id,
        line=place.line(),
    )
    if question.kind == CHOICE and len(options) < 2:
        raise place.error("options", "a choice needs two or more")
    if question.kind == NUMBER and options:
        raise place.error("options", "a number is typed, not chosen")
    lines = enumerate(table.each, 1)
    found = [_filled(place, question, number, line) for number, line in lines] or [question]
    for one in found:
        place.checked("truth", one.truth, check_truth)
        place.checked("when", one.when, check_when)
        for key in ("before", "after", "suppose"):
            for name, _ in getattr(one, key):
                place.checked(key, name, check_act)
    return found


def _act(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    return name, value.strip()


def _filled(place: Place, question: Question, number: int, line: str) -> Question:
    words = [word.strip() for word in line.split(BETWEEN)]

    def word(slot: re.Match[str]) -> str:
        if int(slot[1]) >= len(words):
            raise place.error("each", f"line {number} has no word {{{slot[1]}}}")
        return words[int(slot[1])]

    def fill(text: str) -> str:
        filled = _SLOT.sub(word, text)
        if len(filled) > MAX_TEXT:
            raise place.error("each", f"line {number} makes a text of over {MAX_TEXT} characters")
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


def ident_of(place: Place, ident: str) -> str:
    """Return the id of a table; raises LevelError for what is none."""
    if not _ID.fullmatch(ident):
        raise place.error("id", "write a letter and up to 31 letters, digits, - or _")
    return ident


def moment_of(place: Place, key: str, text: str) -> str:
    """Return a moment in the words of the format, empty if none is named; raises LevelError."""
    return place.checked(key, text, check_moment) if text else ""


def option_of(place: Place, key: str, text: str) -> Option:
    """Return what can be chosen: `VALUE | what is shown`; raises LevelError."""
    value, bar, shown = text.partition(BETWEEN)
    if not value.strip() or len(text) > 120:
        raise place.error(key, "write 'VALUE | what is shown', or VALUE alone")
    return Option(value.strip(), shown.strip() if bar else value.strip())
