"""The runs of a sweep: a machine by its start, a setting and a seed, and what all of them come to.

That is a row a setting, and the question that it answers. Numbers are given as least, median and
most of the runs. A share of runs has Wilson's interval: the shares that such a count does not rule
out at 95 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import median_low
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import Kernel, kernel_named
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import metric, read
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.turns import run_turns, run_until
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice, calibrated_as
from mmplay.levels.load import read_level
from mmplay.levels.machines import machine_for
from mmplay.levels.model import Level, Move
from mmplay.levels.play.solve import begin, play
from mmplay.levels.scenario.build import Changes, choice_for, machine_of_scenario
from mmplay.levels.scenario.load import read_scenario
from mmplay.levels.sweep.levers import ACT, Setting, constants_of, put
from mmplay.recordings.run.starts import incident_machine

INCIDENT, BOOT, SCENARIO, LEVEL = "incident", "boot", "scenario", "level"

FAILURES, STALLS = "alloc_fail", "allocstall"
"""Requests that were refused, and calls of direct reclaim (allocstall of /proc/vmstat)."""


class Subject(NamedTuple):
    """What is run: a kind, and for a scenario or level the text of its file and its name.

    `until_ns` is on the machine's clock, negative: so long after the start. A level is played by
    `moves`; without any its machine makes as many turns as the level gives, and nobody plays.
    `watched` are more numbers to be read at the end.
    """

    kind: str
    name: str
    text: str = ""
    kernel: str | None = None
    variant: str | None = None
    packets: int = -1
    ram_kb: int = 0
    until_ns: int = 0
    moves: tuple[Move, ...] = ()
    watched: tuple[str, ...] = ()


class Job(NamedTuple):
    """One run of a sweep."""

    subject: Subject
    setting: Setting
    seed: int


class Numbers(NamedTuple):
    """What a run came to: requests that failed, stalls, the lowest free pages of each zone.

    `won` is of a level, `digest` of the state at the end.
    """

    failures: int
    stalls: int
    lowest: tuple[tuple[str, int], ...]
    watched: tuple[int, ...]
    won: bool | None
    digest: str


def run_job(job: Job) -> Numbers:
    """Make one run; raises InputError for a setting that the machine does not take."""
    subject = job.subject
    with calibrated_as(constants_of(job.setting)):
        if subject.moves:
            return _played(job)
        m = machine_of_job(job)
        until_ns = subject.until_ns
        try:
            if subject.kind == LEVEL:
                run_turns(m, _level(job).max_turns)
            else:
                run_until(m, until_ns if until_ns >= 0 else m.state.now_ns - until_ns)
        except RefusedError as error:
            raise InputError(f"{subject.name}: an event is refused: {error}") from None
        return _numbers([m], subject.watched, None)


def try_job(job: Job) -> bool:
    """Begin a run, to see that it can be; tell whether the seed decides anything in it."""
    with calibrated_as(constants_of(job.setting)):
        m = machine_of_job(job)
        for name in job.subject.watched:
            metric(m, name)
        return m.setup.flow is not None or bool(job.subject.moves and _level(job).stages)


def machine_of_job(job: Job) -> Machine:
    """Return the machine at its start, with all that the setting says; raises InputError."""
    subject = job.subject
    if subject.kind == SCENARIO:
        m = _scenario_machine(job)
    elif subject.kind == BOOT:
        m = fresh_boot(subject.ram_kb, _choice(job))
    elif subject.kind == LEVEL:
        m = machine_for(_level(job), job.seed)
    else:
        m = incident_machine(_choice(job))
    for name, text in acts_of(job):
        do_action(m, name, text)
    return m


def _choice(job: Job) -> Choice:
    subject = job.subject
    assert subject.kernel is not None
    variant = subject.variant or "atomic"
    return Choice(kernel_named(subject.kernel), variant, job.seed, packets=subject.packets)


def acts_of(job: Job) -> list[tuple[str, str]]:
    """Return the actions at the start."""
    return [(one.key, one.value) for one in job.setting if one.kind == ACT]


def _scenario_machine(job: Job) -> Machine:
    subject = job.subject
    scenario = read_scenario(subject.text, subject.name, lambda top: put(top, job.setting))
    kernel: Kernel | None = None if subject.kernel is None else kernel_named(subject.kernel)
    changes = Changes(kernel, subject.variant, job.seed, subject.packets)
    return machine_of_scenario(scenario, choice_for(scenario, changes))


def _level(job: Job) -> Level:
    return read_level(job.subject.text, job.subject.name, lambda top: put(top, job.setting))


def _played(job: Job) -> Numbers:
    run = begin(_level(job), job.seed)
    for name, text in acts_of(job):
        # Not an act of the player: it counts for nothing.
        do_action(run.session.live, name, text)
    last = play(run, job.subject.moves)
    machines = [stage.session.to_end() for stage in last.all_stages()]
    return _numbers(machines, job.subject.watched, last.score().won)


def _numbers(machines: list[Machine], watched: tuple[str, ...], won: bool | None) -> Numbers:
    """Return the numbers of a run, which may have several stages; what is watched is the last's."""
    lowest: dict[str, int] = {}
    for m in machines:
        for zone in m.state.zones:
            lowest[zone.name] = min(lowest.get(zone.name, zone.lowest), zone.lowest)
    return Numbers(
        failures=sum(read(m, FAILURES) for m in machines),
        stalls=sum(read(m, STALLS) for m in machines),
        lowest=tuple(lowest.items()),
        watched=tuple(read(machines[-1], name) for name in watched),
        won=won,
        digest=" ".join(m.state.digest() for m in machines),
    )


Z_95 = 1.959964


class Range(NamedTuple):
    """Least, median (the lower one of two) and most of a number in the runs."""

    least: int
    median: int
    most: int


class Share(NamedTuple):
    """`some` of `runs`, and the least and most share in per mille that this does not rule out."""

    some: int
    runs: int
    low: int
    high: int


class Row(NamedTuple):
    """All runs of one setting; `won` is None where nothing can be won."""

    setting: Setting
    failed: Share
    failures: Range
    stalls: Range
    lowest: tuple[tuple[str, Range], ...]
    watched: tuple[Range, ...]
    won: Share | None


def row_of(setting: Setting, runs: Sequence[Numbers]) -> Row:
    """Return the row of a setting's runs, of which there is one at least."""
    won = [one.won for one in runs if one.won is not None]
    return Row(
        setting,
        failed=wilson(sum(one.failures > 0 for one in runs), len(runs)),
        failures=range_of(one.failures for one in runs),
        stalls=range_of(one.stalls for one in runs),
        lowest=_lowest(runs),
        watched=tuple(map(range_of, zip(*(one.watched for one in runs), strict=True))),
        won=wilson(sum(won), len(won)) if won else None,
    )


def _lowest(runs: Sequence[Numbers]) -> tuple[tuple[str, Range], ...]:
    names = dict.fromkeys(name for one in runs for name, _ in one.lowest)
    lowest = [dict(one.lowest) for one in runs]
    return tuple((name, range_of(one[name] for one in lowest if name in one)) for name in names)


def range_of(numbers: Iterable[int]) -> Range:
    """Return least, median and most of one number or more."""
    some = sorted(numbers)
    return Range(some[0], median_low(some), some[-1])


def wilson(count: int, runs: int) -> Share:
    """Return Wilson's score interval of a share at 95 %, rounded outwards to whole per mille."""
    share, square = count / runs, Z_95 * Z_95
    middle = share + square / (2 * runs)
    reach = Z_95 * sqrt(share * (1 - share) / runs + square / (4 * runs * runs))
    low, high = ((middle + sign * reach) / (1 + square / runs) for sign in (-1, 1))
    return Share(count, runs, max(0, int(low * 1000)), min(1000, -int(-high * 1000 // 1)))


class Smallest(NamedTuple):
    """Which value of the only number that was swept is the smallest without a failed run.

    `row` is None where every value failed. `below` is the next smaller value that was tried, and
    `again` the larger ones that failed nevertheless.
    """

    key: str
    row: Row | None
    below: Row | None
    again: tuple[Row, ...]


def smallest_without_failure(rows: Sequence[Row]) -> Smallest | None:
    """Answer which value is the smallest without a failed run; None unless one number was swept."""
    if len(rows) < 2 or any(len(row.setting) != 1 for row in rows):
        return None
    if not all(number_of(row) is not None for row in rows):
        return None
    rising = sorted(rows, key=lambda row: number_of(row) or 0)
    key = rising[0].setting[0].key
    at = next((n for n, row in enumerate(rising) if not row.failed.some), None)
    if at is None:
        return Smallest(key, None, None, ())
    again = tuple(row for row in rising[at + 1 :] if row.failed.some)
    return Smallest(key, rising[at], rising[at - 1] if at else None, again)


def number_of(row: Row) -> int | None:
    """Return the number that the row's first key has; None for a word."""
    text = row.setting[0].value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
