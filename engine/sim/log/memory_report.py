"""show_mem: what the kernel prints of its memory, from the machine's state.

Source: lib/show_mem.c and mm/page_alloc.c:show_free_areas of 4.5, mm/swap_state.c, mm/hugetlb.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmplay.engine.printk.form import Values
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.state.buddy import MAX_ORDER
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
    """Return one zone's line, in kB but for pages_scanned."""
    pages = {name: getattr(zone, name) for name in (*IN_KB, "slab_unreclaimable", "pagetables")}
    pages |= {name: getattr(zone, name) for name in ("min", "low", "high", "present", "managed")}
    pages |= dict.fromkeys(NEVER, 0)
    pages["free"] = max(0, zone.free)
    pages["kernel_stack"] = zone.stack_pages
    pages["free_pcp"] = zone.on_pcp()
    pages["local_pcp"] = sum(len(listed) for listed in zone.pcp[cpu])
    values: Values = {name: count * PAGE_KB for name, count in pages.items()}
    values["node"], values["zone"] = 0, zone.name
    values["pages_scanned"] = zone.pages_scanned
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
