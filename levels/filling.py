"""Fills the slots of a question: {0}, {1} by the words of a line, {name} by a number drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.level_text import MAX_TEXT
from mmplay.levels.model import BETWEEN, Option, Question

_SLOT = re.compile(r"\{([0-9]|[a-z][a-z_]{0,31})\}", re.ASCII)
_TEXTS = ("text", "truth", "when", "why", "rule", "caller", "unit")
_LISTS = ("hints", "before", "after", "suppose")


def line_words(line: str) -> dict[str, str]:
    """Return the words of a line of `each`, by their numbers."""
    return {str(number): word.strip() for number, word in enumerate(line.split(BETWEEN))}


def filled(question: Question, words: Mapping[str, str]) -> Question:
    """Return a question with these words in its slots; others stay slots. Raises InputError."""

    def fill(text: str) -> str:
        found = _SLOT.sub(lambda slot: words.get(slot[1], slot[0]), text)
        if len(found) > MAX_TEXT:
            raise InputError(f"makes a text of over {MAX_TEXT} characters")
        return found

    texts = {key: fill(getattr(question, key)) for key in _TEXTS}
    lists = {key: tuple(map(fill, getattr(question, key))) for key in _LISTS}
    options = tuple(Option.of(fill(one)) for one in question.options)
    draw = {
        name: tuple(fill(one) if isinstance(one, str) else one for one in entries)
        for name, entries in question.draw.items()
    }
    return question._replace(**texts, **lists, options=options, draw=draw)


def refuse_slots(question: Question) -> None:
    """Complain about a slot that nothing fills; raises InputError."""
    texts = [getattr(question, key) for key in _TEXTS]
    texts += [one for key in (*_LISTS, "options") for one in getattr(question, key)]
    left = next((slot for text in texts for slot in _SLOT.findall(text)), None)
    if left is not None and left.isdigit():
        raise InputError(f"has no word {{{left}}}")
    if left is not None:
        raise InputError(no_such("number that is drawn", left, question.draw))
