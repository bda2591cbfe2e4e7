"""What a page request is, worked out once: the mask, who may serve it, and which floor it meets.

Source: mm/page_alloc.c (gfp_to_alloc_flags, gfp_zone, gfpflags_to_migratetype), 4.5.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.state.buddy import MOVABLE, RECLAIMABLE, UNMOVABLE

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
