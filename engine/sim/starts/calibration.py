"""Every number that no rule and no log determines, each with its reason. The one place for them.

`CALIBRATED` were fitted to a measured or logged result, `ASSUMED` were chosen because something
had to be. A start quotes the reasons of those that it uses in the run's header.
"""

from __future__ import annotations

from typing import NamedTuple


class Constant(NamedTuple):
    """One constant: its value, and why it is what it is."""

    value: int
    reason: str


CALIBRATED: dict[str, Constant] = {
    "reclaim_call_ns": Constant(
        435000, "CPU cost of a try_to_free_pages call: makes the incident's burst last 1.9 s"
    ),
    "scanned_page_ns": Constant(100, "CPU cost of one scanned page: the length of the slow phase"),
    "retry_call_ns": Constant(
        45_000, "the same call where every fruitless round sleeps 100 ms first: CPUs are idle"
    ),
    "completions": Constant(
        4486, "pages whose writeback ends between the two dumps: writeback 5308 -> 822"
    ),
    "completion_rate": Constant(
        1_000_000,
        "pages/s: the completions come at once, soon after the kill; then the disk stalls",
    ),
    "pages_per_table": Constant(
        119, "pages that one page table maps for the eater: 3942 pages came with 33 page tables"
    ),
    "redirty_every": Constant(
        12, "one of so many completed pages is dirtied again: dirty grew by 744 pages"
    ),
    "eater_pages": Constant(
        3260,
        "what it gets of the 4486 pages before it stops; the log has 3942 anonymous pages more",
    ),
    "flows": Constant(
        5, "new flows/s in the burst: no softirq request needs a new slab page before depletion"
    ),
    "flows_nomemalloc": Constant(50, "new flows/s where the network must reach its floor"),
    "kthread_ask_ns": Constant(
        1_940_000_000, "kthreadd asks for a stack so long after the dump: it fails first in the log"
    ),
    "oom_print_line_ns": Constant(
        2_760_000, "a line of the OOM report on the console: 68.5 ms for the whole report"
    ),
    "print_line_ns": Constant(1_500, "a line of the failure report: 61.527978 to 61.528086"),
    "print_line_next_ns": Constant(2_660_000, "a line of log 1: its report takes 160 ms"),
}

ASSUMED: dict[str, Constant] = {
    "cpus": Constant(4, "online CPUs of the incident's machine"),
    "cpu_ids": Constant(64, "possible CPUs of the incident's machine (cpus=0-63 in its pools)"),
    "page_ns": Constant(500, "CPU cost of handing out one page"),
    "write_ns": Constant(18500, "CPU cost of a 4 KiB write besides its page"),
    "read_ns": Constant(1_500, "CPU cost of reading 4 KiB from a fast disk besides its page"),
    "packet_ns": Constant(10_000, "CPU cost of a frame"),
    "exit_ns": Constant(50_000, "CPU cost of a task's exit"),
    "exit_slab_pages": Constant(
        4, "slab pages a task gives back with its 4 stack pages: real victims returned 8 pages"
    ),
    "time_slice_ns": Constant(4_000_000, "time slice of a CPU among many runnable tasks"),
    "disk_rate": Constant(25_600, "pages/s: 100 MB/s, the kernel's own first guess of a bandwidth"),
    "disk_requests": Constant(128, "nr_requests of the block queue"),
    "pages_per_request": Constant(64, "pages of one request"),
    "groups": Constant(64, "forks of the reproducer"),
    "writers": Constant(16, "writers of each fork"),
    "works_slabs": Constant(225, "kmalloc-64 slabs at the start: 3218 - 2993, all full"),
    "reserved_shift": Constant(6, "struct pages take a 64th of memory"),
    "reserved_pages": Constant(2_850, "kernel image and the rest of early boot"),
}


FRAME_RULES: tuple[str, ...] = (
    "HZ 1000, PREEMPT: a kernel that prints and schedules as these logs do",
    "marks, lowmem_reserve: as printed; today's managed pages would give a larger reserve",
    "free lists: as printed, order-0 pages up to free; each letter has a block, none a free buddy",
    "per-CPU pages: those of the zone line, on the CPUs that do not report",
    "other caches: one slab of free objects each",
    "tasks: every writer in NOFS reclaim, kswapd and the flusher stuck, kthreadd asleep",
)
"""How a start from a frame chooses what the log does not say, for the run's header."""

KILL_RULE = "the OOM report: the eater prints it, holding oom_lock; no reserves are used meanwhile"
DRIFT_RULE = "vmstat drift: on in the unpatched run; it lets a log print 12 kB beside empty lists"


def value(name: str) -> int:
    """Return a constant by name."""
    return (CALIBRATED.get(name) or ASSUMED[name]).value


def reasons(table: dict[str, Constant], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `name value: reason` for the constants that a start used."""
    return tuple(f"{name} {table[name].value}: {table[name].reason}" for name in names)
