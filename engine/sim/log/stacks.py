"""Who makes a request: the task or softirq, the CPU, the mask, and how it got there.

dump_stack: the call trace of a request, built from the way that the request really took.

Each caller names its way; under an interrupt the interrupted task's stack is not shown, as only
the idle loop's part of it would be certain. Source: arch/x86/kernel/dumpstack_64.c (4.5), the
functions of the two logs of the incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.printk.form import Values
from mmplay.engine.printk.forms import (
    CALL_TRACE,
    CPU_4_5,
    ENTRY_4_5,
    HARDWARE,
    STACK_WORDS,
    WORKQUEUE,
)
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.sim.log.symbols import symbol_of
from mmplay.engine.sim.machine.asks import Ask

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


WB, NET, TASK = "alloc_fail_wb", "alloc_fail_net", "alloc_fail_task"
"""Counters of failed page requests, by who asked."""


IDLE, WORKER, SYNC_TASK = -1, -2, -3
"""A `task` that is none of the machine's: the idle task, the worker of the events queue, and a
command of its own, sync, with the next pid."""
WORKER_PID = 4
"""The first kernel thread after ksoftirqd/0 on a fresh 4.5 machine; assumed."""


class Caller(NamedTuple):
    """One caller.

    `task` is the current task of the CPU, or IDLE, WORKER or SYNC_TASK; `gfp` the mask that the
    caller wrote, before SLUB took anything off it. `way` names the functions between the task or
    the interrupt and the allocator: a key of `stacks.WAYS`.
    """

    counter: str
    task: int
    cpu: int
    gfp: int
    context: Context
    way: str

    def count_failures(self, m: Machine, pages: int) -> None:
        """Count page requests that failed."""
        counters = m.state.counters
        setattr(counters, self.counter, getattr(counters, self.counter) + pages)

    def comm(self, m: Machine) -> str:
        """Return the name of the current task, as printk's current->comm."""
        if self.task == WORKER:
            return f"kworker/{self.cpu}:0"
        if self.task == SYNC_TASK:
            return "sync"
        if self.task == IDLE:
            return f"swapper/{self.cpu}"
        return m.state.tasks.names[self.task]

    def pid(self, m: Machine) -> int:
        """Return the pid of the current task; the idle task's is 0."""
        if self.task == WORKER:
            return WORKER_PID
        if self.task == SYNC_TASK:
            return m.state.next_pid
        return 0 if self.task == IDLE else m.state.tasks.pid[self.task]


TOP = ("dump_stack",)
WARN = ("warn_alloc_failed", "__alloc_pages_nodemask")
OOM = ("dump_header", "oom_kill_process", "out_of_memory", "__alloc_pages_nodemask")
OOM_BY_HAND = OOM[:-1]
SLAB = ("alloc_pages_current", "new_slab", "___slab_alloc", "__slab_alloc")
RECLAIM = (
    *("kmem_cache_alloc", "wb_start_writeback", "wakeup_flusher_threads"),
    *("do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_nodemask"),
)
SYSCALL = ("entry_SYSCALL_64_fastpath",)
WRITE = (
    *("pagecache_get_page", "grab_cache_page_write_begin", "xfs_vm_write_begin"),
    *("generic_perform_write", "xfs_file_buffered_aio_write", "xfs_file_write_iter"),
    *("__vfs_write", "vfs_write", "SyS_write", *SYSCALL),
)
READ = ("generic_file_read_iter", "__vfs_read", "vfs_read", "SyS_read", *SYSCALL)
CONNTRACK = (
    *("nf_conntrack_in", "ipv4_conntrack_in", "nf_iterate", "nf_hook_slow", "ip_rcv"),
    *("__netif_receive_skb_core", "__netif_receive_skb", "netif_receive_skb_internal"),
    "napi_gro_receive",
)
SOFTIRQ = (
    *("e1000_clean_rx_irq", "e1000_clean", "net_rx_action", "__do_softirq", "irq_exit"),
    *("do_IRQ", "common_interrupt"),
)
IDLE_LOOP = ("arch_cpu_idle", "default_idle_call", "cpu_startup_entry", "start_secondary")
KTHREAD = ("kthread", "ret_from_fork")

TASK_WAYS: dict[str, tuple[str, ...]] = {
    "write": ("alloc_pages_current", "__page_cache_alloc", *WRITE),
    "read": ("alloc_pages_current", "__page_cache_alloc", *READ),
    "fault": ("alloc_pages_vma", "handle_mm_fault", "__do_page_fault", "do_page_fault"),
    "fork": ("copy_process", "_do_fork", "kernel_thread", "kthreadd", "ret_from_fork"),
    "radix": (
        *("kmem_cache_alloc", "__radix_tree_preload", "__add_to_page_cache_locked"),
        *("add_to_page_cache_lru", *WRITE),
    ),
    "user": ("alloc_pages_current", "alloc_kmem_pages", "__get_free_pages", "SyS_ioctl", *SYSCALL),
    "flush": (
        *("kmem_cache_alloc", "kmem_zone_alloc", "xfs_trans_alloc", "xfs_iomap_write_allocate"),
        *("xfs_map_blocks", "xfs_vm_writepage", "write_cache_pages", "do_writepages"),
        *("wb_writeback", "wb_workfn", "process_one_work", "worker_thread", *KTHREAD),
    ),
    "sync": (
        *("kmem_cache_alloc", "wb_start_writeback", "wakeup_flusher_threads", "sys_sync"),
        *SYSCALL,
    ),
    "sysrq": ("moom_callback", "process_one_work", "worker_thread", *KTHREAD),
    "bio": (
        *("kmem_cache_alloc", "mempool_alloc_slab", "mempool_alloc", "bvec_alloc"),
        *("bio_alloc_bioset", "xfs_alloc_ioend_bio", "xfs_submit_ioend", "xfs_vm_writepage"),
        *("write_cache_pages", "do_writepages", "wb_writeback", "wb_workfn"),
        *("process_one_work", "worker_thread", *KTHREAD),
    ),
    "kswapd": ("kswapd_shrink_zone", "kswapd", *KTHREAD),
}
"""From the page allocator outwards, by what a task is doing."""

NET_WAYS: dict[str, tuple[str, ...]] = {
    "skb": ("kmem_cache_alloc", "__build_skb", "build_skb", *SOFTIRQ),
    "conntrack": ("kmem_cache_alloc", "__nf_conntrack_alloc", *CONNTRACK, *SOFTIRQ),
    "extension": ("__kmalloc", "__nf_ct_ext_add_length", *CONNTRACK, *SOFTIRQ),
    "fragment": (
        *("__page_frag_refill", "__alloc_page_frag", "__netdev_alloc_frag"),
        *("netdev_alloc_frag", "e1000_alloc_rx_buffers", *SOFTIRQ),
    ),
}
"""From the page allocator to the interrupt, by what the network card's softirq asks for."""

SLAB_WAYS = frozenset({"skb", "conntrack", "extension", "radix", "flush", "sync", "bio"})


def functions(caller: Caller, report: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (mark, function) of the trace, innermost first; `report` is WARN or OOM."""
    if caller.way in NET_WAYS:
        inside = (*report, *(SLAB if caller.way in SLAB_WAYS else ()), *NET_WAYS[caller.way])
        marked = [("IRQ", TOP[0]), *(("", name) for name in inside)]
        if caller.task < 0:
            marked += [("EOI", IDLE_LOOP[0]), *(("", name) for name in IDLE_LOOP[1:])]
        return marked
    wakes_flusher, _, way = caller.way.rpartition("/")
    inner = (*report, *SLAB, *RECLAIM) if wakes_flusher else report
    slab = SLAB if way in SLAB_WAYS and not wakes_flusher else ()
    return [("", name) for name in (*TOP, *inner, *slab, *TASK_WAYS[way])]


def dump_stack(m: Machine, caller: Caller, ask: Ask, report: tuple[str, ...] = WARN) -> None:
    """Print who was running, on what machine, and the call trace."""
    setup = m.setup
    cpu: Values = {
        "cpu": caller.cpu,
        "pid": caller.pid(m),
        "comm": caller.comm(m),
        "taint": "Not tainted",
        "release": setup.release,
        "version": setup.version,
    }
    m.printk(CPU_4_5, cpu)
    if setup.hardware:
        m.printk(HARDWARE, {"hardware": setup.hardware})
    if caller.task == WORKER:
        m.printk(WORKQUEUE, {"workqueue": "events moom_callback"})
    for words in ((0x86, 0, 0, 0), (ask.gfp, 0, 0, 0), (0, 0, 0, 0)):
        m.printk(STACK_WORDS, dict(zip("abcd", words, strict=True)))
    m.printk(CALL_TRACE, {})
    callee = ""
    for mark, function in functions(caller, report):
        place = symbol_of(m.kernel.name, function, callee)
        callee = function
        entry: Values = {
            "mark": mark,
            "address": place.address,
            "guess": "",
            "symbol": place.symbol,
            "offset": place.offset,
            "size": place.size,
            "module": place.module,
        }
        m.printk(ENTRY_4_5, entry)
