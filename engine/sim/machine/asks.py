"""The GFP masks that the simulated callers pass, and what a page request is, worked out once.

A purpose joins a mask with the call trace's way and the slab cache; a request is the mask, who may
serve it, and which floor it meets. Source: include/linux/gfp.h of 4.5, where the masks of the
callers are named in `Masks`, and mm/page_alloc.c (gfp_to_alloc_flags, gfp_zone,
gfpflags_to_migratetype).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.state.buddy import MOVABLE, RECLAIMABLE, UNMOVABLE

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
        """Return the mask of these flags."""
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


CACHE_PAGE, RADIX, ANON, TABLE, STACK, USER, TRANSACTION, READ_PAGE, RELEASE = range(9)
"""Numbers of purposes: a page of the page cache and its tree node, anonymous memory and its page
table, a kernel stack, an allocator's block, the file system's transaction for writing back, a page
of the page cache that is read, what the file system notes to shorten a file that is closed."""


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
    Purpose("file's end", "release", lambda masks: masks.xfs, "xfs_efi_item"),
)
"""By number."""


def mask_for(m: Machine, task: int, purpose: int) -> int:
    """Return the mask that a task asks with: its workload's own, else the purpose's."""
    own = m.load_masks[m.state.tasks.load[task]]
    return own or PURPOSES[purpose].mask(m.masks)


LOW, HIGH_MARK, MIN = 0, 1, 2
"""Codes of marks; MIN plus the alloc flags HARDER (1) and HIGH (2) gives six codes in all."""
CODES = 6

CONTEXT_SHIFT = 32
"""A request's key is its mask with the context above bit 32."""


class Ask(NamedTuple):
    """One kind of page request: everything that follows from its mask and its context.

    `gate` is the number of the floors that the slow path tests, `low_gate` of the fast path,
    `high_gate` of the last look before the OOM killer. `kind` is the migrate type.
    """

    key: int
    gfp: int
    context: Context
    kind: int
    class_zone: int
    gate: int
    low_gate: int
    high_gate: int
    no_watermarks: bool
    can_reclaim: bool
    wakes_kswapd: bool
    enters_fs: bool
    does_io: bool
    nowarn: bool
    noretry: bool
    nofail: bool
    repeat: bool
    for_write: bool
    harder: bool
    oom_allowed: bool


def make_ask(kernel: Kernel, populated: tuple[int, ...], key: int) -> Ask:
    """Return the request of this key on a machine with these populated zones."""
    gfp, context = key & ((1 << CONTEXT_SHIFT) - 1), Context(key >> CONTEXT_SHIFT)
    layout = kernel.gfp
    flags = kernel.alloc_flags(gfp, context)
    highest = highest_zone(layout, gfp)
    zone = class_zone(highest, populated)
    if zone is None:
        zone = populated[0]
    kinds = (("__GFP_MOVABLE", MOVABLE), ("__GFP_RECLAIMABLE", RECLAIMABLE))
    discount = int(flags & (AllocFlag.HARDER | AllocFlag.HIGH))

    def has(name: str) -> bool:
        """Tell whether the mask has the flag `__GFP_name`."""
        return layout.has(gfp, f"__GFP_{name}")

    return Ask(
        key=key,
        gfp=gfp,
        context=context,
        kind=next((kind for name, kind in kinds if layout.has(gfp, name)), UNMOVABLE),
        class_zone=zone,
        gate=zone * CODES + MIN + discount,
        low_gate=zone * CODES + LOW,
        high_gate=zone * CODES + HIGH_MARK,
        no_watermarks=bool(flags & AllocFlag.NO_WATERMARKS),
        can_reclaim=has("DIRECT_RECLAIM"),
        wakes_kswapd=has("KSWAPD_RECLAIM"),
        enters_fs=has("FS"),
        does_io=has("IO"),
        nowarn=has("NOWARN"),
        noretry=has("NORETRY"),
        nofail=has("NOFAIL"),
        repeat=has("REPEAT"),
        for_write=has("WRITE"),
        harder=bool(flags & AllocFlag.HARDER),
        oom_allowed=highest >= 2 and not has("THISNODE"),
    )


def ask_key(gfp: int, context: Context = Context.TASK) -> int:
    """Return the key of a mask in a context."""
    return gfp | int(context) << CONTEXT_SHIFT
