"""A start from one frame of anybody's log: the machine that the log tells of, and nothing else.

Zones are as the dump has them, tasks those of the log's own table, none where it has none. What it
leaves open is assumed (`unsaid`), and the header lists it. Nothing is taken from the incident.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Costs, DiskKind, Flow
from mmplay.engine.sim.mm.page_alloc import wake_kswapd
from mmplay.engine.sim.mm.writeback import wake_flusher
from mmplay.engine.sim.starts.common import RULES, Choice, add_kernel_threads, costs, start_events
from mmplay.engine.sim.starts.differing import differing
from mmplay.engine.sim.starts.dump import found_in_dump, works_in
from mmplay.engine.sim.starts.log_tasks import add_table, loads_of, victim_script, widen_anon
from mmplay.engine.sim.starts.plan import Found, Plan, bare_machine
from mmplay.engine.sim.starts.telling import Told, check_ram, told_memory
from mmplay.engine.sim.starts.unsaid import GIVEN_UP, prints_scans, unsaid_of

NAME = "log"
PAGES_PER_REQUEST = 64
COUNTS = ("exit_slab_pages",)
"""Fields of Costs that are no times."""

Given = Mapping[str, int]
"""What is supposed of the machine: assumptions by name, at other values than their own."""


def from_log(told: Told, choice: Choice, given: Given | None = None) -> Machine:
    """Return the machine of a report at the moment of its Mem-Info.

    `given` puts other values in the place of what is assumed. Raises InputError, with what is
    missing or cannot be.
    """
    report = told.report
    open_ = unsaid_of(report, choice.packets)
    values = {one.name: one.value for one in open_} | dict(given or {})
    found = found_in_log(told, values["cpus"], values.get("scanned_in_vain", 0))
    m = bare_machine(_plan(told, choice, values, found.time_ns), found, choice)
    m.state.dirty_background_ratio = values["dirty_background_ratio"]
    add_kernel_threads(m)
    m.state.next_pid = FIRST_PID
    add_table(m, told, values.get("more_pages", 0))
    if values["flusher"]:
        wake_flusher(m)
    wake_kswapd(m, m.state.zones[-1].index, 0)
    start_events(m)
    return m


FIRST_PID = 1001


def found_in_log(told: Told, cpus: int, in_vain: int = 0) -> Found:
    """Return where memory was by a report's own Mem-Info; raises InputError.

    `in_vain` is how far its zones were from being given up, in percent, where it does not print it.
    """
    report = told.report
    dump = told_memory(report)
    if told.ram_kb:
        check_ram(dump, told.ram_kb)
    time_ns = (dump.time_us or 0) * 1000
    found = found_in_dump(dump, time_ns, cpus, works_in(report))
    widen_anon(report, found.zones)
    if not prints_scans(dump):
        for zone in found.zones:
            zone.pages_scanned = FACTOR * zone.reclaimable() * in_vain // GIVEN_UP
    return _released(found)._replace(assumed=header_of(told), told=told)


FACTOR = 6
"""A zone is given up once so many times its pages were scanned (zone_reclaimable, 4.5)."""


def _released(found: Found) -> Found:
    """Put isolated pages back on their list: who holds them is not told."""
    for zone in found.zones:
        zone.inactive_file += zone.isolated_file
        zone.isolated_file = 0
    return found


def _plan(told: Told, choice: Choice, values: Given, time_ns: int) -> Plan:
    frames = values.get("frames_per_second", choice.packets)
    scaled = _scaled(costs(), values["slowness"])
    script = victim_script(told.report, time_ns)
    return Plan(
        name=NAME,
        release=choice.kernel.simulated().release,
        cpus=values["cpus"],
        costs=scaled,
        disk=DiskKind(values["disk_rate"], values["disk_requests"], PAGES_PER_REQUEST),
        flow=Flow(max(0, frames), 1, cpu=0),
        workloads=loads_of(told.report),
        script=script,
        assumed=(
            *(one.text for one in unsaid_of(told.report, choice.packets)),
            *differing(told.printed_by, told.release, choice.kernel),
        ),
    )


def _scaled(one: Costs, percent: int) -> tuple[tuple[str, int], ...]:
    """Return what costs another time than usual."""
    if percent == 100:
        return ()
    return tuple(
        (name, max(1, ns * percent // 100))
        for name, ns in one._asdict().items()
        if name not in COUNTS
    )


def header_of(told: Told) -> tuple[str, ...]:
    """Return by which rules the machine is filled, a line each."""
    report = told.report
    lines = [*RULES["log"]]
    lines += RULES["log_tasks" if report.tasks else "log_no_tasks"]
    if victim_script(report, 0):
        lines += RULES["log_kill"]
    return tuple(lines)
