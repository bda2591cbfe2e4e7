"""Objects that a player allocates and frees by hand: kmalloc and kfree of one slab.

kmalloc asks as the network's softirq does, on CPU 0; kfree names a slab, which no caller in the
kernel does: whoever frees an object frees it where it lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.errors import InputError
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.caller import NET, Caller
from mmplay.engine.sim.mm.slub import free_in_slab, take_full, take_objects
from mmplay.engine.sim.net.nic import CONNTRACK, EXTENSION, SKB
from mmplay.engine.sim.slabs import CPU, FULL, PARTIAL, SlabRow, slabs_of

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

WAYS = {EXTENSION: "extension", CONNTRACK: "conntrack", SKB: "skb"}
"""By cache: what the softirq wants its objects for (a key of `stacks.NET_WAYS`)."""


def allocate(m: Machine, cache_name: str, count: int) -> int:
    """Allocate objects in a softirq on CPU 0; return how many it got, the others were refused."""
    mask = m.masks.net_zeroed if cache_name == EXTENSION else m.masks.net_atomic
    who = Caller(NET, m.state.cpus[0].current, 0, mask, Context.SOFTIRQ, WAYS[cache_name])
    got = take_objects(m, m.cache_numbers[cache_name], count, who)
    if m.steps is not None:
        m.steps.append(("kmalloc", m.cache_numbers[cache_name], got, count - got))
    return got


def place_of(rows: list[SlabRow], slab: str) -> int | None:
    """Return the place of the slab that a word names: a number, or the first `full` or `partial`.

    Only slabs with objects in use are meant; None if there is none.
    """
    if slab in (FULL, PARTIAL):
        return next((row.place for row in rows if row.where == slab and row.in_use), None)
    if not (slab.isascii() and slab.isdigit() and len(slab) < 8):
        return None
    place = int(slab)
    return place if any(row.place <= place < row.place + row.slabs for row in rows) else None


def release(m: Machine, cache_name: str, place: int, count: int) -> None:
    """Free objects of the slab at a place of the list (`slabs_of`), on CPU 0; 0 frees all of them.

    Raises InputError if the slab has not so many in use: a kernel would be corrupt after that.
    """
    rows = slabs_of(m, cache_name)
    row = next(row for row in rows if row.place <= place < row.place + row.slabs)
    count = count or row.in_use
    if not 0 < count <= row.in_use:
        raise InputError(f"slab {place} has {row.in_use} objects in use, not {count}")
    number = m.cache_numbers[cache_name]
    cache = m.state.caches[number]
    if m.steps is not None:
        m.steps.append(("kfree", number, count, row.in_use - count, row.objects))
    if row.where == CPU:
        cache.cpu_free[row.cpu] += count
        return
    at = [one for one in rows if one.where == row.where].index(row)
    slab = take_full(cache, at) if row.where == FULL else cache.partial[at]
    free_in_slab(m, number, slab, count, 0)
