"""A machine's state as the kernel would print it: the same Mem-Info that a log is read into."""

from __future__ import annotations

from mmplay.engine.report.memory import FreeBlocks, MemDump, ZoneDump
from mmplay.engine.sim.log.memory_report import (
    HUGE_KB,
    free_lists,
    hugepages,
    tail,
    totals,
    zone_line,
)
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.state.zone import Zone

REPORTING_CPU = 0
NOT_KB = ("node", "zone", "all_unreclaimable")


def memory_of(m: Machine) -> MemDump:
    """Return what show_mem would print at this moment."""
    time_us = m.state.now_ns // 1000
    dump = MemDump(time_us, totals=dict(totals(m)))
    dump.zones = [_zone(m, zone, time_us) for zone in m.state.zones]
    dump.hugepages = [values for values in map(hugepages, HUGE_KB)]
    for _, values in tail(m):
        dump.tail.update(values)
    return dump


def _zone(m: Machine, zone: Zone, time_us: int) -> ZoneDump:
    line, lists = zone_line(m, zone, REPORTING_CPU), free_lists(zone)
    return ZoneDump(
        node=0,
        name=zone.name,
        time_us=time_us,
        kb={name: value for name, value in line.items() if name not in NOT_KB},
        all_unreclaimable=line["all_unreclaimable"],
        reserve=tuple(zone.reserve),
        blocks=tuple(
            FreeBlocks(order, count, size_kb, types)
            for order, (count, size_kb, types) in enumerate(lists["blocks"])
        ),
        blocks_total_kb=lists["total"],
    )
