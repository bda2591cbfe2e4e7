"""A simulated run as a timeline: one frame a turn, made again from the nearest kept state.

The run's log goes through the importer, so that reports, lines and explanations of a simulated
machine are those of a real one.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence

from mmplay.engine.frame import BootSpan, Frame, LogLine, Marker, Shown
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.view import memory_of
from mmplay.recordings.importer.blocks import read_lines
from mmplay.recordings.importer.run import trace_header
from mmplay.recordings.importer.to_trace import LogToTrace
from mmplay.recordings.observed import ObservedTimeline, title_of
from mmplay.recordings.trace.writer import TraceWriter

KEEP_EVERY = 512
"""Turns between kept states: running that many again takes about 4 ms."""


def stamp(time_us: int) -> str:
    """Return printk's time stamp."""
    return f"[{time_us // 1_000_000:5d}.{time_us % 1_000_000:06d}] "


def log_text(m: Machine) -> list[str]:
    """Return the run's kernel log, one string a line, with time stamps."""
    return [
        f"{stamp(time_ns // 1000)}{line}"
        for time_ns, form, values in m.log
        for line in form.render(values)
    ]


def write_log(writer: TraceWriter, lines: list[str], name: str) -> None:
    """Append a run's log to a trace, as an import would."""
    data = ("\n".join(lines) + "\n").encode()
    LogToTrace(writer).write(read_lines(io.BytesIO(data), name))


class SimTimeline:
    """See the module. Making one runs the machine up to `until_ns`."""

    def __init__(self, m: Machine, until_ns: int) -> None:
        """Run, and keep a state every few turns."""
        self._machine = m
        self._times: list[int] = [m.state.now_ns]
        self._kept: list[State] = [m.state.copy()]
        self._ends: list[int] = [0]
        heap = m.state.heap
        while heap and heap[0][0] <= until_ns:
            turn(m)
            self._times.append(m.state.now_ns)
            self._ends.append(len(m.log))
            if (len(self._times) - 1) % KEEP_EVERY == 0:
                self._kept.append(m.state.copy())
        self._log = log_text(m)
        self._lines_of = self._count_lines()
        self._reports = self._import() if self._log else None
        self._frames_of_reports = self._place_reports()
        self._at = -1
        m.log = []

    def _count_lines(self) -> list[int]:
        """Return how many lines there were after each turn."""
        lines, done, counts = 0, 0, []
        for end in self._ends:
            for _, form, _ in self._machine.log[done:end]:
                lines += form.template.count("\n") + 1
            done = end
            counts.append(lines)
        return counts

    def _import(self) -> ObservedTimeline | None:
        spool = io.BytesIO()
        writer = TraceWriter(spool, trace_header("simulated", self.name, None))
        write_log(writer, self._log, self.name)
        writer.close()
        spool.seek(0)
        return ObservedTimeline(spool, self.name)

    def _place_reports(self) -> dict[int, int]:
        """Return the report of each frame that printed the first line of one."""
        if self._reports is None:
            return {}
        placed: dict[int, int] = {}
        for index in range(len(self._reports)):
            first = self._reports.frame(index).first_line
            frame = next(n for n, count in enumerate(self._lines_of) if count >= first)
            placed.setdefault(frame, index)
        return placed

    @property
    def name(self) -> str:
        """What the run is called."""
        return f"{self._machine.setup.name} ({self._machine.kernel.name})"

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """One boot: the machine's."""
        setup = self._machine.setup
        return (BootSpan(0, 0, len(self) - 1, setup.release, setup.kernel, wall=False),)

    @property
    def event_frames(self) -> Sequence[int]:
        """The turns that printed a report."""
        return sorted(self._frames_of_reports)

    @property
    def markers(self) -> tuple[Marker, ...]:
        """None yet."""
        return ()

    @property
    def line_count(self) -> int:
        """How many lines the whole run printed."""
        return len(self._log)

    def __len__(self) -> int:
        """One frame before the first turn, and one after each."""
        return len(self._times)

    def time_us(self, index: int) -> int | None:
        """Return the moment of a turn."""
        return self._times[index] // 1000

    def at_time(self, time_us: int) -> int:
        """Return the last frame not later than a moment."""
        return max(0, bisect_right(self._times, time_us * 1000 + 999) - 1)

    def _go_to(self, index: int) -> Machine:
        """Bring the machine to a frame."""
        m = self._machine
        kept = index // KEEP_EVERY
        if not kept * KEEP_EVERY <= self._at <= index:
            m.bind(self._kept[kept].copy())
            self._at = kept * KEEP_EVERY
        while self._at < index:
            turn(m)
            self._at += 1
        m.log = []
        return m

    def frame(self, index: int) -> Frame:
        """Return the frame after a turn; raises IndexError beyond the ends."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        before = memory_of(self._go_to(index - 1)) if index else None
        memory = memory_of(self._go_to(index))
        number = self._frames_of_reports.get(index)
        observed = None if self._reports is None or number is None else self._reports.frame(number)
        last = self._lines_of[index]
        report = observed.report if observed is not None else None
        setup = self._machine.setup
        return Frame(
            index=index,
            boot=0,
            time_us=self.time_us(index),
            title=title_of(report) if report is not None else f"turn {index}",
            observed=False,
            release=setup.release,
            kernel=setup.kernel,
            shown=Shown(memory, own=True, age_us=0),
            before=before,
            report=report,
            first_line=observed.first_line if observed is not None else last,
            last_line=observed.last_line if observed is not None else last,
        )

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the memory of the frame itself."""
        return self.frame(index).shown

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        return self._reports.lines(first, count) if self._reports is not None else []

    def close(self) -> None:
        """Let go of the log."""
        if self._reports is not None:
            self._reports.close()
