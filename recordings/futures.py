"""What becomes of a log's machine: it is run as assumed, and with each assumption at its bounds.

One assumption is changed at a time; every run is a machine of its own, made and run by a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS, MILLISECOND_NS, SECOND_NS
from mmplay.engine.sim.mm.net import next_gap
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.logged import from_log
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.starts.unsaid import Unsaid, unsaid_of
from mmplay.engine.sim.state.zone import Zone

MOST_RUNS = 16
MOST_TURNS = 400_000
"""Turns after which a run is stopped: a machine that only spins makes millions in a second."""

STEP_NS = 10 * MILLISECOND_NS
"""How often a run is looked at: times are as exact as that."""

STRETCHES = 120
"""How many stretches of equal length a run has at most; of each its extremes are kept."""

FALLS, RISES = "falls_to", "rises_above"

Range = tuple[int, int]
"""Lowest and highest."""


class Ahead(NamedTuple):
    """What is continued, until when, and what is done to it at the start."""

    told: Told
    choice: Choice
    until_ns: int
    acts: tuple[tuple[str, str], ...] = ()


class Supposed(NamedTuple):
    """One run: everything as assumed (`name` is empty), or one assumption at another value.

    `seed` decides when frames arrive; 0 is the one that was chosen.
    """

    name: str = ""
    value: int = 0
    seed: int = 0


class Future(NamedTuple):
    """What a run came to.

    Times are microseconds after the frame, None for what did not happen; all else are pages or
    counts. `stopped_us` is when it was stopped before its time, None if it was not. `free` are
    each zone's extremes in every stretch, as far as the run came.
    """

    supposed: Supposed
    numbers: Mapping[str, int | None]
    stopped_us: int | None = None
    free: tuple[tuple[str, tuple[Range, ...]], ...] = ()


def supposed_of(open_: Sequence[Unsaid]) -> list[Supposed]:
    """Return the runs: as assumed, then each assumption at those of its bounds that differ."""
    bounds = chain.from_iterable(
        [Supposed(one.name, value) for value in (one.low, one.high) if value != one.value]
        for one in open_
    )
    return [Supposed(), *bounds][:MOST_RUNS]


FRAMES = "frames_per_second"
SEEDS_COUNTED, MOST_FRAMES = 16, 10_000
"""Seeds among which the two are looked for, by how long so many of their frames take at most."""


def runs_of(ahead: Ahead) -> list[Supposed]:
    """Return all runs: of the one in which frames arrive, two more have another seed.

    A seed decides when they arrive, and nothing else.
    """
    runs = supposed_of(open_of(ahead))
    arriving = [(one, one.value) for one in runs if one.name == FRAMES and one.value]
    if ahead.choice.packets > 0:
        arriving = [(Supposed(), ahead.choice.packets)]
    for one, rate in arriving:
        runs += [one._replace(seed=seed) for seed in far_seeds(ahead, rate)]
    return runs[:MOST_RUNS]


def far_seeds(ahead: Ahead, frames_per_second: int) -> tuple[int, int]:
    """Return two of the seeds after the chosen one: the fewest frames come by one, the most by one.

    A frame more may be a page less: seeds by which equally many come say nothing of others.
    """
    dump = ahead.told.report.memory
    start_us = (dump.time_us if dump is not None else None) or 0
    span_ns = ahead.until_ns - start_us * MICROSECOND_NS
    frames = min(MOST_FRAMES, max(1, frames_per_second * span_ns // SECOND_NS))
    first = ahead.choice.seed + 1
    taken = {
        seed: _frames_take_ns(seed, frames_per_second, frames)
        for seed in range(first, first + SEEDS_COUNTED)
    }
    return max(taken, key=taken.__getitem__), min(taken, key=taken.__getitem__)


def _frames_take_ns(seed: int, frames_per_second: int, frames: int) -> int:
    rng, taken_ns = seed, 0
    for _ in range(frames):
        rng, gap_ns = next_gap(rng, frames_per_second)
        taken_ns += gap_ns
    return taken_ns


def open_of(ahead: Ahead) -> tuple[Unsaid, ...]:
    """Return what the log leaves open."""
    return unsaid_of(ahead.told.report, ahead.choice.packets)


def machine_ahead(ahead: Ahead, supposed: Supposed = Supposed()) -> Machine:  # noqa: B008
    """Return the machine at the frame, with what was done at the start; raises InputError."""
    choice, given = ahead.choice, {supposed.name: supposed.value}
    if supposed.seed:
        choice = choice._replace(seed=supposed.seed)
    m = from_log(ahead.told, choice, given)
    for name, value in ahead.acts:
        do_action(m, name, value)
    return m


def future_of(ahead: Ahead, supposed: Supposed) -> Future:
    """Run the machine to its time and return what it came to; raises InputError."""
    m = machine_ahead(ahead, supposed)
    return watched(m, supposed, ahead.until_ns, partial(run_until, m))


def watched(
    m: Machine, supposed: Supposed, until_ns: int, go_on: Callable[[int], object]
) -> Future:
    """Let a machine go on until a time, and return what it came to; `go_on` makes its turns."""
    start_ns, first = m.state.now_ns, m.state.turn
    course = _Course(m, stretch_ns(until_ns - start_ns))
    stopped_us = None
    for time_ns in _steps(start_ns, until_ns):
        go_on(time_ns)
        course.look(time_ns)
        if m.state.turn - first >= MOST_TURNS:
            stopped_us = (time_ns - start_ns) // MICROSECOND_NS
            break
    return Future(supposed, course.numbers(), stopped_us, course.free())


def stretch_ns(span_ns: int) -> int:
    """Return how long the stretches of a run are: in each of them it is looked at."""
    return max(STEP_NS, -(-span_ns // STRETCHES))


def _steps(start_ns: int, until_ns: int) -> Iterator[int]:
    yield from range(start_ns + STEP_NS, until_ns, STEP_NS)
    yield max(start_ns, until_ns)


class _Mark(NamedTuple):
    """A mark that a zone's free pages may pass, and whether they have it below them."""

    zone: Zone
    pages: int
    way: str

    @property
    def passed(self) -> bool:
        """Whether free pages have fallen to the mark, or risen above it."""
        return self.zone.free <= self.pages if self.way == FALLS else self.zone.free > self.pages


class _Course:
    """Watches a machine."""

    def __init__(self, m: Machine, stretch: int) -> None:
        self._m, self._start_ns, self._stretch_ns = m, m.state.now_ns, stretch
        self._free: list[list[Range]] = [[] for _ in m.state.zones]
        self._marks: dict[str, _Mark] = {}
        self._times: dict[str, int | None] = {}
        for zone in m.state.zones:
            for name in ("min", "high"):
                self._watch(zone, name)
        self._times["first_kill_us"] = None

    def _watch(self, zone: Zone, name: str) -> None:
        pages = getattr(zone, name)
        way = FALLS if zone.free > pages else RISES
        if (way, name) != (FALLS, "high"):
            key = f"{zone.name}.{way}_{name}_us"
            self._marks[key] = _Mark(zone, pages, way)
            self._times[key] = None

    def look(self, time_ns: int) -> None:
        """Note what has come since the last look: marks passed, the first kill, free pages."""
        after_us = (time_ns - self._start_ns) // MICROSECOND_NS
        for key, mark in self._marks.items():
            if self._times[key] is None and mark.passed:
                self._times[key] = after_us
        if self._m.state.counters.oom_kill and self._times["first_kill_us"] is None:
            self._times["first_kill_us"] = after_us
        self._note(time_ns)

    def _note(self, time_ns: int) -> None:
        """Widen the extremes of the stretch that a look is in."""
        number = max(0, time_ns - self._start_ns - 1) // self._stretch_ns
        for zone, ranges in zip(self._m.state.zones, self._free, strict=True):
            if number >= len(ranges):
                ranges.append((zone.free_seen, zone.free_seen))
            low, high = ranges[-1]
            ranges[-1] = min(low, zone.free_seen), max(high, zone.free_seen)

    def free(self) -> tuple[tuple[str, tuple[Range, ...]], ...]:
        """Return for each zone its least and most free pages, a pair a stretch of the run."""
        found = zip(self._m.state.zones, self._free, strict=True)
        return tuple((zone.name, tuple(ranges)) for zone, ranges in found)

    def numbers(self) -> dict[str, int | None]:
        """Return every quantity of the run; None for what did not happen."""
        m = self._m
        counters = m.state.counters
        found: dict[str, int | None] = dict(self._times)
        for zone in m.state.zones:
            found[f"{zone.name}.lowest_free"] = zone.lowest
            found[f"{zone.name}.free_at_end"] = zone.free_seen
        found["kills"] = counters.oom_kill
        found["failures"] = (
            counters.alloc_fail_wb + counters.alloc_fail_net + counters.alloc_fail_task
        )
        found["pages_written"] = counters.nr_written
        return found
