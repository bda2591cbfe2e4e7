"""From a GFP mask and the caller's context to ALLOC_* flags, as a table of rules.

Source: mm/page_alloc.c:gfp_to_alloc_flags, __gfp_pfmemalloc_flags and mm/internal.h, each set of
rules under the first version that has it.
"""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

from mmplay.engine.rules.gfp import GfpLayout


class AllocFlag(IntFlag):
    """What a request may do to a watermark; the values are our own, the names the kernel's.

    UNBOOSTED is no flag of the kernel's: it marks requests whose min mark is tested without
    watermark_boost (zone_watermark_fast, 5.9 and later). CMA follows from the migrate type, no rule
    of gfp_to_alloc_flags gives it here, and no class of callers differs by it.
    """

    NONE = 0
    HARDER = 1
    HIGH = 2
    NO_WATERMARKS = 4
    MIN_RESERVE = 8
    NON_BLOCK = 16
    OOM = 32
    UNBOOSTED = 64
    CMA = 128


SECOND_TRY = AllocFlag.NO_WATERMARKS | AllocFlag.OOM
"""Flags that the slow path uses only after a look without them (reserve_flags in 6.1)."""


def flag_names(flags: AllocFlag) -> list[str]:
    """Return the kernel's names of these flags."""
    return [f"ALLOC_{flag.name}" for flag in flags if flag is not AllocFlag.UNBOOSTED]


class Context(IntFlag):
    """Where a request comes from: what `current` and the preempt count say at that moment."""

    TASK = 0
    SOFTIRQ = 1
    HARDIRQ = 2
    PF_MEMALLOC = 4
    TIF_MEMDIE = 8
    RT_TASK = 16

    @property
    def in_interrupt(self) -> bool:
        """Tell whether the kernel's in_interrupt() would be true."""
        return bool(self & (Context.SOFTIRQ | Context.HARDIRQ))


IN_INTERRUPT = Context.SOFTIRQ | Context.HARDIRQ


class FlagRule(NamedTuple):
    """One line of gfp_to_alloc_flags: what must hold, what must not, and the flag it gives.

    `name` is a key of the table of words.
    """

    name: str
    gives: AllocFlag
    gfp_all: tuple[str, ...] = ()
    gfp_none: tuple[str, ...] = ()
    context_all: Context = Context.TASK
    context_none: Context = Context.TASK

    def applies(self, layout: GfpLayout, mask: int, context: Context) -> bool:
        """Tell whether this rule gives its flag to a request of `mask` in `context`."""
        return (
            all(layout.has(mask, name) for name in self.gfp_all)
            and not any(layout.has(mask, name) for name in self.gfp_none)
            and context & self.context_all == self.context_all
            and not context & self.context_none
        )


NO_EMERGENCY = ("__GFP_NOMEMALLOC",)

EMERGENCY_RULES: tuple[FlagRule, ...] = (
    FlagRule(
        "alloc.memalloc",
        AllocFlag.NO_WATERMARKS,
        gfp_all=("__GFP_MEMALLOC",),
        gfp_none=NO_EMERGENCY,
    ),
    FlagRule(
        "alloc.softirq_memalloc",
        AllocFlag.NO_WATERMARKS,
        gfp_none=NO_EMERGENCY,
        context_all=Context.SOFTIRQ | Context.PF_MEMALLOC,
    ),
    FlagRule(
        "alloc.pf_memalloc",
        AllocFlag.NO_WATERMARKS,
        gfp_none=NO_EMERGENCY,
        context_all=Context.PF_MEMALLOC,
        context_none=IN_INTERRUPT,
    ),
)
"""Who may ignore the watermarks altogether: the same in every kernel since 3.6."""

_HIGH = FlagRule("alloc.high", AllocFlag.HIGH, gfp_all=("__GFP_HIGH",))
_MEMDIE = FlagRule(
    "alloc.tif_memdie",
    AllocFlag.NO_WATERMARKS,
    gfp_none=NO_EMERGENCY,
    context_all=Context.TIF_MEMDIE,
    context_none=IN_INTERRUPT,
)
_OOM_VICTIM = FlagRule(
    "alloc.oom_victim",
    AllocFlag.OOM,
    gfp_none=NO_EMERGENCY,
    context_all=Context.TIF_MEMDIE,
    context_none=IN_INTERRUPT | Context.PF_MEMALLOC,
)


def _rt_task(waits_by: str) -> FlagRule:
    return FlagRule(
        "alloc.rt_task",
        AllocFlag.HARDER,
        gfp_all=(waits_by,),
        context_all=Context.RT_TASK,
        context_none=IN_INTERRUPT,
    )


def _no_wait(*forbids: str) -> FlagRule:
    return FlagRule("alloc.no_wait", AllocFlag.HARDER, gfp_none=("__GFP_WAIT", *forbids))


_RT_WAIT = _rt_task("__GFP_WAIT")
_OLD_EMERGENCY = (EMERGENCY_RULES[-1], _MEMDIE)
_SINCE_3_16 = (
    *(_HIGH, _no_wait("__GFP_NO_KSWAPD", *NO_EMERGENCY)),
    *(_RT_WAIT, _rt_task("__GFP_NO_KSWAPD")),
)

FLAG_RULES_2_6_32 = (_HIGH, _no_wait(), _RT_WAIT, *_OLD_EMERGENCY)
FLAG_RULES_3_0 = (_HIGH, _no_wait(*NO_EMERGENCY), _RT_WAIT, *_OLD_EMERGENCY)
FLAG_RULES_3_6 = (_HIGH, _no_wait(*NO_EMERGENCY), _RT_WAIT, *EMERGENCY_RULES, _MEMDIE)
FLAG_RULES_3_4_113 = (*_SINCE_3_16, *_OLD_EMERGENCY)
FLAG_RULES_3_16 = (*_SINCE_3_16, *EMERGENCY_RULES, _MEMDIE)
"""The rules before __GFP_ATOMIC: who cannot wait is told by __GFP_WAIT alone."""

_BY_ATOMIC: tuple[FlagRule, ...] = (
    _HIGH,
    FlagRule(
        "alloc.atomic", AllocFlag.HARDER, gfp_all=("__GFP_ATOMIC",), gfp_none=("__GFP_NOMEMALLOC",)
    ),
    FlagRule(
        "alloc.rt_task",
        AllocFlag.HARDER,
        gfp_none=("__GFP_ATOMIC",),
        context_all=Context.RT_TASK,
        context_none=IN_INTERRUPT,
    ),
    *EMERGENCY_RULES,
)
FLAG_RULES_4_5 = (*_BY_ATOMIC, _MEMDIE)
"""The rules since __GFP_ATOMIC (4.4)."""

FLAG_RULES_4_14 = (*_BY_ATOMIC, _OOM_VICTIM)
"""The same, but a victim of the OOM killer gets ALLOC_OOM only."""

_ATOMIC_UNBOOSTED = FlagRule("alloc.unboosted", AllocFlag.UNBOOSTED, gfp_all=("__GFP_ATOMIC",))
FLAG_RULES_5_9 = (*FLAG_RULES_4_14, _ATOMIC_UNBOOSTED)

FLAG_RULES_6: tuple[FlagRule, ...] = (
    FlagRule("alloc.min_reserve", AllocFlag.MIN_RESERVE, gfp_all=("__GFP_HIGH",)),
    FlagRule(
        "alloc.non_block",
        AllocFlag.NON_BLOCK,
        gfp_none=("__GFP_DIRECT_RECLAIM", "__GFP_NOMEMALLOC"),
    ),
    FlagRule(
        "alloc.rt_reserve",
        AllocFlag.MIN_RESERVE,
        gfp_all=("__GFP_DIRECT_RECLAIM",),
        context_all=Context.RT_TASK,
        context_none=IN_INTERRUPT,
    ),
    *EMERGENCY_RULES,
    _OOM_VICTIM,
)
"""The rules since ALLOC_HIGH became ALLOC_MIN_RESERVE (6.3, in 6.1 from 6.1.116 on)."""

FLAG_RULES_6_1 = (*FLAG_RULES_6, _ATOMIC_UNBOOSTED)
FLAG_RULES_6_6 = (
    *FLAG_RULES_6,
    FlagRule("alloc.unboosted", AllocFlag.UNBOOSTED, gfp_all=("__GFP_HIGH",)),
    FlagRule(
        "alloc.unboosted",
        AllocFlag.UNBOOSTED,
        gfp_all=("__GFP_DIRECT_RECLAIM",),
        context_all=Context.RT_TASK,
        context_none=IN_INTERRUPT,
    ),
)
"""Who is tested without the boost: __GFP_ATOMIC in 6.1, whoever has ALLOC_MIN_RESERVE in 6.6."""


def fired_rules(
    rules: tuple[FlagRule, ...], layout: GfpLayout, mask: int, context: Context
) -> tuple[FlagRule, ...]:
    """Return the rules that give a flag to this request, in the kernel's order."""
    return tuple(rule for rule in rules if rule.applies(layout, mask, context))


def flags_of(rules: tuple[FlagRule, ...]) -> AllocFlag:
    """Return the union of what the fired rules give."""
    flags = AllocFlag.NONE
    for rule in rules:
        flags |= rule.gives
    return flags
