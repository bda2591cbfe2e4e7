"""Diagnoses the frames of a recording: the rules of the engine on what a log says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.explain.consistency import contradictions
from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose, diagnose_moment
from mmplay.engine.explain.finding import Finding, finding, term_json
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.sentences import sentence
from mmplay.engine.explain.trend import trend_findings
from mmplay.engine.frame import Frame, Shown, Timeline
from mmplay.engine.rules.watermarks import ZONES


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
    nearest = _judged_by(timeline, frame)
    seen = Seen(nearest.dump, nearest.own, nearest.age_us) if nearest else None
    diagnosis = diagnose(report, frame.kernel, seen, frame.release)
    trend: list[Finding] = []
    if report.memory is not None and frame.before is not None:
        slub = report.request.slub if report.request else None
        trend = trend_findings(frame.before, report.memory, slub)
    return FrameDiagnosis(frame, diagnosis, trend)


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
        "caller": [finding_json(one) for one in diagnosis.about_caller],
        "asks": [_ask_json(caller, tests) for caller, tests in diagnosis.asks],
        "stopped_last": [
            {"zone": zone.name, "node": zone.node, **finding_json(one)}
            for zone, one in diagnosis.stops
        ],
        "distances": [
            {"zone": zone.name, "node": zone.node, **finding_json(one)}
            for zone, one in diagnosis.distances
        ],
        "would_pass": [finding_json(one) for one in diagnosis.would_pass],
        "assumed": [finding_json(one) for one in diagnosis.assumed],
        "reclaim": [finding_json(one) for one in diagnosis.reclaim],
        "contradictions": [finding_json(one) for one in diagnosis.notes],
        "trend": [finding_json(one) for one in result.trend],
    }


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
