"""One event as a part of a report: who asked, every test with its formula, what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mmplay.engine.errors import how_many
from mmplay.engine.explain.answer import with_formula
from mmplay.engine.explain.finding import sentence
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.frame import BootSpan, TurnFacts
from mmplay.engine.report import OomKill, Request
from mmplay.recordings.diagnosis import FrameDiagnosis, gate_finding, headline_of
from mmplay.recordings.explained import (
    Part,
    around,
    ask_label,
    helped,
    rules_of,
    verdict_of,
)
from mmplay.recordings.export.blocks import Block, Facts, Heading, Table, Text, moment

MOST_DECISIONS = 20
"""Decisions of a turn that are put down; the play screen has them all."""

TESTS_HEAD = ("zone", "free", "floor", "formula of the floor", "verdict")


def incident(result: FrameDiagnosis, boot: BootSpan, level: int) -> Iterator[Block]:
    """Yield the blocks of one event, under a heading of this level."""
    frame = result.frame
    yield Heading(level, f"#{frame.index + 1}  {moment(frame.time_us, boot.wall)}  {frame.title}")
    if frame.report is not None:
        yield Text(headline_of(result))
    yield from _facts(verdict_of(result))
    asks = [ask for ask in result.diagnosis.asks if ask[1]]
    yield from (_tests(*ask) for ask in asks[-1:])
    yield from _facts(helped(result))
    yield Facts([*_what(result)])
    yield from (_tests(*ask) for ask in asks[:-1])
    said = [(part.label, part.lines) for part in around(result)]
    if frame.report is None and frame.facts is not None:
        said += _turn(frame.facts)
    if said:
        yield Facts(said)


def _facts(parts: Iterable[Part]) -> Iterator[Facts]:
    rows = [(part.label, part.lines) for part in parts]
    if rows:
        yield Facts(rows)


def _what(result: FrameDiagnosis) -> Iterator[tuple[str, list[str]]]:
    report = result.frame.report
    yield "kernel", [f"{result.frame.release or 'release unknown'} ({rules_of(result)})"]
    if report is not None and report.request is not None:
        yield from _request(report.request)
    if report is not None and report.kill is not None:
        yield "killed", [_kill(report.kill)]


def _request(request: Request) -> Iterator[tuple[str, list[str]]]:
    known = (
        ("pid", request.pid),
        ("CPU", request.cpu),
        ("order", request.order),
        ("mode", None if request.mode is None else f"{request.mode:#x}"),
    )
    words = [f"{name} {value}" for name, value in known if value is not None]
    yield "request", [", ".join([request.comm or "task unknown", *words])]
    symbols = [entry.symbol for entry in request.stack if not entry.guess]
    if symbols:
        yield "call stack", [" ← ".join(symbols)]


def _kill(kill: OomKill) -> str:
    sizes = (
        ("total-vm", kill.total_vm_kb),
        ("anon-rss", kill.anon_rss_kb),
        ("file-rss", kill.file_rss_kb),
        ("shmem-rss", kill.shmem_rss_kb),
    )
    words = [f"{name} {size} kB" for name, size in sizes if size is not None]
    score = [] if kill.score is None else [f"score {kill.score}"]
    return ", ".join([f"{kill.comm} ({kill.pid})", *score, *words])


def _tests(caller: Caller, tests: list[ZoneTest]) -> Table:
    caption = f"{ask_label(caller)}: a caller of class {caller.caller.name}, order {caller.order}"
    return Table(caption, TESTS_HEAD, [_test_row(test) for test in tests], frozenset({1, 2}))


def _test_row(test: ZoneTest) -> tuple[str, ...]:
    free = "unknown" if test.free is None else str(test.free.value)
    if test.floor is None:
        return test.name, free, "unknown", "", sentence(gate_finding(test))
    verdict = str(test.verdict)
    if test.short_by:
        verdict += f", {how_many(test.short_by, 'pages')} short"
    return test.name, free, str(test.floor.value), with_formula(test.floor), verdict


def _turn(facts: TurnFacts) -> Iterator[tuple[str, list[str]]]:
    """Yield what a turn decided: here no report was printed that would say why."""
    yield "turn", [f"{facts.turn}: {facts.actor}"]
    shown = facts.decisions[:MOST_DECISIONS]
    if shown:
        lines = [f"{one.function}: {one.text}" for one in shown]
        left = len(facts.decisions) - len(shown)
        yield "decided", [*lines, *([f"and {how_many(left, 'more decisions')}"] if left else [])]
    if facts.acts:
        yield "acts", list(facts.acts)
