"""A setup as plain lists, for recordings, and back; what comes back is checked field by field."""

from __future__ import annotations

from typing import Any

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import Kernel, kernel_named
from mmplay.engine.sim.machine.setup import (
    LONGEST_EXTENSION,
    Costs,
    DiskKind,
    Flow,
    Setup,
    Workload,
)
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.run.programs import PROGRAM_NAMES
from mmplay.engine.sim.state.slab_cache import CacheKind, SlabOrder

MAX_NUMBER = 1 << 62
MAX_TEXT = 4096
MAX_LIST = 1024
MAX_CPUS = 64
MAX_TASKS = 4096


class SetupError(ValueError):
    """Fields that are no setup."""


def setup_fields(setup: Setup) -> list[Any]:
    """Return the setup as lists, texts and numbers."""
    return [
        *(setup.name, setup.kernel.name, setup.cpus, setup.cpu_ids),
        *(setup.release, setup.version, setup.hardware),
        list(setup.costs),
        list(setup.disk),
        None if setup.flow is None else list(setup.flow),
        [[*kind[:3], list(kind.orders), kind.reclaimable] for kind in setup.caches],
        [list(load) for load in setup.workloads],
        [list(event) for event in setup.script],
        list(setup.assumed),
        list(setup.calibrated),
    ]


def setup_of(fields: list[Any]) -> Setup:
    """Return the setup of these fields; raises SetupError for what is none."""
    try:
        name, kernel, cpus, cpu_ids, release, version, hardware, *rest = fields
        costs, disk, flow, caches, loads, script, assumed, calibrated = rest
        setup = Setup(
            name=_text(name),
            kernel=_simulated(_text(kernel)),
            cpus=_number(cpus, 1, MAX_CPUS),
            cpu_ids=_number(cpu_ids, 1, 1 << 13),
            release=_text(release),
            version=_text(version),
            hardware=_text(hardware),
            costs=Costs(*_numbers(costs, len(Costs._fields))),
            disk=DiskKind(*_numbers(disk, len(DiskKind._fields), least=-1)),
            flow=None if flow is None else Flow(*_numbers(flow, len(Flow._fields))),
            caches=tuple(_cache(one) for one in _list(caches)),
            workloads=tuple(_workload(one, kernel_named(kernel)) for one in _list(loads)),
            script=tuple(_event(one) for one in _list(script)),
            assumed=tuple(_text(one) for one in _list(assumed)),
            calibrated=tuple(_text(one) for one in _list(calibrated)),
        )
    except InputError as error:
        raise SetupError(str(error)) from None
    except (TypeError, ValueError) as error:
        raise SetupError(f"no setup: {error}") from None
    if setup.flow is not None and setup.flow.cpu >= setup.cpus:
        raise SetupError("the network card interrupts a CPU that is not there")
    if setup.flow is not None and setup.flow.extension_bytes > LONGEST_EXTENSION:
        raise SetupError(f"an extension has at most {LONGEST_EXTENSION} bytes")
    return setup


def _simulated(name: str) -> Kernel:
    kernel = kernel_named(name)
    kernel.simulated()
    return kernel


def _number(value: Any, least: int = 0, most: int = MAX_NUMBER) -> int:
    if type(value) is not int or not least <= value <= most:
        raise SetupError(f"a number from {least} to {most} is expected")
    return value


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > MAX_TEXT:
        raise SetupError("a text is expected")
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list or len(value) > MAX_LIST:
        raise SetupError("a list is expected")
    return value


def _numbers(value: Any, count: int, least: int = 0) -> list[int]:
    numbers = [_number(one, least) for one in _list(value)]
    if len(numbers) != count:
        raise SetupError(f"{count} numbers are expected")
    return numbers


def _cache(value: Any) -> CacheKind:
    name, size, object_size, orders, reclaimable = _list(value)
    order = SlabOrder(*_numbers(orders, len(SlabOrder._fields)))
    if order.order > 3 or order.min_order > order.order or not 0 < order.objects <= 1 << 12:
        raise SetupError("no slab is cut like this")
    if type(reclaimable) is not bool or not 0 < order.min_objects <= order.objects:
        raise SetupError("no cache is like this")
    sizes = _number(size, 1, 1 << 15), _number(object_size, 1, 1 << 15)
    return CacheKind(_text(name), *sizes, order, reclaimable)


def _workload(value: Any, kernel: Kernel) -> Workload:
    name, program, *numbers, numbered, gfp, parent = _list(value)
    if program not in PROGRAM_NAMES or type(numbered) is not bool:
        raise SetupError("no workload is like this")
    groups, per_group, *rest = _numbers(numbers, len(Workload._fields) - 5, least=-1000)
    _number(groups, 0, MAX_TASKS)
    _number(per_group, 1, MAX_TASKS)
    texts = _text(gfp), _text(parent)
    load = Workload._make([_text(name), program, groups, per_group, *rest, numbered, *texts])
    if gfp:
        kernel.gfp.encode(gfp)
    times = (load.gap_ns, load.start_ns)
    if min(load.per_table, load.burst) < 1 or min(times) < 0 or not 0 <= load.order <= 10:
        raise SetupError("no workload is like this")
    return load


def _event(value: Any) -> tuple[int, str, str]:
    time_ns, action, text = _list(value)
    if action not in ACTIONS:
        raise SetupError("the script names no action")
    return _number(time_ns), action, _text(text)
