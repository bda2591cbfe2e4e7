"""How close the simulated mail comes to its log, number by number, and what decides each number.

A number is decided by a rule if the start and the kernel's rules leave it no choice, by the
workload's calibration if another load would have given another number, and by the start if the
run carries it over unchanged. One number of the log is neither determined nor imitated.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.kernel.versions import kernel_named
from mmplay.engine.report.memory import PAGE_FIELDS, MemDump
from mmplay.engine.report.report import Report
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.view import memory_of
from mmplay.recordings.library import open_recording
from mmplay.recordings.session.session import Session
from mmplay.recordings.session.store import session_header
from mmplay.recordings.starts import MAIL, mail_machine

RULE, LOAD, START, OPEN = "rule", "calibration", "start", "not determined"

BY_FIELD: dict[str, str] = {
    **dict.fromkeys(("free", "min", "low", "high", "reserve"), RULE),
    **dict.fromkeys(("slab_unreclaimable", "objs", "slabs", "mode"), RULE),
    **dict.fromkeys(("present", "managed", "mlocked", "unevictable"), START),
    **dict.fromkeys(("shmem", "mapped", "kernel_stack", "slab_reclaimable"), START),
    "pages_scanned": OPEN,
}
LAST_NS = 62_000_000_000


class Row(NamedTuple):
    """One number: pages or as printed; `by` says what decides it."""

    name: str
    logged: int
    simulated: int
    by: str


def compare() -> list[Row]:
    """Return every number of the first dump at the start and of the second at the depletion."""
    with open_recording(MAIL) as timeline:
        reports = [timeline.frame(index).report for index in range(len(timeline))]
    first, last = _dump_of(reports[0]), _with_slub(reports)
    rows = _rows("start", _memory(first), memory_of(mail_machine(_choice())))
    machine = mail_machine(_choice())
    while not machine.state.first_fail_ns and machine.state.now_ns < LAST_NS and turn(machine):
        pass
    rows.append(
        Row(
            "first refusal, ms",
            _first_failure_ms(reports),
            machine.state.first_fail_ns // 10**6,
            LOAD,
        )
    )
    rows += _rows("depleted", _memory(last), memory_of(machine))
    cache = machine.state.caches[0]
    slub = last.request.slub if last.request is not None else None
    if slub is not None and slub.nodes:
        _, slabs, objs, free = slub.nodes[0]
        rows += [
            Row("kmalloc-64 slabs", slabs, cache.slabs(), RULE),
            Row("kmalloc-64 objs", objs, cache.objects(), RULE),
            Row("kmalloc-64 free", free, cache.free_objects(), RULE),
        ]
    rows += _request_rows(last, _run())
    return rows


def _choice() -> Choice:
    return Choice(kernel_named("4.5-rc7"))


def _dump_of(report: Report | None) -> Report:
    if report is None or report.memory is None:
        raise ValueError("the mail's first frame has no Mem-Info")
    return report


def _with_slub(reports: list[Report | None]) -> Report:
    return next(
        one
        for one in reports
        if one is not None and one.request is not None and one.request.slub is not None
    )


def _memory(report: Report) -> MemDump:
    if report.memory is None:
        raise ValueError("a report of the mail has no Mem-Info")
    return report.memory


def _first_failure_ms(reports: list[Report | None]) -> int:
    times = [one.time_us for one in reports[1:] if one is not None and one.time_us is not None]
    return min(times) // 1000


def _rows(prefix: str, logged: MemDump, simulated: MemDump) -> list[Row]:
    """Compare two dumps: totals, and every field of every zone, in pages."""
    rows = [
        Row(f"{prefix} {name}", value, simulated.totals.get(name, 0), BY_FIELD.get(name, LOAD))
        for name, value in logged.totals.items()
    ]
    for zone in logged.zones:
        other = simulated.zone(zone.name)
        if other is None:
            continue
        for name, value in zone.kb.items():
            unit = 1 if name in PAGE_FIELDS else zone.page_kb
            rows.append(
                Row(
                    f"{prefix} {zone.name} {name}",
                    value // unit,
                    other.kb.get(name, 0) // unit,
                    BY_FIELD.get(name, LOAD),
                )
            )
    return rows


def _run() -> Session:
    session = Session(mail_machine(_choice()), session_header("mail"))
    session.advance(until_ns=LAST_NS)
    return session


def _request_rows(logged: Report, run: Session) -> list[Row]:
    """Compare the request that was refused first with one that the log shows."""
    for number in range(run.log.report_count()):
        request = run.log.report(number).request
        if request is not None and logged.request is not None and request.slub is not None:
            return [
                Row("refused mode", logged.request.mode or 0, request.mode or 0, RULE),
                Row("refused order", logged.request.order or 0, request.order or 0, RULE),
                Row("slub gfp", getattr(logged.request.slub, "gfp", 0), request.slub.gfp, RULE),
            ]
    return []
