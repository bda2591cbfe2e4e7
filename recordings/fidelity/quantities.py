"""What a run comes to, as numbers that a real and a simulated one have alike.

Each is a function of the samples of one run; None where there is no such number: what never
happened has no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mmplay.recordings.fidelity.samples import Sample

DRAINED, DEPLETED = 64, 10
"""Free pages with which DMA32 counts as drained, and either zone as empty."""

AFTER_US = 100_000_000
Window = tuple[int, int]


class Course(NamedTuple):
    """The samples of one run, first to last, the window that was asked for, and DMA32's min."""

    samples: Sequence[Sample]
    window: Window
    dma32_min: int

    @property
    def inside(self) -> Sequence[Sample]:
        """The samples of the window."""
        first, last = self.window
        return [one for one in self.samples if first <= one.time_us <= last]

    def first(self, test: Callable[[Sample], bool]) -> Sample | None:
        """Return the first sample of the run of which something holds."""
        return next((one for one in self.samples if test(one)), None)


def min_reached(course: Course) -> Sample | None:
    """Return when DMA32 is at its min."""
    return course.first(lambda one: one.free_dma32 <= course.dma32_min)


def first_failure(course: Course) -> Sample | None:
    """Return when a page of the network has failed."""
    return course.first(lambda one: one.failures > course.samples[0].failures)


def drained(course: Course) -> Sample | None:
    """Return when DMA32 is drained."""
    return course.first(lambda one: one.free_dma32 <= DRAINED)


def depleted(course: Course) -> Sample | None:
    """Return when nothing is left in either zone."""
    return course.first(lambda one: one.free_dma <= DEPLETED and one.free_dma32 <= DEPLETED)


def first_kill(course: Course) -> Sample | None:
    """Return when a task has been killed."""
    return course.first(lambda one: one.kills > course.samples[0].kills)


Moment = Callable[[Course], Sample | None]
Number = Callable[[Course], int | None]


def _time_of(moment: Moment) -> Number:
    def time_us(course: Course) -> int | None:
        found = moment(course)
        return None if found is None else found.time_us

    return time_us


def _at(moment: Moment, field: str) -> Number:
    def value(course: Course) -> int | None:
        found = moment(course)
        return None if found is None else int(getattr(found, field))

    return value


def _ratio(over: tuple[str, ...], under: str, times: int) -> Number:
    """Return what some counts grew by in the window, for every `times` by which another did."""

    def ratio(course: Course) -> int | None:
        inside = course.inside
        if len(inside) < 2:
            return None
        grown = [getattr(inside[-1], name) - getattr(inside[0], name) for name in (*over, under)]
        *parts, whole = grown
        return (sum(parts) * times + whole // 2) // whole if whole > 0 else None

    return ratio


def _median(field: str) -> Number:
    def median(course: Course) -> int | None:
        values = sorted(int(getattr(one, field)) for one in course.inside)
        if not values:
            return None
        middle = len(values) // 2
        return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) // 2

    return median


def _grown(field: str) -> Number:
    def grown(course: Course) -> int | None:
        return int(getattr(course.samples[-1], field) - getattr(course.samples[0], field))

    return grown


def _at_the_end(field: str) -> Number:
    return lambda course: int(getattr(course.samples[-1], field))


def after(course: Course) -> Window | None:
    """Return the 100 s from the depletion on, or from the first kill where nothing is depleted."""
    begin = depleted(course) or first_kill(course)
    if begin is None:
        return None
    return begin.time_us, min(begin.time_us + AFTER_US, course.samples[-1].time_us)


def _kills_after(course: Course) -> int | None:
    window = after(course)
    if window is None:
        return None
    kills = [one.kills for one in course.samples if window[0] <= one.time_us <= window[1]]
    return kills[-1] - kills[0]


NUMBERS: dict[str, Number] = {
    "works_per_1000_calls": _ratio(("queued", "failed"), "calls", 1000),
    "scanned_per_10_calls": _ratio(("scanned",), "calls", 10),
    "min_us": _time_of(min_reached),
    "first_network_failure_us": _time_of(first_failure),
    "free_dma32_at_first_network_failure": _at(first_failure, "free_dma32"),
    "network_failures": _grown("failures"),
    "network_failures_per_100_frames": _ratio(("failures",), "frames", 100),
    "dma32_drained_us": _time_of(drained),
    "depletion_us": _time_of(depleted),
    "slabs_at_depletion": _at(depleted, "slabs"),
    "first_kill_us": _time_of(first_kill),
    "kills_after": _kills_after,
    "dma32_median": _median("free_dma32"),
    "dma_median": _median("free_dma"),
    "works_queued": _at_the_end("queued"),
    "works_failed": _at_the_end("failed"),
}
"""By name, in the order in which they are shown."""

CURVE = "free_curve_max_error"


def curve_error(real: Sequence[Sample], simulated: Sequence[Sample]) -> int:
    """Return by how many pages the free memory of two runs differs where it differs most."""
    return max(
        abs(one.free_dma + one.free_dma32 - other.free_dma - other.free_dma32)
        for one, other in zip(real, simulated, strict=True)
    )
