"""Who acts in a turn, and on which way it got where it decides: for the screen's call stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.sim.log.stacks import NET_WAYS, RECLAIM, SLAB, TASK_WAYS
from mmplay.engine.sim.machine.masks import PURPOSES, WB_NONE
from mmplay.engine.sim.machine.sched import CPU, DISK, NIC, SCRIPT, TIMER, VMSTAT, WORKLOAD

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine, Step

WORDS = {
    DISK: "the disk completes",
    SCRIPT: "the script acts",
    VMSTAT: "vmstat_update",
    WORKLOAD: "a workload begins",
}
NET_CACHES = {"skbuff_head_cache": "skb", "nf_conntrack": "conntrack", "kmalloc-64": "extension"}


class Actor(NamedTuple):
    """The actor of one turn: an actor of `machine.sched`, its number, and the task if it is one.

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


PAGE, SLAB_LEVEL, ALONE = range(3)
LEVELS = {
    **dict.fromkeys(("new_slab", "slab_refused"), SLAB_LEVEL),
    **dict.fromkeys(("do_exit", "action", "end_page_writeback", "free_pcppages_bulk"), ALONE),
    **dict.fromkeys(("balance_dirty_pages", "wb_writeback", "bio_alloc", "free"), ALONE),
    "up_write": ALONE,
    **dict.fromkeys(("request_served", "request_refused"), ALONE),
}
"""Codes of steps that are not decided inside a page request."""

NODEMASK = "__alloc_pages_nodemask"


def stack_of(
    m: Machine, actor: Actor, steps: list[Step], number: int, inside: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the call stack of one step of a turn, innermost function first.

    `inside` is the deciding function and what lies between it and the page request. Above it come
    SLUB, if the page is for a slab, the writeback that wanted the object, and the task's way.
    """
    code = steps[number][0]
    level = LEVELS.get(code, PAGE)
    if level == ALONE or (actor.kind == CPU and actor.task < 0):
        return inside
    if actor.kind == NIC:
        cache = _cache_ahead(m, steps, number)
        slab = SLAB if cache and level == PAGE else ()
        return (*inside, *slab, *NET_WAYS[NET_CACHES.get(cache, "fragment")])
    if actor.kind != CPU:
        return inside
    purpose = PURPOSES[m.state.tasks.purpose[actor.task]]
    chain = inside
    if level == SLAB_LEVEL and m.setup.caches[steps[number][1]].name != purpose.cache:
        chain = (*chain, *RECLAIM)
    elif level == PAGE and _asked_by_writeback(m, steps[number]):
        chain = (*chain, *SLAB, *RECLAIM)
    if chain[-1] == NODEMASK and purpose.cache:
        chain = (*chain, *SLAB)
    return (*chain, *TASK_WAYS[purpose.way])


def _cache_ahead(m: Machine, steps: list[Step], number: int) -> str:
    """Return the cache that a step is about: the next step that names one tells."""
    for code, *operands in steps[number:]:
        if code in ("new_slab", "slab_refused"):
            return m.setup.caches[operands[0]].name
    return ""


def _asked_by_writeback(m: Machine, step: Step) -> bool:
    """Tell whether a page was asked for a work: its mask is that of wb_start_writeback's slab."""
    masks = m.masks
    if step[0] not in ("zone_watermark_ok", "no_watermarks") or m.state.wb_mask == WB_NONE:
        return False
    tries = masks.nowarn | masks.noretry
    wanted = m.slab_mask.page_mask(masks.wb[m.state.wb_mask])
    return bool(step[-1] | tries == wanted | tries)
