"""SLUB: objects from the CPU's slab, the node's partial slabs, or a new slab.

Source: mm/slub.c of 4.5 (slab_alloc_node, ___slab_alloc, get_partial_node, allocate_slab,
__slab_free, discard_slab). Objects are not followed one by one: those that were allocated
together are freed together, oldest slab first. The CPUs' own lists of partial slabs are left out:
slabs go to the node's list at once, as they do with cpu_partial 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.log.reports import warn_failures
from mmplay.engine.sim.machine.asks import Ask, ask_key
from mmplay.engine.sim.machine.decisions import DiscardSlab, NewSlab, SlabKept, SlabRefused
from mmplay.engine.sim.mm.page_alloc import alloc_nowait, give_block
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.state.slab_cache import Cache, CacheKind, Slab, min_partial

if TYPE_CHECKING:
    from mmplay.engine.sim.log.stacks import Caller
    from mmplay.engine.sim.machine.machine import Machine


def take_objects(m: Machine, number: int, want: int, caller: Caller) -> int:
    """Allocate up to `want` objects for a caller that cannot wait; return how many it got.

    All of them are asked for at one moment: once one is refused, so are the rest, and each
    refusal is counted and warned of like the first.
    """
    got = take_some(m, number, want, caller)
    if got < want:
        refused(m, number, want - got, caller)
    return got


def take_some(m: Machine, number: int, want: int, caller: Caller) -> int:
    """Allocate as `take_objects` does; whoever asks has to tell what was `refused`."""
    cache, cpu = m.state.caches[number], caller.cpu
    got = 0
    while got < want:
        free = cache.cpu_free[cpu]
        if free:
            took = min(free, want - got)
            cache.cpu_free[cpu] = free - took
            got += took
        elif not _refill(m, number, caller):
            break
    return got


def _refill(m: Machine, number: int, caller: Caller) -> bool:
    """Give the CPU a slab with free objects (___slab_alloc)."""
    cache, orders = m.state.caches[number], m.setup.caches[number].orders
    cpu = caller.cpu
    first, ask = page_asks(m, number, caller)
    drop_cpu_slab(cache, cpu)
    if take_partial(cache, cpu, ask.no_watermarks):
        return True
    page = alloc_nowait(m, first, orders.order, cpu)
    if page >= 0:
        own_slab(m, number, cpu, orders.order, orders.objects)
        return True
    page = alloc_nowait(m, ask, orders.min_order, cpu)
    if page >= 0:
        own_slab(m, number, cpu, orders.min_order, orders.min_objects)
        return True
    return False


def page_asks(m: Machine, number: int, caller: Caller) -> tuple[Ask, Ask]:
    """Return the two page requests behind an object request (new_slab, allocate_slab, 4.5).

    The second is what SLUB lets through; the first neither warns nor insists, and a larger than
    minimal slab is not worth reclaiming for.
    """
    key = number, caller.gfp, caller.context
    found = m.page_asks.get(key)
    if found is None:
        # Every work that is refused asks, thousands of times alike.
        found = m.page_asks[key] = _make_asks(m, m.setup.caches[number], caller)
    return found


def _make_asks(m: Machine, kind: CacheKind, caller: Caller) -> tuple[Ask, Ask]:
    mask = m.slab_mask.page_mask(caller.gfp)
    if kind.reclaimable:
        mask |= m.masks.reclaimable
    if kind.orders.order > 0:
        mask |= m.masks.comp
    ask = m.ask(ask_key(mask, caller.context))
    mask |= m.masks.nowarn | m.masks.noretry
    if ask.can_reclaim and kind.orders.order > kind.orders.min_order:
        mask = (mask | m.masks.nomemalloc) & ~m.masks.direct_reclaim
    return m.ask(ask_key(mask, caller.context)), ask


def drop_cpu_slab(cache: Cache, cpu: int) -> None:
    """Let go of the CPU's slab: to the full ones, or to the partial list (deactivate_slab)."""
    zone = cache.cpu_zone[cpu]
    if zone < 0:
        return
    free, objects = cache.cpu_free[cpu], cache.cpu_objects[cpu]
    if free:
        slab = Slab.of(free, objects, zone, cache.cpu_order[cpu], cache.cpu_pfm[cpu])
        cache.partial.append(slab)
    else:
        cache.add_full(objects, zone, cache.cpu_order[cpu], cache.cpu_pfm[cpu])
    cache.cpu_zone[cpu] = -1
    cache.cpu_free[cpu] = 0


def take_partial(cache: Cache, cpu: int, reserves: bool) -> bool:
    """Give the CPU a partial slab; one from the reserves only to who may use them."""
    for index, slab in enumerate(cache.partial):
        if slab.pfmemalloc and not reserves:
            continue
        del cache.partial[index]
        _own(cache, cpu, slab.free, slab.objects, slab.zone, slab.order, slab.pfmemalloc)
        return True
    return False


def own_slab(m: Machine, number: int, cpu: int, order: int, objects: int) -> None:
    """Make the block that was just taken the CPU's slab."""
    cache, kind, zone = m.state.caches[number], m.setup.caches[number], m.zone
    pages = 1 << order
    if kind.reclaimable:
        zone.slab_reclaimable += pages
    else:
        zone.slab_unreclaimable += pages
    m.state.counters.slab_pages_added += pages
    _own(cache, cpu, objects, objects, m.zone_number(zone), order, int(m.pfmemalloc))
    if m.tell is not None:
        m.tell(NewSlab(number, zone.index, order, objects, int(m.pfmemalloc)))


def _own(
    cache: Cache, cpu: int, free: int, objects: int, zone: int, order: int, pfmemalloc: int
) -> None:
    cache.cpu_free[cpu] = free
    cache.cpu_objects[cpu] = objects
    cache.cpu_zone[cpu] = zone
    cache.cpu_order[cpu] = order
    cache.cpu_pfm[cpu] = pfmemalloc


def refused(m: Machine, number: int, count: int, caller: Caller) -> None:
    """Count and warn of refused object requests: two page requests each, the second may print."""
    _, ask = page_asks(m, number, caller)
    caller.count_failures(m, 2 * count)
    if m.tell is not None:
        m.tell(SlabRefused(number, count, ask.gfp))
    if not ask.nowarn:
        order = m.setup.caches[number].orders.min_order
        warn_failures(m, caller, ask, order, number, count)


# giving back


def give_objects(m: Machine, number: int, count: int, cpu: int) -> None:
    """Free objects, those of the oldest slab first."""
    cache = m.state.caches[number]
    while count:
        slab = next((one for one in cache.partial if one.free < one.objects), None)
        if slab is None:
            if not cache.full:
                _give_to_cpus(cache, count)
                return
            slab = take_full(cache, 0)
        back = min(count, slab.objects - slab.free)
        count -= back
        free_in_slab(m, number, slab, back, cpu)


def free_in_slab(m: Machine, number: int, slab: Slab, count: int, cpu: int) -> None:
    """Free objects of one slab of the partial list; an empty slab may go (__slab_free).

    It goes if min_partial slabs are on the list, itself among them unless its only object was the
    one that is freed: it comes from no list then.
    """
    cache, kind = m.state.caches[number], m.setup.caches[number]
    slab.free += count
    if slab.free < slab.objects:
        return
    listed = len(cache.partial) - (slab.objects == 1)
    goes = listed >= min_partial(kind.size)
    if m.tell is not None:
        made = DiscardSlab if goes else SlabKept
        zone = m.state.zones[slab.zone].index
        m.tell(made(number, zone, slab.order, listed, min_partial(kind.size)))
    if goes:
        cache.partial = [one for one in cache.partial if one is not slab]
        _discard(m, kind, slab, cpu)


def take_full(cache: Cache, run_number: int) -> Slab:
    """Move a full slab, one of this run, to the tail of the partial list; return it."""
    run = cache.full[run_number]
    run.slabs -= 1
    slab = Slab.of(0, *run.row()[1:])
    if run.slabs == 0:
        del cache.full[run_number]
    cache.partial.append(slab)
    return slab


def _give_to_cpus(cache: Cache, count: int) -> None:
    for cpu, zone in enumerate(cache.cpu_zone):
        if zone >= 0:
            back = min(count, cache.cpu_objects[cpu] - cache.cpu_free[cpu])
            cache.cpu_free[cpu] += back
            count -= back


def _discard(m: Machine, kind: CacheKind, slab: Slab, cpu: int) -> None:
    zone, order = m.state.zones[slab.zone], slab.order
    if kind.reclaimable:
        zone.slab_reclaimable -= 1 << order
    else:
        zone.slab_unreclaimable -= 1 << order
    if order:
        give_block(m, zone, cpu, order)
    else:
        give_pages(m, zone, cpu, 1, cold=False)
