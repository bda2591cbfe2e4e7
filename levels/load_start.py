"""Makes the start of a level from its [machine] table: a named machine, or a bench."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

from msgspec import field

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.setup import ORDINARY_UID, DiskKind, Flow, Workload
from mmplay.engine.sim.run.programs import OWN_MASK, WORKLOADS
from mmplay.engine.sim.starts.bench import EXTRA, PLACED, START_NS, Bench, BenchZone
from mmplay.engine.sim.state.buddy import LETTERS, MAX_ORDER
from mmplay.levels.level_text import Place
from mmplay.levels.model import FileTable, Needed, Number, Start, Texts, listed, one_of, up_to
from mmplay.levels.sections import typed

MICROSECOND_NS = 1000
MAX_TASKS = 4096
SETTINGS = ("dirty_ratio", "dirty_background_ratio", "watermark_scale_factor", "oom_reaper")
"""Sysctls that a bench may begin with."""

_BLOCKS = re.compile(rf"(\d{{1,7}}) x (\d{{1,2}}) ([{LETTERS}])", re.ASCII)


MAX_PAGES = 1 << 22
BENCH = "bench"
BASES = ("incident-rc7", "incident-next", "boot", BENCH)

Pages = Annotated[int, up_to(MAX_PAGES)]
Micros = Annotated[int, up_to(1 << 40)]


class TaskKeys(FileTable, frozen=True, kw_only=True):
    """Tasks of one kind, apart from when they start."""

    name: Needed
    program: Annotated[str, one_of(WORKLOADS)]
    groups: Annotated[int, up_to(256)] = 1
    per_group: Annotated[int, up_to(256, 1)] = 1
    pages: Pages = -1
    gap_us: Micros = 0
    adj: Annotated[int, up_to(1000, -1000)] = field(default=0, name="oom_score_adj")
    order: Annotated[int, up_to(MAX_ORDER - 1)] = 0
    per_table: Annotated[int, up_to(512, 1)] = 512
    burst: Annotated[int, up_to(MAX_PAGES, 1)] = 1
    uid: Annotated[int, up_to((1 << 32) - 1)] = ORDINARY_UID
    numbered: bool = False
    gfp: str = ""
    parent: str = ""


class WorkloadTable(TaskKeys, frozen=True, kw_only=True):
    """[[machine.workload]]: `start_us` is after the start."""

    start_us: Micros = 0


class ZoneKeys(FileTable, frozen=True, kw_only=True):
    """A zone: what it manages, and its marks and reserve where they are given."""

    name: Annotated[str, one_of(ZONES)]
    managed: Annotated[int, up_to(MAX_PAGES, 1)]
    marks: Annotated[tuple[Pages, ...], listed(4)] = ()
    reserve: Annotated[tuple[Pages, ...], listed(4)] = ()
    present: Pages = 0


class ZoneTable(ZoneKeys, frozen=True, kw_only=True):
    """[[machine.zone]]: a zone of a bench, and where its pages are."""

    free: Pages
    blocks: Texts = ()
    unmovable_blocks: Pages = 0
    active_anon: Pages | None = None
    inactive_anon: Pages | None = None
    active_file: Pages | None = None
    inactive_file: Pages | None = None
    unevictable: Pages | None = None
    isolated_anon: Pages | None = None
    isolated_file: Pages | None = None
    slab_reclaimable: Pages | None = None
    slab_unreclaimable: Pages | None = None
    stack_pages: Pages | None = None
    pagetables: Pages | None = None
    dirty: Pages | None = None
    writeback: Pages | None = None
    clean: Pages | None = None
    mapped: Pages | None = None
    shmem: Pages | None = None
    pages_scanned: Pages | None = None


class BaseTable(FileTable, frozen=True, kw_only=True):
    """[machine]: a named start."""

    base: Annotated[str, one_of(BASES)]
    variant: Annotated[str, one_of(name for name, _ in WB_VARIANTS)] = "atomic"
    packets: Annotated[int, up_to(1_000_000)] = -1
    seed: Number = 1
    practice_seed: Number = 2
    frame: Annotated[int, up_to(1 << 16)] = 0
    ram_kb: Annotated[int, up_to(64 << 20, 32 << 10)] = 2 << 20
    variant_from: str = ""
    workload: Annotated[tuple[WorkloadTable, ...], listed(32)] = ()


class BenchTable(BaseTable, frozen=True, kw_only=True):
    """[machine] with base "bench": zones, CPUs, network, disk and sysctls of one's own."""

    zone: Annotated[tuple[ZoneTable, ...], listed(len(ZONES))] = ()
    min_free_kbytes: Annotated[int, up_to(1 << 31)] = 0
    cpus: Annotated[int, up_to(16, 1)] = 1
    caches: bool = False
    flow_packets: Annotated[int, up_to(1_000_000)] = 0
    frames_per_flow: Annotated[int, up_to(1 << 20, 1)] = 1
    flow_start_us: Micros = 0
    disk_pages_per_second: Annotated[int, up_to(1 << 24)] = 0
    disk_requests: Annotated[int, up_to(1 << 16)] = 128
    disk_pages_per_request: Annotated[int, up_to(1024, 1)] = 64
    dirty_ratio: Annotated[int, up_to(100)] | None = None
    dirty_background_ratio: Annotated[int, up_to(100)] | None = None
    watermark_scale_factor: Annotated[int, up_to(1000, 1)] | None = None
    oom_reaper: Annotated[int, up_to(1)] | None = None


def load_start(place: Place, kernel: Kernel) -> Start:
    """Return the start in a [machine] table; raises LevelError."""
    on_bench = place.table.get("base") == BENCH
    table = typed(place, BenchTable if on_bench else BaseTable)
    loads = tuple(
        _workload(place.at("workload", n), one, kernel) for n, one in enumerate(table.workload)
    )
    check_parents(place, "workload", loads)
    start = Start(**_same(table, Start))
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
        **_same(table, Bench),
        workloads=loads,
        flow=flow if table.flow_packets else None,
        disk=DiskKind(
            table.disk_pages_per_second, table.disk_requests, table.disk_pages_per_request
        ),
        settings=_said(table, SETTINGS),
    )


def _same(table: FileTable, kind: type[NamedTuple]) -> dict[str, Any]:
    """Return what a table and a kind of tuple both have under one name."""
    both = [name for name in kind._fields if name in table.__struct_fields__]
    return {name: getattr(table, name) for name in both}


def _said(table: BenchTable | ZoneTable, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return the numbers of these names that the table has."""
    found = ((name, getattr(table, name)) for name in names)
    return tuple((name, number) for name, number in found if number is not None)


def _zone(place: Place, table: ZoneTable) -> BenchZone:
    return managed_zone(place, table)._replace(
        free=table.free,
        blocks=blocks_of(place, table.blocks),
        unmovable_blocks=table.unmovable_blocks,
        places=_said(table, (*PLACED, *EXTRA)),
    )


def managed_zone(place: Place, table: ZoneKeys) -> BenchZone:
    """Return a zone without a page that is free; raises LevelError for marks that are none."""
    marks = table.marks
    if marks and len(marks) != 3:
        raise place.error("marks", "write [min, low, high]; low and high 0 follow from min")
    return BenchZone(
        table.name,
        table.managed,
        0,
        marks=(marks[0], marks[1], marks[2]) if marks else None,
        reserve=table.reserve or None,
        present=table.present,
    )


def blocks_of(place: Place, texts: Iterable[str]) -> tuple[tuple[int, int, str], ...]:
    """Return free blocks as (order, count, type letter); raises LevelError for a text of none."""
    return tuple(_block(place, one) for one in texts)


def _block(place: Place, text: str) -> tuple[int, int, str]:
    """Return a run of free blocks: `COUNT x ORDER LETTER`, as in `3 x 2 M`."""
    found = _BLOCKS.fullmatch(text)
    if found is None or int(found[2]) >= MAX_ORDER:
        problem = f"{text[:40]!r}: write 'COUNT x ORDER LETTER', as '3 x 2 M'"
        raise place.error("blocks", f"{problem}; orders are 0 to {MAX_ORDER - 1}")
    return int(found[2]), int(found[1]), found[3]


def _workload(place: Place, table: WorkloadTable, kernel: Kernel) -> Workload:
    start_ns = START_NS + table.start_us * MICROSECOND_NS
    return workload_at(place, table, kernel, start_ns)


def check_parents(place: Place, key: str, loads: Sequence[Workload]) -> None:
    """Raise LevelError for a workload (a table of `key`) whose parent is no other one."""
    for number, load in enumerate(loads):
        others = [one.name for one in loads if one is not load]
        if load.parent and load.parent not in others:
            problem = (
                f"{load.parent[:40]!r} is no other task; there are {', '.join(others) or 'none'}"
            )
            raise place.at(key, number).error("parent", problem)


def workload_at(place: Place, table: TaskKeys, kernel: Kernel, start_ns: int) -> Workload:
    """Return a workload that begins at a time; raises LevelError for a mask that is none."""
    if table.gfp:
        place.checked("gfp", table.gfp, kernel.gfp.encode)
        if table.program not in OWN_MASK:
            raise place.error("gfp", f"only a task of {', '.join(OWN_MASK)} has a mask of its own")
    return Workload(
        **_same(table, Workload), start_ns=start_ns, gap_ns=table.gap_us * MICROSECOND_NS
    )
