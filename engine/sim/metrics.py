"""Every number of a machine by one name, and conditions on them: goals, breakpoints, exports.

The names are those of `mmplay run --json`: `zones.DMA.free`, `slab.kmalloc-64.slabs`,
`min_free.DMA`, a counter's own name, a sysctl's own name. Conditions are `zones.DMA32.free <= 650`,
`free of DMA32 <= 650`, `first refusal`, `report`, `kill`, `act`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.gates import total_reserve
from mmplay.engine.sim.mm.writeback import dirty_limits, dirtyable
from mmplay.engine.sim.state.state import COUNTERS
from mmplay.engine.sim.state.tasks import EXITED
from mmplay.engine.sim.state.zone import PLACES, Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


Metric = Callable[["Machine"], int]

ZONE_FIELDS = (
    *("min", "low", "high", "managed", "present", *PLACES),
    *("dirty", "writeback", "mapped", "shmem", "pages_scanned", "reserved_highatomic"),
)
"""Fields of a zone that are read as they stand, in pages."""

SYSCTLS = (
    *("min_free_kbytes", "watermark_scale_factor", "dirty_ratio", "dirty_background_ratio"),
    *("wb_mask", "slab_keeps_atomic", "oom_reaper"),
)
SUMS = ("free", "dirty", "writeback", "slab_unreclaimable", "inactive_file", "active_anon")
"""Zone fields that have a sum over all zones by their bare name."""

SLAB_FIELDS: dict[str, str] = {
    "slabs": "slabs",
    "objs": "objects",
    "free": "free_objects",
    "in_use": "in_use",
    "partial": "partial_slabs",
}
"""Numbers of a cache, and the methods that count them; `free` is as a SLUB report prints it."""

OTHERS: dict[str, Metric] = {
    "time_us": lambda m: m.state.now_ns // 1000,
    "turns": lambda m: m.state.turn,
    "alloc_fail": lambda m: _all_failures(m),
    "works_queued": lambda m: m.state.works_queued,
    "ring": lambda m: m.state.ring,
    "conntracks": lambda m: m.state.conntracks,
    "packet_rate": lambda m: m.state.packet_rate,
    "throttled": lambda m: m.state.throttled,
    "oom_victims": lambda m: m.state.oom_victims,
    "log_lines": lambda m: m.state.log_lines,
    "tasks": lambda m: sum(state != EXITED for state in m.state.tasks.state),
    "dirtyable": lambda m: dirtyable(m),
    "dirty_background_threshold": lambda m: dirty_limits(m)[0],
    "dirty_threshold": lambda m: dirty_limits(m)[1],
    "dirty_per_mille": lambda m: _dirty(m) * 1000 // max(1, _file_pages(m)),
    "clean_file": lambda m: _clean_file(m),
    "clean_and_free": lambda m: _clean_file(m) + sum(zone.free for zone in m.state.zones),
    "totalreserve_pages": lambda m: sum(total_reserve(zone) for zone in m.state.zones),
}


def _file_pages(m: Machine) -> int:
    """Return the pages on the file lists."""
    return sum(zone.active_file + zone.inactive_file for zone in m.state.zones)


def _dirty(m: Machine) -> int:
    return sum(zone.dirty for zone in m.state.zones)


def _clean_file(m: Machine) -> int:
    """Return the clean file pages that reclaim can drop."""
    return sum(zone.clean + zone.clean_tail for zone in m.state.zones)


def _all_failures(m: Machine) -> int:
    counters = m.state.counters
    return counters.alloc_fail_wb + counters.alloc_fail_net + counters.alloc_fail_task


def metric(m: Machine, name: str) -> Metric:
    """Return the function that reads a number; raises InputError with the nearest known name."""
    found = _find(m, name)
    if found is None:
        near = get_close_matches(name, metric_names(m), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"{name[:60]}: this machine has no counter of that name{hint}")
    return found


def read(m: Machine, name: str) -> int:
    """Return a number of the machine by name; raises InputError for an unknown name."""
    return metric(m, name)(m)


def _find(m: Machine, name: str) -> Metric | None:
    if name in OTHERS:
        return OTHERS[name]
    if name in COUNTERS:
        return lambda m: int(getattr(m.state.counters, name))
    if name in SYSCTLS:
        return lambda m: int(getattr(m.state, name))
    if name in SUMS:
        return lambda m: sum(int(getattr(zone, name)) for zone in m.state.zones)
    kind, _, rest = name.partition(".")
    owner, _, field = rest.rpartition(".")
    if kind == "min_free":
        owner, field = rest, "lowest"
    return _FINDERS[kind](m, owner, field) if kind in _FINDERS else None


def _zone_metric(m: Machine, zone_name: str, field: str) -> Metric | None:
    number = next((n for n, zone in enumerate(m.state.zones) if zone.name == zone_name), None)
    if number is None:
        return None
    if field in ZONE_DERIVED:
        derived = ZONE_DERIVED[field]
        return lambda m: derived(m, m.state.zones[number])
    if field not in ZONE_FIELDS and field != "lowest":
        return None
    return lambda m: int(getattr(m.state.zones[number], field))


ZONE_DERIVED: dict[str, Callable[[Machine, Zone], int]] = {
    "free": lambda m, zone: zone.free_seen,
    "free_pcp": lambda m, zone: zone.on_pcp(),
    "all_unreclaimable": lambda m, zone: int(not m.reclaimable(zone)),
    "reserve": lambda m, zone: max(zone.reserve),
    "largest_order": lambda m, zone: max(
        (n % 11 for n, blocks in enumerate(zone.buddy.lists) if blocks), default=-1
    ),
}


def _slab_metric(m: Machine, cache_name: str, field: str) -> Metric | None:
    number = m.cache_numbers.get(cache_name)
    method = SLAB_FIELDS.get(field)
    if number is None or method is None:
        return None
    return lambda m: int(getattr(m.state.caches[number], method)())


TASK_FIELDS = ("done", "refused")
"""Columns of tasks that have a sum over a workload's tasks: `tasks.NAME.done`."""


def is_of_tasks(name: str) -> bool:
    """Tell whether a name has the form of a workload's number; the workload may not be there."""
    kind, _, rest = name.partition(".")
    return kind == "tasks" and rest.rpartition(".")[2] in TASK_FIELDS


def _task_metric(m: Machine, load_name: str, field: str) -> Metric | None:
    loads = [load.name for load in m.setup.workloads]
    if load_name not in loads or field not in TASK_FIELDS:
        return None
    number = loads.index(load_name)

    def total(m: Machine) -> int:
        """Return the sum of the field over the tasks of that workload."""
        tasks = m.state.tasks
        column = getattr(tasks, field)
        return sum(column[task] for task, load in enumerate(tasks.load) if load == number)

    return total


_FINDERS: dict[str, Callable[[Machine, str, str], Metric | None]] = {
    "zones": _zone_metric,
    "min_free": _zone_metric,
    "slab": _slab_metric,
    "tasks": _task_metric,
}


def metric_names(m: Machine) -> list[str]:
    """Return every name that this machine has a number for."""
    loads = [load.name for load in m.setup.workloads]
    return names_for([zone.name for zone in m.state.zones], m.cache_numbers, loads)


def names_for(zones: Iterable[str], caches: Iterable[str], loads: Iterable[str] = ()) -> list[str]:
    """Return every name that a machine with these zones, caches, workloads has a number for."""
    fields = (*ZONE_FIELDS, *ZONE_DERIVED, "lowest")
    zone_names = tuple(zones)
    return [
        *(*OTHERS, *COUNTERS, *SYSCTLS, *SUMS),
        *(f"zones.{zone}.{field}" for zone in zone_names for field in fields),
        *(f"min_free.{zone}" for zone in zone_names),
        *(f"slab.{cache}.{field}" for cache in caches for field in SLAB_FIELDS),
        *(f"tasks.{load}.{field}" for load in loads for field in TASK_FIELDS),
    ]


OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}

EVENTS: dict[str, tuple[str, ...]] = {
    "refusal": ("alloc_fail",),
    "report": ("warn_printed",),
    "kill": ("oom_kill",),
    "drop": ("nf_drop",),
    "wake": ("kswapd_wakes",),
}
"""Events by name: they happen when one of these counters rises."""

ALIASES = {"first refusal": "refusal", "oom": "kill", "oom kill": "kill", "failure": "report"}

_COMPARED = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(-?\d{1,18})$")
_OF_ZONE = re.compile(r"(\w+) of (\w+)$")

HELP = "a counter and a bound (free of DMA32 <= 650), or " + ", ".join(EVENTS)


class Condition(NamedTuple):
    """A number compared with a bound; for an event the bound is what the number was before."""

    text: str
    read: Metric
    compare: Callable[[int, int], bool]
    bound: int

    def holds(self, m: Machine) -> bool:
        """Tell whether the machine is there."""
        return self.compare(self.read(m), self.bound)


class ConditionParts(NamedTuple):
    """A condition as it is written: a number's name, an operator and its bound.

    An event has the name of its counter, and no bound yet.
    """

    name: str
    operator: str
    bound: int | None


def read_condition(text: str) -> ConditionParts:
    """Return what a text says, whatever machine it is asked of; raises InputError."""
    text = " ".join(text.split())
    parts = parts_of_condition(text)
    if parts is not None:
        return ConditionParts(*parts)
    name = ALIASES.get(text.lower(), text.lower())
    if name not in EVENTS:
        raise InputError(f"{text[:60]!r} is not a condition; write {HELP}")
    (counter,) = EVENTS[name]
    return ConditionParts(counter, ">", None)


def condition(m: Machine, text: str) -> Condition:
    """Return the condition that a text describes on this machine; raises InputError."""
    words = read_condition(text)
    read = metric(m, words.name)
    bound = read(m) if words.bound is None else words.bound
    return Condition(" ".join(text.split()), read, OPERATORS[words.operator], bound)


def parts_of_condition(text: str) -> tuple[str, str, int] | None:
    """Return name, sign and bound of a comparison; None for an event or anything else."""
    found = _COMPARED.match(" ".join(text.split()))
    if found is None:
        return None
    return _OF_ZONE.sub(r"zones.\2.\1", found[1]), found[2], int(found[3])
