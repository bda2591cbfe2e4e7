"""What is remembered of every report: enough to list them, little enough for a million."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from mmplay.engine.report.report import Report, ReportKind

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
        """Return what happened."""
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
