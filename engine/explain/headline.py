"""The headline of an event: one sentence that a person can paste into a ticket; and its sort.

It says what the log and the rules say, and less where they say less: a fact that is missing is
named as missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.errors import shortened
from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.finding import Finding, Operand, sentence, size
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest
from mmplay.engine.explain.looks import tables_refused, zones_asked
from mmplay.engine.explain.verdict import Outcome, Status
from mmplay.engine.report import Cgroup, OomKill, Report, ReportKind, Request
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.terms import Term

LONGEST = 160
"""Characters of a headline at most."""

LONGEST_NAME = 32
LONGEST_PATH = 48
LONGEST_WHY = 60

MASKS = (60, 30, 0)
"""How long a mask may be; a shorter one is tried where a headline gets too long."""


NO_REQUEST = Request(None, None, None)

Operands = dict[str, Operand]


def headline(report: Report, diagnosis: Diagnosis, room: int = LONGEST) -> str:
    """Return what happened in one sentence of at most LONGEST characters.

    The mask is shortened, then left out, where the sentence has more characters than `room`.
    """
    text = ""
    for length in MASKS:
        text = sentence(headline_finding(report, diagnosis, length))
        if len(text) <= room:
            break
    return shortened(text, LONGEST)


def headline_finding(report: Report, diagnosis: Diagnosis, mask_length: int) -> Finding:
    """Return the headline as a code and its operands; a mask of length 0 is left out."""
    request = report.request or NO_REQUEST
    operands: Operands = {
        "who": who(request.comm, request.pid),
        "what": what(request, diagnosis.kernel, mask_length),
        "clause": sentence(clause(diagnosis)),
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
    ms = report.stalled_ms
    long = "long" if ms is None else f"{ms // 1000}.{ms % 1000 // 10:02d} s"
    return Finding("headline.stall", operands | {"long": long})


def _vmalloc(report: Report, operands: Operands) -> Finding:
    operands |= {"why": shortened(report.why or "", LONGEST_WHY)}
    if zones_asked(report):
        return Finding("headline.vmalloc_pages", operands | {"size": _asked_size(report)})
    code = "headline.vmalloc_why" if report.why else "headline.vmalloc"
    code = "headline.vmalloc_tables" if tables_refused(report) else code
    return Finding(code, operands | {"size": _bytes(report.asked_bytes)})


def _asked_size(report: Report) -> str:
    """Name a vmalloc by what it was asked for and what it had, as far as the log says it."""
    asked = f" of {_bytes(report.asked_bytes)}" if report.asked_bytes else ""
    had = f" that had {_bytes(report.got_bytes)}" if report.got_bytes else ""
    return f"a vmalloc{asked}{had}"


def _bytes(count: int | None) -> str:
    if count is None:
        return "unknown size"
    return f"{count} bytes" if count < 1024 else size(count // 1024)


def _slub(report: Report, operands: Operands) -> Finding:
    slub = report.request.slub if report.request else None
    cache = slub.cache if slub and slub.cache else "a cache that the log does not name"
    allocator = slub.allocator if slub else "SLUB"
    return Finding("headline.slub", operands | {"cache": cache, "allocator": allocator})


def _cma(report: Report, operands: Operands) -> Finding:
    cma = report.cma
    if cma is None:
        return Finding("headline.cma", operands)
    area = "A CMA area" if cma.area is None else f"CMA area {shortened(cma.area, LONGEST_NAME)}"
    operands |= {"area": area, "pages": cma.pages}
    return Finding(CMA_CODES.get(cma.ret, "headline.cma_area"), operands)


CMA_CODES = {-12: "headline.cma_full", -16: "headline.cma_busy"}
"""By errno: ENOMEM, no range was free; EBUSY, pages in it could not be moved (cma_alloc)."""


def _userspace(report: Report, operands: Operands) -> Finding:
    operands |= {
        "daemon": report.daemon or "A daemon",
        "why": shortened(report.why or "no reason is logged", LONGEST_WHY),
        "group": end_of((report.cgroup or Cgroup()).task_path or "that the log does not name"),
    }
    code = "headline.userspace_group" if report.kill is None else "headline.userspace"
    return Finding(code, operands)


def _dump(_: Report, operands: Operands) -> Finding:
    return Finding("headline.dump", operands)


def _killing(report: Report, operands: Operands) -> Finding:
    """Tell a kill: whose, or that the log does not say whose."""
    operands |= {"place": _place(report)}
    if report.nobody_killable:
        return Finding(f"headline.{report.kind}_nobody", operands)
    if report.kill is None:
        ending = "unnamed" if report.panicked is None else "panic"
        return Finding(f"headline.{report.kind}_{ending}", operands)
    died = "killed" if report.kill.killed_pid is not None else "chosen to be killed"
    operands |= {"died": f"{'were' if report.also_killed else 'was'} {died}"}
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
    """Return which limit of the cgroup was reached, as far as the log says.

    A charge fails for more pages than the one that is missing, so usage may lie a little below.
    """
    counters = {"": (cgroup.usage_kb, cgroup.limit_kb)}
    counters |= {f"{name} ": (one.usage_kb, one.limit_kb) for name, one in cgroup.others.items()}
    for name, (usage, limit) in counters.items():
        if usage is not None and limit and usage * 100 >= limit * NEARLY:
            return f"{name}limit of {size(limit)}"
    return "memory limit"


NEARLY = 99
"""Percent of a limit at which it counts as reached."""


Teller = Callable[[Report, Operands], Finding]

TELLERS: dict[ReportKind, Teller] = {
    ReportKind.FAILURE: _failure,
    ReportKind.STALL: _stall,
    ReportKind.VMALLOC: _vmalloc,
    ReportKind.SLUB: _slub,
    ReportKind.CMA: _cma,
    ReportKind.USERSPACE: _userspace,
    ReportKind.DUMP: _dump,
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
    held = f" with {size(sum(known))} resident" if known else ""
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
    if request.names or request.mode is None:
        return request.names or None
    return (kernel.gfp.format(request.mode) if kernel else "") or f"{request.mode:#x}"


def end_of(path: str) -> str:
    """Return at most LONGEST_PATH characters of a path: its end tells most."""
    return path if len(path) <= LONGEST_PATH else f"...{path[3 - LONGEST_PATH :]}"


class Decided(NamedTuple):
    """The look that decided, in the zone that says most about it, and what that zone answered."""

    outcome: Outcome
    caller: Caller
    test: ZoneTest
    free: Term
    floor: Term

    @property
    def spare(self) -> int:
        """Pages above the floor."""
        return self.free.value - self.floor.value

    @property
    def operands(self) -> Operands:
        """What a clause says of it."""
        return {
            "zone": self.test.name,
            "order": self.caller.order,
            "usable": max(0, self.free.value),
            "free": self.test.zone.pages("free"),
            "short": self.test.short_by,
            "above": self.spare,
        }


OUTCOMES = {
    Verdict.PASSES: Outcome.SKEW,
    Verdict.NO_BLOCK: Outcome.NO_BLOCK,
    Verdict.REFUSED: Outcome.REFUSED,
}


def decided(diagnosis: Diagnosis) -> Decided | None:
    """Return the deciding look of a request on which there is one verdict, else None.

    It is told of the largest zone; but one zone that passes makes the whole look pass, so then it
    is told of the one that passes by most.
    """
    if diagnosis.judgement.status is not Status.EXACT or not diagnosis.asks:
        return None
    look, tests = diagnosis.asks[-1]
    looks = [
        Decided(OUTCOMES[test.verdict], look, test, test.free, test.floor)
        for test in tests
        if test.verdict in OUTCOMES and test.free is not None and test.floor is not None
    ]
    passing = [one for one in looks if one.outcome is Outcome.SKEW]
    if passing:
        return max(passing, key=lambda one: one.spare)
    whole = all(one.test.zone.pages("managed") is not None for one in looks)
    # A line that is cut off lacks its end; marks stand before it, and follow from managed.
    field = "managed" if whole else "high"
    return max(looks, key=lambda one: one.test.zone.pages(field) or 0, default=None)


def clause(diagnosis: Diagnosis) -> Finding:
    """Return why, as far as it is known: half a sentence."""
    look, judgement = decided(diagnosis), diagnosis.judgement
    if judgement.status is Status.OPEN:
        return Finding("clause.open", {})
    if look is not None:
        types = _foreign(look, diagnosis.kernel)
        if types:
            return Finding("clause.foreign", look.operands | {"types": types})
        return Finding(f"clause.{_clause_of(look, diagnosis)}", look.operands)
    if diagnosis.kernel is None and judgement.missing in ((), ("release",)):
        return Finding("clause.no_rules", {})
    if judgement.missing:
        return Finding("clause.missing", {"missing": judgement.missing[0]})
    return Finding("clause.none", {})


def _foreign(look: Decided, kernel: Kernel | None) -> str:
    """Name the types of the large enough blocks where all are of types that it may not use."""
    test, caller = look.test, look.caller
    if kernel is None or look.outcome is not Outcome.NO_BLOCK:
        return ""
    large = [one for one in test.zone.blocks or () if one.count and one.order >= caller.order]
    return "/".join(sorted({letter for one in large for letter in one.types}))


def _clause_of(look: Decided, diagnosis: Diagnosis) -> str:
    """Name the clause: pages that are not printed, or numbers of another report, are said so."""
    if any(one.code == "gate.unprinted" for one in diagnosis.notes):
        return "unprinted"
    if all(test.zone.pages("managed") == 0 for test in diagnosis.asks[-1][1]):
        return "empty"
    borrowed = any(one.code == "assumed.other_dump" for one in diagnosis.assumed)
    return "skew_borrowed" if borrowed and look.outcome is Outcome.SKEW else look.outcome
