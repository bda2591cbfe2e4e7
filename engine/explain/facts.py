"""Facts that no formula gives: what a line is for, what a failure costs, when something happens."""

from __future__ import annotations

from typing import NamedTuple


class Fact(NamedTuple):
    """One fact: its value (a name, or names in order), the sentence, and where it stands (4.5)."""

    value: str | tuple[str, ...]
    why: str
    function: str
    path: str


FACTS: dict[str, Fact] = {
    "mark.first_try": Fact(
        "low",
        "the fast path tests the low mark",
        "__alloc_pages_nodemask",
        "mm/page_alloc.c",
    ),
    "mark.wake_kswapd": Fact(
        "low",
        "kswapd is woken once the fast path's try at low has failed",
        "__alloc_pages_slowpath",
        "mm/page_alloc.c",
    ),
    "mark.retry": Fact(
        "min",
        "the slow path tests the min mark, less the caller's discounts",
        "gfp_to_alloc_flags",
        "mm/page_alloc.c",
    ),
    "mark.kswapd_sleeps": Fact(
        "high",
        "kswapd goes on until every zone it can help is above its high mark",
        "zone_balanced",
        "mm/vmscan.c",
    ),
    "mark.oom_last_look": Fact(
        "high",
        "before a kill the request is tried once more, at the high mark",
        "__alloc_pages_may_oom",
        "mm/page_alloc.c",
    ),
    "kswapd.takes": Fact(
        "clean page cache",
        "without swap only the file lists are scanned, and dirty pages are left to the flusher",
        "get_scan_count",
        "mm/vmscan.c",
    ),
    "cost.nf_conn": Fact(
        "packet dropped",
        "without an nf_conn the packet is dropped (NF_DROP)",
        "init_conntrack",
        "net/netfilter/nf_conntrack_core.c",
    ),
    "cost.extension": Fact(
        "nothing dropped",
        "the result is ignored: the connection merely has no extension",
        "__nf_ct_ext_add_length",
        "net/netfilter/nf_conntrack_extend.c",
    ),
    "cost.skb_head": Fact(
        "frame stays",
        "the frame stays in the ring, and the poll ends",
        "e1000_clean_rx_irq",
        "drivers/net/ethernet/intel/e1000/e1000_main.c",
    ),
    "cost.ring_refill": Fact(
        "ring shrinks",
        "the descriptor stays empty until a later refill; an empty ring drops frames",
        "e1000_alloc_rx_buffers",
        "drivers/net/ethernet/intel/e1000/e1000_main.c",
    ),
    "cost.work_item": Fact(
        "flusher woken",
        "without a work the flusher is woken all the same, for old and background data",
        "wb_start_writeback",
        "fs/fs-writeback.c",
    ),
    "when.highatomic_reserved": Fact(
        "after a high-order success",
        "a pageblock is reserved after a request of order 1 or more with ALLOC_HARDER succeeded",
        "reserve_highatomic_pageblock",
        "mm/page_alloc.c",
    ),
    "when.highatomic_returned": Fact(
        "after direct reclaim got no page",
        "a pageblock is given back when direct reclaim freed pages and still no page was got",
        "unreserve_highatomic_pageblock",
        "mm/page_alloc.c",
    ),
    "when.lowmem_reserve_computed": Fact(
        "at boot and at each write or read",
        "it is computed at boot and whenever vm.lowmem_reserve_ratio is written or read",
        "lowmem_reserve_ratio_sysctl_handler",
        "mm/page_alloc.c",
    ),
    "loop.writeback": Fact(
        ("scan", "wake", "reserve", "stuck", "nothing freed"),
        "a call scans above 48 pages, wakes the flusher, takes 64 bytes of the reserve for it; the "
        "flusher is stuck and frees none; reclaim finds nothing to free and scans again",
        "do_try_to_free_pages",
        "mm/vmscan.c",
    ),
    "edge.scan": Fact(
        "wake",
        "above 48 scanned pages do_try_to_free_pages calls wakeup_flusher_threads, again at every "
        "priority that is left",
        "do_try_to_free_pages",
        "mm/vmscan.c",
    ),
    "edge.wake": Fact(
        "reserve",
        "wb_start_writeback asks kmalloc-64 for a work, and below reclaim PF_MEMALLOC lets that "
        "request take the last page",
        "wb_start_writeback",
        "fs/fs-writeback.c",
    ),
    "edge.reserve": Fact(
        "stuck",
        "the flusher takes a work only after the one before; it waits for a disk that has stalled",
        "wb_do_writeback",
        "fs/fs-writeback.c",
    ),
    "edge.stuck": Fact(
        "nothing freed",
        "no page becomes clean, so reclaim has none to free; no work ends, so none gives back its "
        "64 bytes",
        "shrink_page_list",
        "mm/vmscan.c",
    ),
    "edge.nothing_freed": Fact(
        "scan",
        "GFP_NOFS may not call the OOM killer, and an order-0 request does not fail: it reclaims "
        "again",
        "__alloc_pages_slowpath",
        "mm/page_alloc.c",
    ),
    "blame.softirq": Fact(
        "writeback",
        "wb_start_writeback took every page above the __GFP_HIGH floor; the softirq asked next",
        "wb_start_writeback",
        "fs/fs-writeback.c",
    ),
}
"""By group.name; the values of one group are each other's wrong answers."""
