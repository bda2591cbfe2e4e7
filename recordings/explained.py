"""The diagnosis of a frame in words and in the order of reading: first what is needed.

The headline comes first, then why, where the memory was and what would have helped; everything else
is detail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, sentence
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.headline import amount
from mmplay.engine.explain.where import MemoryTable, Swap, memory_table
from mmplay.engine.report import ZoneDump
from mmplay.recordings.diagnosis import FrameDiagnosis, gate_finding

TREND_ROWS = 6
"""Totals of a trend that are put into words; JSON has them all."""

SECOND_TRIES = {"NO_WATERMARKS": "no watermarks", "OOM": "OOM victim"}
"""How the test of a second try is labelled, by the caller's class."""

FIRST_ZONES = 6
"""Zones of the deciding look that are told first; with more of them the details have all."""


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
        yield Part(ask_label(caller), zone_lines(tests, FIRST_ZONES))
    yield from helped(result)


def helped(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield what is behind the answers, where the memory was, and what would have helped."""
    diagnosis = result.diagnosis
    table = memory_table(result.frame.report) if result.frame.report else None
    parts = (
        Part("because", [f"{zone}: {sentence(one)}" for zone, one in diagnosis.reasons]),
        Part("where", [] if table is None else owners(table)),
        Part("would help", _words(diagnosis.would_pass)),
    )
    yield from (part for part in parts if part.lines)


def details(result: FrameDiagnosis) -> Iterator[Part]:
    """Yield the other tests, then what else is known."""
    asks = result.diagnosis.asks
    short = not asks or len(asks[-1][1]) <= FIRST_ZONES
    for caller, tests in asks[:-1] if short else asks:
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


def owners(table: MemoryTable) -> list[str]:
    """Return where the memory was in two lines: the owners, largest first, and the swap."""
    names = dict.fromkeys(row.name for row in table.rows)
    pages = sorted(((table.pages(name), name) for name in names), reverse=True)
    shown = [f"{name} {amount(count * table.page_kb)}" for count, name in pages if count > 0]
    lines = [f"{amount(table.managed * table.page_kb)} managed: {', '.join(shown)}"]
    if table.swap is not None:
        lines.append(swap_words(table.swap))
    return lines


def swap_words(swap: Swap) -> str:
    """Return how much swap space there is and was free."""
    if swap.total_kb == 0:
        return "no swap"
    return f"swap: {amount(swap.free_kb)} free of {amount(swap.total_kb)}"


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
        Part("stopped last", stops),
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
    """Tell whether a note is about what came free between a look and the print."""
    return one.code.startswith("gate.")


def ask_label(caller: Caller) -> str:
    """Return which of a request's tests this is."""
    if caller.caller.name in SECOND_TRIES:
        return SECOND_TRIES[caller.caller.name]
    return "last look" if caller.mark == "high" else f"at {caller.mark}"


def zone_lines(tests: list[ZoneTest], most: int | None = None) -> list[str]:
    """Return the test of each zone, `most` of them: the inequality and its verdict."""
    lines = [f"{f'{test.name} ':<8}{sentence(gate_finding(test))}" for test in tests]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[:most], f"and {len(lines) - most} more zones: see below"]


def _words(findings: Iterable[Finding]) -> list[str]:
    return [sentence(one) for one in findings]


def _trend(trend: list[Finding]) -> list[str]:
    fields = [one for one in trend if one.code == "trend.field"]
    return _words([*fields[:TREND_ROWS], *(one for one in trend if one.code != "trend.field")])
