"""The row of numbers that a recording keeps every 10 ms of the machine's time."""

from __future__ import annotations

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import Metric, metric
from mmplay.engine.sim.state.counters import COUNTERS

EVERY_NS = 10_000_000

ZONE_COLUMNS = (
    *("free", "active_anon", "active_file", "inactive_file", "dirty", "writeback"),
    *("slab_unreclaimable", "pages_scanned", "reserved_highatomic"),
)
OTHER_COLUMNS = ("slab.kmalloc-64.slabs", "slab.kmalloc-64.objs", "works_queued", "throttled")


def columns(m: Machine) -> list[str]:
    """Return the names of a row's values; any of them can be asked of a machine."""
    zones = [f"zones.{zone.name}.{field}" for zone in m.state.zones for field in ZONE_COLUMNS]
    others = [name for name in OTHER_COLUMNS if not name.startswith("slab") or _has_slab(m, name)]
    return [*zones, *others, *COUNTERS]


def _has_slab(m: Machine, name: str) -> bool:
    return name.split(".")[1] in m.cache_numbers


def readers(m: Machine) -> list[Metric]:
    """Return the functions that read a row."""
    return [metric(m, name) for name in columns(m)]


def next_row_ns(now_ns: int) -> int:
    """Return when the next row is due, seen from now."""
    return now_ns - now_ns % EVERY_NS + EVERY_NS
