"""The headline of an event: one sentence that a person can paste into a ticket; and its sort.

It says what the log and the rules say, and less where they say less: a fact that is missing is
named as missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.finding import Finding, Operand, said, sentence, symbolic
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest
from mmplay.engine.explain.verdict import Outcome, Status
from mmplay.engine.limits import Cgroup
from mmplay.engine.report import TITLES, OomKill, Report, ReportKind, Request, ZoneDump
from mmplay.engine.rules.versions import Kernel

LONGEST = 160
"""Characters of a headline at most."""

LONGEST_NAME = 32
LONGEST_PATH = 48

MASKS = (60, 30, 0)
"""How long a mask may be; a shorter one is tried where a headline gets too long."""

UNITS = (("TiB", 1 << 30), ("GiB", 1 << 20), ("MiB", 1 << 10))

NO_REQUEST = Request(None, None, None)

Operands = dict[str, Operand]


def headline(report: Report, diagnosis: Diagnosis) -> str:
    """Return what happened in one sentence of at most LONGEST characters."""
    text = ""
    for length in MASKS:
        text = sentence(headline_finding(report, diagnosis, length))
        if len(text) <= LONGEST:
            break
    return shortened(text, LONGEST)


def headline_finding(report: Report, diagnosis: Diagnosis, mask_length: int) -> Finding:
    """Return the headline as a code and its operands; a mask of length 0 is left out."""
    request = report.request or NO_REQUEST
    operands: Operands = {
        "who": who(request.comm, request.pid),
        "what": what(request, diagnosis.kernel, mask_length),
        "clause": sentence(clause(report, diagnosis)),
    }
    if report.kill is not None:
        operands["victim"] = victim(report.kill, len(report.also_killed))
    return TELLERS.get(report.kind, _killing)(report, operands)


def _failure(report: Report, operands: Operands) -> Finding:
    request = report.request or NO_REQUEST
    if request.order is None and request.slub is not None:
        return _slub(report, operands)
    return Finding("headline.failure", operands)


def _stall(report: Report, operands: Operands) -> Finding:
    waited = None if report.stalled_ms is None else f"{report.stalled_ms / 1000:.2f} s"
    return Finding("headline.stall", operands | {"waited": waited})


def _vmalloc(report: Report, operands: Operands) -> Finding:
    size = "memory" if report.asked_bytes is None else amount(report.asked_bytes // 1024)
    return Finding("headline.vmalloc", operands | {"size": size})


def _slub(report: Report, operands: Operands) -> Finding:
    slub = report.request.slub if report.request else None
    cache = slub.cache if slub and slub.cache else "a cache that the log does not name"
    return Finding("headline.slub", operands | {"cache": cache})


def _plain(report: Report, operands: Operands) -> Finding:
    return Finding(f"headline.{report.kind}", operands)


def _killing(report: Report, operands: Operands) -> Finding:
    """Tell a kill: whose, or that the log does not say whose."""
    operands |= {"place": _place(report)}
    if report.nobody_killable:
        return Finding(f"headline.{report.kind}_nobody", operands)
    if report.kill is None:
        return Finding(f"headline.{report.kind}_unnamed", operands)
    return Finding(f"headline.{report.kind}", operands)


def _place(report: Report) -> str:
    """Return what was at its limit or short, for a kill that was not for the whole machine."""
    if report.kind is ReportKind.MEMCG_OOM:
        return _limit(report.cgroup or Cgroup())
    if report.constraint == "CONSTRAINT_MEMORY_POLICY":
        return "the nodes of a memory policy"
    cpuset = report.request.cpuset if report.request else None
    return "the nodes of a cpuset" if cpuset is None else f"the nodes of cpuset {end_of(cpuset)}"


def _limit(cgroup: Cgroup) -> str:
    name = "A cgroup" if cgroup.path is None else f"Cgroup {end_of(cgroup.path)}"
    return f"{name} reached its {limit_words(cgroup)}"


def limit_words(cgroup: Cgroup) -> str:
    """Return which limit of the cgroup was reached, as far as the log says."""
    usage, limit = cgroup.usage_kb, cgroup.limit_kb
    if limit is None:
        return "memory limit"
    return f"limit of {amount(limit)}" if usage is None or usage >= limit else "limit"


Teller = Callable[[Report, Operands], Finding]

TELLERS: dict[ReportKind, Teller] = {
    ReportKind.FAILURE: _failure,
    ReportKind.STALL: _stall,
    ReportKind.VMALLOC: _vmalloc,
    ReportKind.SLUB: _slub,
    ReportKind.CMA: _plain,
    ReportKind.USERSPACE: _plain,
    ReportKind.DUMP: _plain,
}
"""Who words the headline of each kind that is no kill by the kernel."""


def who(comm: str | None, pid: int | None) -> str:
    """Return a task by name and number, as far as they are known."""
    if comm is None:
        return "an unnamed task" if pid is None else f"task {pid}"
    name = shortened(comm, LONGEST_NAME)
    return name if pid is None else f"{name} ({pid})"


def victim(kill: OomKill, more: int) -> str:
    """Return who was killed, with the memory that it held as far as the log says."""
    parts = (kill.anon_rss_kb, kill.file_rss_kb, kill.shmem_rss_kb)
    known = [part for part in parts if part is not None]
    held = f" with {amount(sum(known))} resident" if known else ""
    others = f" and {more} more" if more else ""
    return f"{who(*kill.victim)}{held}{others}"


def what(request: Request, kernel: Kernel | None, mask_length: int) -> str:
    """Return what was asked for: how many pages in one piece, the order, the mask."""
    order, mask = request.order, mask_names(request, kernel) if mask_length else None
    about = [] if order is None or order < 0 else [f"order {order}"]
    if mask is not None:
        about.append(shortened(mask, mask_length))
    return f"{_size(order)} ({', '.join(about)})" if about else _size(order)


def _size(order: int | None) -> str:
    if order is None or order < 0:
        return "memory"
    return "a page" if order == 0 else f"{1 << order} pages"


def mask_names(request: Request, kernel: Kernel | None) -> str | None:
    """Return the mask in names as the log has them or the rules give them, else in hex."""
    if request.names is not None or request.mode is None:
        return request.names
    return (kernel.gfp.format(request.mode) if kernel else "") or f"{request.mode:#x}"


def shortened(text: str, length: int) -> str:
    """Return at most so many characters; three dots stand for what was left out."""
    return text if len(text) <= length else f"{text[: length - 3].rstrip()}..."


def end_of(path: str) -> str:
    """Return at most LONGEST_PATH characters of a path: its end tells most."""
    return path if len(path) <= LONGEST_PATH else f"...{path[3 - LONGEST_PATH :]}"


def amount(kb: int) -> str:
    """Return kB in the unit that people read, with one decimal from MiB on."""
    for unit, size in UNITS:
        if kb >= size:
            tenths = (kb * 10 + size // 2) // size
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{kb} KiB"


class Decided(NamedTuple):
    """The look that decided, and the zone that says most about it: the largest one."""

    outcome: Outcome
    caller: Caller
    test: ZoneTest
    zone: str


OUTCOMES = {
    Verdict.PASSES: Outcome.SKEW,
    Verdict.NO_BLOCK: Outcome.NO_BLOCK,
    Verdict.REFUSED: Outcome.REFUSED,
}


def decided(report: Report, diagnosis: Diagnosis) -> Decided | None:
    """Return the last look of the request if the report has every number of it, else None.

    One zone that passes makes the whole look pass.
    """
    known = report.memory is not None or diagnosis.judgement.status is Status.EXACT
    if not diagnosis.asks or not known:
        return None
    caller, tests = diagnosis.asks[-1]
    if not tests or any(test.verdict is Verdict.UNKNOWN for test in tests):
        return None
    passing = [test for test in tests if test.verdict is Verdict.PASSES]
    test = max(passing or tests, key=lambda test: test.zone.pages("managed") or 0)
    label = zone_label(test.zone, several_nodes(tests))
    return Decided(OUTCOMES[test.verdict], caller, test, label)


def several_nodes(tests: list[ZoneTest]) -> bool:
    """Tell whether zones of one name must be told apart by their node."""
    return len({test.zone.node for test in tests}) > 1


def zone_label(zone: ZoneDump, several: bool) -> str:
    """Return the zone's name, with its node where there are several."""
    return f"node {zone.node} {zone.name}" if several else zone.name


def clause(report: Report, diagnosis: Diagnosis) -> Finding:
    """Return why, as far as it is known: half a sentence."""
    look, judgement = decided(report, diagnosis), diagnosis.judgement
    if judgement.status is Status.OPEN:
        return Finding("clause.open", {"decided_by": judgement.decided_by})
    if look is not None and look.test.free is not None and look.test.floor is not None:
        free, floor = look.test.free.value, look.test.floor.value
        numbers: Operands = {"free": free, "short": look.test.short_by, "above": free - floor}
        return Finding(f"clause.{look.outcome}", {"zone": look.zone, **numbers})
    if report.memory is None:
        return Finding("clause.missing", {"missing": "Mem-Info"})
    if judgement.missing:
        return Finding("clause.missing", {"missing": list(judgement.missing)})
    return Finding("clause.no_rules" if diagnosis.kernel is None else "clause.none", {})


class Sort(NamedTuple):
    """What all events of one group share. `gate` is the inequality that decided, in names."""

    kind: ReportKind
    rules: str | None
    order: int | None
    mask: str | None
    outcome: str
    zone: str | None = None
    mark: str | None = None
    gate: str | None = None


def sort_of(report: Report, diagnosis: Diagnosis) -> Sort:
    """Return the sort of an event; who asked and when makes no difference."""
    request, kernel = report.request or NO_REQUEST, diagnosis.kernel
    rules = kernel.name if kernel else None
    first = (report.kind, rules, request.order, mask_names(request, kernel))
    look = decided(report, diagnosis)
    if diagnosis.judgement.status is not Status.NONE or look is None:
        outcome = diagnosis.judgement.outcome or diagnosis.judgement.status
    else:
        outcome = look.outcome
    if look is None or look.test.floor is None or look.test.free is None:
        return Sort(*first, outcome)
    mark = "the last look" if look.caller.mark == "high" else look.caller.mark
    sign = "<=" if look.outcome is Outcome.REFUSED else ">"
    gate = f"{symbolic(look.test.free)} {sign} {symbolic(look.test.floor)}"
    return Sort(*first, outcome, look.zone, mark, gate)


def sort_words(sort: Sort) -> str:
    """Return what happened to all of a sort, in one line of at most LONGEST characters."""
    about = [] if sort.order is None else [f"order {sort.order}"]
    if sort.mask is not None:
        about.append(shortened(sort.mask, MASKS[0]))
    text = said(
        f"sort.{sort.outcome}",
        event=", ".join([TITLES[sort.kind], *about]),
        zone=sort.zone,
        mark=sort.mark,
        gate=sort.gate,
    )
    return shortened(text, LONGEST)
