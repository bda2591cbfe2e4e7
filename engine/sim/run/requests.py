"""Requests that a player makes at the allocator's door, and gives back: single decisions.

A request is asked as the kernel asks it, up to the point where a caller would have to wait: the
first try at low, the slow path's try at the caller's own floor, the reserves if it may use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.mm.asks import ask_key
from mmplay.engine.sim.mm.nowait import alloc_nowait
from mmplay.engine.sim.mm.page_alloc import give_block, give_one_block, largest_free
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.mm.vmstat import count_taken
from mmplay.engine.sim.state.buddy import MAX_ORDER, MOVABLE
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

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
        if m.steps is not None:
            m.steps.append(("request_refused", ask.gfp, order))
        return -1
    counters.request_served += 1
    m.zone.held += 1 << order
    m.state.blocks += (m.zone_number(m.zone), page, order)
    if m.steps is not None:
        m.steps.append(("request_served", m.zone.index, page, order, ask.gfp))
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
    if m.steps is not None:
        m.steps.append(("free", zone.index, page, order, largest_free(zone)))


def set_free(m: Machine, zone: Zone, pages: int) -> None:
    """Let others take or give back single pages until so many of a zone are free."""
    while zone.free > pages:
        page = zone.buddy.take(0, MOVABLE)
        if page < 0:
            return
        zone.hand_out(page, 1)
        zone.other += 1
        count_taken(zone, 0, 1)
    back = min(pages - zone.free, zone.other)
    for _ in range(back):
        page = zone.hand_back()
        zone.other -= 1
        give_one_block(m, zone, 0, page, 0)
