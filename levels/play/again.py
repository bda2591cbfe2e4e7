"""Which form of a question is asked next: the one place that decides how a miss comes again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.model import Question
from mmplay.levels.truth import Truth

LOOKS = 8
"""So many forms are compared at most: to know what is right may take a run of the machine."""

OPPOSITES = 2
"""With so few options a right answer is either the wrong one, or stands on the same key."""

NO_FAULT = (False, False, False)


class Seen(NamedTuple):
    """What was asked in a run before: the texts, and how this question was missed there."""

    texts: Sequence[str] = ()
    miss: Miss | None = None


class Miss(NamedTuple):
    """A wrong answer, with the form in which the question was asked, and what was right."""

    form: Question
    right: Truth
    said: str


def next_form(
    forms: Iterable[Question],
    asked: Sequence[str],
    miss: Miss | None,
    right_of: Callable[[Question], Truth],
    skipped: int = 0,
) -> Question:
    """Return the form to ask, of `forms` in their order, of which there is at least one.

    It is none of the texts that were `asked`, in order, while another is left; of those left,
    one that does not make the missed answer right, then one in which it is the same slip (who took
    equal for above meets an equal one again) or which asks the reverse, and then one that does not
    repeat the right answer, on its key or as a value. `skipped` forms are left out. If all were
    asked it is the one that was asked longest ago.
    """
    passed: list[Question] = []
    most = LOOKS if miss is not None else 1
    fresh = islice(_fresh(forms, asked, passed), skipped, skipped + most)
    best, least = None, (True, True, True)
    for one in fresh:
        faults = NO_FAULT if miss is None else _faults(one, miss, right_of(one))
        if best is None or faults < least:
            best, least = one, faults
        if faults == NO_FAULT:
            break
    return best or min(passed, key=lambda one: _asked_at(asked, one.text))


def _fresh(
    forms: Iterable[Question], asked: Sequence[str], passed: list[Question]
) -> Iterator[Question]:
    for one in forms:
        passed.append(one)
        if one.text not in asked:
            yield one


def _asked_at(asked: Sequence[str], text: str) -> int:
    """Return the place where a text was asked last, -1 if nowhere."""
    return max((n for n, one in enumerate(asked) if one == text), default=-1)


def _faults(form: Question, miss: Miss, right: Truth) -> tuple[bool, bool, bool]:
    """Tell whether a form rewards the wrong answer, is of another slip, repeats the right one."""
    rewards = _accepts(right, miss.said) or _shares_a_set(form, miss, right)
    reverse = form.truth.split()[:1] != miss.form.truth.split()[:1]
    other = not reverse and _slip(right, miss.said) != _slip(miss.right, miss.said)
    if len(form.options) == OPPOSITES:
        return rewards, other, False
    place = _place(form, right)
    same_key = place >= 0 and place == _place(miss.form, miss.right)
    return rewards, other, same_key or _accepts(right, miss.right.shown())


def _slip(right: Truth, said: str) -> str:
    """Return the code of the slip that an answer is; empty if it is none."""
    with suppress(InputError):
        found = right.slip(said)
        return found.code if found is not None else ""
    return ""


def _shares_a_set(form: Question, miss: Miss, right: Truth) -> bool:
    """Tell whether the right flags and the wrong ones have a set in common that was not there."""
    names, said = (set(one.split("|")) for one in (right.shown(), miss.said))
    sets = {one for one in names & said if one.startswith("GFP_")}
    return bool(form.options) and bool(sets - set(miss.right.shown().split("|")))


def _place(form: Question, right: Truth) -> int:
    """Return the place of the right option, -1 if there is none."""
    return next((n for n, one in enumerate(form.options) if _accepts(right, one.value)), -1)


def _accepts(right: Truth, answer: str) -> bool:
    """Tell whether an answer, perhaps to another kind of question, would be right."""
    try:
        return right.accepts(answer)
    except InputError:
        return False
