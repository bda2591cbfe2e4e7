"""Makes the start of a level from its [machine] table: a named machine, or a bench."""

from __future__ import annotations

import re

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Workload
from mmplay.engine.sim.run.programs import OWN_MASK
from mmplay.engine.sim.starts.bench import EXTRA, PLACED, START_NS, Bench, BenchZone
from mmplay.engine.sim.state.buddy import LETTERS, MAX_ORDER
from mmplay.levels.file import BENCH, BaseTable, BenchTable, WorkloadTable, ZoneTable
from mmplay.levels.model import Start
from mmplay.levels.sections import typed
from mmplay.levels.source import Place

MICROSECOND_NS = 1000
MAX_TASKS = 4096
SETTINGS = ("dirty_ratio", "dirty_background_ratio", "watermark_scale_factor", "oom_reaper")
"""Sysctls that a bench may begin with."""

_BLOCKS = re.compile(rf"(\d{{1,7}}) x (\d{{1,2}}) ([{LETTERS}])", re.ASCII)


def load_start(place: Place, kernel: Kernel) -> Start:
    """Return the start in a [machine] table; raises LevelError."""
    on_bench = place.table.get("base") == BENCH
    table = typed(place, BenchTable if on_bench else BaseTable)
    loads = tuple(
        _workload(place.at("workload", n), one, kernel) for n, one in enumerate(table.workload)
    )
    start = Start(
        base=table.base,
        variant=table.variant,
        packets=-1 if table.packets is None else table.packets,
        seed=table.seed,
        practice_seed=table.practice_seed,
        frame=table.frame,
        ram_kb=table.ram_kb,
        variant_from=table.variant_from,
    )
    if isinstance(table, BenchTable):
        return start._replace(bench=_bench(place, table, loads, kernel))
    return start._replace(workloads=loads)


def _bench(place: Place, table: BenchTable, loads: tuple[Workload, ...], kernel: Kernel) -> Bench:
    if not table.zone:
        raise place.error("zone", "a bench needs [[machine.zone]] tables, the lowest first")
    if sum(load.groups * load.per_group for load in loads) > MAX_TASKS:
        raise place.error("workload", f"more than {MAX_TASKS} tasks")
    if table.watermark_scale_factor is not None and kernel.watermark_scale_factor is None:
        problem = f"{kernel.name} has no such sysctl (it came with 4.6)"
        raise place.error("watermark_scale_factor", problem)
    flow_start_ns = START_NS + table.flow_start_us * MICROSECOND_NS
    flow = Flow(table.flow_packets, table.frames_per_flow, 0, flow_start_ns)
    return Bench(
        zones=tuple(_zone(place.at("zone", n), one) for n, one in enumerate(table.zone)),
        min_free_kbytes=table.min_free_kbytes,
        cpus=table.cpus,
        caches=table.caches,
        workloads=loads,
        flow=flow if table.flow_packets else None,
        disk=DiskKind(
            table.disk_pages_per_second, table.disk_requests, table.disk_pages_per_request
        ),
        settings=_said(table, SETTINGS),
    )


def _said(table: BenchTable | ZoneTable, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return the numbers of these names that the table has."""
    found = ((name, getattr(table, name)) for name in names)
    return tuple((name, number) for name, number in found if number is not None)


def _zone(place: Place, table: ZoneTable) -> BenchZone:
    marks = table.marks
    if marks and len(marks) != 3:
        raise place.error("marks", "write [min, low, high]; low and high 0 follow from min")
    return BenchZone(
        name=table.name,
        managed=table.managed,
        free=table.free,
        marks=(marks[0], marks[1], marks[2]) if marks else None,
        reserve=table.reserve or None,
        present=table.present,
        blocks=tuple(_block(place, one) for one in table.blocks),
        unmovable_blocks=table.unmovable_blocks,
        places=_said(table, (*PLACED, *EXTRA)),
    )


def _block(place: Place, text: str) -> tuple[int, int, str]:
    """Return a run of free blocks: `COUNT x ORDER LETTER`, as in `3 x 2 M`."""
    found = _BLOCKS.fullmatch(text)
    if found is None or int(found[2]) >= MAX_ORDER:
        problem = f"{text[:40]!r}: write 'COUNT x ORDER LETTER', as '3 x 2 M'"
        raise place.error("blocks", f"{problem}; orders are 0 to {MAX_ORDER - 1}")
    return int(found[2]), int(found[1]), found[3]


def _workload(place: Place, table: WorkloadTable, kernel: Kernel) -> Workload:
    if table.gfp:
        place.checked("gfp", table.gfp, kernel.gfp.encode)
        if table.program not in OWN_MASK:
            raise place.error("gfp", f"only a task of {', '.join(OWN_MASK)} has a mask of its own")
    return Workload(
        name=table.name,
        program=table.program,
        groups=table.groups,
        per_group=table.per_group,
        pages=-1 if table.pages is None else table.pages,
        start_ns=START_NS + table.start_us * MICROSECOND_NS,
        gap_ns=table.gap_us * MICROSECOND_NS,
        adj=table.oom_score_adj,
        order=table.order,
        per_table=table.per_table,
        burst=table.burst,
        numbered=table.numbered,
        gfp=table.gfp,
    )
