"""Reads the questions of a level: each asked once, or for lines, its slots and moments checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.language import (
    AFTER,
    START,
    UNTIL,
    check_act,
    check_moment,
    check_shown,
    check_truth,
    check_when,
)
from mmplay.levels.level_text import LevelError, Place
from mmplay.levels.model import (
    CHOICE,
    DEFAULT_ZONE,
    MAX_QUESTIONS,
    NUMBER,
    Picture,
    Question,
    name_and_value,
)
from mmplay.levels.play.drawing import asked, entry_name, filled, line_words, open_slot

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_DRAWN = re.compile(r"[a-z][a-z_]{0,31}", re.ASCII)
SAMPLE = "1"
"""What stands in the slot of a number that is read off the machine, while the words are checked."""

MAX_FORMS = 1000
"""Of one question, its lines times its numbers: all stand in memory when one of them is drawn."""


def check_id(ident: str) -> None:
    """Complain about what is no id; raises InputError."""
    if not _ID.fullmatch(ident):
        raise InputError("write a letter and up to 31 letters, digits, - or _")


def read_questions(top: Place, tables: tuple[Question, ...]) -> tuple[Question, ...]:
    """Return all questions in order; `after` may name any that stands before. Raises LevelError."""
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


def _check_after(
    place: Place, at: str, found: Iterable[Question], key: str = "at", what: str = "before this one"
) -> None:
    if at.startswith(AFTER):
        ident = at.removeprefix(AFTER)
        known = list(dict.fromkeys(name for one in found for name in (one.group, one.id)))
        if ident not in known:
            raise place.error(key, no_such(f"question {what}", ident, known))


def check_edges(place: Place, picture: Picture, questions: tuple[Question, ...]) -> None:
    """Complain about edges whose moments are none of the level's; raises LevelError."""
    for moment in (one for edge in picture.edges for one in edge.value.split(UNTIL)):
        place.checked("edges", moment, check_moment)
        _check_after(place, moment, questions, "edges", "of this level")


def _asked(place: Place, table: Question) -> list[Question]:
    """Return the question of a table, once for each line of `each`, or as often as `pick` says."""
    place.checked("id", table.id, check_id)
    if table.at:
        place.checked("at", table.at, check_moment)
    kind = table.kind or (CHOICE if table.options else NUMBER)
    question = table._replace(kind=kind, at=table.at or START)
    if table.pick > len(table.each):
        raise place.error("pick", f"there are {len(table.each)} lines in `each`")
    if table.forms and table.each and not table.pick:
        raise place.error("each", "with other forms of the question write how many to `pick`")
    ways = question.ways
    forms = len(ways) * max(1, len(table.each)) * prod(map(len, table.draw.values()))
    if forms > MAX_FORMS:
        raise place.error("draw", f"makes over {MAX_FORMS} forms of the question: name fewer")
    for number, way in enumerate(ways):
        _check_way(place.at("form", number - 1) if number else place, way)
    return _each(question)


def _check_way(place: Place, question: Question) -> None:
    """Check one form of a question, with each of its lines."""
    if question.kind == CHOICE and len(question.options) < 2:
        raise place.error("options", "a choice needs two or more")
    if question.kind == NUMBER and question.options:
        raise place.error("options", "a number is typed, not chosen")
    for number, line in enumerate(question.each or ("",), 1):
        _check_form(place, question, f"line {number} " if question.each else "", line)
    for word in question.hides:
        place.checked("hides", word, check_shown)


def _each(question: Question) -> list[Question]:
    """Return the questions of one [[ask]]; those that are drawn get their words when asked."""
    if question.pick:
        return [
            question._replace(id=f"{question.id}.{number + 1}", slot=number)
            for number in range(question.pick)
        ]
    lines = enumerate(question.each, 1)
    return [
        filled(question, line_words(line))._replace(id=f"{question.id}.{number}", each=())
        for number, line in lines
    ] or [question]


def _check_draw(place: Place, table: Question) -> None:
    for name, entries in table.draw.items():
        if not _DRAWN.fullmatch(name) or not entries:
            raise place.error("draw", "write {name = [numbers]}, a name of small letters")
        for entry in entries:
            if isinstance(entry, str):
                _check_entry(place, entry_name(entry))


def _check_entry(place: Place, name: str) -> None:
    if not (name.isascii() and name.isdigit()):
        place.checked("draw", asked(name, DEFAULT_ZONE), check_truth)


def _check_form(place: Place, question: Question, where: str, line: str) -> None:
    """Check a question as it will be asked: with the words of a line, and numbers in its slots."""
    try:
        form = filled(question, line_words(line)) if line else question
        _check_draw(place, form)
        form = filled(form, {name: SAMPLE for name in question.draw})
        if (slot := open_slot(form)) is not None:
            raise place.error("each" if where else slot.key, f"{where}{slot.problem}")
    except LevelError:
        raise
    except InputError as error:
        raise place.error("each" if where else "", f"{where}{error}") from None
    except ValueError as error:
        raise place.error("options", str(error)) from None
    place.checked("truth", form.truth, check_truth)
    place.checked("when", form.when, check_when)
    for key in ("before", "after", "suppose"):
        for act in getattr(form, key):
            place.checked(key, name_and_value(act)[0], check_act)
