"""What a player, a level or a script may do to the machine.

What the kernel refuses changes nothing.

An action is a name and a value, both text, as they stand in recordings and level files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmplay.engine.errors import InputError
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.gfp import GfpError
from mmplay.engine.rules.watermarks import PAGE_BYTES
from mmplay.engine.sim.log.reports import show_mem
from mmplay.engine.sim.log.view import slabs_of
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.decisions import Action, Script
from mmplay.engine.sim.machine.gates import set_marks, set_reserves
from mmplay.engine.sim.machine.machine import NIC
from mmplay.engine.sim.mm.compaction import compact_memory
from mmplay.engine.sim.mm.disk import set_rate
from mmplay.engine.sim.mm.oom import kill_by_hand, select_worst, send_kill
from mmplay.engine.sim.mm.vmscan import MOST as MOST_DROPPED
from mmplay.engine.sim.mm.vmscan import drop_caches
from mmplay.engine.sim.mm.writeback import sync
from mmplay.engine.sim.run.exit import holder_of, wait_for_lock
from mmplay.engine.sim.run.programs import HOLDER, LOCKER
from mmplay.engine.sim.run.requests import (
    CONTEXTS,
    SLAB,
    WAYS,
    allocate,
    give_back,
    place_of,
    release,
    request,
    set_free,
)
from mmplay.engine.sim.run.workloads import fall_back, scale_workload, start_workload, stop_workload
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.tasks import EXITED, KTHREAD

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine
    from mmplay.engine.sim.state.zone import Zone


class RefusedError(InputError):
    """The kernel does not take this; the message says what it would say, and why."""


INT_MAX = (1 << 31) - 1
LONG_MAX = (1 << 63) - 1
MAX_RATE = 1_000_000
MAX_OBJECTS = 1 << 20


def do_action(m: Machine, name: str, value: str, by: type[Action | Script] = Action) -> None:
    """Do an action; raises RefusedError, and then nothing has changed.

    `by` is its decision: Action for who plays, Script for what happens by itself.
    """
    action = ACTIONS.get(name)
    if action is None:
        raise RefusedError(f"{name}: no such action; there are {', '.join(sorted(ACTIONS))}")
    action(m, value)
    if m.tell is not None:
        m.tell(by(name, value))


def number(name: str, text: str, low: int, high: int) -> int:
    """Return a number within bounds; raises RefusedError as write(2) to /proc/sys would."""
    try:
        value = int(text, 10)
    except ValueError:
        raise RefusedError(f"{name}: {text[:40]!r} is no number: EINVAL") from None
    if not low <= value <= high:
        raise RefusedError(f"{name}: {value} is not in {low}..{high}: EINVAL")
    return value


# sysctls


def _min_free_kbytes(m: Machine, text: str) -> None:
    m.state.min_free_kbytes = number("min_free_kbytes", text, 0, INT_MAX)
    _new_marks(m)


def _scale_factor(m: Machine, text: str) -> None:
    if m.kernel.watermark_scale_factor is None:
        raise RefusedError(
            f"watermark_scale_factor: {m.kernel.name} has no such sysctl: ENOENT (it came with 4.6)"
        )
    m.state.watermark_scale_factor = number("watermark_scale_factor", text, 1, 1000)
    _new_marks(m)


def _new_marks(m: Machine) -> None:
    set_marks(m.kernel, m.state)
    m.refresh_gates()


def _reserve_ratio(m: Machine, text: str) -> None:
    ratios = [number("lowmem_reserve_ratio", part, -INT_MAX, INT_MAX) for part in text.split()]
    if not ratios or len(ratios) > len(m.state.lowmem_reserve_ratio):
        raise RefusedError(
            f"lowmem_reserve_ratio: {len(m.state.lowmem_reserve_ratio)} numbers at most: EINVAL"
        )
    m.state.lowmem_reserve_ratio[: len(ratios)] = [max(1, ratio) for ratio in ratios]
    set_reserves(m.state)
    m.refresh_gates()


def _number(
    field: str, low: int, high: int, rival: str | None = None
) -> Callable[[Machine, str], None]:
    """Return an action that sets a number and clears the sysctl that says the same otherwise."""

    def change(m: Machine, text: str) -> None:
        """Set it; raises RefusedError for what is no number within the bounds."""
        setattr(m.state, field, number(field, text, low, high))
        if rival is not None:
            setattr(m.state, rival, 0)

    return change


def _choice(field: str, choices: tuple[str, ...]) -> Callable[[Machine, str], None]:
    def change(m: Machine, text: str) -> None:
        """Choose it; raises RefusedError for what is none of the choices."""
        if text not in choices:
            raise RefusedError(f"{field}: {text[:40]!r} is none of {', '.join(choices)}")
        setattr(m.state, field, choices.index(text))
        m.bind(m.state)

    return change


# compaction and page cache


def _compact_memory(m: Machine, text: str) -> None:
    """Any number that is written compacts every zone (sysctl_compaction_handler)."""
    number("compact_memory", text, 0, INT_MAX)
    compact_memory(m)


def _drop_caches(m: Machine, text: str) -> None:
    drop_caches(m, number("drop_caches", text, 1, MOST_DROPPED))


# tasks and workloads


def _kill(m: Machine, text: str) -> None:
    send_kill(m, _living("kill", m, text))


def _living(name: str, m: Machine, text: str) -> int:
    """Return the process of a pid; raises RefusedError."""
    pid = number(name, text, 1, INT_MAX)
    tasks = m.state.tasks
    if pid not in tasks.pid or tasks.state[tasks.pid.index(pid)] == EXITED:
        raise RefusedError(f"{name}: ({pid}) - No such process: ESRCH")
    task = tasks.pid.index(pid)
    if tasks.flags[task] & KTHREAD:
        raise RefusedError(f"{name}: {pid} ({tasks.names[task]}) is a kernel thread: no effect")
    return task


def _kill_group(m: Machine, text: str) -> None:
    """Send SIGKILL to every process that shares an mm."""
    pid = number("kill_group", text, 1, INT_MAX)
    tasks = m.state.tasks
    mine = [task for task in range(len(tasks)) if tasks.group[task] == pid]
    if not any(tasks.state[task] != EXITED for task in mine):
        raise RefusedError(f"kill_group: ({pid}) - No such process: ESRCH")
    for task in mine:
        send_kill(m, task)


def _lock(m: Machine, text: str) -> None:
    """Let a process wait for the file's lock that a holder has."""
    task = _living("lock", m, text)
    if holder_of(m, HOLDER) < 0:
        raise RefusedError("lock: nobody holds the lock: there is nothing to wait for")
    wait_for_lock(m, task, LOCKER)


def _workload(m: Machine, name: str) -> int:
    names = [load.name for load in m.setup.workloads]
    if name not in names:
        raise RefusedError(f"no workload {name[:40]!r}; there are {', '.join(names) or 'none'}")
    return names.index(name)


def _stop(m: Machine, text: str) -> None:
    stop_workload(m, _workload(m, text))


def _start(m: Machine, text: str) -> None:
    start_workload(m, _workload(m, text), 0)


def _scale(m: Machine, text: str) -> None:
    name, _, count = text.partition(" ")
    groups = number("scale", count, 0, 4096)
    scale_workload(m, _workload(m, name), groups)


def _fall_back(m: Machine, text: str) -> None:
    """A driver that takes single pages where it wanted a block, as vmalloc does."""
    load = _workload(m, text)
    if m.setup.workloads[load].program != "allocator" or not m.setup.workloads[load].order:
        raise RefusedError(f"fall_back: {text} asks for no blocks that single pages could replace")
    if not fall_back(m, load):
        raise RefusedError(
            f"fall_back: {text} has no task now: it has not begun yet, or it is done"
        )


# requests at the door


def _request(m: Machine, text: str) -> None:
    """`MASK[:slab][:CONTEXT] [ORDER]`: ask for pages at once; refused or not, it is an answer."""
    caller, _, order_text = text.partition(" ")
    mask_text, *marks = caller.split(":")
    try:
        mask, context = m.kernel.gfp.encode(mask_text), Context.TASK
    except GfpError as error:
        raise RefusedError(f"request: {error}") from None
    for mark in marks:
        if mark != SLAB and mark not in CONTEXTS:
            raise RefusedError(f"request: {mark[:40]!r} is none of {', '.join((SLAB, *CONTEXTS))}")
        context |= CONTEXTS.get(mark, Context.TASK)
    if SLAB in marks:
        mask = m.slab_mask.page_mask(mask)
    request(m, mask, context, number("request", order_text or "0", 0, MAX_ORDER - 1))


def _free(m: Machine, text: str) -> None:
    """`N`: give back the Nth block that is held, from 1; `ZONE PAGE`: the one that begins there."""
    blocks = m.state.blocks
    held = len(blocks) // BLOCK_NUMBERS
    if not held:
        raise RefusedError("free: no block is held")
    name, _, page = text.partition(" ")
    if not page:
        give_back(m, number("free", text, 1, held) - 1)
        return
    zone = _zone(m, "free", name)
    first = number("free", page, 0, zone.managed - 1)
    places = list(zip(blocks[::BLOCK_NUMBERS], blocks[1::BLOCK_NUMBERS], strict=True))
    if (m.zone_number(zone), first) not in places:
        raise RefusedError(f"free: no block that is held begins at page {first} of {name}")
    give_back(m, places.index((m.zone_number(zone), first)))


def _zone(m: Machine, action: str, name: str) -> Zone:
    zone = next((zone for zone in m.state.zones if zone.name == name), None)
    if zone is None:
        raise RefusedError(f"{action}: {name[:40]!r} is no zone of this machine")
    return zone


def _set_free(m: Machine, text: str) -> None:
    """`ZONE PAGES`: others take or free pages until so many are free."""
    name, _, pages = text.partition(" ")
    zone = _zone(m, "set_free", name)
    set_free(m, zone, number("set_free", pages, 0, zone.managed))


# objects


def _cache(m: Machine, action: str, name: str) -> str:
    if name not in m.cache_numbers:
        known = ", ".join(m.cache_numbers) or "none"
        raise RefusedError(f"{action}: no cache {name[:40]!r} on this machine; there are {known}")
    return name


def _kmalloc(m: Machine, text: str) -> None:
    """`CACHE COUNT`: objects for the network's softirq, from its caches."""
    name, _, count = text.partition(" ")
    if _cache(m, "kmalloc", name) not in WAYS:
        raise RefusedError(f"kmalloc: the softirq allocates from {', '.join(WAYS)} only")
    allocate(m, name, number("kmalloc", count or "1", 1, MAX_OBJECTS))


def _kfree(m: Machine, text: str) -> None:
    """`CACHE SLAB [COUNT]`: free objects of a slab: its place, or the first `full` or `partial`."""
    name, slab, count = [*text.split(), "", "", ""][:3]
    rows = slabs_of(m, _cache(m, "kfree", name))
    place = place_of(rows, slab)
    if place is None:
        last = rows[-1].place + rows[-1].slabs - 1 if rows else 0
        raise RefusedError(
            f"kfree: no slab {slab[:20]!r} with objects in use; write 1 to {last}, full or partial"
        )
    objects = number("kfree", count, 1, MAX_OBJECTS) if count else 0
    try:
        release(m, name, place, objects)
    except InputError as error:
        raise RefusedError(f"kfree: {error}") from None


# writeback


def _sync(m: Machine, text: str) -> None:
    if not m.setup.caches:
        raise RefusedError("sync: this machine has no slab caches, and a work is an object")
    sync(m)


# hardware


def _disk(m: Machine, text: str) -> None:
    rate = number("disk", text, 0, MAX_RATE * 10)
    m.state.disk_left = -1
    set_rate(m, rate)


def _packets(m: Machine, text: str) -> None:
    state = m.state
    if m.setup.flow is None:
        raise RefusedError("packets: this machine has no network card: ENODEV")
    state.packet_rate = number("packets", text, 0, MAX_RATE)
    state.flow_token += 1
    if state.packet_rate:
        m.push(state.now_ns, NIC, m.setup.flow.cpu, state.flow_token)


# sysrq


def _sysrq_m(m: Machine, text: str) -> None:
    m.printk("sysrqm/4.5", {})
    show_mem(m, 0)


def _sysrq_f(m: Machine, text: str) -> None:
    """Kill the worst task by hand: no watermark is asked."""
    if select_worst(m) < 0:
        raise RefusedError("sysrq-f: there is no task that may be killed")
    m.printk("sysrqf/4.5", {})
    kill_by_hand(m, 0)


ACTIONS: dict[str, Callable[[Machine, str], None]] = {
    "min_free_kbytes": _min_free_kbytes,
    "watermark_scale_factor": _scale_factor,
    "lowmem_reserve_ratio": _reserve_ratio,
    "dirty_ratio": _number("dirty_ratio", 0, 100, "dirty_bytes"),
    "dirty_background_ratio": _number("dirty_background_ratio", 0, 100, "dirty_background_bytes"),
    "dirty_bytes": _number("dirty_bytes", 2 * PAGE_BYTES, LONG_MAX, "dirty_ratio"),
    "dirty_background_bytes": _number(
        "dirty_background_bytes", 1, LONG_MAX, "dirty_background_ratio"
    ),
    "swappiness": _number("swappiness", 0, 100),
    "oom_reaper": _choice("oom_reaper", ("off", "on")),
    "wb_mask": _choice("wb_mask", tuple(name for name, _ in WB_VARIANTS)),
    "slab_keeps_atomic": _choice("slab_keeps_atomic", ("no", "yes")),
    "compact_memory": _compact_memory,
    "drop_caches": _drop_caches,
    "kill": _kill,
    "kill_group": _kill_group,
    "lock": _lock,
    "stop": _stop,
    "start": _start,
    "scale": _scale,
    "fall_back": _fall_back,
    "disk": _disk,
    "packets": _packets,
    "request": _request,
    "free": _free,
    "set_free": _set_free,
    "sync": _sync,
    "kmalloc": _kmalloc,
    "kfree": _kfree,
    "sysrq_m": _sysrq_m,
    "sysrq_f": _sysrq_f,
}
"""By name. Nothing follows from swappiness: without swap get_scan_count does not look at it."""
