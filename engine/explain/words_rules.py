"""The words of the rules beside the watermark test: buddies, dirty limits, points, slabs, works."""

from __future__ import annotations

from mmplay.engine.explain.words_table import read_words

PCP = read_words(
    "mm/page_alloc.c",
    """
pcp_batch = batch
zone_batchsize: pages moved between a per-CPU list and the free lists at once
The batch is a quarter of a thousandth of the zone, at most 32, made one less than a power of two;
at least 1.
""",
)

BUDDY = read_words(
    "mm/page_alloc.c",
    """
block = block
__find_buddy_index: first page of the block
A free block of order n starts at a multiple of 2^n pages.

buddy = buddy
__find_buddy_index: the block's buddy
A block merges with one block only: the one whose first page differs in bit n alone.

reserved_highatomic = reserved_highatomic
reserve_highatomic_pageblock: pages kept for high-order atomic requests
They are taken off free before the watermark test for callers that may not go below min (in 4.5: for
all without ALLOC_HARDER).

largest_order = largest free order
__zone_watermark_ok: the largest order of which a block is free
A block is free pages side by side, aligned to their number; a request needs one of its order or
more, however many pages are free.

seen_free = free
__zone_watermark_ok: the free pages that the test sees
All but one page of the block are taken off free, and for callers that may not go below min (in 4.5:
without ALLOC_HARDER) also the pages that are kept for high-order atomic requests.

lowmem_kbytes = lowmem
nr_free_buffer_pages: lowmem in kB
What the zones manage above their high watermarks, in kB.

high_marks = high marks
nr_free_zone_pages: the zones' high watermarks
They are taken off before min_free_kbytes is computed.

total_reserve = totalreserve
calculate_totalreserve_pages: pages set aside
High and the largest lowmem_reserve, but not more than the zone manages: memory that page cache
does not count on.

largest_reserve = largest lowmem_reserve
calculate_totalreserve_pages: the zone's largest lowmem_reserve
What the zone keeps from the callers that could use all higher zones.

zone_managed = managed
calculate_totalreserve_pages: managed pages
Present pages less those that boot kept for itself.
""",
)

DIRTY = read_words(
    "mm/page-writeback.c",
    """
kept = totalreserve
global_dirtyable_memory: pages set aside
Free pages that page cache does not count on.

file_pages = file
global_dirtyable_memory: file pages
Active and inactive file pages together.

dirtyable = dirtyable
global_dirtyable_memory: dirtyable memory
Memory that may hold dirty pages: free pages beyond those set aside, and the file cache.

dirty_ratio = dirty_ratio
domain_dirty_limits: vm.dirty_ratio
The dirty limit in per cent of dirtyable memory, not of RAM.

dirty_background_ratio = dirty_background_ratio
domain_dirty_limits: vm.dirty_background_ratio
Where the flusher begins by itself, in per cent of dirtyable memory.

dirty_limit = dirty limit
domain_dirty_limits: the dirty limit
Writers are stopped here. It is a share of dirtyable memory, and falls when that shrinks.

dirty_background = background
domain_dirty_limits: the background threshold
Above it the flusher writes without being asked. If it is not below the dirty limit, half of
that limit is taken.
""",
)

POINTS = read_words(
    "mm/oom_kill.c",
    """
task_pages = pages
oom_badness: the task's pages
Resident pages, swap entries and page tables.

oom_score_adj = oom_score_adj
oom_badness: oom_score_adj
-1000 to 1000: thousandths of all memory that are added to a task's points; -1000 forbids the kill.

total_pages = totalpages
constrained_alloc: all pages
Managed pages and swap: what the points are measured against.

points = points
oom_badness: the OOM killer's points
The task's pages, plus oom_score_adj times a thousandth of all pages (rounded down); at least 1.
""",
)

SLAB = read_words(
    "mm/slub.c",
    """
objects_per_slab = objects per slab
calculate_order: objects in one slab
The slab's bytes divided by the size of an object's place, rounded down.

slab_bytes = bytes
calculate_order: bytes of a slab
A slab is a block of 2^order pages.

object_bytes = size
calculate_sizes: bytes of an object's place
The object with its padding.
""",
)

RECLAIM = read_words(
    "mm/vmscan.c",
    """
scan_of_list = scan
get_scan_count: pages looked at
At priority p a scan looks at the list's length divided by 2^p.

works_per_call = works
do_try_to_free_pages: works of one reclaim call
Once a call has scanned more than 48 pages, every priority that is left asks the flusher. A call
that frees nothing makes two passes of 13 priorities, and does not count anew in the second.

reclaimable_pages = reclaimable
zone_reclaimable_pages: pages that reclaim could free
The zone's file pages, those taken off the lists included; with swap also the anonymous ones.

unreclaimable_limit = limit
zone_reclaimable: scanned pages at which a zone is given up
Six times the file pages that could be reclaimed; with swap also the anonymous ones.
""",
)

RULES = {**PCP, **BUDDY, **DIRTY, **POINTS, **SLAB, **RECLAIM}
"""Every name that these rules give to a Term."""
