"""Two recordings beside each other, as data: where they part, and what they come to.

Recordings are A and B. `frame` counts a recording's frames from 0, times are its machine's own in
microseconds, numbers of memory are pages; what a side does not have is None.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What the first difference is."""

    ACT = "act"
    DECISION = "decision"
    ACTOR = "actor"
    END = "end"
    DUMP = "dump"


class Side(NamedTuple):
    """What one side does where the two part.

    `actor` acts in `function`; `text` is the decision, the act or the number in words, empty if
    this side has nothing there; `operands` are the decision's numbers by name.
    """

    frame: int
    turn: int | None
    time_us: int | None
    actor: str = ""
    function: str = ""
    path: str = ""
    text: str = ""
    operands: dict[str, Any] = {}  # noqa: RUF012 (never changed)


class Difference(NamedTuple):
    """A place where the two differ, seen from both sides."""

    kind: Kind
    a: Side
    b: Side


class Setting(NamedTuple):
    """Something the two machines were given differently before their first turn."""

    name: str
    a: str
    b: str


class Moment(NamedTuple):
    """A frame of a recording and its time."""

    frame: int
    time_us: int | None


class Alignment(NamedTuple):
    """How the two time axes are laid upon each other.

    `a` and `b` are the moments that count as one; the table compares `at_a` with `at_b`.
    """

    name: str
    a: Moment
    b: Moment
    at_a: Moment
    at_b: Moment


class Row(NamedTuple):
    """One number on both sides; `failure` if it counts what failed."""

    name: str
    a: int | None
    b: int | None
    failure: bool = False

    @property
    def delta(self) -> int | None:
        """Return B less A."""
        return None if self.a is None or self.b is None else self.b - self.a


class Tally(NamedTuple):
    """Failure counters by the side that failed less often: no judgement beyond that."""

    a_fewer: tuple[str, ...]
    b_fewer: tuple[str, ...]
    same: tuple[str, ...]


class Series(NamedTuple):
    """A number over time on both sides.

    Column n ends `start_us + (n + 1) * column_us` after the aligned moment and has the last value
    known there.
    """

    name: str
    start_us: int
    column_us: int
    a: tuple[int | None, ...]
    b: tuple[int | None, ...]


class Comparison(NamedTuple):
    """See the module.

    `first` is where the two part, None if nothing differs as far as both go; if that is an act,
    `then` is the first decision that comes out otherwise. `same_turns` were made before `first`.
    `firsts` are the moments of first failures, in us after the aligned moment.
    """

    a_name: str
    b_name: str
    settings: tuple[Setting, ...]
    first: Difference | None
    then: Difference | None
    same_turns: int | None
    alignment: Alignment
    rows: tuple[Row, ...]
    firsts: tuple[Row, ...]
    tally: Tally
    series: tuple[Series, ...]
