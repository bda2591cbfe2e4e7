"""The verdict on a request: what every set of rules that may apply says, and whether they agree.

Where it is open which rules a kernel follows, all of them are asked. If they agree, the verdict is
exact; if not, each stands as a candidate, with what would decide between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.explain.counts import (
    boost_of,
    dropped_boost,
    hidden_cma,
    hidden_highatomic,
    pages_above,
    usable_types,
)
from mmplay.engine.explain.finding import said
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest
from mmplay.engine.explain.looks import allowed_nodes, caller_in, looks_of, zones_asked
from mmplay.engine.report import MemDump, Report, ReportKind, ZoneDump
from mmplay.engine.rules.floors import discounted
from mmplay.engine.rules.memory import top_zone
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import SCALE_BASE
from mmplay.engine.stack import read_context


class Status(StrEnum):
    """How sure the verdict is; NOT_ASKED where no watermark was tested."""

    EXACT = "exact"
    OPEN = "open"
    NONE = "none"
    NOT_ASKED = "not_asked"


class Outcome(StrEnum):
    """What stopped the request.

    SKEW: the printed numbers would let it pass, so they changed before they were printed.
    """

    REFUSED = "refused"
    NO_BLOCK = "no_block"
    SKEW = "skew"
    LIMIT = "limit"


class ZoneVerdict(NamedTuple):
    """The deciding test in one zone: pages that count as free, the floor, the mark by its name."""

    zone: str
    node: int
    free: int | None
    floor: int | None
    mark: str
    verdict: str


class Candidate(NamedTuple):
    """What one set of rules says; `zones` are those that the request was allowed to use."""

    rules: str
    outcome: Outcome | None
    zones: tuple[ZoneVerdict, ...]


class Judgement(NamedTuple):
    """The verdict. `skew_pages` is by how much a zone passes; `missing` names lines that lack.

    `decided_by` says what would decide between the candidates; there is one candidate where all
    rules agree.
    """

    status: Status
    outcome: Outcome | None = None
    skew_pages: int | None = None
    missing: tuple[str, ...] = ()
    decided_by: str | None = None
    candidates: tuple[Candidate, ...] = ()


NO_VERDICT = Judgement(Status.NONE)


class Answer(NamedTuple):
    """What one kernel's rules say, before it is known whether others agree."""

    kernel: Kernel
    outcome: Outcome | None
    skew_pages: int | None
    missing: tuple[str, ...]
    zones: tuple[ZoneVerdict, ...]
    caller: Caller | None = None

    @property
    def key(self) -> Outcome | None:
        """What must be equal for two answers to agree; by how many pages is told of the first."""
        return self.outcome


def judge(report: Report, kernels: Sequence[Kernel], dump: MemDump | None) -> Judgement:
    """Return the verdict on a report by every kernel that may have printed it, likeliest first.

    `dump` is what it is judged by, None without one.
    """
    if report.kind is ReportKind.DUMP or not zones_asked(report):
        limit = Outcome.LIMIT if report.kind is ReportKind.MEMCG_OOM else None
        return Judgement(Status.NOT_ASKED, limit)
    lacking = _lacking(report, kernels, dump)
    if dump is None or lacking:
        return Judgement(Status.NONE, missing=lacking)
    return _agreed(report, [_answer(report, kernel, dump) for kernel in kernels], dump)


def explaining_first(
    report: Report, kernels: Sequence[Kernel], dump: MemDump | None
) -> list[Kernel]:
    """Return the kernels in their order, but those whose rules explain the refusal before others.

    The request did get nothing: rules by which it would have passed are the less likely ones.
    """
    if len(kernels) < 2 or dump is None or report.request is None or not zones_asked(report):
        return list(kernels)
    explains = (Outcome.REFUSED, Outcome.NO_BLOCK)
    return sorted(kernels, key=lambda one: _answer(report, one, dump).outcome not in explains)


def _lacking(report: Report, kernels: Sequence[Kernel], dump: MemDump | None) -> tuple[str, ...]:
    """Name the lines without which no rule can be asked."""
    found = []
    if dump is None:
        found.append(MEM_INFO)
    elif not dump.populated():
        found.append("zone lines")
    if report.request is None or report.request.mode is None:
        found.append(MASK)
    if not kernels:
        found.append("release")
    return tuple(found)


MEM_INFO, MASK = "Mem-Info", "gfp_mask"


def _answer(report: Report, kernel: Kernel, dump: MemDump) -> Answer:
    """Return what one kernel's rules say of the deciding look."""
    caller = caller_in(kernel, report.request, dump) if report.request else None
    if caller is None:
        missing = _unprinted_nodes(report, kernel, dump)
        return Answer(kernel, None if missing else Outcome.REFUSED, None, missing, ())
    look, tests = looks_of(kernel, report.kind, caller, dump)[-1]
    zones = tuple(_zone_verdict(test, look.mark) for test in tests)
    passing = [test for test in tests if test.verdict is Verdict.PASSES]
    if passing:
        return Answer(kernel, Outcome.SKEW, max(map(_spare, passing)), (), zones, look)
    missing = tuple(line for test in tests for line in _missing_lines(test, look.mark))
    missing += _cut_off(report, kernel, dump, look)
    if missing:
        return Answer(kernel, None, None, missing, zones, look)
    blocked = any(test.verdict is Verdict.NO_BLOCK for test in tests)
    outcome = Outcome.NO_BLOCK if blocked else Outcome.REFUSED
    return Answer(kernel, outcome, None, (), zones, look)


def _unprinted_nodes(report: Report, kernel: Kernel, dump: MemDump) -> tuple[str, ...]:
    """Name the nodes that a request may use if the dump shows none of them."""
    if report.request is None:
        return ()
    context = read_context(report.request.stack).context
    nodes = allowed_nodes(kernel, report.request, context) or frozenset()
    if nodes & {zone.node for zone in dump.populated()}:
        return ()
    return tuple(f"zone lines of node {node}" for node in sorted(nodes))


def _cut_off(report: Report, kernel: Kernel, dump: MemDump, caller: Caller) -> tuple[str, ...]:
    """Name the zones above which others that the request may use are not in the log."""
    columns, mode = dump.columns(), report.request.mode or 0 if report.request else 0
    top, found = top_zone(kernel.gfp, mode, columns), dict[int, list[ZoneDump]]()
    for zone in dump.populated():
        if caller.nodes is None or zone.node in caller.nodes:
            found.setdefault(zone.node, []).append(zone)
    return tuple(
        f"zone lines above {dump.label(zones[0])}"
        for zones in found.values()
        if pages_above(zones[0], columns.index(zones[0].name), top)
    )


def _zone_verdict(test: ZoneTest, mark: str) -> ZoneVerdict:
    return ZoneVerdict(
        zone=test.zone.name,
        node=test.zone.node,
        free=test.free.value if test.free else None,
        floor=test.floor.value if test.floor else None,
        mark=mark,
        verdict=str(test.verdict).replace(" ", "_"),
    )


def _spare(test: ZoneTest) -> int:
    return (test.free.value if test.free else 0) - (test.floor.value if test.floor else 0)


def _missing_lines(test: ZoneTest, mark: str) -> list[str]:
    """Name what a zone's test lacked."""
    if test.verdict is not Verdict.UNKNOWN:
        return []
    zone, found = test.zone, []
    if zone.pages("free") is None or zone.pages(mark) is None:
        found.append(f"free and {mark} of {test.name}")
    elif test.floor is None:
        found.append(f"lowmem_reserve[] of {test.name}")
    elif zone.blocks is None:
        found.append(f"free lists of {test.name}")
    return found


def _agreed(report: Report, answers: list[Answer], dump: MemDump) -> Judgement:
    """Return one verdict where all answers agree, else all of them and what decides."""
    first = answers[0]
    candidates = tuple(_candidate(group) for group in _groups(answers))
    if len(candidates) > 1:
        return Judgement(
            Status.OPEN, decided_by=_decided_by(report, answers, dump), candidates=candidates
        )
    if first.outcome is None:
        return Judgement(Status.NONE, missing=first.missing, candidates=candidates)
    return Judgement(Status.EXACT, first.outcome, first.skew_pages, candidates=candidates)


def _groups(answers: list[Answer]) -> list[list[Answer]]:
    found: dict[Outcome | None, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.key, []).append(answer)
    return list(found.values())


NAMES_TOLD = 4
"""Of more sets of rules that agree only the first and the last are named."""


def _candidate(group: list[Answer]) -> Candidate:
    names = list(dict.fromkeys(answer.kernel.name for answer in group))
    if len(names) > NAMES_TOLD:
        names = [f"{names[-1]} to {names[0]} ({len(names)} sets of rules)"]
    return Candidate("; ".join(names), group[0].outcome, group[0].zones)


def _per_zone(dump: MemDump, number: Callable[[ZoneDump], object]) -> tuple[object, ...]:
    return tuple(number(zone) for zone in dump.populated())


Trait = Callable[[Answer, Caller, MemDump, int], object]

DECIDERS: tuple[tuple[str, Trait], ...] = (
    ("decided.mask", lambda one, caller, dump, mode: one.kernel.gfp.format(mode)),
    (
        "decided.flags",
        lambda one, caller, dump, mode: discounted(
            one.kernel.gate.reductions, SCALE_BASE, caller.flags
        ),
    ),
    (
        "decided.boost",
        lambda one, caller, dump, mode: _per_zone(dump, lambda zone: boost_of(zone, one.kernel)),
    ),
    (
        "decided.unboosted",
        lambda one, caller, dump, mode: _per_zone(
            dump, lambda zone: dropped_boost(zone, caller.flags, caller.mark, one.kernel)
        ),
    ),
    (
        "decided.highatomic",
        lambda one, caller, dump, mode: _per_zone(
            dump,
            lambda zone: hidden_highatomic(one.kernel.gate, zone, caller.flags, caller.order),
        ),
    ),
    (
        "decided.cma",
        lambda one, caller, dump, mode: _per_zone(
            dump, lambda zone: hidden_cma(one.kernel.gate, zone, caller.flags)
        ),
    ),
    ("decided.rest", lambda one, caller, dump, mode: one.kernel.gate.block_rest),
    ("decided.halving", lambda one, caller, dump, mode: one.kernel.gate.halving),
    (
        "decided.types",
        lambda one, caller, dump, mode: usable_types(one.kernel.gate, caller.flags, caller.order),
    ),
    (
        "decided.class_zone",
        lambda one, caller, dump, mode: _per_zone(
            dump, lambda zone: zone.reserve_for(caller.class_zone)
        ),
    ),
)
"""In what kernels may differ for one request, what shows it best first.

Each sentence says where to look.
"""


def _decided_by(report: Report, answers: list[Answer], dump: MemDump) -> str:
    """Say what decides: the first trait by which the likeliest answer differs from the others."""
    mode = report.request.mode or 0 if report.request else 0
    asked = [(one, one.caller) for one in answers if one.caller is not None]
    first = answers[0].key
    for code, trait in DECIDERS:
        own = [trait(one, caller, dump, mode) for one, caller in asked if one.key == first]
        others = [trait(one, caller, dump, mode) for one, caller in asked if one.key != first]
        if own and others and not any(one in own for one in others):
            return said(code)
    return said("decided.release")
