"""What the rules say of a frame: as findings, in words and in order, and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose, diagnose_moment
from mmplay.engine.explain.dumps import contradictions, moment_finding, trend_findings
from mmplay.engine.explain.event import event_findings
from mmplay.engine.explain.evidence import candidates_for, rules_findings
from mmplay.engine.explain.finding import Finding, finding, sentence, term_json
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.headline import LONGEST, headline
from mmplay.engine.explain.verdict import Judgement
from mmplay.engine.explain.where import memory_table
from mmplay.engine.frame import Frame, Shown, Timeline
from mmplay.engine.report import Cgroup, MemDump, Report, Request, SlubReport, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.stack import StackEntry

Json = dict[str, object]


def frame_json(frame: Frame) -> Json:
    """Return one frame: where it stands, and everything its report says."""
    report = frame.report
    return {
        "frame": frame.index + 1,
        "boot": frame.boot + 1,
        "kind": str(report.kind) if report else None,
        "title": frame.title,
        "time_us": frame.time_us,
        "release": frame.release,
        "kernel": frame.kernel.name if frame.kernel else None,
        "lines": [frame.first_line, frame.last_line],
        "lines_unknown": report.unknown if report else None,
        **(report_json(report) if report else {}),
    }


def report_json(report: Report) -> Json:
    """Return everything a report says: request, kill, call trace, slab report, memory."""
    request, kill = report.request, report.kill
    return {
        "failure": _request_json(request) if request and report.kind.of_request else None,
        "oom": {
            "invoked": _request_json(request) if request else None,
            "kill": kill._asdict() if kill else None,
            "also_killed": [one._asdict() for one in report.also_killed],
            "cgroup": _cgroup_json(report.cgroup) if report.cgroup else None,
            "tasks": report.tasks,
        }
        if report.kind.by_killer
        else None,
        "stack": [_entry_json(entry) for entry in request.stack] if request else [],
        "slub": _slub_json(request.slub) if request and request.slub else None,
        "memory": memory_json(report.memory) if report.memory else None,
        "memory_delay_us": report.memory_delay_us(),
        **{name: getattr(report, name) for name in OWN_FACTS},
        "cma": report.cma._asdict() if report.cma else None,
    }


OWN_FACTS = (
    *("constraint", "nobody_killable", "exiting", "panicked", "reaped", "stalled_ms"),
    *("asked_bytes", "got_bytes", "why", "daemon"),
)
"""What only some kinds of event have; null or false for the others."""


def _request_json(request: Request) -> Json:
    names = ("comm", "pid", "cpu", "order", "mode", "names", "nodemask", "cpuset", "mems_allowed")
    return {name: getattr(request, name) for name in names}


def _entry_json(entry: StackEntry) -> Json:
    address = None if entry.address is None else f"{entry.address:016x}"
    return {**entry._asdict(), "address": address}


def _slub_json(slub: SlubReport) -> Json:
    fields = slub._asdict()
    names = ("node", "slabs", "objs", "free")
    fields["nodes"] = [dict(zip(names, node, strict=True)) for node in slub.nodes]
    return fields


def memory_json(dump: MemDump) -> Json:
    """Return a Mem-Info dump; zone fields in pages, `_kb` where a name says so."""
    return {
        "time_us": dump.time_us,
        "totals": dump.totals,
        "zones": [_zone_json(zone) for zone in dump.zones],
        "nodes": [
            {"node": node, **{f"{name}_kb": value for name, value in fields.items()}}
            for node, fields in dump.nodes.items()
        ],
        "hugepages": dump.hugepages,
        "tail": dump.tail,
    }


def _zone_json(zone: ZoneDump) -> Json:
    return {
        "node": zone.node,
        "zone": zone.name,
        "time_us": zone.time_us,
        **{name: zone.pages(name) for name in zone.kb},
        "all_unreclaimable": zone.all_unreclaimable,
        "lowmem_reserve": list(zone.reserve) if zone.reserve is not None else None,
        "free_lists": [
            {"order": one.order, "count": one.count, "size_kb": one.size_kb, "types": one.types}
            for one in zone.blocks
        ]
        if zone.blocks is not None
        else None,
        "free_lists_kb": zone.blocks_total_kb,
    }


NO_MEMORY = "no Mem-Info until here"


class FrameDiagnosis(NamedTuple):
    """A frame, what the rules say of it, and what changed since the dump before it."""

    frame: Frame
    diagnosis: Diagnosis
    trend: list[Finding]


def diagnose_frame(timeline: Timeline, index: int) -> FrameDiagnosis:
    """Return the diagnosis of one frame; raises IndexError beyond the ends."""
    frame = timeline.frame(index)
    report = frame.report
    if report is None:
        return FrameDiagnosis(frame, _at_rest(frame), [])
    seen = seen_by(timeline, frame)
    dump = seen.dump if seen else None
    rules = candidates_for(frame.kernel, frame.release, report, dump)
    likeliest, *others = rules.kernels[::-1] or (None,)
    diagnosis = diagnose(report, likeliest, seen, frame.release, others)
    diagnosis.assumed += rules_findings(rules, frame.release, diagnosis.judgement)
    trend: list[Finding] = []
    if report.memory is not None and frame.before is not None:
        slub = report.request.slub if report.request else None
        trend = trend_findings(frame.before, report.memory, slub)
    return FrameDiagnosis(frame, diagnosis, trend)


def seen_by(timeline: Timeline, frame: Frame) -> Seen | None:
    """Return the dump that a frame's report is judged by, or None if there is none."""
    nearest = _judged_by(timeline, frame)
    return Seen(nearest.dump, nearest.own, nearest.age_us) if nearest else None


def _judged_by(timeline: Timeline, frame: Frame) -> Shown | None:
    """Return the dump that is shown if it is the frame's own, else the nearest.

    The very same dump: a view finds its zones' verdicts by identity.
    """
    if frame.shown is not None and frame.shown.own:
        return frame.shown
    return timeline.nearest_dump(frame.index)


def _at_rest(frame: Frame) -> Diagnosis:
    if frame.shown is None:
        return Diagnosis(frame.kernel)
    return diagnose_moment(frame.shown.dump, frame.kernel, frame.release)


def dump_notes(timeline: Timeline) -> Iterator[tuple[int, Finding]]:
    """Yield (line, finding) for every contradiction inside a dump of the recording."""
    for index in range(len(timeline)):
        frame = timeline.frame(index)
        memory = frame.report.memory if frame.report else None
        if memory is not None:
            for one in contradictions(memory, frame.kernel):
                yield frame.first_line, one


def finding_json(one: Finding) -> dict[str, object]:
    """Return a finding as code, operands and sentence."""
    return {**one.as_json(), "text": sentence(one)}


def diagnosis_json(result: FrameDiagnosis) -> dict[str, object]:
    """Return a frame's diagnosis as plain data."""
    diagnosis = result.diagnosis
    return {
        **event_json(result),
        "frame": result.frame.index + 1,
        "title": result.frame.title,
        "time_us": result.frame.time_us,
        "release": result.frame.release,
        "kernel": result.frame.kernel.name if result.frame.kernel else None,
        "no_verdict": finding_json(diagnosis.verdict) if diagnosis.verdict else None,
        "caller": _all(diagnosis.about_caller),
        "because": [{"zone": zone, **finding_json(one)} for zone, one in diagnosis.reasons],
        "asks": [_ask_json(caller, tests) for caller, tests in diagnosis.asks],
        "stopped_last": _of_zones(diagnosis.stops),
        "distances": _of_zones(diagnosis.distances),
        "would_pass": _all(diagnosis.would_pass),
        "assumed": _all(diagnosis.assumed),
        "reclaim": _all(diagnosis.reclaim),
        "contradictions": _all(diagnosis.notes),
        "trend": _all(result.trend),
    }


def event_json(result: FrameDiagnosis) -> Json:
    """Return what is asked first about an event: what, who, where the memory was, what helps.

    What is not known is None. A frame without a report has no kind.
    """
    report, diagnosis = result.frame.report, result.diagnosis
    request, kill = (report.request, report.kill) if report else (None, None)
    return {
        "event": result.frame.index + 1,
        "kind": str(report.kind) if report else None,
        "headline": headline_of(result),
        "verdict": _judgement_json(diagnosis.judgement),
        "victim": _task_json(*kill.victim) if kill else None,
        "invoker": _task_json(request.comm, request.pid) if request else None,
        "cgroup": _cgroup_json(report.cgroup) if report and report.cgroup else None,
        "memory": _owners_json(report) if report else None,
        "about": _about_json(report, result.frame.kernel) if report else [],
        "remedies": _all(diagnosis.would_pass),
    }


def _about_json(report: Report, kernel: Kernel | None) -> list[Json]:
    return [
        {"about": label, **finding_json(one)}
        for label, found in event_findings(report, kernel)
        for one in found
    ]


def headline_of(result: FrameDiagnosis, room: int = LONGEST) -> str:
    """Return what happened in one sentence; of a frame without a report who is refused now.

    A mask in it is shortened where the sentence has more characters than `room`.
    """
    frame = result.frame
    if frame.report is not None:
        return headline(frame.report, result.diagnosis, room)
    known = frame.shown is not None and frame.shown.own
    moment = moment_finding(frame.shown.dump, frame.kernel) if known and frame.shown else None
    return frame.title if moment is None else sentence(moment)


def _judgement_json(judgement: Judgement) -> Json:
    candidates = [
        {**one._asdict(), "zones": [zone._asdict() for zone in one.zones]}
        for one in judgement.candidates
    ]
    return {**judgement._asdict(), "candidates": candidates}


def _task_json(comm: str | None, pid: int | None) -> Json | None:
    return None if comm is None and pid is None else {"comm": comm, "pid": pid}


def _cgroup_json(cgroup: Cgroup) -> Json:
    names = ("path", "task_path", "usage_kb", "limit_kb", "failcnt", "parts_kb")
    return {name: getattr(cgroup, name) for name in names}


def _owners_json(report: Report) -> Json | None:
    table = memory_table(report)
    if table is None:
        return None
    return {"managed": table.managed, "rows": [row._asdict() for row in table.rows]}


def _all(findings: Iterable[Finding]) -> list[Json]:
    return [finding_json(one) for one in findings]


def _of_zones(found: Iterable[tuple[ZoneDump, Finding]]) -> list[Json]:
    return [{"zone": zone.name, "node": zone.node, **finding_json(one)} for zone, one in found]


def _ask_json(caller: Caller, tests: list[ZoneTest]) -> dict[str, object]:
    return {
        "caller": caller.caller.name,
        "mark": caller.mark,
        "class_zone": caller.class_name,
        "order": caller.order,
        "zones": [_test_json(test) for test in tests],
    }


def _test_json(test: ZoneTest) -> dict[str, object]:
    return {
        "zone": test.zone.name,
        "node": test.zone.node,
        "verdict": str(test.verdict),
        "free": test.free.value if test.free else None,
        "floor": term_json(test.floor) if test.floor else None,
        "short_by": test.short_by,
        "text": sentence(gate_finding(test)),
    }


def gate_finding(test: ZoneTest) -> Finding:
    """Return one zone's test as a finding: the inequality and its verdict."""
    operands = {"free": test.free, "floor": test.floor, "short": test.short_by}
    return finding(f"gate.{test.verdict}", **operands)
