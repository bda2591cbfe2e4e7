"""The diagnosis of a frame in words and in the order of reading: first what is needed.

The headline comes first, then why, where the memory was and what would have helped; everything else
is detail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.explain.event import event_findings
from mmplay.engine.explain.finding import Finding, sentence
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.headline import what, who
from mmplay.engine.report import ReportKind, ZoneDump
from mmplay.recordings.diagnosis import FrameDiagnosis, gate_finding

TREND_ROWS = 6
"""Totals of a trend that are put into words; JSON has them all."""

SECOND_TRIES = {"NO_WATERMARKS": "no watermarks", "OOM": "OOM victim"}
"""How the test of a second try is labelled, by the caller's class."""


LONGEST_MASK = 200

BORROWED = "assumed.other_dump"
"""Said with the verdict: its numbers are those of another report."""


class Part(NamedTuple):
    """Some sentences on one question, and the question in a word or two."""

    label: str
    lines: list[str]


def needed(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield what has to be read: why, where the memory was, what would have helped."""
    yield from verdict_of(result)
    if result.diagnosis.asks:
        caller, tests = result.diagnosis.asks[-1]
        yield Part(ask_label(caller), zone_lines(tests))
    yield from helped(result)


def helped(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield whose limit, who died and why, where the memory was, and what would have helped."""
    report, diagnosis = result.frame.report, result.diagnosis
    if diagnosis.reasons:
        lines = [f"{zone}: {sentence(one)}" for zone, one in diagnosis.reasons]
        yield Part("because", lines)
    if report is not None:
        for label, found in event_findings(report, result.frame.kernel):
            yield Part(label, _words(found))
    if diagnosis.would_pass:
        yield Part("would help", _words(diagnosis.would_pass))


def _asked(result: FrameDiagnosis) -> list[str]:
    """Say what the invoker of a killer asked for: the headline of a kill names the victim."""
    report, kernel = result.frame.report, result.diagnosis.kernel
    request = report.request if report else None
    if report is None or request is None or not report.kind.by_killer:
        return []
    if report.kind is ReportKind.SYSRQ:
        return []
    asked = what(request, kernel, LONGEST_MASK)
    return [f"{who(request.comm, request.pid)} invoked the OOM killer, asking for {asked}"]


def details(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield who asked for what, the other tests, then what else is known."""
    asked = _asked(result)
    if asked:
        yield Part("request", asked)
    for caller, tests in result.diagnosis.asks[:-1]:
        yield Part(ask_label(caller), zone_lines(tests))
    yield from around(result)


def explained(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield every part that says something, in the order of reading."""
    yield from needed(result)
    yield from details(result)


def verdict_of(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield why there is no verdict, if there is none, and how far its numbers can be trusted."""
    diagnosis = result.diagnosis
    lines = [] if diagnosis.verdict is None else [sentence(diagnosis.verdict)]
    lines += _words(one for one in diagnosis.assumed if one.code == BORROWED)
    lines += _words(one for one in diagnosis.notes if _is_skew(one))
    if lines:
        yield Part("verdict", lines)


def rules_of(result: FrameDiagnosis) -> str:
    """Return which rules a frame is explained by; those of a log without a release must agree."""
    kernel, judgement = result.frame.kernel, result.diagnosis.judgement
    if kernel is None and judgement.candidates:
        agreed = len(judgement.candidates) == 1
        return f"rules of {judgement.candidates[0].rules}" if agreed else "rules undecided"
    kernel = result.diagnosis.kernel or kernel
    return f"rules of {kernel.name}" if kernel else "no rules"


def around(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield what is said besides the tests themselves and what would have helped."""
    diagnosis = result.diagnosis
    stops = [f"{_label(result, zone)}: {sentence(one)}" for zone, one in diagnosis.stops]
    distances = [
        f"{f'{_label(result, zone)} ':<8}{sentence(one)}" for zone, one in diagnosis.distances
    ]
    parts = (
        Part("how far", distances),
        Part("caller", _words(diagnosis.about_caller)),
        Part("floors", stops),
        Part("reclaim", _words(diagnosis.reclaim)),
        Part("since before", _trend(result.trend)),
        Part("assumed", _words(one for one in diagnosis.assumed if one.code != BORROWED)),
        Part("the log says", _words(one for one in diagnosis.notes if not _is_skew(one))),
    )
    yield from (part for part in parts if part.lines)


def _label(result: FrameDiagnosis, zone: ZoneDump) -> str:
    dump = result.diagnosis.dump
    return zone.name if dump is None else dump.label(zone)


def _is_skew(one: Finding) -> bool:
    """Tell whether a note is about what came free before the deciding look was printed."""
    return one.code in SKEWS


SKEWS = frozenset({"gate.skew", "gate.skew_untimed", "gate.unprinted"})


def ask_label(caller: Caller) -> str:
    """Return which of a request's tests this is."""
    if caller.caller.name in SECOND_TRIES:
        return SECOND_TRIES[caller.caller.name]
    return "last look" if caller.mark == "high" else f"at {caller.mark}"


def zone_lines(tests: list[ZoneTest]) -> list[str]:
    """Return the test of each zone: the inequality and its verdict."""
    return [f"{f'{test.name} ':<8}{sentence(gate_finding(test))}" for test in tests]


def _words(findings: Iterable[Finding]) -> list[str]:
    return [sentence(one) for one in findings]


def _trend(trend: list[Finding]) -> list[str]:
    fields = [one for one in trend if one.code == "trend.field"]
    return _words([*fields[:TREND_ROWS], *(one for one in trend if one.code != "trend.field")])
