"""From a GFP mask and the caller's context to ALLOC_* flags, as a table of rules.

Source: mm/page_alloc.c:gfp_to_alloc_flags and mm/internal.h (4.5, same in 4.6).
"""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

from mmplay.engine.kernel.gfp import GfpLayout


class AllocFlag(IntFlag):
    """What a request may do to a watermark; the values are our own, the names the kernel's."""

    NONE = 0
    HARDER = 1
    HIGH = 2
    NO_WATERMARKS = 4


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

FLAG_RULES_4_5: tuple[FlagRule, ...] = (
    FlagRule("alloc.high", AllocFlag.HIGH, gfp_all=("__GFP_HIGH",)),
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
    FlagRule(
        "alloc.tif_memdie",
        AllocFlag.NO_WATERMARKS,
        gfp_none=NO_EMERGENCY,
        context_all=Context.TIF_MEMDIE,
        context_none=IN_INTERRUPT,
    ),
)


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
