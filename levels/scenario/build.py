"""Builds the machine of a scenario: where its memory is from, and all that the file says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Frame
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.starts.bench import BenchZone
from mmplay.engine.sim.starts.boot import found_at_boot
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.counters import USEFUL, found_in_rows, needed_columns
from mmplay.engine.sim.starts.differing import differing
from mmplay.engine.sim.starts.dump import found_in_dump
from mmplay.engine.sim.starts.log_tasks import add_table, loads_of, victim_script
from mmplay.engine.sim.starts.logged import found_in_log
from mmplay.engine.sim.starts.plan import Found, Plan, SysctlError, from_plan
from mmplay.levels.level_text import LevelError
from mmplay.levels.scenario.load import Scenario, disk_at
from mmplay.levels.scenario.tables import BOOT, LOG, ROW, SAMPLE, StartTable
from mmplay.recordings.counters import SECOND_NS, read_counters
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_position
from mmplay.recordings.run.continuing import told_in


class Changes(NamedTuple):
    """What whoever runs a scenario chooses in place of what it says; None or -1: as it says."""

    kernel: Kernel | None = None
    variant: str | None = None
    seed: int | None = None
    packets: int = -1
    keep_atomic: bool = False


def choice_for(scenario: Scenario, changes: Changes) -> Choice:
    """Return kernel, variant, seed and packets of a run; raises InputError without a network."""
    machine = scenario.table.machine
    if changes.packets >= 0 and scenario.flow is None:
        raise InputError(f"{scenario.place.file}: has no [network]: there are no packets")
    return Choice(
        changes.kernel or scenario.kernel,
        machine.variant if changes.variant is None else changes.variant,
        machine.seed if changes.seed is None else changes.seed,
        changes.keep_atomic,
        changes.packets,
    )


def machine_of_scenario(scenario: Scenario, choice: Choice) -> Machine:
    """Return the machine as the scenario starts it; raises InputError."""
    start = scenario.table.start or StartTable(kind=BOOT)
    try:
        found = FINDERS[start.kind](scenario, start)
    except LevelError:
        raise
    except InputError as error:
        raise scenario.place.at("start").error("", str(error)) from None
    return build(scenario, choice, found)


def machine_of_rows(
    scenario: Scenario, choice: Choice, rows: Sequence[Mapping[str, int]]
) -> Machine:
    """Return the scenario's machine as the last of these rows has it; raises InputError."""
    zones, cpus = zones_for_rows(scenario), scenario.table.machine.cpus
    return build(scenario, choice, found_in_rows(rows, zones, cpus))


def zones_for_rows(scenario: Scenario) -> tuple[BenchZone, ...]:
    """Return the zones that a row fills; raises LevelError where the start says what they are."""
    if not scenario.zones:
        problem = "lacks ram, or [[machine.zone]] tables, which a start from a row needs"
        raise scenario.place.at("machine").error("", f"[machine] {problem}")
    return scenario.zones


def build(scenario: Scenario, choice: Choice, found: Found) -> Machine:
    """Return the machine with its memory as it was found; raises LevelError."""
    table, place = scenario.table, scenario.place
    kernel_named_here = table.machine.kernel
    release = choice.kernel.simulated().release
    if choice.kernel is scenario.kernel and kernel_named_here != choice.kernel.name:
        release = kernel_named_here
    plan = Plan(
        name=table.title,
        release=release,
        cpus=table.machine.cpus,
        zones=scenario.zones,
        thp=table.machine.thp,
        costs=table.costs.given(),
        sysctls=table.sysctl.written(),
        disk=disk_at(scenario, found.time_ns),
        flow=scenario.flow,
        port_closed=table.network is not None and table.network.port_closed,
        workloads=scenario.workloads,
        script=_script(scenario, found.time_ns),
    )
    try:
        m = _of_log(plan, found, choice) if found.told else from_plan(plan, found, choice)
    except SysctlError as error:
        raise place.at("sysctl").error(error.name, str(error)) from None
    except InputError as error:
        raise place.at("machine").error("", str(error)) from None
    _try_events(scenario, m)
    return m


def _of_log(plan: Plan, found: Found, choice: Choice) -> Machine:
    """Return the machine of a log's report: its own tasks are there beside those of the plan."""
    told = found.told
    if told is None:
        return from_plan(plan, found, choice)
    plan = plan._replace(
        workloads=(*plan.workloads, *loads_of(told.report)),
        script=tuple(sorted((*plan.script, *victim_script(told.report, found.time_ns)))),
        assumed=(*plan.assumed, *differing(told.printed_by, told.release, choice.kernel)),
    )
    m = from_plan(plan, found, choice)
    add_table(m, told)
    return m


def _try_events(scenario: Scenario, m: Machine) -> None:
    """Refuse an event that the kernel would never take, whatever happens before it."""
    for number, event in enumerate(scenario.table.events):
        trial = Machine(m.setup, m.state.copy())
        try:
            do_action(trial, event.action, event.value)
        except RefusedError as error:
            if any(sure in str(error) for sure in NEVER):
                raise _event_error(scenario, number, error) from None


NEVER = ("EINVAL", "ENOENT", "ENODEV", "no workload", "no cache", "no zone", "none of")
"""What a refusal says that will not be another one later."""


def _event_error(scenario: Scenario, number: int, error: InputError) -> LevelError:
    return scenario.place.at("event", number).error("value", str(error))


def refused_event(scenario: Scenario, m: Machine, error: InputError) -> InputError:
    """Return the complaint about an event that was refused when its time had come."""
    after_us = (m.state.now_ns - m.state.started_ns) // MICROSECOND_NS
    for number, event in enumerate(scenario.table.events):
        if event.at_us == after_us and str(error).startswith(f"{event.action}: "):
            return _event_error(scenario, number, error)
    return error


def _script(scenario: Scenario, start_ns: int) -> tuple[tuple[int, str, str], ...]:
    """Return the events, which count from the start, and the later rates of the disk, in order."""
    table = scenario.table
    events = [
        (start_ns + one.at_us * MICROSECOND_NS, one.action, one.value) for one in table.events
    ]
    rates = [
        (step.time_ns, "disk", str(step.pages_per_second))
        for step in table.disk.rate
        if step.time_ns > start_ns
    ]
    return tuple(sorted((*events, *rates), key=lambda one: one[0]))


# where memory is from


def _at_boot(scenario: Scenario, start: StartTable) -> Found:
    return found_at_boot(scenario.zones, scenario.table.machine.cpus)


def _in_row(scenario: Scenario, start: StartTable) -> Found:
    zones = zones_for_rows(scenario)
    counters = read_counters(_named(scenario, start), needed_columns(zones), USEFUL)
    at = counters.at(int(Decimal(start.at or "0") * SECOND_NS))
    return found_in_rows(counters.rows[: at + 1], zones, scenario.table.machine.cpus)


def _in_log(scenario: Scenario, start: StartTable) -> Found:
    frame = _frame(scenario, start, "#1")
    return found_in_log(told_in(frame, scenario.kernel), scenario.table.machine.cpus)


def _in_sample(scenario: Scenario, start: StartTable) -> Found:
    frame = _frame(scenario, start, "100%")
    if frame.shown is None or frame.time_us is None:
        raise InputError(f"{start.file}: there is no sample here; choose another place")
    time_ns = frame.time_us * MICROSECOND_NS
    return found_in_dump(frame.shown.dump, time_ns, scenario.table.machine.cpus)


def _frame(scenario: Scenario, start: StartTable, default: str) -> Frame:
    """Return a frame of a recording or log, which may be one that ships."""
    with open_recording(_named(scenario, start)) as recording:
        return recording.frame(find_position(recording, start.at or default))


def _named(scenario: Scenario, start: StartTable) -> str:
    """Return the file of a start: it lies beside the scenario, or else is named from here."""
    beside = scenario.folder / start.file
    return str(beside) if beside.exists() else start.file


FINDERS: dict[str, Callable[[Scenario, StartTable], Found]] = {
    BOOT: _at_boot,
    LOG: _in_log,
    ROW: _in_row,
    SAMPLE: _in_sample,
}
"""By what a start is from."""
