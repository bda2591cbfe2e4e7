"""The printk lines of a page allocation failure, a Mem-Info dump, a SLUB report and an OOM kill.

Source: mm/page_alloc.c (warn_alloc_failed, show_free_areas), lib/show_mem.c, mm/swap_state.c,
mm/hugetlb.c, mm/slub.c, mm/oom_kill.c, kernel/printk, arch/x86/kernel/dumpstack*.c of 4.5 and
4.6.2. Names end in the kernel that the wording was first read from; `any` reads key:value pairs
by name and so survives versions we have not read.
"""

from __future__ import annotations

from mmplay.engine.printk.form import LineForm, form

FAILURE_4_5 = form(
    "failure/4.5", "{comm:comm}: page allocation failure: order:{order:order}, mode:{mode:x}"
)
FAILURE_4_6 = form(
    "failure/4.6",
    "{comm:comm}: page allocation failure: order:{order:order}, mode:{mode:x}({names:names})",
)
FAILURE_2_6_32 = form(
    "failure/2.6.32", "{comm:comm}: page allocation failure. order:{order:order}, mode:{mode:x}"
)
FAILURE_LATER = form(
    "failure/4.13",
    "{comm:comm}: page allocation failure: order:{order:order}, mode:{mode:x}({names:names}), "
    "nodemask={tail:text}",
)

VMALLOC_4_15 = form(
    "failure/vmalloc-4.15",
    "{comm:comm}: vmalloc: allocation failure: {bytes:u} bytes, mode:{mode:x}({names:names}), "
    "nodemask={tail:text}",
)
VMALLOC_5_13 = form(
    "failure/vmalloc-5.13",
    "{comm:comm}: vmalloc error: size {bytes:u}, {why:comm}, mode:{mode:x}({names:names}), "
    "nodemask={tail:text}",
)

CPU_4_5 = form(
    "cpu/4.5",
    "CPU: {cpu:u} PID: {pid:u} Comm: {comm:comm} {taint:taint} {release:word} {version:text}",
)
CPU_6_11 = form(
    "cpu/6.11",
    "CPU: {cpu:u} UID: {uid:u} PID: {pid:u} Comm: {comm:comm} {taint:taint} {release:word} "
    "{version:text}",
)
PID_2_6_32 = form(
    "cpu/2.6.32",
    "Pid: {pid:u}, comm: {comm:comm} {taint:taint} {release:word} {version:text}",
)
HARDWARE = form("hardware/4.5", "Hardware name: {hardware:text}")
WORKQUEUE = form("workqueue/4.5", "Workqueue: {workqueue:text}")
STACK_WORDS = form(
    "words/4.5",
    " {a:pointer} {b:pointer} {c:pointer} {d:pointer}",
    clue=r"\n(?:(?<=[0-9a-f]{16}\n)|(?<=[0-9a-f]{16}\r\n))",
)
CALL_TRACE = form("trace/4.5", "Call Trace:")
ENTRY_4_5 = form(
    "entry/4.5",
    " {mark:mark}[<{address:pointer}>] {guess:guess}{symbol:symbol}+{offset:x}/{size:x}"
    "{module:module}",
    clue=r"\+0x[0-9a-f]+/0x",
)
ENTRY_LATER = form(
    "entry/4.19",
    " {guess:guess}{symbol:symbol}+{offset:x}/{size:x}{module:module}",
    clue=r"\+0x[0-9a-f]+/0x",
)

MEM_INFO = form("meminfo/4.5", "Mem-Info:")
TOTALS_4_5 = form(
    "totals/4.5",
    "active_anon:{active_anon:u} inactive_anon:{inactive_anon:u} isolated_anon:{isolated_anon:u}\n"
    " active_file:{active_file:u} inactive_file:{inactive_file:u} isolated_file:{isolated_file:u}\n"
    " unevictable:{unevictable:u} dirty:{dirty:u} writeback:{writeback:u} unstable:{unstable:u}\n"
    " slab_reclaimable:{slab_reclaimable:u} slab_unreclaimable:{slab_unreclaimable:u}\n"
    " mapped:{mapped:u} shmem:{shmem:u} pagetables:{pagetables:u} bounce:{bounce:u}\n"
    " free:{free:u} free_pcp:{free_pcp:u} free_cma:{free_cma:u}",
)
TOTALS_LINES = tuple(
    form(f"totals.{key}/any", f"{blank}{key}:{{{key}:u}}{{pairs:pairs}}")
    for blank, key in (
        ("", "active_anon"),
        *((" ", key) for key in ("active_file", "unevictable", "slab_reclaimable", "mapped")),
        *((" ", key) for key in ("sec_pagetables", "kernel_misc_reclaimable", "free")),
    )
)
"""The lines of the totals block one by one: torn blocks, and versions with other fields."""
ZONE_4_5 = form(
    "zone/4.5",
    "Node {node:u} {zone:zone} free:{free:kb} min:{min:kb} low:{low:kb} high:{high:kb} "
    "active_anon:{active_anon:kb} inactive_anon:{inactive_anon:kb} active_file:{active_file:kb} "
    "inactive_file:{inactive_file:kb} unevictable:{unevictable:kb} "
    "isolated(anon):{isolated_anon:kb} isolated(file):{isolated_file:kb} present:{present:kb} "
    "managed:{managed:kb} mlocked:{mlocked:kb} dirty:{dirty:kb} writeback:{writeback:kb} "
    "mapped:{mapped:kb} shmem:{shmem:kb} slab_reclaimable:{slab_reclaimable:kb} "
    "slab_unreclaimable:{slab_unreclaimable:kb} kernel_stack:{kernel_stack:kb} "
    "pagetables:{pagetables:kb} unstable:{unstable:kb} bounce:{bounce:kb} free_pcp:{free_pcp:kb} "
    "local_pcp:{local_pcp:kb} free_cma:{free_cma:kb} writeback_tmp:{writeback_tmp:kb} "
    "pages_scanned:{pages_scanned:u} all_unreclaimable? {all_unreclaimable:yes}",
)
ZONE_ANY = form("zone/any", "Node {node:u} {zone:zone} free:{free:kb}{pairs:pairs}")
ZONE_OLD = form(
    "zone/old",
    "Node {node:u} {zone:zone} free:{free:kb}{pairs:pairs} all_unreclaimable? "
    "{all_unreclaimable:yes}",
)
ZONE_NO_NODE = form("zone/nonuma", "{zone:zone} free:{free:kb}{pairs:pairs}")
ZONE_NO_NODE_OLD = form(
    "zone/nonumaold",
    "{zone:zone} free:{free:kb}{pairs:pairs} all_unreclaimable? {all_unreclaimable:yes}",
)
NODE_ANY = form(
    "node/any", "Node {node:u}{pairs:pairs} all_unreclaimable? {all_unreclaimable:yes}{more:pairs}"
)
RESERVE = form("reserve/4.5", "lowmem_reserve[]:{reserve:list}")
BLOCKS = form(
    "blocks/4.5",
    "Node {node:u} {zone:zone}: {blocks:blocks}= {total:kb}",
    clue=r"\*[0-9]+kB ",
)
BLOCKS_NO_NODE = form(
    "blocks/nonuma", "{zone:zone}: {blocks:blocks}= {total:kb}", clue=r"\*[0-9]+kB "
)
ZONE_EMPTY = form("empty/2.6.32", "Node {node:u} {zone:zone}: empty")
HUGEPAGES = form(
    "hugepages/4.5",
    "Node {node:u} hugepages_total={total:u} hugepages_free={free:u} hugepages_surp={surplus:u} "
    "hugepages_size={size:kb}",
)
PAGECACHE = form("pagecache/4.5", "{pagecache_pages:d} total pagecache pages")
SWAPCACHE = form("swapcache/4.5", "{swapcache_pages:u} pages in swap cache")
SWAP_STATS = form(
    "swapstats/4.5",
    "Swap cache stats: add {swap_add:u}, delete {swap_delete:u}, "
    "find {swap_find:u}/{swap_find_total:u}",
)
SWAP_FREE = form("swapfree/4.5", "Free swap  = {swap_free_kb:d}kB")
SWAP_TOTAL = form("swaptotal/4.5", "Total swap = {swap_total_kb:u}kB")
RAM = form("ram/4.5", "{ram_pages:u} pages RAM")
HIGHMEM = form("highmem/4.5", "{highmem_pages:u} pages HighMem/MovableOnly")
RESERVED = form("reserved/4.5", "{reserved_pages:u} pages reserved")
CMA_RESERVED = form("cmareserved/4.5", "{cma_reserved_pages:u} pages cma reserved")
HWPOISONED = form("hwpoisoned/4.5", "{hwpoisoned_pages:u} pages hwpoisoned")

SLUB_4_5 = form("slub/4.5", "SLUB: Unable to allocate memory on node {node:d} (gfp={gfp:x})")
SLUB_4_6 = form(
    "slub/4.6", "SLUB: Unable to allocate memory on node {node:d}, gfp={gfp:x}({names:names})"
)
SLUB_CACHE = form(
    "slubcache/4.5",
    "  cache: {cache:comm}, object size: {object_size:d}, buffer size: {buffer_size:d}, "
    "default order: {default_order:order}, min order: {min_order:order}",
)
SLUB_NODE = form(
    "slubnode/4.5", "  node {node:d}: slabs: {slabs:d}, objs: {objs:d}, free: {free:d}"
)

OOM_4_5 = form(
    "oom/4.5",
    "{comm:comm} invoked oom-killer: gfp_mask={mode:x}, order={order:order}, oom_score_adj={adj:d}",
)
OOM_4_6 = form(
    "oom/4.6",
    "{comm:comm} invoked oom-killer: gfp_mask={mode:x}({names:names}), order={order:order}, "
    "oom_score_adj={adj:d}",
)
OOM_LATER = form(
    "oom/4.13",
    "{comm:comm} invoked oom-killer: gfp_mask={mode:x}({names:names}), {mask:text}"
    "order={order:order}, oom_score_adj={adj:d}",
)
OOM_2_6_32 = form(
    "oom/2.6.32",
    "{comm:comm} invoked oom-killer: gfp_mask={mode:x}, order={order:order}, oom_adj={oom_adj:d}, "
    "oom_score_adj={adj:d}",
)
OOM_CPUSET = form("cpuset/4.5", "{comm:comm} cpuset={cpuset:word} mems_allowed={mems:word}")
TASKS_HEAD = form(
    "tasks/4.5",
    "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
)
TASKS_HEAD_3_X = form(
    "tasks/3.x", "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name"
)
TASKS_HEAD_4_19 = form(
    "tasks/4.19",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
)
TASKS_HEAD_6_8 = form(
    "tasks/6.8",
    "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
    "oom_score_adj name",
)
TASK_CLUE = r"\] +-?[0-9]+ +-?[0-9]+ +-?[0-9]+ "
TASK_4_5 = form(
    "task/4.5",
    "[{pid:p5}] {uid:p5} {tgid:p5} {total_vm:p8} {rss:p8} {nr_ptes:p7} {nr_pmds:p7} "
    "{swapents:p8}         {adj:p5} {comm:comm}",
    clue=TASK_CLUE,
)
TASK_4_19 = form(
    "task/4.19",
    "[{pid:p7}] {uid:p5} {tgid:p5} {total_vm:p8} {rss:p8} {pgtables_bytes:p8} {swapents:p8}"
    "         {adj:p5} {comm:comm}",
    clue=TASK_CLUE,
)
TASK_6_8 = form(
    "task/6.8",
    "[{pid:p7}] {uid:p5} {tgid:p5} {total_vm:p8} {rss:p8} {rss_anon:p8} {rss_file:p8} "
    "{rss_shmem:p9} {pgtables_bytes:p8} {swapents:p8}         {adj:p5} {comm:comm}",
    clue=TASK_CLUE,
)
OOM_SUMMARY = form("oomkill/5.0", "oom-kill:constraint={constraint:word}")
KILL_4_5 = form(
    "kill/4.5",
    "Out of memory: Kill process {pid:d} ({comm:comm}) score {score:u} or sacrifice child",
)
KILL_ANY = form(
    "kill/any", "{why:comm}: Kill process {pid:d} ({comm:comm}) score {score:u} or sacrifice child"
)
KILLED_4_5 = form(
    "killed/4.5",
    "Killed process {pid:d} ({comm:comm}) total-vm:{total_vm:kb}, anon-rss:{anon_rss:kb}, "
    "file-rss:{file_rss:kb}, shmem-rss:{shmem_rss:kb}",
)
KILLED_3_X = form(
    "killed/3.x",
    "Killed process {pid:d} ({comm:comm}) total-vm:{total_vm:kb}, anon-rss:{anon_rss:kb}, "
    "file-rss:{file_rss:kb}",
)
KILLED_5_4 = form(
    "killed/5.4",
    "{why:comm}: Killed process {pid:d} ({comm:comm}) total-vm:{total_vm:kb}, "
    "anon-rss:{anon_rss:kb}, file-rss:{file_rss:kb}, shmem-rss:{shmem_rss:kb}{tail:text}",
)
REAPED_4_6 = form(
    "reaped/4.6",
    "oom_reaper: reaped process {pid:d} ({comm:comm}), now anon-rss:{anon_rss:kb}, "
    "file-rss:{file_rss:kb}, shmem-rss:{shmem_rss:kb}",
)
PANIC = form("panic/4.5", "Kernel panic - not syncing: Out of memory and no killable processes...")
SYSRQ_OOM = form("sysrqf/4.5", "sysrq: SysRq : Manual OOM execution")
SYSRQ_SHOW_MEM = form("sysrqm/4.5", "sysrq: SysRq : Show Memory")
SUPPRESSED = form("suppressed/4.5", "{function:word}: {count:u} callbacks suppressed")
LINUX_VERSION = form("boot/4.5", "Linux version {release:word} {tail:text}")

FORMS: tuple[LineForm, ...] = (
    *(FAILURE_4_5, FAILURE_4_6, FAILURE_LATER, FAILURE_2_6_32, VMALLOC_4_15, VMALLOC_5_13),
    *(CPU_4_5, CPU_6_11, PID_2_6_32, HARDWARE, WORKQUEUE, STACK_WORDS, CALL_TRACE, ENTRY_4_5),
    *(ENTRY_LATER, MEM_INFO, TOTALS_4_5, *TOTALS_LINES, ZONE_4_5, ZONE_OLD, ZONE_ANY, NODE_ANY),
    *(ZONE_NO_NODE_OLD, ZONE_NO_NODE, RESERVE, BLOCKS, BLOCKS_NO_NODE, ZONE_EMPTY, HUGEPAGES),
    *(PAGECACHE, SWAPCACHE, SWAP_STATS, SWAP_FREE, SWAP_TOTAL, RAM, HIGHMEM, RESERVED),
    *(CMA_RESERVED, HWPOISONED, SLUB_4_5, SLUB_4_6, SLUB_CACHE, SLUB_NODE),
    *(OOM_4_5, OOM_4_6, OOM_LATER, OOM_2_6_32, OOM_CPUSET, TASKS_HEAD, TASKS_HEAD_3_X),
    *(TASKS_HEAD_4_19, TASKS_HEAD_6_8, TASK_4_5, TASK_4_19),
    *(TASK_6_8, OOM_SUMMARY, KILL_4_5, KILL_ANY, KILLED_4_5, KILLED_3_X, KILLED_5_4, REAPED_4_6),
    *(PANIC, SYSRQ_OOM, SYSRQ_SHOW_MEM, SUPPRESSED, LINUX_VERSION),
)
"""Every form, the exact before the general: a reader takes the first that fits."""

FORMS_BY_NAME: dict[str, LineForm] = {one.name: one for one in FORMS}
"""Every form by the name that traces store."""
