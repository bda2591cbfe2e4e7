"""The runs of a sweep: a machine by its start, a setting and a seed, and its numbers at the end."""

from __future__ import annotations

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
