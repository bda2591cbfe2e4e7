"""The builder: which report a line belongs to, and which boot; and what is remembered of each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mmplay.engine.report import Report, ReportKind, Request, ZoneDump
from mmplay.recordings.log.scan import Message

KINDS = tuple(ReportKind)
NO_TIME = -(1 << 62)
"""Stands for a time that the log does not give."""


class ReportIndex:
    """One row per report, in the order in which they began. Times in microseconds."""

    def __init__(self) -> None:
        self._kinds = bytearray()
        self._times = array("q")
        self._boots = array("L")
        self._first_lines = array("Q")
        self._last_lines = array("Q")
        self._has_memory = bytearray()
        self._memory_times = array("q")

    def __len__(self) -> int:
        return len(self._kinds)

    def begin(self, report: Report) -> int:
        """Reserve the row of a report that has begun; return its number."""
        self._kinds.append(KINDS.index(report.kind))
        self._times.append(NO_TIME if report.time_us is None else report.time_us)
        self._boots.append(report.boot)
        self._first_lines.append(report.first_line)
        self._last_lines.append(report.last_line)
        self._has_memory.append(0)
        self._memory_times.append(NO_TIME)
        return len(self._kinds) - 1

    def seal(self, row: int, report: Report) -> None:
        """Note how the report of that row has ended."""
        self._kinds[row] = KINDS.index(report.kind)
        self._boots[row] = report.boot
        self._last_lines[row] = report.last_line
        if report.memory is not None:
            time_us = report.memory.time_us
            self._has_memory[row] = 1
            self._memory_times[row] = NO_TIME if time_us is None else time_us

    def kind(self, row: int) -> ReportKind:
        """Return which kind of event the report in a row is."""
        return KINDS[self._kinds[row]]

    def time_us(self, row: int) -> int | None:
        """Return the moment of the report's first line."""
        return None if self._times[row] == NO_TIME else self._times[row]

    def boot(self, row: int) -> int:
        """Return the boot it belongs to."""
        return self._boots[row]

    def lines(self, row: int) -> tuple[int, int]:
        """Return its first and last line."""
        return self._first_lines[row], self._last_lines[row]

    def dump_beside(self, row: int, step: int) -> int | None:
        """Return the nearest row before (-1) or after (1) that has a dump, in the same boot."""
        dumps = self._has_memory
        other = dumps.find(1, row + 1) if step > 0 else dumps.rfind(1, 0, row)
        return other if other >= 0 and self._boots[other] == self._boots[row] else None

    def has_memory(self, row: int) -> bool:
        """Tell whether the report has a dump of its own."""
        return bool(self._has_memory[row])

    def distance_us(self, row: int, dump: int) -> int | None:
        """Return how much later than report `row` the dump of report `dump` was printed."""
        here, there = self._times[row], self._memory_times[dump]
        return None if NO_TIME in (here, there) else there - here

    def boot_spans(self) -> Iterator[tuple[int, int]]:
        """Yield the first and last row of every boot that has a report, in order."""
        first = 0
        for row in range(1, len(self) + 1):
            if row == len(self) or self._boots[row] != self._boots[first]:
                yield first, row - 1
                first = row


BACKWARDS_US = 1_000_000
"""Time stamps may run back this much between CPUs; more is another boot."""

MAX_OPEN = 256
"""Reports of more callers than this at a time: the oldest gets no more lines."""

SAME_REPORT_US = 10_000_000
"""Parts of a report further apart than this belong to different reports."""


MOST_ROWS = 1024
"""Zones, huge page lines, SLUB nodes or trace entries of one report: no kernel prints as many.
Without a bound, a text that repeats such a line takes quadratic time."""

MOST_TASKS = 1 << 16
"""Rows of a task table that are kept in its report: a bound for the memory it takes."""


@dataclass(slots=True)
class Boot:
    """One run of a kernel inside a log: where it starts, what it is, which clock it prints."""

    index: int
    first_line: int
    release: str | None = None
    wall: bool = False


@dataclass(slots=True)
class OpenReport:
    """The report that lines of one caller go to; `traced` while its call trace is printed.

    `mark` is the stack that the next entry of it is the first of (IRQ, EOI).
    `has_header` tells a request that is named already, `group` a cgroup that dies as a whole,
    `counted` that its memory.stat has begun, `tables` the column of page tables in the task table.
    """

    report: Report
    row: int
    time_us: int | None
    has_cpu: bool = False
    traced: bool = False
    mark: str = ""
    has_header: bool = False
    group: bool = False
    counted: bool = False
    tables: str = ""
    zone: ZoneDump | None = None


@dataclass(slots=True)
class ReportBuilder:
    """Takes messages in order; `index` and `boots` grow as they come.

    Only reports that may still get lines are held; `sealed`, if given, is told of each that ends.
    """

    index: ReportIndex = field(default_factory=ReportIndex)
    sealed: Callable[[Report], None] | None = None
    boots: list[Boot] = field(default_factory=list)
    _open: dict[str, OpenReport] = field(default_factory=dict)
    _latest_us: int | None = None

    def enter_boot(self, message: Message) -> None:
        """Note the message's time; begin a boot at its first line or when time runs back."""
        time_us, role = message.prefix.time_us, message.form.role
        backwards = (
            time_us is not None
            and self._latest_us is not None
            and time_us < self._latest_us - BACKWARDS_US
        )
        if not self.boots or backwards or role == "boot":
            self._begin_boot(message)
        if time_us is not None:
            self._latest_us = max(time_us, self._latest_us or 0)

    def _begin_boot(self, message: Message) -> None:
        self.boots.append(Boot(len(self.boots), message.number, wall=message.prefix.wall))
        self._latest_us = None
        self.finish()

    def finish(self) -> None:
        """Seal every report: no line will come for them any more."""
        for opened in self._open.values():
            self._seal(opened)
        self._open.clear()

    def settle(self) -> None:
        """Note in the index how far every open report has come; more lines may follow."""
        for opened in self._open.values():
            self.index.seal(opened.row, opened.report)

    def _seal(self, opened: OpenReport) -> None:
        self.index.seal(opened.row, opened.report)
        if self.sealed is not None:
            self.sealed(opened.report)

    def name_release(self, message: Message, release: str) -> None:
        """Note what kernel this boot runs; another release than before is another boot.

        The report whose line says so began before it, and moves into the new boot.
        """
        boot = self.boots[-1]
        if boot.release in (None, release):
            boot.release = release
            return
        opened = self.current(message)
        moves = opened is not None and not opened.has_cpu
        if moves:
            del self._open[message.prefix.caller]
        self._begin_boot(message)
        boot = self.boots[-1]
        boot.release = release
        if opened is not None and moves:
            boot.first_line = opened.report.first_line
            opened.report.boot = boot.index
            self._open[message.prefix.caller] = opened

    def begin(
        self, message: Message, kind: ReportKind, request: Request | None = None
    ) -> OpenReport:
        """Begin a report at this message and make it the current one of its caller."""
        report = self._report(message, kind)
        report.request = request
        opened = OpenReport(report, self.index.begin(report), message.prefix.time_us)
        self._replace(message.prefix.caller, opened)
        return opened

    def alone(self, message: Message, kind: ReportKind) -> Report:
        """Return a report of this message only: lines behind it go where they went before.

        It is sealed with what its handler says of it, before the next message.
        """
        report = self._report(message, kind)
        opened = OpenReport(report, self.index.begin(report), message.prefix.time_us)
        self.claim(opened, message)
        self._seal(opened)
        return report

    def _report(self, message: Message, kind: ReportKind) -> Report:
        return Report(
            kind=kind,
            time_us=message.prefix.time_us,
            first_line=message.number,
            last_line=message.number,
            boot=self.boots[-1].index,
            caller=message.prefix.caller,
        )

    def killed_as(self, pid: int) -> OpenReport | None:
        """Return the open report of the kill of that process."""
        for opened in self._open.values():
            kill = opened.report.kill
            if kill is not None and pid in (kill.pid, kill.killed_pid):
                return opened
        return None

    def _replace(self, caller: str, opened: OpenReport) -> None:
        earlier = self._open.pop(caller, None)
        if earlier is None and len(self._open) >= MAX_OPEN:
            earlier = self._open.pop(next(iter(self._open)))
        if earlier is not None:
            self._seal(earlier)
        self._open[caller] = opened

    def current(self, message: Message) -> OpenReport | None:
        """Return the report that this message may belong to."""
        opened = self._open.get(message.prefix.caller)
        if opened is None:
            return None
        now, then = message.prefix.time_us, opened.time_us
        if now is not None and then is not None and now - then > SAME_REPORT_US:
            return None
        return opened

    def claim(self, opened: OpenReport, message: Message) -> None:
        """Count the message's lines among those of the report."""
        opened.report.lines.extend(range(message.number, message.number + message.size))
        opened.report.last_line = message.number + max(1, message.size) - 1
        for what, how in WORDED.get(message.form.name, ()):
            opened.report.forms[what] = how
        if message.lost and len(opened.report.cut) < MOST_CUT:
            opened.report.cut.append((message.number, message.lost))
        if message.prefix.time_us is not None:
            opened.time_us = message.prefix.time_us


WORDED: dict[str, tuple[tuple[str, str], ...]] = {
    "failure/2.6.32": (("failure", "dot"),),
    "failure/4.5": (("failure", "colon"),),
    **dict.fromkeys(("oom/2.6.10", "oom/2.6.13"), (("oom", "older"),)),
    "oom/2.6.31": (("oom", "oomkilladj"),),
    "oom/2.6.32-only": (("oom", "oom_adj"),),
    "oom/2.6.32": (("oom", "both"),),
    "oom/4.5": (("oom", "oom_score_adj"),),
    **dict.fromkeys(("killed/3.x", "killed/4.5"), (("killed", "alone"),)),
    **dict.fromkeys(("killed/5.4-exact", "killed/5.4"), (("killed", "with why"),)),
}
"""What the wording of a line tells of its kernel, by the name of its form."""

MOST_CUT = 4
"""Lines of one report that are told to be cut; a console that cuts one cuts them all."""

Handler = Callable[[ReportBuilder, Message], None]
"""What a report does with a line of one role."""
