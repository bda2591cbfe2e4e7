"""The reports of a failed request: warn_alloc_failed and slab_out_of_memory, at most ten in 5 s.

Source: mm/page_alloc.c:warn_alloc_failed, mm/slub.c:slab_out_of_memory and, for the limit,
lib/ratelimit.c and include/linux/ratelimit.h of 4.5 (___ratelimit, DEFAULT_RATELIMIT_INTERVAL,
DEFAULT_RATELIMIT_BURST).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.printk.form import Values
from mmplay.engine.sim.log.memory_report import show_mem
from mmplay.engine.sim.log.stacks import Caller, dump_stack
from mmplay.engine.sim.machine.asks import Ask

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


INTERVAL_NS = 5_000_000_000
BURST = 10

FUNCTIONS = ("warn_alloc_failed", "slab_out_of_memory", "oom_kill_process")
PAGES, SLABS, KILLS = range(3)
"""Which limit; `FUNCTIONS` are the names that the suppression line prints."""

BEGIN, PRINTED, MISSED, SIZE = 0, 1, 2, 3


def allowed(m: Machine, which: int) -> bool:
    """Tell whether one more report may be printed, and count it either way."""
    limits, at = m.state.limits, which * SIZE
    now = m.state.now_ns
    if limits[at + BEGIN] == 0:
        limits[at + BEGIN] = now
    if now > limits[at + BEGIN] + INTERVAL_NS:
        if limits[at + MISSED]:
            m.printk("suppressed/4.5", {"function": FUNCTIONS[which], "count": limits[at + MISSED]})
        limits[at : at + SIZE] = [0, 0, 0]
    if limits[at + PRINTED] < BURST:
        limits[at + PRINTED] += 1
        return True
    limits[at + MISSED] += 1
    return False


def missed(m: Machine, which: int, count: int) -> None:
    """Count reports that come at the same moment as one that was just refused."""
    m.state.limits[which * SIZE + MISSED] += count


def warn_failures(m: Machine, caller: Caller, ask: Ask, order: int, slab: int, count: int) -> None:
    """Warn of `count` requests that failed at one moment; `slab` is the cache's number or -1.

    Once a rate limit refuses, it refuses the rest of them too.
    """
    pages = slabs = True
    for index in range(count):
        if pages:
            pages = warn_alloc_failed(m, caller, ask, order)
            if not pages:
                missed(m, PAGES, count - index - 1)
        if slabs and slab >= 0:
            slabs = warn_slab_failed(m, caller, slab)
            if not slabs:
                missed(m, SLABS, count - index - 1)
        if not pages and not (slabs and slab >= 0):
            return


def warn_alloc_failed(m: Machine, caller: Caller, ask: Ask, order: int) -> bool:
    """Print that a page request failed, how it was reached, and the memory; tell if it printed."""
    state = m.state
    if ask.nowarn:
        return False
    if not allowed(m, PAGES):
        state.counters.warn_suppressed += 1
        return False
    state.counters.warn_printed += 1
    values: Values = {"comm": caller.comm(m), "order": order, "mode": ask.gfp}
    m.printk(m.rules.failure_form, named(m, values, ask.gfp))
    dump_stack(m, caller, ask)
    show_mem(m, caller.cpu)
    return True


def warn_slab_failed(m: Machine, caller: Caller, number: int) -> bool:
    """Print which cache could not grow and what it holds; tell if it printed."""
    if not allowed(m, SLABS):
        return False
    kind, cache = m.setup.caches[number], m.state.caches[number]
    head: Values = {"node": -1, "gfp": caller.gfp}
    m.printk(m.rules.slub_form, named(m, head, caller.gfp))
    m.printk(
        "slubcache/4.5",
        {
            "cache": kind.name,
            "object_size": kind.object_size,
            "buffer_size": kind.size,
            "default_order": kind.orders.order,
            "min_order": kind.orders.min_order,
        },
    )
    m.printk(
        "slubnode/4.5",
        {
            "node": 0,
            "slabs": cache.slabs(),
            "objs": cache.objects(),
            "free": cache.free_objects(),
        },
    )
    return True


def named(m: Machine, values: Values, gfp: int) -> Values:
    """Add the names of the flags; a form of a kernel that does not print them ignores them."""
    return {**values, "names": m.kernel.gfp.format(gfp)}
