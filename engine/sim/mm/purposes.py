"""What tasks ask pages and objects for: the mask, the call trace's way, and the slab cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.sim.mm.masks import Masks

CACHE_PAGE, RADIX, ANON, TABLE, STACK, USER, TRANSACTION = range(7)
"""Numbers of purposes: a page of the page cache and its tree node, anonymous memory and its page
table, a kernel stack, an allocator's block, the file system's transaction for writing back."""


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
)
"""By number."""
