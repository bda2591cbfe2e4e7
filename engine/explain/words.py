"""The words for every number: what it is, which kernel function makes it, where that stands.

One table for all front ends. Keys are the names that Terms, alloc rules and counters carry.
"""

from __future__ import annotations

from mmplay.engine.explain.words_rules import RULES
from mmplay.engine.explain.words_table import Words
from mmplay.engine.explain.words_table import read_words as _table

WATERMARKS = _table(
    "mm/page_alloc.c",
    """
min_free_kbytes = min_free_kbytes
init_per_zone_wmark_min: vm.min_free_kbytes
What the kernel tries to keep free, in kB; all watermarks grow from it.

watermark_scale_factor = watermark_scale_factor
watermark_scale_factor_sysctl_handler: vm.watermark_scale_factor
How far low and high lie above min, in 1/10000 of the zone.

pages_min = pages_min
__setup_per_zone_wmarks: min_free_kbytes in pages
vm.min_free_kbytes divided by the page size.

lowmem_pages = lowmem_pages
__setup_per_zone_wmarks: lowmem pages
Managed pages of all zones together, the base on which min_free_kbytes is shared out.

zone_min = min
__setup_per_zone_wmarks: min watermark
The zone's share of min_free_kbytes, by its managed pages.

capped_min = min
__setup_per_zone_wmarks: min watermark of a capped zone
A zone for movable pages only: 1/1024 of its managed pages, from 32 to 128.

low_quarter = low
__setup_per_zone_wmarks: low watermark
The fast path's first try stops here, and kswapd is woken. Up to 4.5: min plus a quarter.

high_half = high
__setup_per_zone_wmarks: high watermark
kswapd goes back to sleep here. Up to 4.5: min plus half.

gap = gap
__setup_per_zone_wmarks: gap between the watermarks
A quarter of min, or the zone's managed pages * watermark_scale_factor / 10000 if larger.

step = step between the marks
__setup_per_zone_wmarks: low less min
Up to 4.5 a quarter of min; since then that, or managed * watermark_scale_factor / 10000 if larger.

low_gap = low
__setup_per_zone_wmarks: low watermark
The fast path's first try stops here, and kswapd is woken: min plus one gap.

high_gap = high
__setup_per_zone_wmarks: high watermark
kswapd goes back to sleep here: min plus two gaps.

lowmem_reserve = lowmem_reserve
setup_per_zone_lowmem_reserve: lowmem_reserve for the caller's class zone
Pages this zone keeps from callers that could have used a higher zone.

above = managed above
setup_per_zone_lowmem_reserve: managed pages above this zone
Managed pages of the zones over this one, up to the caller's class zone.

lowmem_reserve_ratio = ratio
setup_per_zone_lowmem_reserve: vm.lowmem_reserve_ratio
How many pages of higher zones one reserved page stands for.
""",
)

GATE = _table(
    "mm/page_alloc.c",
    """
floor = floor
__zone_watermark_ok: the caller's floor
An order-0 request is refused when free <= floor: the watermark after the caller's discounts,
plus the zone's lowmem_reserve.

floor.none = floor
__alloc_pages_high_priority: no floor
ALLOC_NO_WATERMARKS skips the test: any free page will do.

order_free = free
__zone_watermark_ok: free pages less the rest of the block
A block of order n counts as 2^n pages: all but one are taken off free before the test.

alloc.high = ALLOC_HIGH
gfp_to_alloc_flags: __GFP_HIGH gives ALLOC_HIGH
The caller says it is important: it may go to half of min.

alloc.atomic = ALLOC_HARDER
gfp_to_alloc_flags: __GFP_ATOMIC gives ALLOC_HARDER
The caller cannot wait: a quarter less, unless __GFP_NOMEMALLOC forbids reserves.

unboosted = min without boost
zone_watermark_fast: min without watermark_boost
A boost raises all marks after blocks of the wrong type were used; callers that may go below min are
tested at order 0 without it.

boosted = mark
boost_watermark: the mark with watermark_boost
A boost raises all marks for a while after blocks of the wrong type were used.

boost = boost
boost_watermark: watermark_boost
Pages by which all marks are raised for a while after blocks of the wrong type were used.

alloc.min_reserve = ALLOC_MIN_RESERVE
gfp_to_alloc_flags: __GFP_HIGH gives ALLOC_MIN_RESERVE
The caller says it is important: it may go to half of min.

alloc.non_block = ALLOC_NON_BLOCK
gfp_to_alloc_flags: no __GFP_DIRECT_RECLAIM gives ALLOC_NON_BLOCK
The caller cannot wait: beside ALLOC_MIN_RESERVE a quarter less, alone nothing; __GFP_NOMEMALLOC
forbids it.

alloc.rt_reserve = ALLOC_MIN_RESERVE
gfp_to_alloc_flags: a realtime task gets ALLOC_MIN_RESERVE
A realtime task that may sleep is let down to half of min.

alloc.oom_victim = ALLOC_OOM
__gfp_pfmemalloc_flags: a victim of the OOM killer gets ALLOC_OOM
It is let down to half of min to be able to exit.

alloc.unboosted = no boost
zone_watermark_fast: at order 0 the boost does not count for this caller
The min mark is tested without watermark_boost.

alloc.rt_task = ALLOC_HARDER
gfp_to_alloc_flags: a realtime task gets ALLOC_HARDER
A realtime task outside interrupts is let a quarter below min.

alloc.memalloc = ALLOC_NO_WATERMARKS
gfp_to_alloc_flags: __GFP_MEMALLOC gives ALLOC_NO_WATERMARKS
The caller promises to free memory soon: no watermark holds it.

alloc.softirq_memalloc = ALLOC_NO_WATERMARKS
gfp_to_alloc_flags: PF_MEMALLOC in softirq gives ALLOC_NO_WATERMARKS
Only sockets that serve swap set it there; otherwise __do_softirq masks it.

alloc.pf_memalloc = ALLOC_NO_WATERMARKS
gfp_to_alloc_flags: PF_MEMALLOC gives ALLOC_NO_WATERMARKS
The task is freeing memory (direct reclaim, kswapd): no watermark holds it.

alloc.tif_memdie = ALLOC_NO_WATERMARKS
gfp_to_alloc_flags: TIF_MEMDIE gives ALLOC_NO_WATERMARKS
The OOM killer chose this task: it may use anything to be able to exit.
""",
)

MEMORY_FIELDS = _table(
    "include/linux/mmzone.h",
    """
active_anon = active_anon
NR_ACTIVE_ANON: active anonymous pages
Program memory in use.

inactive_anon = inactive_anon
NR_INACTIVE_ANON: inactive anonymous pages
Program memory not used lately; without swap it cannot be reclaimed.

isolated_anon = isolated_anon
NR_ISOLATED_ANON: isolated anonymous pages
Taken off the lists by reclaim or migration at this moment.

active_file = active_file
NR_ACTIVE_FILE: active file pages
Page cache in recent use.

inactive_file = inactive_file
NR_INACTIVE_FILE: inactive file pages
Page cache that reclaim looks at first; only clean pages can be dropped at once.

isolated_file = isolated_file
NR_ISOLATED_FILE: isolated file pages
Taken off the lists by reclaim at this moment.

unevictable = unevictable
NR_UNEVICTABLE: unevictable pages
Pages reclaim must skip.

mlocked = mlocked
NR_MLOCK: locked pages
Pages pinned by mlock.

dirty = dirty
NR_FILE_DIRTY: dirty pages
Changed page cache that is not yet being written; direct reclaim skips it.

writeback = writeback
NR_WRITEBACK: pages under writeback
On their way to the disk; freed only when the disk is done.

unstable = unstable
NR_UNSTABLE_NFS: unstable pages
Written to an NFS server, not yet safe.

mapped = mapped
NR_FILE_MAPPED: mapped file pages
Page cache mapped into programs.

shmem = shmem
NR_SHMEM: shared memory pages
tmpfs and shared memory.

slab_reclaimable = slab_reclaimable
NR_SLAB_RECLAIMABLE: reclaimable slab pages
Kernel objects that shrinkers can free (dentries, inodes).

slab_unreclaimable = slab_unreclaimable
NR_SLAB_UNRECLAIMABLE: unreclaimable slab pages
Kernel objects that only their owner can free, kmalloc-64 among them.

kernel_stack = kernel_stack
NR_KERNEL_STACK: kernel stacks
Memory of the tasks' kernel stacks, 16 kB each.

pagetables = pagetables
NR_PAGETABLE: page table pages
Pages that hold page tables.

bounce = bounce
NR_BOUNCE: bounce buffers
Pages for devices that cannot reach all memory.

writeback_tmp = writeback_tmp
NR_WRITEBACK_TEMP: FUSE writeback pages
Temporary copies that FUSE writes out.
""",
)

ZONE_FIELDS = _table(
    "mm/page_alloc.c",
    """
free = free
show_free_areas: free pages
Pages on the zone's free lists.

min = min
__setup_per_zone_wmarks: min watermark
A caller without discounts stops here; below it are the reserves.

low = low
__setup_per_zone_wmarks: low watermark
The fast path's first try stops here, and kswapd is woken.

high = high
__setup_per_zone_wmarks: high watermark
kswapd goes back to sleep here; the OOM killer takes its last look here.

present = present
calculate_node_totalpages: present pages
Pages that exist in the zone, holes left out.

managed = managed
__free_pages_bootmem: managed pages
Pages handed to the page allocator: present less what boot kept for itself.

free_pcp = free_pcp
show_free_areas: pages on per-CPU lists
Free pages that CPUs hold ready. The watermark test does not look at them.

local_pcp = local_pcp
show_free_areas: pages on the printing CPU's own list
They did not help: the watermark is tested before the per-CPU list is looked at.

free_cma = free_cma
show_free_areas: free CMA pages
Free pages that only movable requests may use.
""",
)

SCAN_FIELDS = _table(
    "mm/vmscan.c",
    """
pages_scanned = pages_scanned
shrink_inactive_list: pages scanned since the last free
Reclaim's failed looks; any page freed to the buddy lists sets it back to 0.

all_unreclaimable = all_unreclaimable
zone_reclaimable: all_unreclaimable
A zone counts as unreclaimable once reclaim has scanned six times what it could free there.
""",
)

TAIL_FIELDS = _table(
    "lib/show_mem.c",
    """
ram_pages = RAM
show_mem: pages of RAM
Present pages of all zones.

reserved_pages = reserved
show_mem: reserved pages
Present pages that the page allocator was never given.

pagecache_pages = pagecache
show_free_areas: page cache pages
Page cache, shared memory and swap cache together.

swapcache_pages = swapcache
show_swap_cache_info: swap cache pages
Swapped pages in RAM.

swap_free_kb = free swap
show_swap_cache_info: free swap, kB
Swap space left.

swap_total_kb = total swap
show_swap_cache_info: total swap, kB
0 means that anonymous memory cannot leave.

highmem_pages = highmem
show_mem: HighMem pages
Pages only reachable through mappings.

hwpoisoned_pages = hwpoisoned
show_mem: poisoned pages
Pages taken out after memory errors.
""",
)

SLAB_FIELDS = _table(
    "mm/slub.c",
    """
slabs = slabs
slab_out_of_memory: slabs
Blocks of pages that the cache holds.

objs = objs
slab_out_of_memory: objects
Objects in all its slabs, used or not.

slab_free = free
slab_out_of_memory: free objects
Free objects on the node's partial slabs.

slab_mask = GFP_RECLAIM_MASK|GFP_CONSTRAINT_MASK
new_slab: SLUB's mask
The flags that new_slab lets through to the page allocator.
""",
)

OOM_FIELDS = _table(
    "mm/oom_kill.c",
    """
score = score
oom_badness: the OOM killer's score
Points per thousand of RAM: resident pages, page tables, and oom_score_adj thousandths of RAM.
""",
)

BLOCK_FIELDS = _table(
    "mm/page_alloc.c",
    """
blocks = blocks
show_free_areas: free blocks of this order
Free blocks of 2^order pages; the letters name their types: U unmovable, M movable, E
reclaimable, H highatomic, C CMA, I isolated.
""",
)

WORDS: dict[str, Words] = {
    **WATERMARKS,
    **GATE,
    **MEMORY_FIELDS,
    **ZONE_FIELDS,
    **SCAN_FIELDS,
    **TAIL_FIELDS,
    **SLAB_FIELDS,
    **OOM_FIELDS,
    **BLOCK_FIELDS,
    **RULES,
}
"""Every name that a Term, a rule or a counter may carry."""
