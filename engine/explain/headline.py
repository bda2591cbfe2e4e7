"""The headline of an event: one sentence that a person can paste into a ticket; and its sort.

It says what the log and the rules say, and less where they say less: a fact that is missing is
named as missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.explain.diagnose import BY_HAND, Diagnosis
from mmplay.engine.explain.finding import Finding, Operand, said, sentence, symbolic
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest
from mmplay.engine.report import TITLES, OomKill, Report, ReportKind, Request, ZoneDump
from mmplay.engine.rules.versions import Kernel

LONGEST = 160
"""Characters of a headline at most."""

LONGEST_NAME = 32
MASKS = (60, 30, 0)
"""How long a mask may be; a shorter one is tried where a headline gets too long."""

UNITS = (("TiB", 1 << 30), ("GiB", 1 << 20), ("MiB", 1 << 10))


def headline(report: Report, diagnosis: Diagnosis) -> str:
    """Return what happened in one sentence of at most LONGEST characters."""
    text = ""
    for length in MASKS:
        text = sentence(headline_finding(report, diagnosis, length))
        if len(text) <= LONGEST:
            break
    return shortened(text, LONGEST)


def shortened(text: str, length: int) -> str:
    """Return at most so many characters; three dots stand for what was left out."""
    return text if len(text) <= length else f"{text[: length - 3].rstrip()}..."


def amount(kb: int) -> str:
    """Return kB in the unit that people read, with one decimal from MiB on."""
    for unit, size in UNITS:
        if kb >= size:
            tenths = (kb * 10 + size // 2) // size
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{kb} KiB"


class Decided(NamedTuple):
    """The look that decided, and the zone that says most about it: the largest one."""

    outcome: Verdict
    caller: Caller
    test: ZoneTest
    zone: str


def decided(report: Report, diagnosis: Diagnosis) -> Decided | None:
    """Return the last look of the request if the report has every number of it, else None.

    One zone that passes makes the whole look pass.
    """
    if not diagnosis.asks or report.memory is None:
        return None
    caller, tests = diagnosis.asks[-1]
    if not tests or any(test.verdict is Verdict.UNKNOWN for test in tests):
        return None
    passing = [test for test in tests if test.verdict is Verdict.PASSES]
    test = max(passing or tests, key=lambda test: test.zone.pages("managed") or 0)
    return Decided(test.verdict, caller, test, zone_label(test.zone, several_nodes(tests)))


OUTCOMES = {Verdict.PASSES: "skew", Verdict.NO_BLOCK: "no_block", Verdict.REFUSED: "refused"}
"""How each outcome ends a code."""


def several_nodes(tests: list[ZoneTest]) -> bool:
    """Tell whether zones of one name must be told apart by their node."""
    return len({test.zone.node for test in tests}) > 1


def zone_label(zone: ZoneDump, several: bool) -> str:
    """Return the zone's name, with its node where there are several."""
    return f"node {zone.node} {zone.name}" if several else zone.name


Operands = dict[str, Operand]


def headline_finding(report: Report, diagnosis: Diagnosis, mask_length: int) -> Finding:
    """Return the headline as a code and its operands; a mask of length 0 is left out."""
    request = report.request or Request(None, None, None)
    operands: Operands = {
        "who": who(request.comm, request.pid),
        "what": what(request, diagnosis.kernel, mask_length),
        "order": request.order,
    }
    look = decided(report, diagnosis)
    if look is not None:
        operands |= _numbers(look)
    plain = _oom if report.kind.by_killer else _failure
    return TELLERS.get(report.kind, plain)(report, diagnosis, look, operands)


def _numbers(look: Decided) -> Operands:
    free, floor = look.test.free, look.test.floor
    return {
        "zone": look.zone,
        "free": look.test.zone.pages("free"),
        "short": look.test.short_by,
        "above": free.value - floor.value if free is not None and floor is not None else None,
    }


def _failure(
    report: Report, diagnosis: Diagnosis, look: Decided | None, operands: Operands
) -> Finding:
    request = report.request
    if request is not None and request.order is None and request.slub is not None:
        return Finding("headline.slub", operands | {"cache": request.slub.cache})
    if look is not None:
        return Finding(f"headline.{OUTCOMES[look.outcome]}", operands)
    if diagnosis.kernel is None:
        return Finding("headline.no_rules", operands)
    lacking = "borrowed" if report.memory is None else "no_verdict"
    return Finding(f"headline.{lacking}", operands)


def _oom(report: Report, _: Diagnosis, look: Decided | None, operands: Operands) -> Finding:
    code = "invoked" if report.kill is None else "killed"
    if report.kill is not None:
        operands["victim"] = victim(report.kill)
    if report.request is not None and report.request.order == BY_HAND:
        return Finding(f"headline.{code}_by_hand", operands)
    if look is None:
        return Finding(f"headline.{code}", operands)
    return Finding(f"headline.{code}_{OUTCOMES[look.outcome]}", operands)


def _dump(_: Report, __: Diagnosis, ___: Decided | None, operands: Operands) -> Finding:
    return Finding("headline.dump", operands)


Teller = Callable[[Report, Diagnosis, Decided | None, Operands], Finding]

TELLERS: dict[ReportKind, Teller] = {
    ReportKind.FAILURE: _failure,
    ReportKind.OOM_KILL: _oom,
    ReportKind.DUMP: _dump,
}
"""Who words the headline of each kind."""


def victim(kill: OomKill) -> str:
    """Return who was killed, with the memory that it held as far as the log says."""
    comm, pid = kill.killed_comm or kill.comm, kill.killed_pid or kill.pid
    parts = (kill.anon_rss_kb, kill.file_rss_kb, kill.shmem_rss_kb)
    known = [part for part in parts if part is not None]
    return f"{who(comm, pid)} with {amount(sum(known))} resident" if known else who(comm, pid)


def who(comm: str | None, pid: int | None) -> str:
    """Return a task by name and number, as far as they are known."""
    if comm is None:
        return "an unnamed task" if pid is None else f"task {pid}"
    name = shortened(comm, LONGEST_NAME)
    return name if pid is None else f"{name} ({pid})"


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
    request, kernel = report.request or Request(None, None, None), diagnosis.kernel
    first = (
        report.kind,
        kernel.name if kernel else None,
        request.order,
        mask_names(request, kernel),
    )
    look = decided(report, diagnosis)
    if look is None or look.test.floor is None or look.test.free is None:
        return Sort(*first, "none")
    mark = "the last look" if look.caller.mark == "high" else look.caller.mark
    sign = ">" if look.outcome is not Verdict.REFUSED else "<="
    gate = f"{symbolic(look.test.free)} {sign} {symbolic(look.test.floor)}"
    return Sort(*first, OUTCOMES[look.outcome], look.zone, mark, gate)


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
