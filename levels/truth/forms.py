"""The closed list of questions, by their first word."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.levels.truth import blocks, callers, floors, machine, marks, masks
from mmplay.levels.truth.answer import Truth
from mmplay.levels.truth.compute import compute
from mmplay.levels.truth.facts import fact
from mmplay.levels.truth.scene import Scene
from mmplay.levels.truth.served import served
from mmplay.levels.truth.tiles import explains, refused_first, wb_stops_at
from mmplay.levels.truth.waits import waits_for
from mmplay.levels.truth.zone_order import zone_order

FORMS: dict[str, Callable[[Scene, list[str]], Truth]] = {
    # zones and floors
    "first_zone": callers.first_zone,
    "zone_order": zone_order,
    "class": callers.caller_class,
    "floor": floors.floor_of,
    "lowest_served": floors.lowest_served,
    "passes": floors.passes,
    "seen": floors.seen,
    "drain_order": callers.drain_order,
    "served": served,
    # marks and reserves
    "marks": marks.marks,
    "reserve": marks.reserve,
    "managed": marks.managed,
    "total_reserve": marks.set_aside,
    "compute": compute,
    # masks
    "decode": masks.decode,
    "bits": masks.bits,
    "encode": masks.encode,
    "may_sleep": masks.ability("may_sleep"),
    "wakes_kswapd": masks.ability("wakes_kswapd"),
    "may_do_io": masks.ability("may_do_io"),
    "may_enter_fs": masks.ability("may_enter_fs"),
    "warns": masks.ability("warns"),
    "uses_reserves": masks.uses_reserves,
    "slab_mask": masks.slab_mask,
    "slab_lost": masks.slab_lost,
    "slab_lost_discount": masks.slab_lost_discount,
    # blocks and slabs
    "buddy": blocks.buddy,
    "split_block": blocks.split_block,
    "merged_order": blocks.merged_order,
    "fits": blocks.fits,
    "objects_per_slab": blocks.objects_per_slab,
    "objects_per_page": blocks.objects_per_page,
    "objects": blocks.objects,
    "slabs": blocks.slabs,
    # reclaim, writeback, tasks
    "works_per_call": machine.works_per_call,
    "unreclaimable": machine.unreclaimable,
    "dirty_limit": machine.dirty_limit,
    "dirty_trend": machine.dirty_trend,
    "holds_key": machine.holds_key,
    "freed_by_exit": machine.freed_by_exit,
    "waits_for": waits_for,
    # what no rule computes
    "fact": fact,
    "explains": explains,
    "refused_first": refused_first,
    "wb_stops_at": wb_stops_at,
    "metric": machine.metric,
    "holds": machine.holds,
}
"""Every form; what it takes stands in its docstring."""

USAGE: dict[str, str] = {
    "may_sleep": "`may_sleep MASK`: whether the caller may sleep and reclaim.",
    "wakes_kswapd": "`wakes_kswapd MASK`: whether the request may wake kswapd.",
    "may_do_io": "`may_do_io MASK`: whether reclaim on its behalf may start I/O.",
    "may_enter_fs": "`may_enter_fs MASK`: whether reclaim on its behalf may enter the file system.",
    "warns": "`warns MASK`: whether a failure is printed.",
}
"""What the forms take that share one function."""


def usage(name: str) -> str:
    """Return what a form takes and what it asks, in one line."""
    if name in USAGE:
        return USAGE[name]
    return (FORMS[name].__doc__ or "").strip().splitlines()[0]
