"""What a kernel report says, as numbers: memory, request, call trace, slab report, OOM kill.

What a dump does not say is None, never 0. Field names are the kernel's (`active_file`,
`isolated_anon`); zone fields are kB as printed, totals are pages. Source:
mm/page_alloc.c:show_free_areas (4.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.rules.memory import zone_columns
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES
from mmplay.engine.stack import StackEntry


class Limited(NamedTuple):
    """One counter of a cgroup against its limit, in kB (mem_cgroup_print_oom_info)."""

    usage_kb: int
    limit_kb: int
    failcnt: int


@dataclass(slots=True)
class Cgroup:
    """The cgroup of a memcg kill. None and empty where the log does not say.

    `path` is the group whose limit was hit, `task_path` that of the victim. `parts_kb` is what its
    memory consisted of, by the names of memory.stat; `others` are the counters besides memory
    (swap, memory+swap, kmem).
    """

    path: str | None = None
    task_path: str | None = None
    usage_kb: int | None = None
    limit_kb: int | None = None
    failcnt: int | None = None
    parts_kb: dict[str, int] = field(default_factory=dict)
    others: dict[str, Limited] = field(default_factory=dict)


class CmaFailure(NamedTuple):
    """An allocation that a CMA area could not serve (cma_alloc). Sizes in pages.

    `ret` is the errno: -12 no free range, -16 pages that could not be moved away.
    """

    area: str | None
    pages: int
    ret: int
    free: int | None = None
    total: int | None = None


SCANNED = frozenset({"pages_scanned"})
"""Zone fields that some kernels print in pages (`Kernel.scanned_unit`), not in kB."""


@dataclass(frozen=True, slots=True)
class FreeBlocks:
    """Free blocks of one order: how many, how large each, and the letters of their types."""

    order: int
    count: int
    size_kb: int
    types: str


@dataclass(slots=True)
class ZoneDump:
    """One zone of a dump.

    `kb` holds the fields of the zone line in kB, those `in_pages` in pages; `reserve` is
    lowmem_reserve[class zone] in pages; `blocks` the free lists and `blocks_total_kb` the sum that
    the kernel printed behind them; `page_kb` the page size that the lists show; `cut` what is left
    of the field in which the log lost the rest of the zone line.
    """

    node: int
    name: str
    page_kb: int = PAGE_KB
    time_us: int | None = None
    kb: dict[str, int] = field(default_factory=dict)
    all_unreclaimable: bool | None = None
    reserve: tuple[int, ...] | None = None
    blocks: tuple[FreeBlocks, ...] | None = None
    blocks_total_kb: int | None = None
    cut: str = ""
    in_pages: frozenset[str] = frozenset()

    def pages(self, name: str) -> int | None:
        """Return one field in pages, or None if the dump does not have it."""
        value = self.kb.get(name)
        if value is None or name in self.in_pages:
            return value
        return value // self.page_kb

    @property
    def index(self) -> int | None:
        """The zone's index among x86_64's zones; None for a zone that x86_64 does not have."""
        return ZONES.index(self.name) if self.name in ZONES else None

    def reserve_for(self, class_zone: int) -> int | None:
        """Return lowmem_reserve[class_zone] in pages, or None if the dump does not say."""
        if self.reserve is None or not 0 <= class_zone < len(self.reserve):
            return None
        return self.reserve[class_zone]

    def listed_pages(self) -> int | None:
        """Return the free pages that the free lists add up to, or None without lists."""
        if self.blocks is None:
            return None
        return sum(blocks.count * blocks.size_kb for blocks in self.blocks) // self.page_kb

    def reclaimable_pages(self, swap_pages: int = 0) -> int | None:
        """Return the pages reclaim could look at (zone_reclaimable_pages, mm/vmscan.c 4.5)."""
        names = ["active_file", "inactive_file", "isolated_file"]
        if swap_pages > 0:
            names += ["active_anon", "inactive_anon", "isolated_anon"]
        parts = [self.pages(name) for name in names]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


@dataclass(slots=True)
class MemDump:
    """One Mem-Info dump: totals in pages, zones in the order printed, and the closing lines.

    `tail` holds the closing lines by field name (`ram_pages`, `swap_free_kb`, ...); `nodes` the
    node lines of 4.8 and later, in kB.
    """

    time_us: int | None
    totals: dict[str, int] = field(default_factory=dict)
    zones: list[ZoneDump] = field(default_factory=list)
    nodes: dict[int, dict[str, int]] = field(default_factory=dict)
    hugepages: list[dict[str, int]] = field(default_factory=list)
    tail: dict[str, int] = field(default_factory=dict)
    sites: list[tuple[str, int]] = field(default_factory=list)
    """(function and line, kB) of the largest allocations, where they are profiled (6.10)."""

    def zone(self, name: str, node: int | None = None) -> ZoneDump | None:
        """Return the zone of that name (on `node`, if given), or None."""
        for zone in self.zones:
            if zone.name == name and node in (None, zone.node):
                return zone
        return None

    def columns(self) -> tuple[str, ...]:
        """Return the zones of this machine in index order: x86_64's where the dump does not say."""
        count = max((len(zone.reserve or ()) for zone in self.zones), default=0)
        return zone_columns((zone.name for zone in self.zones), count) if count else ZONES

    def index_of(self, zone: ZoneDump) -> int | None:
        """Return the index of a zone among the columns, None for a zone that has none."""
        columns = self.columns()
        return columns.index(zone.name) if zone.name in columns else None

    def populated(self) -> list[ZoneDump]:
        """Return the zones that have pages, highest index first: the order of a zonelist.

        Kernels before managed was counted print zones without pages, too.
        """
        columns = self.columns()
        known = [zone for zone in self.zones if zone.name in columns and zone.kb]
        known = [zone for zone in known if "managed" in zone.kb or zone.kb.get("present") != 0]
        return sorted(known, key=lambda zone: -columns.index(zone.name))

    def label(self, zone: ZoneDump) -> str:
        """Return what a zone is called: with its node, where there are several."""
        several = any(other.node != zone.node for other in self.zones)
        return f"Node {zone.node} {zone.name}" if several else zone.name


class SlubReport(NamedTuple):
    """What slab_out_of_memory printed: the caller's own mask, the cache, its slabs.

    `allocator` is SLUB (mm/slub.c) or SLAB (mm/slab.c).
    """

    gfp: int
    names: str | None
    node: int
    cache: str | None = None
    object_size: int | None = None
    buffer_size: int | None = None
    default_order: int | None = None
    min_order: int | None = None
    nodes: tuple[tuple[int, int, int, int], ...] = ()
    """(node, slabs, objs, free) for each node."""
    allocator: str = "SLUB"


BY_HAND = -1
"""The order in the header of a kill that SysRq f asked for (is_sysrq_oom, 4.5)."""


class Request(NamedTuple):
    """One page request. `mode` is the mask that the page allocator saw; None is not known."""

    comm: str | None
    order: int | None
    mode: int | None
    names: str | None = None
    pid: int | None = None
    cpu: int | None = None
    stack: tuple[StackEntry, ...] = ()
    slub: SlubReport | None = None
    nodemask: tuple[int, ...] | None = None
    """Nodes that the request itself is bound to; None if it is not, or the log does not say."""
    cpuset: str | None = None
    mems_allowed: tuple[int, ...] | None = None
    """Nodes that the cpuset of the task allows; None if the log does not say."""


class ReportKind(StrEnum):
    """What happened; the value is what screens and JSON print."""

    FAILURE = "failure"
    OOM_KILL = "oom"
    """The whole machine is short; MEMCG_OOM: a cgroup is at its limit; CPUSET_OOM: the nodes of a
    cpuset or of a memory policy are short; SYSRQ: somebody asked for a kill."""
    MEMCG_OOM = "memcg_oom"
    CPUSET_OOM = "cpuset_oom"
    SYSRQ = "sysrq"
    STALL = "stall"
    """A request that still goes on after ten seconds (warn_alloc, 4.9 to 4.14)."""
    VMALLOC = "vmalloc"
    SLUB = "slub"
    """What slab_out_of_memory printed, without the page request below it."""
    CMA = "cma"
    USERSPACE = "userspace"
    """A daemon killed, not the kernel: systemd-oomd, earlyoom."""
    DUMP = "dump"
    """A Mem-Info that nobody's request caused."""

    @property
    def by_killer(self) -> bool:
        """Tell whether the kernel's OOM killer was at work."""
        return self in BY_KILLER

    @property
    def of_request(self) -> bool:
        """Tell whether it is about a request that got nothing, or nothing yet."""
        return self in OF_REQUEST


BY_KILLER = frozenset(
    {ReportKind.OOM_KILL, ReportKind.MEMCG_OOM, ReportKind.CPUSET_OOM, ReportKind.SYSRQ}
)
OF_REQUEST = frozenset(
    {ReportKind.FAILURE, ReportKind.STALL, ReportKind.VMALLOC, ReportKind.SLUB, ReportKind.CMA}
)


class OomKill(NamedTuple):
    """The kill lines: the chosen task, and the task that was killed with its sizes.

    Sizes in kB; None where a line is missing. Before 4.x a child could die for its parent, so the
    two tasks may differ (oom_kill_process).
    """

    pid: int
    comm: str
    score: int | None = None
    killed_pid: int | None = None
    killed_comm: str | None = None
    time_us: int | None = None
    total_vm_kb: int | None = None
    anon_rss_kb: int | None = None
    file_rss_kb: int | None = None
    shmem_rss_kb: int | None = None
    uid: int | None = None
    pgtables_kb: int | None = None
    adj: int | None = None

    @property
    def victim(self) -> tuple[str, int]:
        """Return name and pid of the task that died, as far as the log says."""
        if self.killed_pid is None:
            return self.comm, self.pid
        return self.killed_comm or self.comm, self.killed_pid


@dataclass(slots=True)
class Report:
    """One report as it was printed.

    `time_us` is the moment of its first line; `memory` is its own dump, printed later than the
    decision it explains (`memory.time_us`). Lines are numbered from 1; `boot` counts from 0.
    """

    kind: ReportKind
    time_us: int | None
    first_line: int
    last_line: int
    boot: int = 0
    caller: str = ""
    request: Request | None = None
    cut: list[tuple[int, str]] = field(default_factory=list)
    """Lines that the log has not whole, each with the field in which it was cut."""
    memory: MemDump | None = None
    kill: OomKill | None = None
    cgroup: Cgroup | None = None
    constraint: str | None = None
    """Which limit the OOM killer worked for: CONSTRAINT_NONE, _CPUSET, _MEMORY_POLICY, _MEMCG."""
    also_killed: list[OomKill] = field(default_factory=list)
    """Further tasks that died with the first: a group kill (memory.oom.group)."""
    nobody_killable: bool = False
    """The killer found no task that it may kill; the kernel panics for the whole machine."""
    exiting: bool = False
    """The chosen task was exiting already and was left alone (5.9)."""
    panicked: str | None = None
    """The kernel panicked instead of killing: `compulsory` or `system-wide` vm.panic_on_oom."""
    reaped: bool = False
    """The OOM reaper took the victim's memory."""
    forms: dict[str, str] = field(default_factory=dict)
    """How it words what kernels word differently, as `Kernel.forms` has it."""
    unreaped_kb: int | None = None
    """Anonymous memory that the reaper left with the victim, where it says so."""
    stalled_ms: int | None = None
    asked_bytes: int | None = None
    """What a vmalloc was asked for, where the log says it."""
    got_bytes: int | None = None
    """What a vmalloc had when it was refused pages; None where it did not ask for any."""
    cma: CmaFailure | None = None
    slabs: list[tuple[str, int, int]] = field(default_factory=list)
    """(cache, used kB, total kB) of unreclaimable slabs, where the killer listed them (4.15)."""
    why: str | None = None
    """What the kernel, or the daemon of a userspace kill, gave as the reason."""
    daemon: str | None = None
    """The program that killed, of a userspace kill."""
    tasks: list[dict[str, int | str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """Numbers of the lines that belong to this report, in order."""
    unknown: int = 0
    """Lines between its first and last that nobody understands, those of others left out."""

    def memory_delay_us(self) -> int | None:
        """Return how much later than the report's first line its own dump was printed."""
        if self.memory is None or self.memory.time_us is None or self.time_us is None:
            return None
        return self.memory.time_us - self.time_us


TITLES: dict[ReportKind, str] = {
    ReportKind.FAILURE: "page allocation failure",
    ReportKind.OOM_KILL: "OOM kill",
    ReportKind.MEMCG_OOM: "cgroup OOM kill",
    ReportKind.CPUSET_OOM: "OOM kill in a cpuset",
    ReportKind.SYSRQ: "OOM kill by SysRq",
    ReportKind.STALL: "page allocation stall",
    ReportKind.VMALLOC: "vmalloc failure",
    ReportKind.SLUB: "slab allocation failure",
    ReportKind.CMA: "CMA failure",
    ReportKind.USERSPACE: "killed by a daemon",
    ReportKind.DUMP: "Mem-Info",
}


def title_of(report: Report) -> str:
    """Return what happened in a few words: kind, task, order."""
    title, request = TITLES[report.kind], report.request
    if report.kill is not None:
        comm, pid = report.kill.victim
        return f"{title}: {comm} ({pid})"
    if report.nobody_killable:
        return f"{title}: no killable process"
    if request is None:
        return title
    if report.kind.by_killer:
        return f"{title}: victim unknown, invoked by {request.comm}"
    if request.comm is None and request.slub is not None:
        return f"{title}: {request.slub.cache or 'unknown cache'}"
    order = "" if request.order is None else f", order {request.order}"
    return f"{title}: {request.comm}{order}"
