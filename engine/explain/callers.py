"""The classes of callers in words, for wrong answers: what each would need, and what holds."""

from __future__ import annotations

from mmplay.engine.explain.remedy import HOW

PREMISE: dict[str, str] = {
    "plain": "min were a hard wall",
    "HARDER": "only ALLOC_HARDER's quarter came off",
    "HIGH": "only __GFP_HIGH's half came off",
    "HIGH+HARDER": "both the half and the quarter came off",
    "NON_BLOCK": "ALLOC_NON_BLOCK changed nothing by itself",
    "MIN_RESERVE": "only ALLOC_MIN_RESERVE's half came off",
    "OOM": "the caller were a victim of the OOM killer",
    "MIN_RESERVE+NON_BLOCK": "both the half and the quarter came off",
    "NO_WATERMARKS": "the caller could ignore every floor",
}
"""By class: what would have to be so for a caller to meet its floor."""

BECAUSE: dict[str, str] = {
    "plain": "a caller without discounts stops at the mark itself",
    "HARDER": "ALLOC_HARDER takes a quarter off",
    "HIGH": "__GFP_HIGH halves it",
    "HIGH+HARDER": "__GFP_HIGH halves it and ALLOC_HARDER takes a quarter off the rest",
    "NON_BLOCK": "ALLOC_NON_BLOCK alone takes nothing off",
    "MIN_RESERVE": "ALLOC_MIN_RESERVE halves it",
    "OOM": "ALLOC_OOM halves it",
    "MIN_RESERVE+NON_BLOCK": "ALLOC_MIN_RESERVE halves it and ALLOC_NON_BLOCK takes a quarter off "
    "the rest",
    "NO_WATERMARKS": "ALLOC_NO_WATERMARKS skips the test",
}
"""By class: the rule that holds for it."""

NEEDS: dict[str, str] = {"plain": "a mask and a context without any discount", **HOW}
"""By class: how a caller comes into it."""
