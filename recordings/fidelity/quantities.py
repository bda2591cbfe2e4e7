"""What a run comes to, as samples and as numbers that a real and a simulated one have alike.

A sample is a machine at one moment, as a real one was measured and as a simulated one is read: one
type. Its counts are since boot: those of a simulated run go on from the row that it started from.
Each number is a function of the samples of one run; None where there is no such number: what never
happened has no time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS, SECOND_NS
from mmplay.engine.sim.mm.writeback import WORKS_CACHE
from mmplay.engine.sim.run.turns import run_until


class Sample(NamedTuple):
    """Free pages, calls of direct reclaim, works, pages that calls scanned, network, kills, slabs.

    `failures` are page allocations that failed in the network's softirq, `frames` those that the
    sender sent since the start, whatever became of them; `slabs` are those of kmalloc-64.
    """

    time_us: int
    free_dma: int
    free_dma32: int
    calls: int
    queued: int
    failed: int
    scanned: int
    failures: int
    frames: int
    kills: int
    slabs: int


COLUMNS = {
    "free_dma": "free_dma",
    "free_dma32": "free_dma32",
    "calls": "dr_begin",
    "queued": "wbq",
    "failed": "nowork",
    "scanned": "pgscan_direct",
    "failures": "irq_fail",
    "kills": "oom_kills",
    "slabs": "k64_slabs",
}
"""Fields of a sample and their columns in a CSV."""

NEEDED = ("t", *COLUMNS.values())

KILLS = frozenset({"kill", "kill_group", "sysrq_f"})
"""Actions that kill by hand: a kill of the script is one that was put in."""


class Frames(NamedTuple):
    """Frames that arrive: a second, and from when on."""

    per_second: int
    start_ns: int

    def until(self, start_ns: int, time_ns: int) -> int:
        """Return how many arrived between two moments."""
        span_ns = time_ns - max(start_ns, self.start_ns)
        return max(0, span_ns) * self.per_second // SECOND_NS


def real_samples(rows: Sequence[Mapping[str, int]], frames: Frames) -> list[Sample]:
    """Return the rows of a CSV as samples; a row does not count frames, so they follow the rate."""
    start_ns = rows[0]["t"]
    return [
        Sample(
            time_us=row["t"] // MICROSECOND_NS,
            frames=frames.until(start_ns, row["t"]),
            **{name: row[column] for name, column in COLUMNS.items()},
        )
        for row in rows
    ]


def simulated_samples(m: Machine, real: Sequence[Sample]) -> Iterator[Sample]:
    """Run a machine, and yield what it is at the times of the real samples."""
    killed_us = sorted(
        time_ns // MICROSECOND_NS for time_ns, name, _ in m.setup.script if name in KILLS
    )
    base = real[0]
    for one in real:
        run_until(m, one.time_us * MICROSECOND_NS)
        counters, free = m.state.counters, {zone.name: zone.free_seen for zone in m.state.zones}
        yield Sample(
            time_us=one.time_us,
            free_dma=free.get("DMA", 0),
            free_dma32=free.get("DMA32", 0),
            calls=base.calls + counters.reclaim_calls,
            queued=base.queued + counters.wb_work,
            failed=base.failed + counters.wb_nowork,
            scanned=base.scanned + counters.pgscan_direct,
            failures=base.failures + counters.alloc_fail_net,
            frames=one.frames,
            kills=base.kills + counters.oom_kill + bisect_right(killed_us, one.time_us),
            slabs=m.state.caches[WORKS_CACHE].slabs(),
        )


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
        """Return when it came, on the clock of the run; None for never."""
        found = moment(course)
        return None if found is None else found.time_us

    return time_us


def _at(moment: Moment, field: str) -> Number:
    def value(course: Course) -> int | None:
        """Return the field at that moment; None if it never came."""
        found = moment(course)
        return None if found is None else int(getattr(found, field))

    return value


def _ratio(over: tuple[str, ...], under: str, times: int) -> Number:
    """Return what some counts grew by in the window, for every `times` by which another did."""

    def ratio(course: Course) -> int | None:
        """Return it rounded; None without two samples, or where the other did not grow."""
        inside = course.inside
        if len(inside) < 2:
            return None
        grown = [getattr(inside[-1], name) - getattr(inside[0], name) for name in (*over, under)]
        *parts, whole = grown
        return (sum(parts) * times + whole // 2) // whole if whole > 0 else None

    return ratio


def _median(field: str) -> Number:
    def median(course: Course) -> int | None:
        """Return the median of the window, of two middle ones their mean; None without a sample."""
        values = sorted(int(getattr(one, field)) for one in course.inside)
        if not values:
            return None
        middle = len(values) // 2
        return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) // 2

    return median


def _grown(field: str) -> Number:
    def grown(course: Course) -> int | None:
        """Return by how much the field grew from the first sample to the last."""
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
