"""Who acts in a turn, and on which way it got where it decides: for the screen's call stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.sim.log.stacks import NET_WAYS, RECLAIM, SLAB, TASK_WAYS
from mmplay.engine.sim.machine.decisions import (
    Action,
    BalanceDirtyPages,
    BioAlloc,
    Decision,
    DoExit,
    EndPageWriteback,
    Free,
    NewSlab,
    RequestRefused,
    RequestServed,
    SlabRefused,
    UpWrite,
    WbWriteback,
)
from mmplay.engine.sim.machine.machine import CPU, DISK, NIC, SCRIPT, TIMER, VMSTAT, WORKLOAD
from mmplay.engine.sim.machine.masks import PURPOSES, WB_NONE
from mmplay.engine.sim.machine.page_decisions import FreePcppagesBulk, NoWatermarks, ZoneWatermarkOk

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine

WORDS = {
    DISK: "the disk completes",
    SCRIPT: "the script acts",
    VMSTAT: "vmstat_update",
    WORKLOAD: "a workload begins",
}
NET_CACHES = {"skbuff_head_cache": "skb", "nf_conntrack": "conntrack", "kmalloc-64": "extension"}


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
        return (*inside, *slab, *NET_WAYS[NET_CACHES.get(cache, "fragment")])
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
