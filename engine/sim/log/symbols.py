"""Where functions lie in memory, for call traces.

Functions that the incident's logs show have their real place; a place for the others is made up
from the name, always the same one. `function@callee` is the place of another call in the same
function than the one the plain name stands for.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

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
