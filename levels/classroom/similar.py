"""Lists of acts that are alike: shown to a teacher, never judged.

Whoever plays well does what the solution does, so right answers and the solution's acts tell
nothing. What tells is the rest: the same wrong answers, the same detours, at the same turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from typing import NamedTuple

from mmplay.levels.classroom.grading import Grades
from mmplay.levels.classroom.judging import Deed
from mmplay.levels.model import Level

LEAST_SAME = 3
"""Telling acts that two lists must share."""

LEAST_SHARE = (4, 5)
"""The share of the longer list's telling acts that must be the same."""


class Similar(NamedTuple):
    """Students whose telling acts in a level are alike: how many are the same, of how many."""

    level: str
    students: tuple[str, ...]
    same_acts: int
    acts: int


def similar(grades: Grades) -> list[Similar]:
    """Return the lists that are alike, those with most in common first."""
    found = [
        one
        for number, assigned in enumerate(grades.assignment.levels)
        for one in _alike(assigned.level, _lists(grades, number, assigned.level))
    ]
    return sorted(found, key=lambda one: (-one.same_acts, one.level, one.students))


def _lists(grades: Grades, number: int, level: Level) -> list[tuple[str, tuple[Deed, ...]]]:
    """Return each student's telling acts in a level."""
    usual = {(move.action, move.value) for move in level.solution}
    return [
        (one.student, tuple(_telling(one.levels[number].judged.deeds, usual)))
        for one in grades.students
    ]


def _telling(deeds: Sequence[Deed], usual: set[tuple[str, str]]) -> Iterator[Deed]:
    for deed in deeds:
        if not deed.right and (deed.name, deed.value) not in usual:
            yield deed


def _alike(level: Level, lists: list[tuple[str, tuple[Deed, ...]]]) -> Iterator[Similar]:
    """Yield groups that did exactly the same, then pairs of groups that did nearly the same."""
    groups: dict[tuple[Deed, ...], list[str]] = {}
    for student, deeds in lists:
        if len(deeds) >= LEAST_SAME:
            groups.setdefault(deeds, []).append(student)
    for deeds, students in groups.items():
        if len(students) > 1:
            yield Similar(level.id, tuple(students), len(deeds), len(deeds))
    for (one, some), (other, others) in combinations(groups.items(), 2):
        same, most = _same(one, other), max(len(one), len(other))
        if same >= LEAST_SAME and same * LEAST_SHARE[1] >= most * LEAST_SHARE[0]:
            yield Similar(level.id, (*some, *others), same, most)


def _same(one: tuple[Deed, ...], other: tuple[Deed, ...]) -> int:
    """Return how many acts two lists share in the same order."""
    if not {*one} & {*other}:
        return 0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())
