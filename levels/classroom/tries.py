"""The tries of a level: which recordings belong to one, what each claims, which is the best."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.assignment import Assignment
from mmplay.recordings.files import TRACE, sessions_folder
from mmplay.recordings.library import RESULT
from mmplay.recordings.trace.reader import TraceReader, open_trace

_RESULT = re.compile(r"(won|lost|ended), ([0-3]) stars, (\d{1,6}) acts of par (\d{1,6})", re.ASCII)


class Claim(NamedTuple):
    """What a recording says of its result."""

    outcome: str
    stars: int
    acts: int


def claim_in(text: str) -> Claim | None:
    """Return what a result mark says; None for a run that goes on, or says nothing."""
    found = _RESULT.fullmatch(text)
    return Claim(found[1], int(found[2]), int(found[3])) if found is not None else None


def in_words(text: str) -> str:
    """Return a result mark as it is read; acts are left out where there are none to be done."""
    found = _RESULT.fullmatch(text)
    if found is None:
        return text
    outcome, stars, acts, par = found.groups()
    words = f"{outcome}, {stars} star{'' if stars == '1' else 's'}"
    if acts == par == "0":
        return words
    return f"{words}, {acts} act{'' if acts == '1' else 's'} of par {par}"


class Run(NamedTuple):
    """A recording of a level, or of one stage of it: header, result, and where it is."""

    header: dict[str, Any]
    result: str
    path: Path

    @property
    def level(self) -> str:
        """The id of its level."""
        return str(self.header.get("level"))

    @property
    def stage(self) -> int:
        """Which stage it is of."""
        return stage_of(self.header)


class Try(NamedTuple):
    """One try of a level: the recordings of its stages, in order."""

    level: str
    runs: tuple[Run, ...]

    @property
    def claim(self) -> Claim | None:
        """What the last one says of the result."""
        return claim_in(self.runs[-1].result)

    @property
    def said(self) -> str:
        """The same in words."""
        return in_words(self.runs[-1].result) or "not finished"


def stage_of(header: dict[str, Any]) -> int:
    """Return the stage that a recording is of; 1 for a level that has none."""
    stage = header.get("stage", 1)
    return stage if type(stage) is int else 0


Item = TypeVar("Item")


def in_tries(
    items: Iterable[Item], level: Callable[[Item], str], stage: Callable[[Item], int]
) -> list[list[Item]]:
    """Return the tries that recordings in order of time belong to.

    A first stage begins one; a later stage goes on with the latest try that waits for it, and is a
    try of its own if none does.
    """
    found: list[list[Item]] = []
    for one in items:
        waiting = [
            some
            for some in found
            if level(some[0]) == level(one) and stage(some[-1]) + 1 == stage(one)
        ]
        if stage(one) > 1 and waiting:
            waiting[-1].append(one)
        else:
            found.append([one])
    return found


def tries_of(assignment: Assignment, student: str) -> list[Try]:
    """Return what a student has recorded here for an assignment, the earliest first."""
    runs = list(_runs(assignment, student))
    found = in_tries(runs, lambda one: one.level, lambda one: one.stage)
    return [Try(some[0].level, tuple(some)) for some in found]


def _runs(assignment: Assignment, student: str) -> Iterator[Run]:
    for path in sorted(sessions_folder().glob(f"*{TRACE}")):
        try:
            with open_trace(path) as stream:
                reader = TraceReader(stream, str(path))
                if fits(reader.header, assignment, student):
                    yield Run(reader.header, _result(reader), path)
        except (InputError, OSError):
            continue


def _result(reader: TraceReader) -> str:
    for _ in reader:
        pass
    return next((note for _, name, note in reversed(reader.marks) if name == RESULT), "")


def fits(header: dict[str, Any], assignment: Assignment, student: str) -> bool:
    """Tell whether a recording was made by a student, for an assignment, of a level as it is."""
    bound = header.get("assignment"), header.get("student")
    digests = {one.level.id: one.level.content for one in assignment.levels}
    content = digests.get(str(header.get("level")), "")
    return bound == (assignment.id, student) and header.get("level_digest") == content


def best(tries: Iterable[Try]) -> Try:
    """Return the try with the most stars, then the fewest acts; without a win the latest."""
    newest_first = list(tries)[::-1]

    def worth(one: Try) -> tuple[int, int]:
        """Stars, and of a win how few acts: the larger the better."""
        claim = one.claim
        return (claim.stars, -claim.acts) if claim is not None and claim.stars else (0, 0)

    return max(newest_first, key=worth)
