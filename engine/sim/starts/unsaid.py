"""What a log does not say of its machine: what is assumed, within which bounds, and why.

The values lie in `data/unsaid.toml`; here is by which rule a frame narrows or drops one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmplay.engine.report import MemDump, Report
from mmplay.engine.tables import Table


class Unsaid(NamedTuple):
    """One thing that was assumed: its value, its bounds, and why; `what` names it in a sentence."""

    unit: str
    value: int
    low: int
    high: int
    what: str
    reason: str
    name: str = ""

    @property
    def text(self) -> str:
        """The assumption as a line of the run's header."""
        span = f"{self.low} to {self.high} are possible" if self.low < self.high else "as given"
        return f"{self.name} {self.value} {self.unit}, {span}: {self.reason}"


def _row(values: Mapping[str, Any]) -> Unsaid:
    return Unsaid(**values)


UNSAID: Table[Unsaid] = Table(_row, __package__, "unsaid")
"""By name."""

GIVEN_UP = 100
"""Percent of `scanned_in_vain` with which a zone counts as given up."""


def unsaid_of(report: Report, packets: int = -1) -> tuple[Unsaid, ...]:
    """Return what this report leaves open, in the order of the table.

    `packets` are the frames a second that somebody chose; -1 leaves them open.
    """
    found = [one._replace(name=name) for name, one in UNSAID.items()]
    return tuple(
        narrowed
        for one in found
        if (narrowed := NARROWED.get(one.name, _as_it_is)(one, report, packets)) is not None
    )


def _as_it_is(one: Unsaid, report: Report, packets: int) -> Unsaid | None:
    return one


def _cpus(one: Unsaid, report: Report, packets: int) -> Unsaid | None:
    """At least the CPU that reports is there, and those before it."""
    request = report.request
    seen = max(one.value, 1 + (request.cpu or 0 if request is not None else 0))
    return one._replace(value=seen, low=seen, high=max(seen, one.high))


def _frames(one: Unsaid, report: Report, packets: int) -> Unsaid | None:
    return one if packets < 0 else None


def _scanned(one: Unsaid, report: Report, packets: int) -> Unsaid | None:
    """A kernel that prints pages_scanned for its zones leaves nothing open.

    Where it only prints that all is unreclaimable, the zones are given up.
    """
    if report.memory is None or prints_scans(report.memory):
        return None
    given_up = any(zone.all_unreclaimable for zone in report.memory.zones)
    return one._replace(value=GIVEN_UP if given_up else one.value)


def prints_scans(dump: MemDump) -> bool:
    """Tell whether every zone of a dump says how many pages were scanned."""
    return all(zone.pages("pages_scanned") is not None for zone in dump.populated())


def _more(one: Unsaid, report: Report, packets: int) -> Unsaid | None:
    """Only a task of the table goes on."""
    return one if asking_row(report) is not None else None


def asking_row(report: Report) -> Mapping[str, int | str] | None:
    """Return the row of the task table whose request the report is about, None without one."""
    request = report.request
    if request is None or request.pid is None:
        return None
    return next((row for row in report.tasks if row.get("pid") == request.pid), None)


NARROWED = {
    "cpus": _cpus,
    "frames_per_second": _frames,
    "scanned_in_vain": _scanned,
    "more_pages": _more,
}
"""What a frame or a choice makes of an assumption; None: it is not one."""
