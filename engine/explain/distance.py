"""How far callers are from refusal in a zone, at a moment at which nobody was refused."""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import compared_free, zone_floor
from mmplay.engine.report.memory import ZoneDump
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.floors import spare
from mmplay.engine.rules.versions import Kernel

TYPICAL: tuple[tuple[str, Context], ...] = (
    ("GFP_ATOMIC", Context.SOFTIRQ),
    ("GFP_KERNEL", Context.TASK),
)
"""Whose distance is told: who cannot wait, and who can."""


def distances(kernel: Kernel, zone: ZoneDump, class_index: int) -> list[Finding]:
    """Return how many pages lie between the free pages of a zone and each typical caller's floor.

    For page requests of order 0 from callers of class zone `class_index`; empty where the dump
    lacks a number.
    """
    found: list[Finding] = []
    free_pages = zone.pages("free")
    if free_pages is None:
        return found
    for name, context in TYPICAL:
        caller = kernel.class_of(kernel.alloc_flags(kernel.gfp.value(name), context))
        floor = zone_floor(kernel, zone, caller, class_index)
        if floor is None:
            continue
        free = compared_free(kernel, zone, free_pages, caller.flags, 0)
        left = spare(free, floor)
        code = "distance.left" if left > 0 else "distance.none"
        found.append(finding(code, caller=name, free=free, floor=floor, left=left))
    return found
