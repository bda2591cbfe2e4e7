"""A moment without a report: how a zone stands to its marks, and who is refused now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.explain.gate import TYPICAL, Rung, Verdict, caller_of, ordinary_zones, test_all
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB

MARKS = ("min", "low", "high")


def standing(zone: ZoneDump) -> str:
    """Return how free pages stand to the zone's own marks: at, below or above one.

    Between two marks they are below the upper one; empty if a number is missing.
    """
    free = zone.pages("free")
    marks = [(name, pages) for name in MARKS if (pages := zone.pages(name)) is not None]
    if free is None or not marks:
        return ""
    for name, pages in marks:
        if free <= pages:
            return f"{'at' if free == pages else 'below'} {name}"
    return f"above {marks[-1][0]}"


class Refused(NamedTuple):
    """Classes of callers whose order-0 request a zone refuses at min, and whether all are refused.

    Those who may ignore every floor are not counted.
    """

    names: tuple[str, ...]
    all: bool


def refused_by(rungs: Sequence[Rung], free: int | None) -> Refused:
    """Return which classes of callers are refused on a zone's ladder; highest floor first."""
    floors = [one for one in rungs if one.mark == "min" and one.caller.name != "NO_WATERMARKS"]
    if free is None:
        return Refused((), False)
    names = tuple(one.caller.name for one in floors if free <= one.pages.value)
    return Refused(names, bool(floors) and len(names) == len(floors))


def moment_finding(dump: MemDump, kernel: Kernel | None) -> Finding | None:
    """Return the headline of a moment: the largest zone, and who gets no page of order 0 now.

    None if no zone says how many pages are free.
    """
    zones = [zone for zone in ordinary_zones(dump) if zone.pages("free") is not None]
    zone = max(zones, key=lambda one: one.pages("managed") or 0, default=None)
    if zone is None:
        return None
    free = zone.pages("free") or 0
    where = standing(zone)
    code, passes = _who(dump, kernel) if kernel is not None else ("moment", "")
    return finding(
        f"headline.{code}",
        zone=dump.label(zone),
        free=free,
        size=size(free * PAGE_KB),
        standing=f", {where}" if where else "",
        passes=passes,
    )


def _who(dump: MemDump, kernel: Kernel) -> tuple[str, str]:
    """Return which sentence says who is refused, and the zones that still serve the atomic one."""
    passing: list[list[str]] = []
    for name, context in TYPICAL:
        caller = caller_of(kernel, kernel.gfp.value(name), context, 0, dump)
        if caller is None:
            return "moment", ""
        tests = test_all(kernel, dump, caller)
        if any(test.verdict is Verdict.UNKNOWN for test in tests):
            return "moment", ""
        passing.append([test.name for test in tests if test.verdict is Verdict.PASSES])
    atomic, ordinary = passing
    if ordinary:
        return "moment_all", ""
    return ("moment_some", " and ".join(atomic)) if atomic else ("moment_none", "")
