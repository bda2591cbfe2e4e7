"""The words of each kind of step: who decides, where that stands, what the operands are called.

A step is (code, operands...) as the simulator emits it; `inside` are the functions that lie
between the one that decides and the task's own way.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.sim.log.stacks import RECLAIM, SLAB


class StepWords(NamedTuple):
    """One kind of step: who decides, where, names of the operands, sentence, stack inside."""

    function: str
    path: str
    operands: tuple[str, ...]
    text: str
    inside: tuple[str, ...] = ()


_NODEMASK = ("__alloc_pages_nodemask",)
_FREELIST = ("get_page_from_freelist", *_NODEMASK)
_RECLAIM = RECLAIM[RECLAIM.index("do_try_to_free_pages") :]
_ALLOC, _SCAN, _SLUB = "mm/page_alloc.c", "mm/vmscan.c", "mm/slub.c"
_WB, _OOM, _DIRTY = "fs/fs-writeback.c", "mm/oom_kill.c", "mm/page-writeback.c"


def _row(function: str, path: str, operands: str, text: str, *inside: str) -> StepWords:
    return StepWords(function, path, tuple(operands.split()), text, inside)


STEPS: dict[str, StepWords] = {
    "fast_path": _row(
        "get_page_from_freelist",
        _ALLOC,
        "zone free floor order",
        "first try at low: {zone} gives a block of order {order}, {free:pages} are left",
        *_NODEMASK,
    ),
    "fast_path_fails": _row(
        "get_page_from_freelist",
        _ALLOC,
        "class_zone order",
        "first try at low finds nothing of order {order} from {class_zone} down: the slow path",
        *_NODEMASK,
    ),
    "zone_dirty_ok": _row(
        "zone_dirty_ok",
        _DIRTY,
        "zone dirty writeback",
        "{zone} is over its share of dirty pages ({dirty} dirty, {writeback} under writeback): "
        "a page to be written is not taken from it",
        *_FREELIST,
    ),
    "zone_watermark_ok": _row(
        "__zone_watermark_ok",
        _ALLOC,
        "zone free floor order ok gfp kept",
        "{zone}: {seen} {sign} {floor}: {verdict}",
        *_FREELIST,
    ),
    "no_watermarks": _row(
        "get_page_from_freelist",
        _ALLOC,
        "zone free order ok gfp",
        "ALLOC_NO_WATERMARKS: the floor is not asked; {zone} {gives}, {free:pages} are left",
        *_NODEMASK,
    ),
    "wakeup_kswapd": _row(
        "wakeup_kswapd",
        _SCAN,
        "class_zone order",
        "a zone of {class_zone} is below high: kswapd is woken",
        *_NODEMASK,
    ),
    "rmqueue_bulk": _row(
        "rmqueue_bulk",
        _ALLOC,
        "zone type count free",
        "the CPU's list is empty: {count:pages} of type {type} from {zone}, {free:pages} are left",
        *_FREELIST,
    ),
    "free_pcppages_bulk": _row(
        "free_pcppages_bulk",
        _ALLOC,
        "zone count free",
        "{count:pages} go back to the free lists of {zone}: {free:pages} free, its scan count is 0",
    ),
    "drain_all_pages": _row(
        "drain_all_pages",
        _ALLOC,
        "count",
        "all CPUs give the pages on their lists back: {count:pages}",
        *_NODEMASK,
    ),
    "reserve_highatomic": _row(
        "reserve_highatomic_pageblock",
        _ALLOC,
        "zone page reserved",
        "{zone}: the pageblock around page {page} is kept for high-order atomic requests; "
        "{reserved:pages} are set aside now",
        *_FREELIST,
    ),
    "unreserve_highatomic": _row(
        "unreserve_highatomic_pageblock",
        _ALLOC,
        "zone page reserved",
        "{zone}: the pageblock at page {page} is given back; {reserved:pages} stay set aside",
        *_NODEMASK,
    ),
    "compact_zone": _row(
        "compact_zone",
        "mm/compaction.c",
        "zone order page",
        "{zone} is compacted: a block of order {order} at page {page}",
        "__alloc_pages_direct_compact",
        *_NODEMASK,
    ),
    "compact_memory": _row(
        "compact_zone",
        "mm/compaction.c",
        "zone moved largest",
        "{zone} is compacted as a whole: {moved:pages} moved; the largest free order is {largest} "
        "now",
        "compact_nodes",
        "sysctl_compaction_handler",
    ),
    "drop_caches": _row(
        "invalidate_mapping_pages",
        "mm/truncate.c",
        "zone count free largest",
        "{zone}: {count:pages} of clean page cache are dropped, {free:pages} are free; the largest "
        "free order is {largest}",
        "drop_pagecache_sb",
        "drop_caches_sysctl_handler",
    ),
    "throttle_direct_reclaim": _row(
        "throttle_direct_reclaim",
        _SCAN,
        "task free",
        "{task} is held back: {free:pages} free are at most half of all mins",
        "try_to_free_pages",
        *_NODEMASK,
    ),
    "too_many_isolated": _row(
        "too_many_isolated",
        _SCAN,
        "task",
        "{task} waits: others have taken too many pages off the list already",
        "shrink_inactive_list",
        *_RECLAIM,
    ),
    "shrink_inactive_list": _row(
        "shrink_inactive_list",
        _SCAN,
        "zone priority scanned freed",
        "{zone}: {scanned:pages} scanned, {freed} freed",
        *_RECLAIM,
    ),
    "try_to_free_pages": _row(
        "try_to_free_pages",
        _SCAN,
        "task scanned progress",
        "{task} ends its reclaim: {scanned:pages} scanned, progress {progress}",
        *_NODEMASK,
    ),
    "should_reclaim_retry": _row(
        "should_reclaim_retry",
        _ALLOC,
        "zone loops left free floor ok",
        "round {loops}: {free} free and {left} that reclaim might still give, floor {floor} in "
        "{zone}: {again}",
        *_NODEMASK,
    ),
    "nopage": _row(
        "warn_alloc_failed",
        _ALLOC,
        "task order gfp",
        "{task} gets nothing: order {order}, mode {gfp:hex}",
        *_NODEMASK,
    ),
    "no_oom_for_nofs": _row(
        "__alloc_pages_may_oom",
        _ALLOC,
        "task gfp",
        "{task} may not enter the file system ({gfp:hex}): nobody is killed, it goes round again",
        *_NODEMASK,
    ),
    "oom_lock_busy": _row(
        "__alloc_pages_may_oom",
        _ALLOC,
        "task",
        "{task} finds oom_lock taken: it sleeps a jiffy and goes round again",
        *_NODEMASK,
    ),
    "out_of_memory": _row(
        "out_of_memory",
        _OOM,
        "task gfp order",
        "{task} calls the OOM killer: mode {gfp:hex}, order {order}",
        *_NODEMASK,
    ),
    "oom_aborts": _row(
        "oom_scan_process_thread",
        _OOM,
        "task victims",
        "a victim of before has not ended yet ({victims}): {task} kills nobody",
        "out_of_memory",
        *_NODEMASK,
    ),
    "oom_kill_process": _row(
        "oom_kill_process",
        _OOM,
        "task points total",
        "{task} is killed: {points} points of {total} pages",
        "out_of_memory",
        *_NODEMASK,
    ),
    "up_write": _row(
        "up_write",
        "kernel/locking/rwsem.c",
        "task waiting",
        "{task} has its page and gives the file's lock back: {waiting} waited for it",
    ),
    "wb_start_writeback": _row(
        "wb_start_writeback",
        _WB,
        "asked got pages mask",
        "{scanned} scanned is more than 48: the flusher is asked {asked:times}, each a 64-byte "
        "work ({mask}); {got} queued, {failed} refused",
        *RECLAIM[RECLAIM.index("wakeup_flusher_threads") :],
    ),
    "new_slab": _row(
        "new_slab",
        _SLUB,
        "cache zone order objects reserves",
        "{cache} takes a slab of {objects} objects from {zone}{reserves_note}",
        *SLAB[SLAB.index("___slab_alloc") :],
    ),
    "slab_refused": _row(
        "slab_out_of_memory",
        _SLUB,
        "cache count gfp",
        "{cache}: {count:objects} refused, two page requests each (mode {gfp:hex})",
        *SLAB[SLAB.index("___slab_alloc") :],
    ),
    "kmalloc": _row(
        "slab_alloc_node",
        _SLUB,
        "cache got failed",
        "{got:objects} of {cache} allocated, {failed} refused",
    ),
    "kfree": _row(
        "__slab_free",
        _SLUB,
        "cache count left objects",
        "{cache}: {count:objects} of one slab freed; {left} of its {objects} are in use",
    ),
    "discard_slab": _row(
        "discard_slab",
        _SLUB,
        "cache zone order listed least",
        "{cache}: the slab is empty, {listed} are on the partial list, {least} suffice: its page "
        "goes back to {zone}",
        "__slab_free",
    ),
    "slab_kept": _row(
        "__slab_free",
        _SLUB,
        "cache zone order listed least",
        "{cache}: the slab is empty and stays: {listed} on the partial list, fewer than {least}",
    ),
    "balance_dirty_pages": _row(
        "balance_dirty_pages",
        _DIRTY,
        "dirty background limit",
        "{dirty} dirty pages, background limit {background}, limit {limit}",
    ),
    "sync": _row(
        "sys_sync",
        "fs/sync.c",
        "pages got",
        "{pages} pages are dirty; {got} of 1 work for all of them is queued, the flusher is woken",
        "wakeup_flusher_threads",
    ),
    "wb_writeback": _row(
        "wb_writeback",
        _WB,
        "pages left",
        "the flusher hands {pages:pages} to the disk; {left} of the work are left",
    ),
    "bio_alloc": _row(
        "bio_alloc_bioset",
        "block/bio.c",
        "wanted got lent",
        "{wanted} vectors for bios: {got} from the slab, {lent} from the mempool",
    ),
    "end_page_writeback": _row(
        "end_page_writeback",
        "mm/filemap.c",
        "pages left",
        "the disk has written {pages:pages}; {left} are under I/O",
    ),
    "do_exit": _row(
        "do_exit", "kernel/exit.c", "task pages", "{task} ends and gives back {pages:pages}"
    ),
    "request_served": _row(
        "__alloc_pages_nodemask",
        _ALLOC,
        "zone page order gfp",
        "served: a block of order {order} from {zone}, at page {page} (mode {gfp:hex})",
    ),
    "request_refused": _row(
        "__alloc_pages_nodemask",
        _ALLOC,
        "gfp order",
        "refused at the door: order {order}, mode {gfp:hex}",
    ),
    "free": _row(
        "__free_one_page",
        _ALLOC,
        "zone page order largest",
        "{zone}: the block of order {order} at page {page} is free; the largest free order is "
        "{largest} now",
    ),
    "action": _row("sysctl", "", "name value", "you: {name} {value}"),
    "script": _row("", "", "name value", "by itself: {name} {value}"),
}
"""By code of the step."""
