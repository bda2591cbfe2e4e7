"""Reads [machine] of a level file: a named machine, or the zones and tasks of a bench."""

from __future__ import annotations

import re

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.mm.masks import WB_VARIANTS
from mmplay.engine.sim.run.programs import OWN_MASK, WORKLOADS
from mmplay.engine.sim.setup import DiskKind, Flow, Workload
from mmplay.engine.sim.starts.bench import EXTRA, PLACED, START_NS, Bench, BenchZone
from mmplay.engine.sim.state.buddy import LETTERS, MAX_ORDER
from mmplay.levels.model import Start
from mmplay.levels.sections import Section

BENCH = "bench"
BASES = ("incident-rc7", "incident-next", "boot", BENCH)
MAX_PAGES = 1 << 22
MICROSECOND_NS = 1000
MAX_TASKS = 4096
SETTINGS = {
    "dirty_ratio": (0, 100),
    "dirty_background_ratio": (0, 100),
    "watermark_scale_factor": (1, 1000),
    "oom_reaper": (0, 1),
}
"""Sysctls that a bench may begin with, and their bounds."""

_BLOCKS = re.compile(rf"(\d{{1,7}}) x (\d{{1,2}}) ([{LETTERS}])", re.ASCII)


def load_start(section: Section, kernel: Kernel) -> Start:
    """Return the start in a [machine] table; raises LevelError."""
    base = section.one_of("base", BASES, required=True)
    start = Start(
        base=base,
        variant=section.one_of("variant", [name for name, _ in WB_VARIANTS], "atomic"),
        packets=section.number("packets", default=-1, most=1_000_000),
        seed=section.number("seed", default=1),
        practice_seed=section.number("practice_seed", default=2),
        frame=section.number("frame", most=1 << 16),
        ram_kb=section.number("ram_kb", default=2 << 20, least=32 << 10, most=64 << 20),
        variant_from=section.text("variant_from"),
    )
    if base != BENCH:
        loads = tuple(_workload(one, kernel) for one in section.tables("workload", 32))
        start = start._replace(workloads=loads)
    else:
        start = start._replace(bench=_bench(section, kernel))
    section.done()
    return start


def _bench(section: Section, kernel: Kernel) -> Bench:
    zones = section.tables("zone", len(ZONES))
    if not zones:
        raise section.error("zone", "a bench needs [[machine.zone]] tables, the lowest first")
    bench = Bench(
        zones=tuple(_zone(one) for one in zones),
        min_free_kbytes=section.number("min_free_kbytes", most=1 << 31),
        cpus=section.number("cpus", default=1, least=1, most=16),
        caches=section.flag("caches"),
        workloads=tuple(_workload(one, kernel) for one in section.tables("workload", 32)),
        flow=_flow(section),
        disk=_disk(section),
        settings=_settings(section, kernel),
    )
    if sum(load.groups * load.per_group for load in bench.workloads) > MAX_TASKS:
        raise section.error("workload", f"more than {MAX_TASKS} tasks")
    return bench


def _settings(section: Section, kernel: Kernel) -> tuple[tuple[str, int], ...]:
    found = []
    for name, (least, most) in SETTINGS.items():
        if not section.has(name):
            continue
        if name == "watermark_scale_factor" and kernel.watermark_scale_factor is None:
            raise section.error(name, f"{kernel.name} has no such sysctl (it came with 4.6)")
        found.append((name, section.number(name, least=least, most=most)))
    return tuple(found)


def _zone(section: Section) -> BenchZone:
    marks = section.numbers("marks", MAX_PAGES)
    if marks and len(marks) != 3:
        raise section.error("marks", "write [min, low, high]; low and high 0 follow from min")
    zone = BenchZone(
        name=section.one_of("name", ZONES, required=True),
        managed=section.number("managed", least=1, most=MAX_PAGES, required=True),
        free=section.number("free", most=MAX_PAGES, required=True),
        marks=(marks[0], marks[1], marks[2]) if marks else None,
        reserve=section.numbers("reserve", MAX_PAGES) or None,
        present=section.number("present", most=MAX_PAGES),
        blocks=tuple(_block(section, one) for one in section.texts("blocks")),
        unmovable_blocks=section.number("unmovable_blocks", most=MAX_PAGES),
        places=tuple(
            (name, section.number(name, most=MAX_PAGES))
            for name in (*PLACED, *EXTRA)
            if section.has(name)
        ),
    )
    section.done()
    return zone


def _block(section: Section, text: str) -> tuple[int, int, str]:
    """Return a run of free blocks: `COUNT x ORDER LETTER`, as in `3 x 2 M`."""
    found = _BLOCKS.fullmatch(text)
    if found is None or int(found[2]) >= MAX_ORDER:
        problem = f"{text[:40]!r}: write 'COUNT x ORDER LETTER', as '3 x 2 M'"
        raise section.error("blocks", f"{problem}; orders are 0 to {MAX_ORDER - 1}")
    return int(found[2]), int(found[1]), found[3]


def _workload(section: Section, kernel: Kernel) -> Workload:
    load = Workload(
        name=section.text("name", required=True),
        program=section.one_of("program", WORKLOADS, required=True),
        groups=section.number("groups", default=1, most=256),
        per_group=section.number("per_group", default=1, least=1, most=256),
        pages=section.number("pages", default=-1, most=MAX_PAGES),
        start_ns=START_NS + section.number("start_us", most=1 << 40) * MICROSECOND_NS,
        gap_ns=section.number("gap_us", most=1 << 40) * MICROSECOND_NS,
        adj=section.number("oom_score_adj", least=-1000, most=1000),
        order=section.number("order", most=MAX_ORDER - 1),
        per_table=section.number("per_table", default=512, least=1, most=512),
        burst=section.number("burst", default=1, least=1, most=MAX_PAGES),
        numbered=section.flag("numbered"),
        gfp=section.text("gfp"),
    )
    if load.gfp:
        section.checked("gfp", load.gfp, kernel.gfp.encode)
    if load.gfp and load.program not in OWN_MASK:
        raise section.error("gfp", f"only a task of {', '.join(OWN_MASK)} has a mask of its own")
    section.done()
    return load


def _flow(section: Section) -> Flow | None:
    packets = section.number("flow_packets", most=1_000_000)
    per_flow = section.number("frames_per_flow", default=1, least=1, most=1 << 20)
    start_us = section.number("flow_start_us", most=1 << 40)
    if not packets:
        return None
    return Flow(packets, per_flow, 0, START_NS + start_us * MICROSECOND_NS)


def _disk(section: Section) -> DiskKind:
    return DiskKind(
        pages_per_second=section.number("disk_pages_per_second", most=1 << 24),
        requests=section.number("disk_requests", default=128, most=1 << 16),
        pages_per_request=section.number("disk_pages_per_request", default=64, least=1, most=1024),
    )
