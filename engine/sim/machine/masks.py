"""The GFP masks that the simulated callers pass, by this kernel's bits, and what for.

Source: include/linux/gfp.h of 4.5; the masks of the callers are named in `Masks`. A purpose joins a
mask with the call trace's way and the slab cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.rules.versions import Kernel

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


PAGE_CACHE = ("GFP_NOFS", "__GFP_HARDWALL", "__GFP_HIGHMEM", "__GFP_MOVABLE", "__GFP_WRITE")
"""XFS clears __GFP_FS of its inodes' masks (fs/xfs/xfs_iops.c:xfs_setup_inode)."""


class Masks(NamedTuple):
    """Masks of requests, and single bits that the rules add or take away."""

    page_cache: int
    page_read: int
    radix_node: int
    fault: int
    kernel: int
    stack: int
    net_atomic: int
    net_zeroed: int
    frag_large: int
    frag_single: int
    xfs: int
    bio_vector: int
    wb: tuple[int, ...]
    atomic: int
    nowarn: int
    noretry: int
    nomemalloc: int
    direct_reclaim: int
    reclaimable: int
    comp: int


WB_VARIANTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("atomic", ("GFP_ATOMIC", "__GFP_ZERO")),
    ("nomemalloc", ("GFP_ATOMIC", "__GFP_ZERO", "__GFP_NOMEMALLOC")),
    ("nowait", ("GFP_NOWAIT", "__GFP_ZERO", "__GFP_NOMEMALLOC", "__GFP_NOWARN")),
    ("none", ()),
)
"""How wb_start_writeback asks: as in 4.5, the first patch, the incident's patch, not at all."""

WB_NONE = 3


def make_masks(kernel: Kernel) -> Masks:
    """Return the masks in the bits of this kernel."""
    layout = kernel.gfp

    def bits(*names: str) -> int:
        return layout.mask(names)

    return Masks(
        page_cache=bits(*PAGE_CACHE),
        page_read=bits("GFP_HIGHUSER_MOVABLE", "__GFP_COLD"),
        radix_node=bits("GFP_NOFS"),
        fault=bits("GFP_HIGHUSER_MOVABLE", "__GFP_ZERO"),
        kernel=bits("GFP_KERNEL"),
        stack=bits("GFP_KERNEL", "__GFP_NOTRACK"),
        net_atomic=bits("GFP_ATOMIC"),
        net_zeroed=bits("GFP_ATOMIC", "__GFP_ZERO"),
        frag_large=bits(
            *("GFP_ATOMIC", "__GFP_COLD", "__GFP_COMP", "__GFP_NOWARN", "__GFP_NORETRY"),
            "__GFP_NOMEMALLOC",
        ),
        frag_single=bits("GFP_ATOMIC", "__GFP_COLD"),
        xfs=bits("GFP_NOFS", "__GFP_NOWARN"),
        bio_vector=bits(
            "__GFP_KSWAPD_RECLAIM", "__GFP_NOMEMALLOC", "__GFP_NORETRY", "__GFP_NOWARN"
        ),
        wb=tuple(bits(*names) for _, names in WB_VARIANTS),
        atomic=bits("__GFP_ATOMIC"),
        nowarn=bits("__GFP_NOWARN"),
        noretry=bits("__GFP_NORETRY"),
        nomemalloc=bits("__GFP_NOMEMALLOC"),
        direct_reclaim=bits("__GFP_DIRECT_RECLAIM"),
        reclaimable=bits("__GFP_RECLAIMABLE"),
        comp=bits("__GFP_COMP"),
    )


CACHE_PAGE, RADIX, ANON, TABLE, STACK, USER, TRANSACTION, READ_PAGE = range(8)
"""Numbers of purposes: a page of the page cache and its tree node, anonymous memory and its page
table, a kernel stack, an allocator's block, the file system's transaction for writing back, a page
of the page cache that is read."""


class Purpose(NamedTuple):
    """One purpose. `way` is a key of `log.stacks.TASK_WAYS`; `cache` the slab cache's name."""

    name: str
    way: str
    mask: Callable[[Masks], int]
    cache: str = ""


PURPOSES: tuple[Purpose, ...] = (
    Purpose("page cache", "write", lambda masks: masks.page_cache),
    Purpose("page cache tree", "radix", lambda masks: masks.radix_node, "radix_tree_node"),
    Purpose("anonymous memory", "fault", lambda masks: masks.fault),
    Purpose("page table", "fault", lambda masks: masks.kernel),
    Purpose("kernel stack", "fork", lambda masks: masks.stack),
    Purpose("allocator", "user", lambda masks: masks.kernel),
    Purpose("transaction", "flush", lambda masks: masks.xfs, "xfs_trans"),
    Purpose("page cache read", "read", lambda masks: masks.page_read),
)
"""By number."""


def mask_for(m: Machine, task: int, purpose: int) -> int:
    """Return the mask that a task asks with: its workload's own, else the purpose's."""
    own = m.load_masks[m.state.tasks.load[task]]
    return own or PURPOSES[purpose].mask(m.masks)
