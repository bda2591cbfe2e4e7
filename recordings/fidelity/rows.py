"""One number of a real run beside the simulated one, and whether it is as close as it should be.

An `input` was put in or taken over: it agrees with itself and is not counted. A `rule` row is
decided by the kernel's rules; a `calibrated` one also by what was fitted, and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from mmplay.engine.tables import Table
from mmplay.recordings.fidelity.quantities import (
    CURVE,
    NUMBERS,
    Course,
    Window,
    after,
    curve_error,
    first_failure,
)

INPUT, RULE, CALIBRATED = "input", "rule", "calibrated"
KINDS = (INPUT, RULE, CALIBRATED)
TIME = "_us"
"""Ending of what is a time: that of what never happened is None in both, and so agrees."""


class Limit(NamedTuple):
    """How a quantity comes about, and how far off it may be; see the file's head."""

    kind: str
    least: int | None = None
    permille: int | None = None
    steps: str = ""
    over: str = ""

    def bound(self, real: int | None) -> int | None:
        """Return by how much the simulated number may differ from this real one; None: at will."""
        if self.least is None and self.permille is None:
            return None
        return max(self.least or 0, (self.permille or 0) * abs(real or 0) // 1000)


LIMITS = Table(lambda value: Limit(**value), "mmplay.recordings", "quantities")
"""By quantity."""


class FidelityRow(NamedTuple):
    """See the module; `error` is simulated - real, None where there are no two numbers.

    `within` is None for an input and where there is no bound, or nothing that it could hold.
    `spread` are the least and the most of several simulated numbers, of which one is shown.
    """

    quantity: str
    window_us: Window | None
    real: int | None
    simulated: int | None
    error: int | None
    bound: int | None
    kind: str
    within: bool | None
    spread: tuple[int, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row without what it does not have."""
        found = self._asdict()
        if self.spread is None:
            del found["spread"]
        return found


def row_of(
    quantity: str,
    window: Window | None,
    real: int | None,
    simulated: int | None,
    bound: int | None,
    kind: str,
) -> FidelityRow:
    """Return the row of two numbers."""
    error = None if real is None or simulated is None else simulated - real
    within = _within(quantity, real, simulated, bound)
    shown = None if kind == INPUT else within
    return FidelityRow(quantity, window, real, simulated, error, bound, kind, shown)


def _within(
    quantity: str, real: int | None, simulated: int | None, bound: int | None
) -> bool | None:
    if bound is None:
        return None
    if real is None and simulated is None:
        return True if quantity.endswith(TIME) else None
    if real is None or simulated is None:
        return False
    return abs(simulated - real) <= bound


def compared(real: Course, simulated: Course, inputs: frozenset[str]) -> list[FidelityRow]:
    """Return a row for every quantity; those of `inputs` were put in."""
    rows = []
    for quantity, number in NUMBERS.items():
        limit, one, other = LIMITS[quantity], number(real), number(simulated)
        taken = quantity in inputs or _from_start(quantity, one, real)
        bound = None if taken else _bound(limit, one, real)
        kind = INPUT if taken else limit.kind
        rows.append(row_of(quantity, _window(limit, real), one, other, bound, kind))
    error = curve_error(real.samples, simulated.samples)
    limit = LIMITS[CURVE]
    rows.append(row_of(CURVE, _window(limit, real), 0, error, limit.least, limit.kind))
    return rows


def _from_start(quantity: str, time_us: int | None, real: Course) -> bool:
    """Tell whether a time is that of the first row, which the simulated run began from."""
    return quantity.endswith(TIME) and time_us == real.samples[0].time_us


def _bound(limit: Limit, real: int | None, course: Course) -> int | None:
    bound = limit.bound(real)
    if bound is None or not limit.steps:
        return bound
    return bound + _step(course, limit.steps)


def _step(course: Course, field: str) -> int:
    """Return how much a number moved from the sample before to that of the first failure."""
    found = first_failure(course)
    if found is None:
        return 0
    at = course.samples.index(found)
    before = course.samples[max(0, at - 1)]
    return abs(int(getattr(found, field)) - int(getattr(before, field)))


def _window(limit: Limit, real: Course) -> Window | None:
    if limit.over == "window":
        return real.window
    if limit.over == "run":
        return real.samples[0].time_us, real.samples[-1].time_us
    return after(real) if limit.over == "after" else None


class Summary(NamedTuple):
    """How many rule rows have a bound, how many keep it, and which do not.

    `not_counted` are the calibrated ones that do not.
    """

    rule_rows: int
    rule_rows_within: int
    out: tuple[str, ...]
    not_counted: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What it comes to, in words."""
        told = f"{self.rule_rows_within} of {self.rule_rows} numbers that rules decide agree"
        told = f"{told}; these do not: {', '.join(self.out)}." if self.out else f"{told}."
        if not self.not_counted:
            return told
        return (
            f"{told} Out, but not counted, as they are calibrated: {', '.join(self.not_counted)}."
        )


def summary_of(rows: Iterable[FidelityRow]) -> Summary:
    """Count the rule rows."""
    bound = [row for row in rows if row.within is not None]
    out = {
        kind: [row.quantity for row in bound if row.kind == kind and not row.within]
        for kind in KINDS
    }
    count = sum(row.kind == RULE for row in bound)
    return Summary(count, count - len(out[RULE]), tuple(out[RULE]), tuple(out[CALIBRATED]))
