"""Objects for tasks that may wait: a new slab's two page requests, each with its slow path.

The task's `slab` column says how far it is: 0 none, else twice the cache's number plus 2, and one
more for the second request. Source: mm/slub.c of 4.5 (___slab_alloc, allocate_slab).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.log.warn import warn_slab_failed
from mmplay.engine.sim.machine.masks import PURPOSES
from mmplay.engine.sim.mm.slowpath import DONE, FAILED, begin_page, caller_of
from mmplay.engine.sim.mm.slub import drop_cpu_slab, first_ask, own_slab, page_ask, take_partial

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


def begin_object(m: Machine, task: int, cpu: int) -> int:
    """Ask for one object of the purpose's cache; the task's stage then is as for a page."""
    tasks = m.state.tasks
    number = m.cache_numbers[PURPOSES[tasks.purpose[task]].cache]
    cache, kind = m.state.caches[number], m.setup.caches[number]
    if not cache.cpu_free[cpu]:
        caller = caller_of(m, task, cpu)
        ask = page_ask(m, kind, caller.gfp, caller.context)
        drop_cpu_slab(cache, cpu)
        if not take_partial(cache, cpu, ask.no_watermarks):
            orders = kind.orders
            tasks.slab[task] = 2 * number + 2
            first = first_ask(m, ask, orders.order > orders.min_order)
            return begin_page(m, task, cpu, first.gfp, orders.order)
    cache.cpu_free[cpu] -= 1
    tasks.stage[task] = DONE
    return m.setup.costs.page


def slab_goes_on(m: Machine, task: int, cpu: int) -> int:
    """A page request for a slab ended: own the slab, or make the second request, or give up."""
    tasks = m.state.tasks
    number, second = divmod(tasks.slab[task] - 2, 2)
    cache, kind = m.state.caches[number], m.setup.caches[number]
    orders = kind.orders
    if tasks.stage[task] == DONE:
        tasks.slab[task] = 0
        order, objects = orders.order, orders.objects
        if second:
            order, objects = orders.min_order, orders.min_objects
        drop_cpu_slab(cache, cpu)
        own_slab(m, number, cpu, order, objects)
        cache.cpu_free[cpu] -= 1
        return 0
    caller = caller_of(m, task, cpu)
    if not second:
        tasks.slab[task] += 1
        ask = page_ask(m, kind, caller.gfp, caller.context)
        return begin_page(m, task, cpu, ask.gfp, orders.min_order)
    tasks.slab[task] = 0
    tasks.stage[task] = FAILED
    ask = page_ask(m, kind, caller.gfp, caller.context)
    if not ask.nowarn:
        warn_slab_failed(m, caller, number)
    return 0
