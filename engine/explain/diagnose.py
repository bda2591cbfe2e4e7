"""The diagnosis of one report: inequality and verdict per zone, caller, stops, remedies, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mmplay.engine.explain.caller import caller_findings, mask_findings
from mmplay.engine.explain.dumps import contradictions
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import (
    Caller,
    Rung,
    Stop,
    Verdict,
    ZoneTest,
    caller_of,
    distances,
    ladder,
    stop_of,
    test_all,
)
from mmplay.engine.explain.remedy import last_look_pages, remedies
from mmplay.engine.explain.verdict import NO_VERDICT, Judgement
from mmplay.engine.report import MemDump, Report, ReportKind, Request, ZoneDump, read_context
from mmplay.engine.rules.alloc_flags import SECOND_TRY
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.rules.memory import class_zone
from mmplay.engine.rules.versions import Kernel, layout_of_release
from mmplay.engine.rules.watermarks import ZONES

BY_HAND = -1
"""The order of an OOM report that sysrq-f asked for (is_sysrq_oom, 4.5)."""


ZONES_NOT_ASKED = frozenset({ReportKind.MEMCG_OOM, ReportKind.CMA, ReportKind.USERSPACE})
"""Events that no watermark decided: a cgroup's limit did, a range of pages, or a daemon."""


class Seen(NamedTuple):
    """The dump that a report is judged by; `distance_us` is how much later it was printed.

    `own` is False where the report has no dump and the nearest one of the same boot stands in.
    """

    dump: MemDump
    own: bool
    distance_us: int | None


@dataclass(slots=True)
class Diagnosis:
    """Everything the rules say about one report; lists are empty where they say nothing.

    `asks` are the tests that were made, in order, each with the mark and the caller it was for;
    `distances` stand in their place where nobody was refused.
    """

    kernel: Kernel | None
    judgement: Judgement = NO_VERDICT
    verdict: Finding | None = None
    caller: Caller | None = None
    about_caller: list[Finding] = field(default_factory=list)
    asks: list[tuple[Caller, list[ZoneTest]]] = field(default_factory=list)
    stops: list[tuple[ZoneDump, Finding]] = field(default_factory=list)
    distances: list[tuple[ZoneDump, Finding]] = field(default_factory=list)
    would_pass: list[Finding] = field(default_factory=list)
    assumed: list[Finding] = field(default_factory=list)
    reclaim: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def diagnose(
    report: Report, kernel: Kernel | None, seen: Seen | None, release: str | None
) -> Diagnosis:
    """Return what the rules of `kernel` say about `report`, judged by the dump `seen`.

    Without a known kernel only the dump's own contradictions are stated, and that there is no
    verdict on `release`.
    """
    result = Diagnosis(kernel)
    if seen is not None:
        if seen.own:
            result.notes += contradictions(seen.dump, kernel)
        result.reclaim += reclaim_findings(seen.dump)
    if kernel is None:
        result.verdict = _no_verdict(release)
        result.about_caller += _without_rules(report.request, release)
        return result
    if report.request is not None:
        reading = read_context(report.request.stack)
        result.about_caller += caller_findings(kernel, report.request, reading)
    if seen is not None and report.kind not in ZONES_NOT_ASKED:
        _judge(result, report, kernel, seen)
    return result


def diagnose_moment(dump: MemDump, kernel: Kernel | None, release: str | None) -> Diagnosis:
    """Return what the rules say of a moment at which nothing was reported.

    How far typical callers are from refusal in each zone; without a known kernel no number.
    """
    result = Diagnosis(kernel)
    if kernel is None:
        result.verdict = _no_verdict(release)
        return result
    highest = _highest_zone(dump)
    if highest is None:
        return result
    for zone in dump.populated():
        if (zone.index or 0) <= highest:
            result.distances += [(zone, one) for one in distances(kernel, zone, highest)]
    result.reclaim += reclaim_findings(dump)
    result.assumed.append(finding("assumed.class_zone", zone=ZONES[highest]))
    if result.distances and not any("reserved_highatomic" in zone.kb for zone in dump.zones):
        result.assumed.append(finding("assumed.highatomic_unknown"))
    return result


def _no_verdict(release: str | None) -> Finding:
    return finding("kernel.unknown", release=release) if release else finding("kernel.none")


def _highest_zone(dump: MemDump) -> int | None:
    """Return the class zone of callers that may use any ordinary zone."""
    zones = (z.index for z in dump.populated() if z.index is not None)
    return class_zone(ZONES.index("Normal"), zones)


def _without_rules(request: Request | None, release: str | None) -> list[Finding]:
    """Decode the mask of a kernel whose bits are known although its rules are not."""
    layout = layout_of_release(release) if release else None
    if layout is None or request is None or request.mode is None:
        return []
    return mask_findings(layout, request.mode, request.names)


def _judge(result: Diagnosis, report: Report, kernel: Kernel, seen: Seen) -> None:
    caller = _caller(result, report.request, kernel, seen.dump)
    if caller is None:
        return
    result.caller = caller
    _assume(result, report, seen)
    _stops(result, kernel, seen.dump, caller)
    if report.kind is ReportKind.DUMP:
        return
    request = report.request
    if request is not None and request.order == BY_HAND:
        result.verdict = finding("oom.by_hand")
        return
    tests = _ask(result, kernel, seen.dump, caller)
    result.would_pass += remedies(
        kernel, seen.dump, caller, tests, request.slub if request else None
    )
    if report.kind.by_killer:
        _last_look(result, kernel, seen.dump, caller)
        return
    if request is not None and not request.stack:
        result.assumed.append(_if_memalloc(kernel, seen.dump, caller))
    if any(test.verdict is Verdict.PASSES for test in tests):
        result.notes.append(_skew(seen))


def _skew(seen: Seen) -> Finding:
    """A request that the dump's numbers would let pass was refused by earlier numbers."""
    if seen.distance_us is None:
        return finding("gate.skew_untimed")
    return finding("gate.skew", delay_us=seen.distance_us)


def _ask(result: Diagnosis, kernel: Kernel, dump: MemDump, caller: Caller) -> list[ZoneTest]:
    """Note the tests the slow path makes: the ordinary one, then, if it may, that of a second try.

    The second goes without watermarks, or as an OOM victim (__gfp_pfmemalloc_flags).
    """
    if caller.alloc_flags & SECOND_TRY:
        marked = kernel.class_of(caller.alloc_flags & ~SECOND_TRY)
        first = caller._replace(caller=marked)
        result.asks.append((first, test_all(kernel, dump, first)))
    tests = test_all(kernel, dump, caller)
    result.asks.append((caller, tests))
    return tests


def _if_memalloc(kernel: Kernel, dump: MemDump, caller: Caller) -> Finding:
    """Without a call trace PF_MEMALLOC cannot be excluded: say what it would have changed."""
    tests = test_all(kernel, dump, caller._replace(caller=NO_WATERMARKS))
    for test in tests:
        if test.verdict is Verdict.PASSES:
            return finding("assumed.if_memalloc_passes", zone=test.zone.name)
    return finding("assumed.if_memalloc_refused")


def _caller(
    result: Diagnosis, request: Request | None, kernel: Kernel, dump: MemDump
) -> Caller | None:
    """Return the caller to test, noting what had to be assumed about it."""
    if request is not None and request.mode is not None:
        reading = read_context(request.stack)
        if not reading.traced:
            result.assumed.append(finding("assumed.task_context"))
        caller = caller_of(kernel, request.mode, reading.context, request.order or 0, dump)
        if caller is not None:
            zone = ZONES[caller.class_zone]
            result.assumed.append(finding("assumed.class_zone", zone=zone))
        return caller
    highest = _highest_zone(dump)
    if highest is None:
        return None
    result.assumed.append(finding("assumed.no_header", zone=ZONES[highest]))
    return Caller(PLAIN, highest, 0)


def _assume(result: Diagnosis, report: Report, seen: Seen) -> None:
    if not seen.own:
        later = seen.distance_us is None or seen.distance_us >= 0
        result.assumed.append(
            finding(
                "assumed.other_dump",
                distance_us=abs(seen.distance_us or 0),
                direction="later" if later else "earlier",
            )
        )
    elif seen.distance_us:
        result.assumed.append(finding("assumed.own_dump", distance_us=seen.distance_us))
    if any("reserved_highatomic" in zone.kb for zone in seen.dump.zones):
        return
    letters = {
        letter
        for zone in seen.dump.zones
        for blocks in zone.blocks or ()
        if blocks.count
        for letter in blocks.types
    }
    if letters and report.kind is not ReportKind.DUMP:
        reserved = "assumed.highatomic" if "H" in letters else "assumed.no_highatomic"
        result.assumed.append(finding(reserved))


def _last_look(result: Diagnosis, kernel: Kernel, dump: MemDump, caller: Caller) -> None:
    """The OOM killer asks once more at the high mark before it kills (__alloc_pages_may_oom)."""
    look = Caller(PLAIN, caller.class_zone, caller.order, mark="high")
    tests = test_all(kernel, dump, look)
    result.asks.append((look, tests))
    result.would_pass += last_look_pages(tests)
    result.assumed.append(finding("assumed.last_look"))


def _stops(result: Diagnosis, kernel: Kernel, dump: MemDump, caller: Caller) -> None:
    for zone in dump.populated():
        free = zone.pages("free")
        rungs = ladder(kernel, zone, caller.class_zone)
        if free is None or not rungs or (zone.index or 0) > caller.class_zone:
            continue
        result.stops.append((zone, stop_finding(free, stop_of(rungs, free))))
        if free and zone.listed_pages() == 0:
            result.stops.append((zone, finding("stop.lists_empty", free=free)))


def stop_finding(free: int, stop: Stop) -> Finding:
    """Return in which class's stop a free count stands, as a finding."""
    if stop.on:
        callers = [_rung(rung) for rung in stop.on]
        return finding("stop.on", free=free, callers=callers)
    operands: dict[str, int | str | None] = {"free": free}
    if stop.above is not None:
        operands |= {"above": _rung(stop.above), "above_pages": stop.above.pages.value}
    if stop.below is not None:
        operands |= {"below": _rung(stop.below), "below_pages": stop.below.pages.value}
    if stop.above is None:
        return finding("stop.above", **operands)
    return finding("stop.below" if stop.below is None else "stop.between", **operands)


def _rung(rung: Rung) -> str:
    """Name a floor by class and mark; NO_WATERMARKS looks at no mark."""
    if rung.caller is NO_WATERMARKS:
        return rung.caller.name
    return f"{rung.caller.name} at {rung.mark}"


def reclaim_findings(dump: MemDump) -> list[Finding]:
    """Return why reclaim could or could not help: dirty share, swap, all_unreclaimable."""
    found = []
    file_pages = _file_pages(dump)
    dirty, writeback = dump.totals.get("dirty"), dump.totals.get("writeback")
    if file_pages and dirty is not None:
        found.append(
            finding(
                "reclaim.dirty",
                percent=(dirty * 200 + file_pages) // (2 * file_pages),
                dirty=dirty,
                file=file_pages,
                writeback=writeback or 0,
            )
        )
    if dump.tail.get("swap_total_kb") == 0:
        found.append(finding("reclaim.no_swap"))
    states = [
        f"{zone.name} {'yes' if zone.all_unreclaimable else 'no'}"
        for zone in dump.populated()
        if zone.all_unreclaimable is not None
    ]
    if states:
        found.append(finding("reclaim.zones", zones=states))
    return found


def _file_pages(dump: MemDump) -> int | None:
    active, inactive = dump.totals.get("active_file"), dump.totals.get("inactive_file")
    return None if active is None or inactive is None else active + inactive
