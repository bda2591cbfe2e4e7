"""The receive ring and the page fragments its buffers are cut from.

Source: drivers/net/ethernet/intel/e1000/e1000_main.c (e1000_alloc_rx_buffers), mm/page_alloc.c
(__alloc_page_frag, __page_frag_refill) of 4.5. Buffers are used up in the order in which they were
cut, so that a fragment is free once its last buffer is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.watermarks import PAGE_BYTES
from mmplay.engine.sim.log.caller import NET, Caller
from mmplay.engine.sim.log.warn import warn_failures
from mmplay.engine.sim.mm.asks import ask_key
from mmplay.engine.sim.mm.nowait import alloc_nowait
from mmplay.engine.sim.mm.page_alloc import give_block
from mmplay.engine.sim.mm.pcp import give_pages

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine
    from mmplay.engine.sim.state.state import State

RING = 256
"""Descriptors of the receive ring."""

BUFFER_BYTES = 1920
"""A frame of 1522 bytes with its headroom, and the shared info behind it, both cache-aligned."""

LARGE_ORDER = 3
FRAG_NUMBERS = 3


def buffers_in(order: int) -> int:
    """Return how many receive buffers a fragment of this order holds."""
    return (PAGE_BYTES << order) // BUFFER_BYTES


def waiting(state: State) -> int:
    """Return the frames that wait in the ring: its buffers, less those that no frame is in yet.

    `State.ring` counts the latter; what else is cut from the fragments holds a frame.
    """
    return sum(state.frags[1::FRAG_NUMBERS]) - state.frag_left - state.ring


def refill(m: Machine, cpu: int) -> None:
    """Fill empty descriptors until all have a buffer or a fragment cannot be had."""
    state = m.state
    for _ in range(RING - state.ring - waiting(state)):
        if state.frag_left == 0 and not _new_fragment(m, cpu):
            state.counters.rx_alloc_frag_failed += 1
            return
        state.frag_left -= 1
        state.ring += 1


def _new_fragment(m: Machine, cpu: int) -> bool:
    """Get 32 kB at once if that is easy, else one page (__page_frag_refill)."""
    for order, gfp in ((LARGE_ORDER, m.masks.frag_large), (0, m.masks.frag_single)):
        ask = m.ask(ask_key(gfp, Context.SOFTIRQ))
        if alloc_nowait(m, ask, order, cpu) >= 0:
            m.zone.held += 1 << order
            m.state.frag_left = buffers_in(order)
            m.state.frags += (order, m.state.frag_left, m.zone_number(m.zone))
            return True
        who = Caller(NET, m.state.cpus[cpu].current, cpu, gfp, Context.SOFTIRQ, "fragment")
        who.count_failures(m, 1)
        warn_failures(m, who, ask, order, -1, 1)
    return False


def use_buffer(m: Machine, cpu: int) -> None:
    """Free the buffer of the frame at the ring's head, which is consumed."""
    state = m.state
    frags = state.frags
    if not frags:
        return
    frags[1] -= 1
    if frags[1]:
        return
    order, _, number = frags[:FRAG_NUMBERS]
    del frags[:FRAG_NUMBERS]
    zone = state.zones[number]
    zone.held -= 1 << order
    if order:
        give_block(m, zone, cpu, order)
    else:
        give_pages(m, zone, cpu, 1, cold=False)
