"""The timeline of an imported log: one frame per report, the log beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from mmplay.engine.errors import how_many
from mmplay.engine.frame import BootSpan, Frame, Growth, Shown, frame_by_time
from mmplay.engine.report import MemDump, Report, ReportKind, title_of
from mmplay.recordings.files import TOLD_BYTES, Done, Progress
from mmplay.recordings.log.builder import ReportIndex
from mmplay.recordings.log.lines import LogFormatError, LogItem, read_log
from mmplay.recordings.log.report_log import ReportLog
from mmplay.recordings.log.timeline import LogTimeline, kernel_of
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.reader import Ending, Record, TraceReader, closed_on_error, open_trace


class ObservedTimeline(LogTimeline):
    """Frames of an imported log. Opening reads the whole trace once and keeps only indexes."""

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        reader: TraceReader | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Read the trace; raises TraceError if it is not one that holds a log.

        `reader` is one that stands behind the header already.
        """
        self._stream = stream
        reader = reader or TraceReader(stream, name)
        self.header: dict[str, Any] = reader.header
        self.path: Path | None = None
        self._log = ReportLog(stream, name, partial(kernel_of, self.header))
        try:
            for item, record in self._told(read_log(reader), progress):
                self._log.take(item, record)
        except LogFormatError as error:
            raise TraceError(f"{name}: {error}") from None
        if reader.ending is None:
            raise TraceError(f"{name}: ended without an ending")
        self._log.finish()
        self.ending: Ending = reader.ending
        self._index: ReportIndex = self._log.index
        self._all_boots = self._log.boots()
        self._boots = tuple(self._spans())
        self._take_marks(reader)
        self._report = self._log.report

    def _told(
        self, items: Iterator[tuple[LogItem, Record]], progress: Progress | None
    ) -> Iterator[tuple[LogItem, Record]]:
        """Yield the items, and tell now and then how far that is."""
        told, size = 0, size_of(self._stream)
        for item, record in items:
            yield item, record
            if progress is not None and record.end - told >= TOLD_BYTES:
                told = record.end
                progress(Done("opening", self._log.line_count, told, size))

    def _spans(self) -> Iterator[BootSpan]:
        for first, last in self._index.boot_spans():
            boot = self._all_boots[self._index.boot(first)]
            yield replace(boot, first_frame=first, last_frame=last)

    # Timeline

    @property
    def live(self) -> bool:
        """A log that was imported has ended."""
        return False

    def grow(self, frames: int) -> int:
        """Nothing comes after the end of a log."""
        return 0

    growing = False

    def follow(self) -> Growth:
        """Nothing comes after the end of a log."""
        return Growth(0, 0)

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """The boots that have frames, in order."""
        return self._boots

    @property
    def event_frames(self) -> Sequence[int]:
        """Every report is an event."""
        return range(len(self._index))

    def __len__(self) -> int:
        """How many reports the log has."""
        return len(self._index)

    def time_us(self, index: int) -> int | None:
        """Return the moment of a report's first line."""
        return self._index.time_us(index)

    def frame_at(self, time_us: int, boot: BootSpan) -> int:
        """Return the last report of a boot that is not later than a moment, else its first."""
        return frame_by_time(self, time_us, boot)

    def frame_of_line(self, line: int) -> int | None:
        """Return the report that a line lies in."""
        for index in range(len(self._index)):
            first, last = self._index.lines(index)
            if first <= line <= last:
                return index
        return None

    def frame(self, index: int) -> Frame:
        """Return the frame of one report; raises IndexError beyond the ends."""
        if not 0 <= index < len(self._index):
            raise IndexError(index)
        report = self._report(index)
        boot = self._all_boots[report.boot]
        return Frame(
            index=index,
            boot=report.boot,
            time_us=report.time_us,
            title=title_of(report),
            observed=True,
            release=boot.release,
            kernel=boot.kernel,
            shown=self._shown(index),
            before=self._before(index),
            report=report,
            first_line=report.first_line,
            last_line=report.last_line,
            wall=boot.wall,
        )

    def cut(self, first: int, last: int, stream: BinaryIO) -> str:
        """Write the lines from frame `first` to frame `last`; return how many. Raises OSError."""
        # Cutting knows runs, too: it loads the simulator, which explaining a log does without.
        from mmplay.recordings.cutting import cut_log

        lines = cut_log(self, first, last, self._stream, stream)
        return f"{how_many(lines, 'lines')}, {how_many(last - first + 1, 'frames')}"

    def _shown(self, index: int) -> Shown | None:
        """Return the report's own dump, or the last one before it in the same boot."""
        if self._index.has_memory(index):
            return self._as_shown(index, index)
        return self._as_shown(index, self._index.dump_beside(index, -1))

    def _as_shown(self, index: int, dump: int | None) -> Shown | None:
        memory = self._report(dump).memory if dump is not None else None
        if dump is None or memory is None:
            return None
        return Shown(memory, own=dump == index, age_us=self._index.distance_us(index, dump))

    def _before(self, index: int) -> MemDump | None:
        earlier = self._index.dump_beside(index, -1)
        return None if earlier is None else self._report(earlier).memory

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the report's own dump, else the nearest in time of the same burst.

        A dump of another time says nothing of this request: without one there is no verdict.
        """
        if self._index.has_memory(index):
            return self._as_shown(index, index)
        near = [
            (abs(distance), dump)
            for step in (1, -1)
            if (dump := self._index.dump_beside(index, step)) is not None
            and (distance := self._index.distance_us(index, dump)) is not None
            and _in_time(step, distance)
            and same_burst(self._report(index), self._report(dump), distance)
        ]
        return self._as_shown(index, min(near)[1]) if near else None


BURST_US = 2_000_000
"""A dump that follows in the same burst comes within this."""

SAME_MOMENT_US = 10_000
"""A task that is refused again so soon after its dump is refused by the same memory."""


def _in_time(step: int, distance_us: int) -> bool:
    """Tell whether a dump that stands behind (1) or before (-1) a report is of its time.

    A dump before it at the very same time has a clock of whole seconds, which does not tell.
    """
    return 0 <= distance_us < BURST_US if step > 0 else -SAME_MOMENT_US < distance_us < 0


def same_burst(report: Report, other: Report, distance_us: int) -> bool:
    """Tell whether the dump of another report, printed so much later, may stand in for a lost one.

    It may if its header was suppressed and it was printed later (before, it is of an earlier
    request that nobody knows), if both come of the same task, or if of this report there is nothing
    but the header, and the other asked for just the same. What was printed before a kill says
    nothing of the time after it.
    """
    if other.kind is ReportKind.DUMP:
        return distance_us >= 0
    if distance_us < 0 and other.kill is not None:
        return False
    here, there = report.request, other.request
    if here is None or there is None:
        return report.kill is not None or other.kill is not None
    if here.comm is None or there.comm is None or here.comm == there.comm:
        return here.pid is None or there.pid is None or here.pid == there.pid
    bare = here.pid is None and not here.stack
    return bare and (here.order, here.mode) == (there.order, there.mode)


def size_of(stream: BinaryIO) -> int:
    """Return how many bytes a file has, leaving it where it stands."""
    here = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return size


def open_observed(path: Path, progress: Progress | None = None) -> ObservedTimeline:
    """Open the trace of an imported log; raises TraceError with the file's name."""
    with closed_on_error(open_trace(path)) as stream:
        return ObservedTimeline(stream, str(path), progress=progress)


def from_bytes(data: bytes, name: str) -> ObservedTimeline:
    """Open a trace that is held in memory; raises TraceError."""
    return ObservedTimeline(io.BytesIO(data), name)
