"""Who acts and who makes a request, on which way: dump_stack, and the call stack of the screen.

Each caller names its way; under an interrupt the interrupted task's stack is not shown, as only
the idle loop's part of it would be certain. Functions that the incident's logs show have their real
place; a place for the others is made up from the name, always the same one. `function@callee` is
the place of another call in the same function than the one the plain name stands for. Source:
arch/x86/kernel/dumpstack_64.c (4.5), the functions of the two logs of the incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from mmplay.engine.printk.form import Values
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.machine.asks import PURPOSES, WB_NONE, Ask
from mmplay.engine.sim.machine.decisions import (
    Action,
    BalanceDirtyPages,
    BioAlloc,
    Decision,
    DoExit,
    EndPageWriteback,
    Free,
    IcmpSend,
    NewSlab,
    RequestRefused,
    RequestServed,
    SlabRefused,
    UpWrite,
    WbWriteback,
)
from mmplay.engine.sim.machine.machine import (
    CPU,
    DISK,
    NIC,
    SCRIPT,
    TIMER,
    VMSTAT,
    WORKER_KILL,
    WORKLOAD,
)
from mmplay.engine.sim.machine.page_decisions import FreePcppagesBulk, NoWatermarks, ZoneWatermarkOk
from mmplay.engine.tables import Table

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


WB, NET, TASK = "alloc_fail_wb", "alloc_fail_net", "alloc_fail_task"
"""Counters of failed page requests, by who asked."""


IDLE, WORKER, SYNC_TASK = -1, -2, -3
"""A `task` that is none of the machine's: the idle task, the worker of the events queue, and a
command of its own, sync, with the next pid."""
WORKER_PID = 4
"""The first kernel thread after ksoftirqd/0 on a fresh 4.5 machine; assumed."""


class Caller(NamedTuple):
    """One caller.

    `task` is the current task of the CPU, or IDLE, WORKER or SYNC_TASK; `gfp` the mask that the
    caller wrote, before SLUB took anything off it. `way` names the functions between the task or
    the interrupt and the allocator: a key of `stacks.WAYS`.
    """

    counter: str
    task: int
    cpu: int
    gfp: int
    context: Context
    way: str

    def count_failures(self, m: Machine, pages: int) -> None:
        """Count page requests that failed."""
        counters = m.state.counters
        setattr(counters, self.counter, getattr(counters, self.counter) + pages)

    def comm(self, m: Machine) -> str:
        """Return the name of the current task, as printk's current->comm."""
        if self.task == WORKER:
            return f"kworker/{self.cpu}:0"
        if self.task == SYNC_TASK:
            return "sync"
        if self.task == IDLE:
            return f"swapper/{self.cpu}"
        return m.state.tasks.names[self.task]

    def pid(self, m: Machine) -> int:
        """Return the pid of the current task; the idle task's is 0."""
        if self.task == WORKER:
            return WORKER_PID
        if self.task == SYNC_TASK:
            return m.state.next_pid
        return 0 if self.task == IDLE else m.state.tasks.pid[self.task]


TOP = ("dump_stack",)
WARN = ("warn_alloc_failed", "__alloc_pages_nodemask")
OOM = ("dump_header", "oom_kill_process", "out_of_memory", "__alloc_pages_nodemask")
OOM_BY_HAND = OOM[:-1]
SLAB = ("alloc_pages_current", "new_slab", "___slab_alloc", "__slab_alloc")
RECLAIM = (
    *("kmem_cache_alloc", "wb_start_writeback", "wakeup_flusher_threads"),
    *("do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_nodemask"),
)
IDLE_LOOP = ("arch_cpu_idle", "default_idle_call", "cpu_startup_entry", "start_secondary")


def _way(row: list[str]) -> tuple[str, ...]:
    """Return a way; a word in capitals stands for a part that several have."""
    return tuple(name for word in row for name in PARTS.get(word, (word,)))


PARTS = Table(tuple[str, ...], __package__, "ways_parts")
"""Parts of ways."""

TASK_WAYS = Table(_way, __package__, "ways_task")
"""From the page allocator outwards, by what a task is doing."""

NET_WAYS = Table(_way, __package__, "ways_net")
"""From the page allocator to the interrupt, by what the network card's softirq asks for."""

SLAB_WAYS = frozenset(
    {"skb", "conntrack", "extension", "answer", "radix", "flush", "release", "sync", "bio"}
)


def functions(caller: Caller, report: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (mark, function) of the trace, innermost first; `report` is WARN or OOM."""
    if caller.way in NET_WAYS:
        inside = (*report, *(SLAB if caller.way in SLAB_WAYS else ()), *NET_WAYS[caller.way])
        marked = [("IRQ", TOP[0]), *(("", name) for name in inside)]
        if caller.task < 0:
            marked += [("EOI", IDLE_LOOP[0]), *(("", name) for name in IDLE_LOOP[1:])]
        return marked
    wakes_flusher, _, way = caller.way.rpartition("/")
    inner = (*report, *SLAB, *RECLAIM) if wakes_flusher else report
    slab = SLAB if way in SLAB_WAYS else ()
    return [("", name) for name in (*TOP, *inner, *slab, *TASK_WAYS[way])]


def dump_stack(m: Machine, caller: Caller, ask: Ask, report: tuple[str, ...] = WARN) -> None:
    """Print who was running, on what machine, and the call trace."""
    setup = m.setup
    cpu: Values = {
        "cpu": caller.cpu,
        "pid": caller.pid(m),
        "comm": caller.comm(m),
        "taint": "Not tainted",
        "release": setup.release,
        "version": setup.version,
    }
    m.printk("cpu/4.5", cpu)
    if setup.hardware:
        m.printk("hardware/4.5", {"hardware": setup.hardware})
    if caller.task == WORKER:
        m.printk("workqueue/4.5", {"workqueue": "events moom_callback"})
    for words in ((0x86, 0, 0, 0), (ask.gfp, 0, 0, 0), (0, 0, 0, 0)):
        m.printk("words/4.5", dict(zip("abcd", words, strict=True)))
    m.printk("trace/4.5", {})
    callee = ""
    for mark, function in functions(caller, report):
        place = symbol_of(m.kernel.name, function, callee)
        callee = function
        entry: Values = {
            "mark": mark,
            "address": place.address,
            "guess": "",
            "symbol": place.symbol,
            "offset": place.offset,
            "size": place.size,
            "module": place.module,
        }
        m.printk("entry/4.5", entry)


TEXT_START = 0xFFFFFFFF81000000
TEXT_SIZE = 0x600000
MODULE_START = 0xFFFFFFFFA0000000
MODULE_SIZE = 0x400000


class Symbol(NamedTuple):
    """A return address: the function as printed, where it lies, and its module."""

    symbol: str
    address: int
    offset: int
    size: int
    module: str = ""


def _symbols(rows: dict[str, list[Any]]) -> dict[str, Symbol]:
    """Key a kernel's symbols by name without the suffix that the compiler gave to a clone."""
    return {key.partition(".")[0]: Symbol(key.partition("@")[0], *row) for key, row in rows.items()}


KNOWN = Table(_symbols, __package__, "symbols")
"""Return addresses as the incident's two logs print them, by kernel."""


MODULES = Table(str, __package__, "modules")
"""In which module a function lies; all others are the kernel's own."""


USUAL_CALLEE = {"__alloc_pages_nodemask": "warn_alloc_failed"}
"""Functions that call several others of a trace, and the call that their plain entry is of."""


def symbol_of(kernel: str, function: str, callee: str = "") -> Symbol:
    """Return where a function lies in this kernel, at its call of `callee`.

    The place is made up if no log has shown it.
    """
    table = KNOWN.get(kernel) or {}
    usual = table.get(function) or _made_up(function)
    if USUAL_CALLEE.get(function, callee) == callee:
        return usual
    return table.get(f"{function}@{callee}") or _other_call(usual, callee)


def _other_call(one: Symbol, callee: str) -> Symbol:
    """Return a made-up return address of another call in the function of `one`."""
    offset = crc32(callee.encode()) % (one.size - 5) + 5
    if offset == one.offset:
        offset -= 1
    return one._replace(address=one.address - one.offset + offset, offset=offset)


def _made_up(function: str) -> Symbol:
    number = crc32(function.encode())
    size = (number % 60 + 4) * 16
    offset = number // 64 % size
    module = MODULES.get(function, "")
    start, room = (MODULE_START, MODULE_SIZE) if module else (TEXT_START, TEXT_SIZE)
    return Symbol(function, start + number % room // 16 * 16 + offset, offset, size, module)


WORDS = {
    DISK: "the disk completes",
    SCRIPT: "the script acts",
    VMSTAT: "vmstat_update",
    WORKLOAD: "a workload begins",
    WORKER_KILL: "moom_callback",
}
WORKS = "kmalloc-64"
NET_CACHES = {
    **{"skbuff_head_cache": "skb", "nf_conntrack": "conntrack"},
    **{WORKS: "extension", "kmalloc-96": "extension"},
}


class Actor(NamedTuple):
    """The actor of one turn: an actor of `machine.machine`, its number, and the task if it is one.

    `task` is -1 where no task acts.
    """

    kind: int
    number: int
    task: int
    title: str


def next_actor(m: Machine) -> tuple[int, int] | None:
    """Return kind and number of who acts next; None if nothing will ever happen."""
    return (m.state.heap[0][2], m.state.heap[0][3]) if m.state.heap else None


def actor_of(m: Machine, kind: int, number: int) -> Actor:
    """Return who acted in the turn that was just made, from kind and number before it."""
    tasks = m.state.tasks
    task = -1
    if kind == CPU:
        task = m.state.cpus[number].current
    elif kind == TIMER:
        task = number
    if kind == NIC:
        return Actor(kind, number, -1, f"CPU {number}: NET_RX softirq")
    if task < 0:
        return Actor(kind, number, -1, WORDS.get(kind, f"CPU {number} idles"))
    name = f"{tasks.names[task]} ({tasks.pid[task]})"
    return Actor(kind, number, task, f"CPU {number}: {name}" if kind == CPU else f"{name} wakes")


OF_A_SLAB = (NewSlab, SlabRefused)
ALONE = (
    *(DoExit, Action, EndPageWriteback, FreePcppagesBulk, BalanceDirtyPages, WbWriteback, BioAlloc),
    IcmpSend,
    *(Free, UpWrite, RequestServed, RequestRefused),
)
"""Kinds of decision that are not made inside a page request."""

NODEMASK = "__alloc_pages_nodemask"


def stack_of(
    m: Machine, actor: Actor, made: Sequence[Decision], number: int, inside: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the call stack of decision `number` of a turn, innermost function first.

    `inside` is the deciding function and what lies between it and the page request. Above it come
    SLUB, if the page is for a slab, the writeback that wanted the object, and the task's way.
    """
    one = made[number]
    if isinstance(one, ALONE) or (actor.kind == CPU and actor.task < 0):
        return inside
    if actor.kind == NIC:
        cache = _cache_ahead(m, made[number:])
        slab = SLAB if cache and not isinstance(one, OF_A_SLAB) else ()
        way = NET_CACHES.get(cache, "fragment")
        if cache == WORKS and any(isinstance(before, IcmpSend) for before in made[:number]):
            way = "answer"
        return (*inside, *slab, *NET_WAYS[way])
    if actor.kind != CPU:
        return inside
    purpose = PURPOSES[m.state.tasks.purpose[actor.task]]
    chain = inside
    if isinstance(one, OF_A_SLAB):
        if m.setup.caches[one.cache].name != purpose.cache:
            chain = (*chain, *RECLAIM)
    elif _asked_by_writeback(m, one):
        chain = (*chain, *SLAB, *RECLAIM)
    if chain[-1] == NODEMASK and purpose.cache:
        chain = (*chain, *SLAB)
    return (*chain, *TASK_WAYS[purpose.way])


def _cache_ahead(m: Machine, made: Sequence[Decision]) -> str:
    """Return the cache that a decision is about: the next one that names a cache tells."""
    number = next((one.cache for one in made if isinstance(one, OF_A_SLAB)), -1)
    return m.setup.caches[number].name if number >= 0 else ""


def _asked_by_writeback(m: Machine, one: Decision) -> bool:
    """Tell whether a page was asked for a work: its mask is that of wb_start_writeback's slab."""
    masks = m.masks
    if not isinstance(one, ZoneWatermarkOk | NoWatermarks) or m.state.wb_mask == WB_NONE:
        return False
    tries = masks.nowarn | masks.noretry
    wanted = m.slab_mask.page_mask(masks.wb[m.state.wb_mask])
    return one.gfp | tries == wanted | tries
