"""What the kernel prints of a failed request and of its memory, from the machine's state.

warn_alloc_failed and slab_out_of_memory, at most ten in 5 s, and show_mem. Source: mm/page_alloc.c
(warn_alloc_failed, show_free_areas), mm/slub.c:slab_out_of_memory, lib/show_mem.c, mm/swap_state.c,
mm/hugetlb.c and, for the limit, lib/ratelimit.c and include/linux/ratelimit.h (___ratelimit,
DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST), all of 4.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmplay.engine.printk.form import Values
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.log.stacks import Caller, dump_stack
from mmplay.engine.sim.machine.asks import Ask
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.engine.sim.state.state import LIMIT_NUMBERS
from mmplay.engine.sim.state.zone import Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


SUMMED = (
    *("active_anon", "inactive_anon", "isolated_anon", "active_file", "inactive_file"),
    *("isolated_file", "unevictable", "dirty", "writeback", "slab_reclaimable"),
    *("slab_unreclaimable", "mapped", "shmem", "pagetables", "free"),
)
"""Totals that are sums over the zones."""

IN_KB = (*SUMMED[:7], "dirty", "writeback", "mapped", "shmem", "slab_reclaimable")
NEVER = ("mlocked", "unstable", "bounce", "free_cma", "writeback_tmp")
"""Fields that this machine never uses: no mlock, NFS, bounce buffers, CMA or FUSE."""

HUGE_KB = (1048576, 2048)


def show_mem(m: Machine, cpu: int) -> None:
    """Print Mem-Info, as the CPU that reports sees it."""
    m.printk("meminfo/4.5", {})
    m.printk("totals/4.5", totals(m))
    for zone in m.state.zones:
        m.printk("zone/4.5", zone_line(m, zone, cpu))
        m.printk("reserve/4.5", {"reserve": list(zone.reserve)})
    for zone in m.state.zones:
        m.printk("blocks/4.5", free_lists(zone))
    for size in HUGE_KB:
        m.printk("hugepages/4.5", hugepages(size))
    for name, values in tail(m):
        m.printk(name, values)


def hugepages(size_kb: int) -> Values:
    """Return the line of one size of huge pages: none were set aside."""
    return {"node": 0, "total": 0, "free": 0, "surplus": 0, "size": size_kb}


def totals(m: Machine) -> Values:
    """Return the totals block, in pages."""
    zones = m.state.zones
    sums: dict[str, Any] = {name: sum(getattr(zone, name) for zone in zones) for name in SUMMED}
    sums["free"] = max(0, sums["free"])
    free_pcp = sum(zone.on_pcp() for zone in zones)
    return {**sums, "unstable": 0, "bounce": 0, "free_cma": 0, "free_pcp": free_pcp}


def zone_line(m: Machine, zone: Zone, cpu: int) -> Values:
    """Return one zone's line, in kB; 4.5 and 4.6 print even pages_scanned so."""
    pages = {name: getattr(zone, name) for name in (*IN_KB, "slab_unreclaimable", "pagetables")}
    pages |= {name: getattr(zone, name) for name in ("min", "low", "high", "present", "managed")}
    pages |= dict.fromkeys(NEVER, 0)
    pages["free"] = zone.free_seen
    pages["kernel_stack"] = zone.stack_pages
    pages["pages_scanned"] = zone.pages_scanned
    pages["free_pcp"] = zone.on_pcp()
    pages["local_pcp"] = sum(len(listed) for listed in zone.pcp[cpu])
    values: Values = {name: count * PAGE_KB for name, count in pages.items()}
    values["node"], values["zone"] = 0, zone.name
    values["all_unreclaimable"] = not m.reclaimable(zone)
    return values


def free_lists(zone: Zone) -> Values:
    """Return the free blocks of a zone by order, each with the letters of its types."""
    buddy = zone.buddy
    blocks = [
        [buddy.count(order), PAGE_KB << order, buddy.letters(order)] for order in range(MAX_ORDER)
    ]
    return {"node": 0, "zone": zone.name, "blocks": blocks, "total": buddy.free_pages() * PAGE_KB}


def tail(m: Machine) -> list[tuple[str, Values]]:
    """Return the closing lines. This machine has no swap."""
    zones = m.state.zones
    cached = sum(
        zone.active_file + zone.inactive_file + zone.isolated_file + zone.shmem for zone in zones
    )
    present = sum(zone.present for zone in zones)
    managed = sum(zone.managed for zone in zones)
    no_swap = {"swap_add": 0, "swap_delete": 0, "swap_find": 0, "swap_find_total": 0}
    return [
        ("pagecache/4.5", {"pagecache_pages": cached}),
        ("swapcache/4.5", {"swapcache_pages": 0}),
        ("swapstats/4.5", no_swap),
        ("swapfree/4.5", {"swap_free_kb": 0}),
        ("swaptotal/4.5", {"swap_total_kb": 0}),
        ("ram/4.5", {"ram_pages": present}),
        ("highmem/4.5", {"highmem_pages": 0}),
        ("reserved/4.5", {"reserved_pages": present - managed}),
        ("hwpoisoned/4.5", {"hwpoisoned_pages": 0}),
    ]


INTERVAL_NS = 5_000_000_000
BURST = 10

FUNCTIONS = ("warn_alloc_failed", "slab_out_of_memory", "oom_kill_process")
PAGES, SLABS, KILLS = range(3)
"""Which limit; `FUNCTIONS` are the names that the suppression line prints."""

BEGIN, PRINTED, MISSED = range(LIMIT_NUMBERS)


def allowed(m: Machine, which: int) -> bool:
    """Tell whether one more report may be printed, and count it either way."""
    limits, at = m.state.limits, which * LIMIT_NUMBERS
    now = m.state.now_ns
    if limits[at + BEGIN] == 0:
        limits[at + BEGIN] = now
    if now > limits[at + BEGIN] + INTERVAL_NS:
        if limits[at + MISSED]:
            m.printk("suppressed/4.5", {"function": FUNCTIONS[which], "count": limits[at + MISSED]})
        limits[at : at + LIMIT_NUMBERS] = [0, 0, 0]
    if limits[at + PRINTED] < BURST:
        limits[at + PRINTED] += 1
        return True
    limits[at + MISSED] += 1
    return False


def would_print(m: Machine) -> bool:
    """Tell whether a slab's request that is refused now would be reported, in part at least."""
    return _would_print(m, PAGES * LIMIT_NUMBERS) or _would_print(m, SLABS * LIMIT_NUMBERS)


def _would_print(m: Machine, at: int) -> bool:
    limits = m.state.limits
    return limits[at + PRINTED] < BURST or m.state.now_ns > limits[at + BEGIN] + INTERVAL_NS


def missed(m: Machine, which: int, count: int) -> None:
    """Count reports that come at the same moment as one that was just refused."""
    m.state.limits[which * LIMIT_NUMBERS + MISSED] += count


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
        {"node": 0, "slabs": cache.slabs(), "objs": cache.objects(), "free": cache.free_objects()},
    )
    return True


def named(m: Machine, values: Values, gfp: int) -> Values:
    """Add the names of the flags; a form of a kernel that does not print them ignores them."""
    return {**values, "names": m.kernel.gfp.format(gfp)}
