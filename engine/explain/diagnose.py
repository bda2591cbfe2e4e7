"""The diagnosis of one report: inequality and verdict per zone, caller, stops, remedies, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mmplay.engine.explain.caller import caller_findings, mask_findings
from mmplay.engine.explain.counts import hidden_cma
from mmplay.engine.explain.dumps import contradictions
from mmplay.engine.explain.event import cgroup_remedies
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import (
    Caller,
    Rung,
    Stop,
    distances,
    ladder,
    ordinary_class,
    stop_of,
)
from mmplay.engine.explain.looks import (
    Look,
    bound_to_one,
    caller_in,
    if_memalloc,
    looks_of,
    named_node,
    tables_refused,
    zones_asked,
)
from mmplay.engine.explain.reasons import (
    Reason,
    freed_before_last_look,
    highatomic_findings,
    reasons,
    skew_findings,
)
from mmplay.engine.explain.remedy import last_look_pages, remedies
from mmplay.engine.explain.verdict import (
    MASK,
    NO_VERDICT,
    Judgement,
    Status,
    explaining_first,
    judge,
)
from mmplay.engine.report import BY_HAND, MemDump, Report, ReportKind, Request, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.rules.memory import class_zone
from mmplay.engine.rules.versions import Kernel, layout_of_release
from mmplay.engine.stack import read_context


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

    `asks` are the tests that were made, in order, each with the mark and the caller it was for, the
    deciding one last; `reasons` say by zone what is behind its answers: blocks, boost, CMA.
    `distances` stand in their place where nobody was refused. `dump` is what it was judged by.
    """

    kernel: Kernel | None
    judgement: Judgement = NO_VERDICT
    dump: MemDump | None = None
    verdict: Finding | None = None
    caller: Caller | None = None
    about_caller: list[Finding] = field(default_factory=list)
    asks: list[Look] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    stops: list[tuple[ZoneDump, Finding]] = field(default_factory=list)
    distances: list[tuple[ZoneDump, Finding]] = field(default_factory=list)
    would_pass: list[Finding] = field(default_factory=list)
    assumed: list[Finding] = field(default_factory=list)
    reclaim: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def diagnose(
    report: Report,
    kernel: Kernel | None,
    seen: Seen | None,
    release: str | None,
    others: Sequence[Kernel] = (),
) -> Diagnosis:
    """Return what the rules of `kernel` say about `report`, judged by the dump `seen`.

    `others` may have printed it as well: they are asked for the verdict, and the first one that
    explains it stands for `kernel` if that does not. Without a known kernel only the dump's own
    contradictions are stated, and that there is no verdict on `release`.
    """
    dump = seen.dump if seen else None
    kernels = explaining_first(report, [kernel, *others] if kernel else others, dump)
    kernel = kernels[0] if kernels else None
    result = Diagnosis(kernel, judge(report, kernels, dump), dump)
    if report.kind is ReportKind.MEMCG_OOM and report.cgroup is not None:
        result.would_pass += cgroup_remedies(report.cgroup)
    result.notes += [finding("note.torn", line=line, lost=lost) for line, lost in report.cut]
    if seen is not None:
        if seen.own:
            result.notes += contradictions(seen.dump, kernel)
        result.reclaim += reclaim_findings(seen.dump)
    if kernel is None:
        asked = result.judgement.status is not Status.NOT_ASKED
        result.verdict = _no_verdict(release) if asked else None
        result.about_caller += _without_rules(report.request, release)
        return result
    if report.request is not None:
        reading = read_context(report.request.stack)
        result.about_caller += caller_findings(kernel, report.request, reading)
    if seen is not None:
        _judge(result, report, kernel, seen)
    result.verdict = result.verdict or verdict_finding(result.judgement)
    return result


def verdict_finding(judgement: Judgement) -> Finding | None:
    """Say why there is not one verdict, None where there is one or none was to be had."""
    if judgement.status is Status.NONE:
        return finding("verdict.missing", missing=list(judgement.missing))
    if judgement.status is not Status.OPEN:
        return None
    answers = [f"{one.rules}: {one.outcome or 'no verdict'}" for one in judgement.candidates]
    return finding("verdict.open", answers=answers, decided_by=judgement.decided_by)


def diagnose_moment(dump: MemDump, kernel: Kernel | None, release: str | None) -> Diagnosis:
    """Return what the rules say of a moment at which nothing was reported.

    How far typical callers are from refusal in each zone; without a known kernel no number.
    """
    result = Diagnosis(kernel, dump=dump)
    if kernel is None:
        result.verdict = _no_verdict(release)
        return result
    highest = ordinary_class(dump)
    if highest is None:
        return result
    for zone in dump.populated():
        found = distances(kernel, zone, highest, dump.columns())
        result.distances += [(zone, one) for one in found]
    result.reclaim += reclaim_findings(dump)
    result.assumed.append(finding("assumed.class_zone", zone=dump.columns()[highest]))
    if result.distances and not any("reserved_highatomic" in zone.kb for zone in dump.zones):
        result.assumed.append(finding("assumed.highatomic_unknown"))
    return result


def _no_verdict(release: str | None) -> Finding:
    return finding("kernel.unknown", release=release) if release else finding("kernel.none")


def _highest_zone(dump: MemDump) -> int | None:
    """Return the class zone of callers that may use any ordinary zone."""
    columns = dump.columns()
    top = columns.index("HighMem" if "HighMem" in columns else "Normal")
    return class_zone(top, (columns.index(zone.name) for zone in dump.populated()))


def _without_rules(request: Request | None, release: str | None) -> list[Finding]:
    """Decode the mask of a kernel whose bits are known although its rules are not."""
    layout = layout_of_release(release) if release else None
    if layout is None or request is None or request.mode is None:
        return []
    return mask_findings(layout, request.mode, request.names)


def _judge(result: Diagnosis, report: Report, kernel: Kernel, seen: Seen) -> None:
    caller = _caller(result, report, kernel, seen.dump)
    if caller is None:
        return
    result.caller = caller
    _assume(result, report, kernel, seen)
    _stops(result, kernel, seen.dump, caller)
    if report.kind is ReportKind.DUMP:
        return
    if not zones_asked(report):
        result.verdict = _not_asked(report)
        return
    result.asks += looks_of(kernel, report.kind, caller, seen.dump)
    _around_asks(result, report, kernel, seen)


def _around_asks(result: Diagnosis, report: Report, kernel: Kernel, seen: Seen) -> None:
    """Say what would have let the request pass, and what explains the answer of each zone."""
    request, caller = report.request, result.caller
    if caller is None:
        return
    at_min = [(look, tests) for look, tests in result.asks if look.mark == "min"]
    tests = at_min[-1][1]
    # Without a mask the tests are those of an ordinary caller, which is told as an assumption.
    judged = result.judgement.missing in ((), (MASK,))
    if judged:
        slub = request.slub if request else None
        result.would_pass += remedies(kernel, seen.dump, caller, tests, slub)
    deciding, last = result.asks[-1]
    result.reasons += reasons(kernel, deciding, last)
    if deciding.mark == "high":
        result.would_pass += last_look_pages(kernel, deciding, last) if judged else []
        result.assumed.append(finding("assumed.last_look"))
        result.notes += freed_before_last_look(caller, tests, last)
    elif request is not None and not read_context(request.stack).traced:
        result.assumed.append(if_memalloc(kernel, seen.dump, caller))
    if MASK not in result.judgement.missing:
        result.notes += skew_findings(kernel.gate, deciding, last, seen.distance_us)


def _not_asked(report: Report) -> Finding | None:
    """Say why no watermark was tested."""
    if report.request is not None and report.request.order == BY_HAND:
        return finding("oom.by_hand")
    if report.kind is not ReportKind.VMALLOC:
        return None
    return finding("vmalloc.tables" if tables_refused(report) else "vmalloc.not_asked")


def _caller(result: Diagnosis, report: Report, kernel: Kernel, dump: MemDump) -> Caller | None:
    """Return the caller to test, noting what had to be assumed about it."""
    request = report.request
    if request is not None and request.mode is not None:
        if not read_context(request.stack).traced:
            result.assumed.append(finding("assumed.task_context"))
        caller = caller_in(kernel, request, dump)
        if caller is not None:
            result.assumed.append(_class_zone(kernel, caller))
            result.assumed += _zones_above(dump, caller)
            result.assumed += _nodes(kernel, request, dump, caller)
        return caller
    nobody = report.kind is ReportKind.DUMP
    highest = ordinary_class(dump) if nobody else _highest_zone(dump)
    if highest is None:
        return None
    columns = dump.columns()
    result.assumed.append(finding("assumed.no_header", zone=columns[highest]))
    order = request.order if request is not None else 0
    return Caller(PLAIN, highest, max(0, order or 0), columns=columns)


def _class_zone(kernel: Kernel, caller: Caller) -> Finding:
    by_mask = kernel.gate.class_by_mask
    return finding(
        "assumed.class_by_mask" if by_mask else "assumed.class_zone", zone=caller.class_name
    )


def _zones_above(dump: MemDump, caller: Caller) -> list[Finding]:
    """Say which zones with pages the mask leaves out."""
    columns = dump.columns()
    above = {zone.name for zone in dump.populated()} & set(columns[caller.class_zone + 1 :])
    zones = [name for name in columns if name in above]
    return [finding("assumed.zones_above", zones=zones)] if zones else []


def _nodes(kernel: Kernel, request: Request, dump: MemDump, caller: Caller) -> list[Finding]:
    """Say which nodes the caller was bound to, where that leaves zones out."""
    there = {zone.node for zone in dump.zones}
    if caller.nodes is None or there <= caller.nodes:
        return []
    nodes, others = sorted(caller.nodes), sorted(there - caller.nodes)
    code = "assumed.nodemask" if request.nodemask is not None else "assumed.cpuset"
    if bound_to_one(kernel, request, dump):
        code = "assumed.thisnode"
    elif named_node(kernel, request) is not None:
        code = "assumed.slab_node"
    return [finding(code, nodes=[f"{n}" for n in nodes], others=[f"{n}" for n in others])]


def _assume(result: Diagnosis, report: Report, kernel: Kernel, seen: Seen) -> None:
    if not seen.own:
        later = seen.distance_us is None or seen.distance_us >= 0
        result.assumed.append(
            finding(
                "assumed.other_dump",
                distance_us=abs(seen.distance_us or 0),
                direction="later" if later else "earlier",
            )
        )
    elif seen.distance_us and zones_asked(report):
        result.assumed.append(finding("assumed.own_dump", distance_us=seen.distance_us))
    if report.kind is not ReportKind.DUMP and kernel.gate.highatomic:
        result.assumed += highatomic_findings(kernel, seen.dump, report.request)


def _stops(result: Diagnosis, kernel: Kernel, dump: MemDump, caller: Caller) -> None:
    for zone in dump.populated():
        free = zone.pages("free")
        rungs = ladder(kernel, zone, caller.class_zone)
        if free is None or not caller.asks(dump, zone) or not _has_floors(zone, rungs):
            continue
        cma = hidden_cma(kernel.gate, zone, AllocFlag.NONE)
        result.stops.append((zone, stop_finding(free - cma, stop_of(rungs, free - cma))))
        if cma:
            result.stops.append((zone, finding("stop.cma", free=free, cma=cma)))
        if free and zone.listed_pages() == 0:
            result.stops.append((zone, finding("stop.lists_empty", free=free)))


def _has_floors(zone: ZoneDump, rungs: list[Rung]) -> bool:
    """Tell whether anybody can be stopped in a zone, and the log says where: not all go to 0."""
    return zone.pages("managed") != 0 and any(not _to_the_end(rung) for rung in rungs)


def _to_the_end(rung: Rung) -> bool:
    return bool(rung.caller.flags & AllocFlag.NO_WATERMARKS)


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
        f"{dump.label(zone)} {'yes' if zone.all_unreclaimable else 'no'}"
        for zone in dump.populated()
        if zone.all_unreclaimable is not None
    ]
    if states:
        found.append(finding("reclaim.zones", zones=states))
    return found


def _file_pages(dump: MemDump) -> int | None:
    active, inactive = dump.totals.get("active_file"), dump.totals.get("inactive_file")
    return None if active is None or inactive is None else active + inactive
