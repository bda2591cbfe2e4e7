"""The gate of a kernel version, put together from the facts that were read of it.

Source: mm/page_alloc.c:gfp_to_alloc_flags, __gfp_pfmemalloc_flags, __zone_watermark_ok and
get_page_from_freelist of the versions in `data/eras.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.rules.alloc_flags import (
    EMERGENCY_RULES,
    FLAG_RULES_4_5,
    FLAG_RULES_6,
    FLAG_RULES_6_1,
    FLAG_RULES_6_6,
    IN_INTERRUPT,
    NO_EMERGENCY,
    AllocFlag,
    Context,
    FlagRule,
)
from mmplay.engine.rules.floors import (
    CLASSES_4_5,
    CLASSES_6_1,
    CLASSES_6_6,
    REDUCTIONS_4_5,
    REDUCTIONS_6,
    CallerClass,
    Reduction,
)
from mmplay.engine.rules.kernel import ExtraBlocks, GateFacts, GateRules

_HIGH = FlagRule("alloc.high", AllocFlag.HIGH, gfp_all=("__GFP_HIGH",))


def _no_wait(*gfp_none: str) -> FlagRule:
    return FlagRule("alloc.no_wait", AllocFlag.HARDER, gfp_none=("__GFP_WAIT", *gfp_none))


def _rt_task(sleeps: str) -> FlagRule:
    return FlagRule(
        "alloc.rt_task",
        AllocFlag.HARDER,
        gfp_all=(sleeps,),
        context_all=Context.RT_TASK,
        context_none=IN_INTERRUPT,
    )


_MEMDIE = FLAG_RULES_4_5[-1]
_PF_MEMALLOC = EMERGENCY_RULES[-1]
_OLD_EMERGENCY = (_PF_MEMALLOC, _MEMDIE)
_RT_WAIT = _rt_task("__GFP_WAIT")

FLAG_RULES: dict[str, tuple[FlagRule, ...]] = {
    "2.6.32": (_HIGH, _no_wait(), _RT_WAIT, *_OLD_EMERGENCY),
    "3.0": (_HIGH, _no_wait(*NO_EMERGENCY), _RT_WAIT, *_OLD_EMERGENCY),
    "3.6": (_HIGH, _no_wait(*NO_EMERGENCY), _RT_WAIT, *EMERGENCY_RULES, _MEMDIE),
    "3.16": (
        *(_HIGH, _no_wait("__GFP_NO_KSWAPD", *NO_EMERGENCY)),
        *(_RT_WAIT, _rt_task("__GFP_NO_KSWAPD")),
        *(*EMERGENCY_RULES, _MEMDIE),
    ),
    "4.4": FLAG_RULES_4_5,
    "4.14": (*FLAG_RULES_4_5[:-1], FLAG_RULES_6[-1]),
    "6.3": FLAG_RULES_6,
}
"""gfp_to_alloc_flags, by the first version that was read with it."""

UNBOOSTED: dict[str, tuple[FlagRule, ...]] = {
    "": (),
    "__GFP_ATOMIC": FLAG_RULES_6_1[len(FLAG_RULES_6) :],
    "MIN_RESERVE": FLAG_RULES_6_6[len(FLAG_RULES_6) :],
}
"""Whose min is tested without the boost at order 0 (zone_watermark_fast)."""

_OOM_CLASS = CallerClass("OOM", AllocFlag.OOM)
_REDUCTIONS_4_14 = (*REDUCTIONS_4_5, Reduction(AllocFlag.OOM, 2))
_CLASSES_4_14 = (*CLASSES_4_5[:3], _OOM_CLASS, *CLASSES_4_5[3:])


def gate_of(facts: GateFacts) -> GateRules:
    """Return the rules that follow from what was read of a version."""
    types = "HCI" if facts.any_list else "H"
    return GateRules(
        flag_rules=(*FLAG_RULES[facts.flags], *UNBOOSTED[facts.boost_dropped_for]),
        reductions=_reductions(facts),
        classes=_classes(facts),
        sees_highatomic=_sees(facts),
        extra_order_0=_extra(facts.wants_at_order_0, "H"),
        extra_above=_extra(facts.wants_above, types),
        facts=facts,
    )


def _reductions(facts: GateFacts) -> tuple[Reduction, ...]:
    later = {"4.14": _REDUCTIONS_4_14, "6.3": REDUCTIONS_6}
    return later.get(facts.flags, REDUCTIONS_4_5)


def _classes(facts: GateFacts) -> tuple[CallerClass, ...]:
    if facts.flags == "6.3":
        return CLASSES_6_6 if facts.boost_dropped_for == "MIN_RESERVE" else CLASSES_6_1
    if facts.flags != "4.14":
        return CLASSES_4_5
    if not facts.boost_dropped_for:
        return _CLASSES_4_14
    return tuple(
        one._replace(flags=one.flags | AllocFlag.UNBOOSTED) if one.name == "HIGH+HARDER" else one
        for one in _CLASSES_4_14
    )


def _sees(facts: GateFacts) -> AllocFlag:
    if facts.flags == "6.3":
        return AllocFlag.MIN_RESERVE | AllocFlag.NON_BLOCK | AllocFlag.OOM
    return AllocFlag.HARDER | AllocFlag.OOM if facts.flags == "4.14" else AllocFlag.HARDER


def _extra(wants: Iterable[str], types: str) -> tuple[ExtraBlocks, ...]:
    """Return who may take highatomic blocks; each of `wants` is one flag or several with |."""
    found = []
    for text in wants:
        flags = AllocFlag.NONE
        for name in text.split("|"):
            flags |= AllocFlag[name]
        found.append(ExtraBlocks(flags, types))
    return tuple(found)
