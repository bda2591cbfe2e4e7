"""What tasks ask pages and objects for: the mask, the call trace's way, and the slab cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.sim.mm.masks import Masks

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

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
