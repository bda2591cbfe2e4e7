"""What the rules say of a frame, in words and in order: the same on a terminal and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.sentences import sentence
from mmplay.recordings.diagnosis import FrameDiagnosis, gate_finding

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
