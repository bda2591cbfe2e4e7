"""What the rules say of a frame: as findings, in words and in order, and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose, diagnose_moment
from mmplay.engine.explain.dumps import contradictions, trend_findings
from mmplay.engine.explain.finding import Finding, finding, sentence, term_json
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.frame import Frame, Shown, Timeline
from mmplay.engine.report import (
    MemDump,
    Report,
    Request,
    SlubReport,
    StackEntry,
    ZoneDump,
)
from mmplay.engine.rules.watermarks import ZONES

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
            "tasks": report.tasks,
        }
        if report.kind.by_killer
        else None,
        "stack": [_entry_json(entry) for entry in request.stack] if request else [],
        "slub": _slub_json(request.slub) if request and request.slub else None,
        "memory": memory_json(report.memory) if report.memory else None,
        "memory_delay_us": report.memory_delay_us(),
    }


def _request_json(request: Request) -> Json:
    names = ("comm", "pid", "cpu", "order", "mode", "names")
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
    diagnosis = diagnose(report, frame.kernel, seen_by(timeline, frame), frame.release)
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
        "frame": result.frame.index + 1,
        "title": result.frame.title,
        "time_us": result.frame.time_us,
        "release": result.frame.release,
        "kernel": result.frame.kernel.name if result.frame.kernel else None,
        "no_verdict": finding_json(diagnosis.verdict) if diagnosis.verdict else None,
        "caller": _all(diagnosis.about_caller),
        "asks": [_ask_json(caller, tests) for caller, tests in diagnosis.asks],
        "stopped_last": _of_zones(diagnosis.stops),
        "distances": _of_zones(diagnosis.distances),
        "would_pass": _all(diagnosis.would_pass),
        "assumed": _all(diagnosis.assumed),
        "reclaim": _all(diagnosis.reclaim),
        "contradictions": _all(diagnosis.notes),
        "trend": _all(result.trend),
    }


def _all(findings: Iterable[Finding]) -> list[Json]:
    return [finding_json(one) for one in findings]


def _of_zones(found: Iterable[tuple[ZoneDump, Finding]]) -> list[Json]:
    return [{"zone": zone.name, "node": zone.node, **finding_json(one)} for zone, one in found]


def _ask_json(caller: Caller, tests: list[ZoneTest]) -> dict[str, object]:
    return {
        "caller": caller.caller.name,
        "mark": caller.mark,
        "class_zone": ZONES[caller.class_zone],
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


TREND_ROWS = 6
"""Totals of a trend that are put into words; JSON has them all."""

SECOND_TRIES = {"NO_WATERMARKS": "no watermarks", "OOM": "OOM victim"}
"""How the test of a second try is labelled, by the caller's class."""


class Part(NamedTuple):
    """Some sentences on one question, and the question in a word or two."""

    label: str
    lines: list[str]


def explained(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield every part that says something, in the order of reading."""
    yield from verdict_of(result)
    for caller, tests in result.diagnosis.asks:
        yield Part(ask_label(caller), [test_line(test) for test in tests])
    yield from around(result)


def verdict_of(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield why there is no verdict, if there is none."""
    verdict = result.diagnosis.verdict
    if verdict is not None:
        yield Part("verdict", [sentence(verdict)])


def around(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield what is said besides the tests themselves."""
    diagnosis = result.diagnosis
    stops = [f"{zone.name}: {sentence(one)}" for zone, one in diagnosis.stops]
    distances = [f"{zone.name:<8}{sentence(one)}" for zone, one in diagnosis.distances]
    parts = (
        Part("how far", distances),
        Part("caller", _words(diagnosis.about_caller)),
        Part("stopped last", stops),
        Part("would pass", _words(diagnosis.would_pass)),
        Part("reclaim", _words(diagnosis.reclaim)),
        Part("since before", _trend(result.trend)),
        Part("assumed", _words(diagnosis.assumed)),
        Part("the log says", _words(diagnosis.notes)),
    )
    yield from (part for part in parts if part.lines)


def ask_label(caller: Caller) -> str:
    """Return which of a request's tests this is."""
    if caller.caller.name in SECOND_TRIES:
        return SECOND_TRIES[caller.caller.name]
    return "last look" if caller.mark == "high" else f"at {caller.mark}"


def test_line(test: ZoneTest) -> str:
    """Return the test of one zone: the inequality and its verdict."""
    return f"{test.zone.name:<8}{sentence(gate_finding(test))}"


def _words(findings: Iterable[Finding]) -> list[str]:
    return [sentence(one) for one in findings]


def _trend(trend: list[Finding]) -> list[str]:
    fields = [one for one in trend if one.code == "trend.field"]
    return _words([*fields[:TREND_ROWS], *(one for one in trend if one.code != "trend.field")])
