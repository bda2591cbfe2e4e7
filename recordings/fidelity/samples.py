"""A machine at one moment, as a real one was measured and as a simulated one is read: one type.

Counts are since boot: those of a simulated run go on from the row that it started from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS, SECOND_NS
from mmplay.engine.sim.mm.writeback import WORKS_CACHE
from mmplay.engine.sim.run.turns import run_until


class Sample(NamedTuple):
    """Free pages, calls of direct reclaim, works, pages that calls scanned, network, kills, slabs.

    `failures` are page allocations that failed in the network's softirq, `frames` those that the
    sender sent since the start, whatever became of them; `slabs` are those of kmalloc-64.
    """

    time_us: int
    free_dma: int
    free_dma32: int
    calls: int
    queued: int
    failed: int
    scanned: int
    failures: int
    frames: int
    kills: int
    slabs: int


COLUMNS = {
    "free_dma": "free_dma",
    "free_dma32": "free_dma32",
    "calls": "dr_begin",
    "queued": "wbq",
    "failed": "nowork",
    "scanned": "pgscan_direct",
    "failures": "irq_fail",
    "kills": "oom_kills",
    "slabs": "k64_slabs",
}
"""Fields of a sample and their columns in a CSV."""

NEEDED = ("t", *COLUMNS.values())

KILLS = frozenset({"kill", "kill_group", "sysrq_f"})
"""Actions that kill by hand: a kill of the script is one that was put in."""


class Frames(NamedTuple):
    """Frames that arrive: a second, and from when on."""

    per_second: int
    start_ns: int

    def until(self, start_ns: int, time_ns: int) -> int:
        """Return how many arrived between two moments."""
        span_ns = time_ns - max(start_ns, self.start_ns)
        return max(0, span_ns) * self.per_second // SECOND_NS


def real_samples(rows: Sequence[Mapping[str, int]], frames: Frames) -> list[Sample]:
    """Return the rows of a CSV as samples; a row does not count frames, so they follow the rate."""
    start_ns = rows[0]["t"]
    return [
        Sample(
            time_us=row["t"] // MICROSECOND_NS,
            frames=frames.until(start_ns, row["t"]),
            **{name: row[column] for name, column in COLUMNS.items()},
        )
        for row in rows
    ]


def simulated_samples(m: Machine, real: Sequence[Sample]) -> Iterator[Sample]:
    """Run a machine, and yield what it is at the times of the real samples."""
    killed_us = sorted(
        time_ns // MICROSECOND_NS for time_ns, name, _ in m.setup.script if name in KILLS
    )
    base = real[0]
    for one in real:
        run_until(m, one.time_us * MICROSECOND_NS)
        counters, free = m.state.counters, {zone.name: zone.free_seen for zone in m.state.zones}
        yield Sample(
            time_us=one.time_us,
            free_dma=free.get("DMA", 0),
            free_dma32=free.get("DMA32", 0),
            calls=base.calls + counters.reclaim_calls,
            queued=base.queued + counters.wb_work,
            failed=base.failed + counters.wb_nowork,
            scanned=base.scanned + counters.pgscan_direct,
            failures=base.failures + counters.alloc_fail_net,
            frames=one.frames,
            kills=base.kills + counters.oom_kill + bisect_right(killed_us, one.time_us),
            slabs=m.state.caches[WORKS_CACHE].slabs(),
        )
