"""Who makes a request, and dump_stack: the call trace, built from the way that it really took.

Each caller names its way; under an interrupt the interrupted task's stack is not shown, as only
the idle loop's part of it would be certain. Functions that the incident's logs show have their real
place; a place for the others is made up from the name, always the same one. `function@callee` is
the place of another call in the same function than the one the plain name stands for. Source:
arch/x86/kernel/dumpstack_64.c (4.5), the functions of the two logs of the incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

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


TEXT_START = 0xFFFFFFFF81000000
TEXT_SIZE = 0x600000
MODULE_START = 0xFFFFFFFFA0000000
MODULE_SIZE = 0x400000


class Symbol(NamedTuple):
    """A return address: the function as printed, where it lies, and its module."""

    symbol: str
    address: int
    offset: int
    size: int
    module: str = ""


def _text(symbol: str, low_address: int, offset: int, size: int, module: str = "") -> Symbol:
    return Symbol(symbol, 0xFFFFFFFF00000000 + low_address, offset, size, module)


def _table(*symbols: Symbol) -> dict[str, Symbol]:
    """Key the symbols by name without the suffix that the compiler gave to a clone."""
    return {
        symbol.symbol.partition(".")[0]: symbol._replace(symbol=symbol.symbol.partition("@")[0])
        for symbol in symbols
    }


KNOWN: dict[str, dict[str, Symbol]] = {
    "4.5-rc7": _table(
        _text("dump_stack", 0x812A4D65, 0x4D, 0x68),
        _text("warn_alloc_failed", 0x81106DC7, 0xF7, 0x150),
        _text("__alloc_pages_nodemask", 0x81109E3F, 0x23F, 0xA60),
        _text("__alloc_pages_nodemask@try_to_free_pages", 0x8110A166, 0x566, 0xA60),
        _text("alloc_pages_current", 0x8114D927, 0x87, 0x110),
        _text("new_slab", 0x81155181, 0x3A1, 0x440),
        _text("___slab_alloc", 0x81156FDF, 0x3CF, 0x590),
        _text("__slab_alloc.isra.64", 0x81175536, 0x18, 0x1D),
        _text("kmem_cache_alloc", 0x8115778C, 0x11C, 0x150),
        _text("wb_start_writeback", 0x811A0999, 0x39, 0x90),
        _text("wakeup_flusher_threads", 0x811A0D9F, 0x7F, 0xF0),
        _text("do_try_to_free_pages", 0x81115AC9, 0x1F9, 0x410),
        _text("try_to_free_pages", 0x81115D74, 0x94, 0xC0),
        _text("__page_cache_alloc", 0x8110092F, 0xAF, 0xC0),
        _text("pagecache_get_page", 0x811011E8, 0x88, 0x260),
        _text("grab_cache_page_write_begin", 0x81101D31, 0x21, 0x40),
        _text("xfs_vm_write_begin", 0x81222C9F, 0x2F, 0xF0),
        _text("generic_perform_write", 0x81101ECA, 0xCA, 0x1C0),
        _text("xfs_file_buffered_aio_write", 0x8122E01C, 0xCC, 0x1F0),
        _text("xfs_file_write_iter", 0x8122E1C4, 0x84, 0x140),
        _text("__vfs_write", 0x811777A7, 0xC7, 0x100),
        _text("vfs_write", 0x811784CD, 0x9D, 0x190),
        _text("SyS_write", 0x811793C0, 0x50, 0xC0),
        _text("entry_SYSCALL_64_fastpath", 0x815AB4D7, 0x12, 0x6A),
    ),
    "next-20160311": _table(
        _text("dump_stack", 0x812B5C97, 0x4F, 0x68),
        _text("warn_alloc_failed", 0x811131B1, 0x101, 0x160),
        _text("__alloc_pages_nodemask", 0x81116521, 0x481, 0xD50),
        _text("alloc_pages_current", 0x8115B977, 0x87, 0x110),
        _text("new_slab", 0x81163FE0, 0x540, 0x550),
        _text("___slab_alloc", 0x8116624D, 0x46D, 0x580),
        _text("__slab_alloc.isra.68", 0x8118435B, 0x46, 0x55),
        _text("__kmalloc", 0x81166666, 0x146, 0x190),
        _text("__nf_ct_ext_add_length", 0xA0317180, 0x1A0, 0x1E0, "nf_conntrack"),
        _text("nf_conntrack_in", 0xA031150C, 0x56C, 0x830, "nf_conntrack"),
        _text("ipv4_conntrack_in", 0xA0330327, 0x17, 0x20, "nf_conntrack_ipv4"),
        _text("nf_iterate", 0x81501848, 0x58, 0x70),
        _text("nf_hook_slow", 0x815018D6, 0x76, 0xD0),
        _text("ip_rcv", 0x8150B0A8, 0x2F8, 0x410),
        _text("__netif_receive_skb_core", 0x814CC9F4, 0x354, 0x9B0),
        _text("__netif_receive_skb", 0x814CEFE3, 0x13, 0x60),
        _text("netif_receive_skb_internal", 0x814CF0A6, 0x76, 0xD0),
        _text("napi_gro_receive", 0x814CFAE8, 0x78, 0xC0),
        _text("e1000_clean_rx_irq", 0xA0065E43, 0x153, 0x490, "e1000"),
        _text("e1000_clean", 0xA0063CCF, 0x25F, 0x8B0, "e1000"),
        _text("net_rx_action", 0x814D0ACB, 0x14B, 0x320),
        _text("__do_softirq", 0x81060CD1, 0xD1, 0x250),
        _text("irq_exit", 0x810610D4, 0xE4, 0x100),
        _text("do_IRQ", 0x8101B2BD, 0x5D, 0xF0),
        _text("common_interrupt", 0x815CC6C9, 0x89, 0x89),
        _text("arch_cpu_idle", 0x8102340A, 0xA, 0x10),
        _text("default_idle_call", 0x81098625, 0x25, 0x30),
        _text("cpu_startup_entry", 0x81098845, 0x215, 0x2A0),
        _text("start_secondary", 0x8103924B, 0x14B, 0x170),
    ),
}
"""Return addresses as the incident's two logs print them, by kernel."""

MODULES: dict[str, str] = {
    "__nf_ct_ext_add_length": "nf_conntrack",
    "__nf_conntrack_alloc": "nf_conntrack",
    "nf_conntrack_in": "nf_conntrack",
    "ipv4_conntrack_in": "nf_conntrack_ipv4",
    "e1000_clean_rx_irq": "e1000",
    "e1000_alloc_rx_buffers": "e1000",
    "e1000_clean": "e1000",
}


USUAL_CALLEE = {"__alloc_pages_nodemask": "warn_alloc_failed"}
"""Functions that call several others of a trace, and the call that their plain entry is of."""


def symbol_of(kernel: str, function: str, callee: str = "") -> Symbol:
    """Return where a function lies in this kernel, at its call of `callee`.

    The place is made up if no log has shown it.
    """
    table = KNOWN.get(kernel, {})
    usual = table.get(function) or _made_up(function)
    if USUAL_CALLEE.get(function, callee) == callee:
        return usual
    return table.get(f"{function}@{callee}") or _other_call(usual, callee)


def _other_call(one: Symbol, callee: str) -> Symbol:
    """Return a made-up return address of another call in the function of `one`."""
    offset = crc32(callee.encode()) % (one.size - 5) + 5
    if offset == one.offset:
        offset -= 1
    return one._replace(address=one.address - one.offset + offset, offset=offset)


def _made_up(function: str) -> Symbol:
    number = crc32(function.encode())
    size = (number % 60 + 4) * 16
    offset = number // 64 % size
    module = MODULES.get(function, "")
    start, room = (MODULE_START, MODULE_SIZE) if module else (TEXT_START, TEXT_SIZE)
    return Symbol(function, start + number % room // 16 * 16 + offset, offset, size, module)
