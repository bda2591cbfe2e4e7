"""The watermark test of every era, as data: who gets which flags, what does not count, what fits.

Source: mm/page_alloc.c: gfp_to_alloc_flags, __zone_watermark_ok, zone_watermark_fast,
__zone_watermark_unusable_free and get_page_from_freelist of the versions that `source` names. An
era is called after the first version that was read with its rules.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.alloc_flags import (
    FLAG_RULES_2_6_32,
    FLAG_RULES_3_0,
    FLAG_RULES_3_4_113,
    FLAG_RULES_3_6,
    FLAG_RULES_3_16,
    FLAG_RULES_4_5,
    FLAG_RULES_4_14,
    FLAG_RULES_5_9,
    FLAG_RULES_6_1,
    FLAG_RULES_6_6,
    AllocFlag,
    FlagRule,
)
from mmplay.engine.rules.floors import (
    CLASSES_4_5,
    CLASSES_4_14,
    CLASSES_5_9,
    CLASSES_6_1,
    CLASSES_6_6,
    REDUCTIONS_4_5,
    REDUCTIONS_4_14,
    REDUCTIONS_6,
    CallerClass,
    Reduction,
)

NEVER, ONCE, ALWAYS = "never", "once", "always"
"""When free CMA pages are taken off for callers that may not use them; ONCE: the loop has them."""

RESERVED, FREE = "reserved", "free"
"""Which highatomic pages are taken off: all that are reserved, or the free ones among them."""


class ExtraBlocks(NamedTuple):
    """Callers with all of `flags` may also take blocks of these types (letters of the lists)."""

    flags: AllocFlag
    types: str


class GateRules(NamedTuple):
    """The watermark test of a range of kernels.

    `classes` are the kinds of caller that differ by it. Callers with one of `sees_highatomic`
    count pages reserved for high-order atomic requests as free, all others do not. Blocks of the
    ordinary types serve anybody; the rest is in `extra_order_0` and `extra_above`.

    2^order + `block_rest` pages are taken off free before the test. With `halving` the smaller
    blocks are taken off one order after another and the mark is halved (before 4.4), else a block
    is looked for on the free lists. `cma` is NEVER, ONCE or ALWAYS, `highatomic` RESERVED, FREE or
    "" where there are no such pages; `highatomic_order_0` is False where order 0 passes without
    them being looked at. With `class_by_mask` the reserve is that of the highest zone of the mask,
    whether or not it has pages, else that of the first zone tried. `boosts`: the marks hold
    watermark_boost.
    """

    name: str
    source: str
    flag_rules: tuple[FlagRule, ...]
    reductions: tuple[Reduction, ...]
    classes: tuple[CallerClass, ...]
    sees_highatomic: AllocFlag = AllocFlag.NONE
    extra_order_0: tuple[ExtraBlocks, ...] = ()
    extra_above: tuple[ExtraBlocks, ...] = ()
    block_rest: int = -1
    halving: bool = False
    cma: str = ALWAYS
    highatomic: str = RESERVED
    highatomic_order_0: bool = True
    class_by_mask: bool = False
    boosts: bool = False


_HARDER, _OOM = AllocFlag.HARDER, AllocFlag.OOM
_NON_BLOCK, _MIN_RESERVE = AllocFlag.NON_BLOCK, AllocFlag.MIN_RESERVE

_H_HARDER, _H_OOM = ExtraBlocks(_HARDER, "H"), ExtraBlocks(_OOM, "H")
_H_NON_BLOCK = ExtraBlocks(_NON_BLOCK, "H")
_H_ATOMIC = ExtraBlocks(_MIN_RESERVE | _NON_BLOCK, "H")

_2_6_32 = GateRules(
    name="2.6.32",
    source="2.6.32.2",
    flag_rules=FLAG_RULES_2_6_32,
    reductions=REDUCTIONS_4_5,
    classes=CLASSES_4_5,
    halving=True,
    cma=NEVER,
    highatomic="",
)
_3_0 = _2_6_32._replace(name="3.0", source="3.0.1, 3.2.7", flag_rules=FLAG_RULES_3_0, block_rest=1)
_3_4 = _3_0._replace(name="3.4", source="3.4.0", block_rest=-1)
_3_4_113 = _3_4._replace(name="3.4.113", source="3.4.113", flag_rules=FLAG_RULES_3_4_113)
_3_6 = _3_4._replace(name="3.6", source="3.6.5", flag_rules=FLAG_RULES_3_6)
_3_9 = _3_6._replace(name="3.9", source="3.9.6", cma=ALWAYS)
_3_10 = _3_9._replace(name="3.10", source="3.10.4 to 3.15.5", cma=ONCE)
_3_16 = _3_10._replace(
    name="3.16",
    source="3.18.30 to 4.3.0; 3.10.0-514 to -1160 of RHEL 7",
    flag_rules=FLAG_RULES_3_16,
)
_4_4 = GateRules(
    name="4.4",
    source="4.4.1, 4.5.0, 4.6.2",
    flag_rules=FLAG_RULES_4_5,
    reductions=REDUCTIONS_4_5,
    classes=CLASSES_4_5,
    sees_highatomic=_HARDER,
    extra_above=(ExtraBlocks(_HARDER, "HCI"),),
)
_4_4_155 = _4_4._replace(name="4.4.155", source="4.4.155, 4.4.178", extra_above=(_H_HARDER,))
_4_7 = _4_4._replace(name="4.7", source="4.7.4 to 4.13.9", highatomic_order_0=False)
_4_9_154 = _4_7._replace(name="4.9.154", source="4.9.154", extra_above=(_H_HARDER,))
_4_14 = _4_7._replace(
    name="4.14",
    source="4.14.5",
    flag_rules=FLAG_RULES_4_14,
    reductions=REDUCTIONS_4_14,
    classes=CLASSES_4_14,
    sees_highatomic=_HARDER | _OOM,
    extra_above=(ExtraBlocks(_HARDER, "HCI"), ExtraBlocks(_OOM, "HCI")),
)
_4_15 = _4_14._replace(
    name="4.15",
    source="4.14.98, 4.16.13 to 4.20.0, 4.18.0-147 and -240 of RHEL 8",
    extra_above=(_H_HARDER, _H_OOM),
)
_5_0 = _4_15._replace(name="5.0", source="5.0.0 to 5.7.14", boosts=True)
_5_4_286 = _5_0._replace(
    name="5.4.286", source="5.4.286", flag_rules=FLAG_RULES_5_9, classes=CLASSES_5_9
)
_5_8 = _5_0._replace(name="5.8", source="5.8.1; 4.18.0-348 and -394 of RHEL 8", class_by_mask=True)
_5_9 = _5_8._replace(
    name="5.9",
    source="5.9.1 to 6.2.1",
    flag_rules=FLAG_RULES_5_9,
    classes=CLASSES_5_9,
    highatomic_order_0=True,
)
_6_3 = GateRules(
    name="6.3",
    source="6.3.8 to 6.10.0",
    flag_rules=FLAG_RULES_6_6,
    reductions=REDUCTIONS_6,
    classes=CLASSES_6_6,
    sees_highatomic=_MIN_RESERVE | _NON_BLOCK | _OOM,
    extra_order_0=(_H_OOM,),
    extra_above=(_H_NON_BLOCK, _H_OOM),
    class_by_mask=True,
    boosts=True,
)
_6_6_80 = _6_3._replace(
    name="6.6.80", source="6.6.80, 6.11.11", extra_order_0=(_H_NON_BLOCK, _H_OOM)
)
_6_1_192 = _6_6_80._replace(
    name="6.1.192",
    source="6.1.176, 6.1.192",
    flag_rules=FLAG_RULES_6_1,
    classes=CLASSES_6_1,
    extra_above=(_H_ATOMIC, _H_OOM),
)
_6_12 = _6_6_80._replace(name="6.12", source="6.12.0 to 6.17.0", highatomic=FREE)
_6_12_117 = _6_12._replace(name="6.12.117", source="6.12.117", extra_above=(_H_ATOMIC, _H_OOM))

GATES: dict[str, GateRules] = {
    gate.name: gate
    for gate in (
        *(_2_6_32, _3_0, _3_4, _3_4_113, _3_6, _3_9, _3_10, _3_16),
        *(_4_4, _4_4_155, _4_7, _4_9_154, _4_14, _4_15),
        *(_5_0, _5_4_286, _5_8, _5_9),
        *(_6_1_192, _6_3, _6_6_80, _6_12, _6_12_117),
    )
}
"""Every gate, by the first version that was read with it, oldest first; backports stand apart."""
