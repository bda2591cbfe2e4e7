"""Builds the machine that a level starts with."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import SCRIPT, Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS, Workload
from mmplay.engine.sim.run.workloads import scale_workload, schedule
from mmplay.engine.sim.starts.bench import from_bench
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice
from mmplay.levels.model import Event, Level
from mmplay.recordings.run.continuing import INCIDENT_NEXT
from mmplay.recordings.run.starts import incident_machine, machine_of


def machine_for(level: Level, seed: int | None = None) -> Machine:
    """Return the level's machine; `seed` takes the place of the one that counts.

    Raises InputError if it cannot be built.
    """
    start = level.start
    seed = start.seed if seed is None else seed
    choice = Choice(level.kernel, start.variant, seed, packets=start.packets)
    try:
        machine = _BASES[start.base](level, choice)
    except InputError as error:
        raise InputError(f"{level.file}: [machine]: {error}") from None
    machine = _with_workloads(machine, start.workloads)
    _add_script(machine, level.events)
    return machine


def _with_workloads(m: Machine, loads: tuple[Workload, ...]) -> Machine:
    """Return the machine with a level's own workloads beside those that it has."""
    first = len(m.setup.workloads)
    m = Machine(m.setup._replace(workloads=(*m.setup.workloads, *loads)), m.state)
    for number, load in enumerate(loads, first):
        if load.start_ns > m.state.now_ns:
            schedule(m, number)
        else:
            scale_workload(m, number, load.groups)
    return m


def _add_script(m: Machine, events: tuple[Event, ...]) -> None:
    """Let a level's events happen: they join what the start itself put on the time axis."""
    first, start_ns = len(m.setup.script), m.state.now_ns
    script = [(start_ns + one.at_us * MICROSECOND_NS, one.action, one.value) for one in events]
    m.setup = m.setup._replace(script=(*m.setup.script, *script))
    for number, (time_ns, _, _) in enumerate(script, first):
        m.push(time_ns, SCRIPT, number)


def _bench(level: Level, choice: Choice) -> Machine:
    if level.start.bench is None:
        raise InputError("a bench without zones")
    return from_bench(level.start.bench, choice)


_BASES: dict[str, Callable[[Level, Choice], Machine]] = {
    "incident-rc7": lambda level, choice: incident_machine(choice),
    "incident-next": lambda level, choice: machine_of(INCIDENT_NEXT, level.start.frame, choice),
    "boot": lambda level, choice: fresh_boot(level.start.ram_kb, choice),
    "bench": _bench,
}
