"""Requests that a player makes by hand, and gives back: blocks of pages, and objects of a cache.

A block is asked for as the kernel asks for it, up to the point where a caller would have to wait:
the first try at low, the slow path's try at the caller's own floor, the reserves if it may use
them. kmalloc asks as the network's softirq does, on CPU 0; kfree names a slab, which no caller in
the kernel does: whoever frees an object frees it where it lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.errors import InputError
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.stacks import NET, Caller
from mmplay.engine.sim.log.view import CPU, FULL, PARTIAL, SlabRow, slabs_of
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.decisions import Free, Kfree, Kmalloc, RequestRefused, RequestServed
from mmplay.engine.sim.mm.net import CONNTRACK, EXTENSION, LONG_EXTENSION, SKB
from mmplay.engine.sim.mm.page_alloc import alloc_nowait, give_block, give_one_block, largest_free
from mmplay.engine.sim.mm.pcp import count_taken, fold, give_pages
from mmplay.engine.sim.mm.slub import free_in_slab, take_full, take_objects
from mmplay.engine.sim.state.buddy import MOVABLE
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


SLAB = "slab"
CONTEXTS = {
    "task": Context.TASK,
    "softirq": Context.SOFTIRQ,
    "hardirq": Context.HARDIRQ,
    "pf_memalloc": Context.PF_MEMALLOC,
    "tif_memdie": Context.TIF_MEMDIE,
    "rt_task": Context.RT_TASK,
}


def request(m: Machine, mask: int, context: Context, order: int) -> int:
    """Ask for a block of 2^order pages on CPU 0 and hold it; return its page, -1 if refused."""
    ask = m.ask(ask_key(mask, context))
    page = alloc_nowait(m, ask, order, 0)
    counters = m.state.counters
    if page < 0:
        counters.request_refused += 1
        if m.tell is not None:
            m.tell(RequestRefused(ask.gfp, order))
        return -1
    counters.request_served += 1
    m.zone.held += 1 << order
    m.state.blocks += (m.zone_number(m.zone), page, order)
    if m.tell is not None:
        m.tell(RequestServed(m.zone.index, page, order, ask.gfp))
    return page


def give_back(m: Machine, number: int) -> None:
    """Free the block that is held in this place of the list, from 0."""
    blocks = m.state.blocks
    at = number * BLOCK_NUMBERS
    zone_number, page, order = blocks[at : at + BLOCK_NUMBERS]
    del blocks[at : at + BLOCK_NUMBERS]
    zone = m.state.zones[zone_number]
    zone.held -= 1 << order
    if zone.release(page, 1 << order):
        give_one_block(m, zone, 0, page, order)
    elif order:
        give_block(m, zone, 0, order)
    else:
        give_pages(m, zone, 0, 1, cold=False)
    if m.tell is not None:
        m.tell(Free(zone.index, page, order, largest_free(zone)))


def set_free(m: Machine, zone: Zone, pages: int) -> None:
    """Let others take or give back single pages until so many of a zone are free.

    What CPUs had taken and not counted is counted first: then no list is empty before its time.
    """
    _count_all(zone)
    while zone.free > pages:
        page = zone.buddy.take(0, MOVABLE)
        if page < 0:
            return
        zone.hand_out(page, 1)
        zone.other += 1
        count_taken(zone, 0, 1)
        _count_all(zone)
    back = min(pages - zone.free, zone.other)
    for _ in range(back):
        page = zone.hand_back()
        zone.other -= 1
        give_one_block(m, zone, 0, page, 0)
    _count_all(zone)


def _count_all(zone: Zone) -> None:
    for cpu in range(len(zone.diffs)):
        fold(zone, cpu)


WAYS = {EXTENSION: "extension", LONG_EXTENSION: "extension", CONNTRACK: "conntrack", SKB: "skb"}
"""By cache: what the softirq wants its objects for (a key of `stacks.NET_WAYS`)."""


def allocate(m: Machine, cache_name: str, count: int) -> int:
    """Allocate objects in a softirq on CPU 0; return how many it got, the others were refused."""
    mask = m.masks.net_zeroed if WAYS[cache_name] == "extension" else m.masks.net_atomic
    who = Caller(NET, m.state.cpus[0].current, 0, mask, Context.SOFTIRQ, WAYS[cache_name])
    got = take_objects(m, m.cache_numbers[cache_name], count, who)
    if m.tell is not None:
        m.tell(Kmalloc(m.cache_numbers[cache_name], got, count - got))
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
    if m.tell is not None:
        m.tell(Kfree(number, count, row.in_use - count, row.objects))
    if row.where == CPU:
        cache.cpu_free[row.cpu] += count
        return
    at = [one for one in rows if one.where == row.where].index(row)
    slab = take_full(cache, at) if row.where == FULL else cache.partial[at]
    free_in_slab(m, number, slab, count, 0)
