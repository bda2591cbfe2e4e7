"""One report of the kernel: a page allocation failure, an OOM kill, or a bare Mem-Info dump."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.report.memory import MemDump
from mmplay.engine.report.request import Request


class ReportKind(StrEnum):
    """What happened; the value is what screens and JSON print."""

    FAILURE = "failure"
    OOM_KILL = "oom_kill"
    DUMP = "dump"


class OomKill(NamedTuple):
    """The kill lines of the OOM killer. Sizes in kB; None where a line is missing."""

    pid: int
    comm: str
    score: int | None = None
    killed_pid: int | None = None
    killed_comm: str | None = None
    time_us: int | None = None
    total_vm_kb: int | None = None
    anon_rss_kb: int | None = None
    file_rss_kb: int | None = None
    shmem_rss_kb: int | None = None


@dataclass(slots=True)
class Report:
    """One report as it was printed.

    `time_us` is the moment of its first line; `memory` is its own dump, printed later than the
    decision it explains (`memory.time_us`). Lines are numbered from 1; `boot` counts from 0.
    """

    kind: ReportKind
    time_us: int | None
    first_line: int
    last_line: int
    boot: int = 0
    caller: str = ""
    request: Request | None = None
    memory: MemDump | None = None
    kill: OomKill | None = None
    tasks: list[dict[str, int | str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """Numbers of the lines that belong to this report, in order."""

    def memory_delay_us(self) -> int | None:
        """Return how much later than the report's first line its own dump was printed."""
        if self.memory is None or self.memory.time_us is None or self.time_us is None:
            return None
        return self.memory.time_us - self.time_us
