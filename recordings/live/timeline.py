"""The timeline of a live capture: a frame a sample, and one for each report in the kernel log."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from mmplay.engine.errors import InputError
from mmplay.engine.frame import BootSpan, Frame, Growth, Shown
from mmplay.engine.report import MemDump, title_of
from mmplay.recordings.live.samples import SAMPLE_CODES, Samples, file_names, memory_of
from mmplay.recordings.log.lines import LogFormatError, LogNote, item_of
from mmplay.recordings.log.report_log import ReportLog
from mmplay.recordings.log.timeline import LogTimeline, kernel_of
from mmplay.recordings.recording import remembering
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.reader import Ending, Record, TraceReader, closed_on_error, open_trace

KEPT_DUMPS = 64
"""Samples that are kept as dumps after they were decoded."""

MAX_PAGE_KB = 1 << 20

DELETED = "the file was deleted; you see what it held until then, and nothing more will come"


class LiveTimeline(LogTimeline):
    """Frames of a live trace. Opening reads it once and keeps indexes; `follow` reads on."""

    untitled = "capture"

    def __init__(self, stream: BinaryIO, name: str, reader: TraceReader | None = None) -> None:
        """Read the trace; raises TraceError. `name` is its path, if it is a file.

        `reader` is one that has read the header already.
        """
        self._file_name = name
        self._path: Path | None = None
        self._open(stream, reader or TraceReader(stream, name))
        self._read_on()

    def _open(self, stream: BinaryIO, reader: TraceReader) -> None:
        self._stream = stream
        self._reader = reader
        self.header: dict[str, Any] = self._reader.header
        self._page_kb = page_kb_of(self.header, self._file_name)
        release = self.header.get("release")
        self._release = release if isinstance(release, str) else None
        self._kernel = kernel_of(self.header, self._release)
        self._samples = Samples(stream, self._file_name, file_names(self.header, self._file_name))
        self._log = ReportLog(stream, self._file_name, lambda _: self._kernel)
        # Each frame: the number of a sample, or -1 - the number of a report.
        self._frames = array("q")
        self._events: list[int] = []
        self._next_line = 1
        self._memory = remembering(self._decode, KEPT_DUMPS)

    def _read_on(self) -> None:
        try:
            for record in self._reader:
                self._take(record)
        except LogFormatError as error:
            raise TraceError(f"{self._file_name}: {error}") from None
        self._log.settle()
        self.ending: Ending = self._reader.ending or Ending(closed=False, offset=0)
        self._take_marks(self._reader)

    def _take(self, record: Record) -> None:
        if record.code in SAMPLE_CODES:
            self._samples.take(record)
            self._frames.append(len(self._samples) - 1)
            return
        item = item_of(record, self._next_line)
        if item is None:
            return
        reports = len(self._log.index)
        self._log.take(item, record)
        if not isinstance(item, LogNote):
            self._next_line += item.size
        for row in range(reports, len(self._log.index)):
            self._events.append(len(self._frames))
            self._frames.append(-1 - row)

    # growing

    def follow(self) -> Growth:
        """Read what was written meanwhile; raises TraceError if the file is no trace any more."""
        before = len(self)
        if not self._was_replaced():
            self._reader.resume()
            self._read_on()
            return Growth(len(self) - before, 0)
        last_us = self._samples.time_us(len(self._samples) - 1) if len(self._samples) else 0
        fresh = open_live(Path(self._file_name))
        self.close()
        # The new file is sound: go on as what it was opened as.
        self.__dict__.update(fresh.__dict__)
        known = sum(1 for n in range(len(self)) if (self.time_us(n) or 0) <= last_us)
        return Growth(len(self) - known, max(0, before - known))

    @property
    def growing(self) -> bool:
        """Tell whether the file has no end yet: it may be written at this moment."""
        return not self.ending.closed and not self.ending.damaged

    @property
    def path(self) -> Path | None:
        """Where the file lies; None while it grows: nobody else may write to it."""
        return None if self.growing else self._path

    @path.setter
    def path(self, path: Path | None) -> None:
        """Note where the file lies, also while it grows."""
        self._path = path

    @property
    def live(self) -> bool:
        """More may come, but from the recorder, not when it is asked for (`follow`)."""
        return self.growing

    def grow(self, frames: int) -> int:
        """Nothing comes for the asking."""
        return 0

    def _was_replaced(self) -> bool:
        """Tell whether another file stands at the path: old samples were dropped.

        Raises TraceError if none does: whoever drops samples puts the new file in place at once.
        """
        try:
            there, here = os.stat(self._file_name), os.fstat(self._stream.fileno())
        except FileNotFoundError:
            raise TraceError(f"{self._file_name}: {DELETED}") from None
        except OSError:
            return False
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    # Timeline

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """One boot, since this machine was not restarted meanwhile; none before a first sample."""
        last = len(self._frames) - 1
        if last < 0:
            return ()
        return (BootSpan(0, 0, last, self._release, self._kernel, wall=False),)

    @property
    def event_frames(self) -> Sequence[int]:
        """The frames of reports in the kernel log."""
        return self._events

    def __len__(self) -> int:
        return len(self._frames)

    def time_us(self, index: int) -> int | None:
        """Return the moment of a sample, or of a report's first line."""
        place = self._frames[index]
        return self._samples.time_us(place) if place >= 0 else self._log.index.time_us(-1 - place)

    def frame_at(self, time_us: int, boot: BootSpan) -> int:
        """Return the last frame that is not later than a moment, else the first."""
        later = bisect_right(range(len(self)), time_us, key=lambda n: self.time_us(n) or 0)
        return max(0, later - 1)

    def frame_of_line(self, line: int) -> int | None:
        """Return the report that a line lies in."""
        for event in self._events:
            first, last = self._log.index.lines(-1 - self._frames[event])
            if first <= line <= last:
                return event
        return None

    def frame(self, index: int) -> Frame:
        """Return one frame; raises IndexError beyond the ends."""
        if not 0 <= index < len(self._frames):
            raise IndexError(index)
        place = self._frames[index]
        report = self._log.report(-1 - place) if place < 0 else None
        if report is not None:
            report.boot = 0
        line = self._line_at(index)
        return Frame(
            index=index,
            boot=0,
            time_us=self.time_us(index),
            title=title_of(report) if report is not None else f"sample {place + 1}",
            observed=True,
            release=self._release,
            kernel=self._kernel,
            shown=self._shown(index),
            before=self._before(index),
            report=report,
            first_line=report.first_line if report is not None else line,
            last_line=report.last_line if report is not None else line,
        )

    def cut(self, first: int, last: int, stream: BinaryIO) -> str:
        """Raise InputError: samples are kept as changes of those before them."""
        why = "is a live recording; simulated and imported ones can be cut"
        raise InputError(f"{self._file_name}: {why}")

    def _line_at(self, index: int) -> int:
        """Return the last line that was printed before a frame: the end of the last report."""
        for event in reversed(self._events):
            if event < index:
                return self._log.index.lines(-1 - self._frames[event])[1]
        return 0

    def _decode(self, sample: int) -> MemDump:
        return memory_of(self._samples.files(sample), self._samples.time_us(sample), self._page_kb)

    def _shown(self, index: int) -> Shown | None:
        """Return the frame's own dump, or the last sample before it."""
        place = self._frames[index]
        if place >= 0:
            return Shown(self._memory(place), own=True, age_us=0)
        report = self._log.report(-1 - place)
        if report.memory is not None:
            return Shown(report.memory, own=True, age_us=report.memory_delay_us())
        sample = self._sample_before(index)
        return None if sample is None else self._as_shown(index, sample)

    def _as_shown(self, index: int, sample: int) -> Shown:
        moment = self.time_us(index)
        age_us = None if moment is None else self._samples.time_us(sample) - moment
        return Shown(self._memory(sample), own=False, age_us=age_us)

    def _sample_before(self, index: int) -> int | None:
        for other in range(index - 1, -1, -1):
            if self._frames[other] >= 0:
                return self._frames[other]
        return None

    def _before(self, index: int) -> MemDump | None:
        sample = self._sample_before(index)
        return None if sample is None else self._memory(sample)

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the frame's own dump, else the nearest sample."""
        shown = self._shown(index)
        moment = self.time_us(index)
        if moment is None or (shown is not None and shown.own):
            return shown
        sample = self._samples.nearest(moment)
        return None if sample is None else self._as_shown(index, sample)


def page_kb_of(header: dict[str, Any], name: str) -> int:
    """Return the page size that the header names; raises TraceError."""
    page_kb = header.get("page_kb")
    if type(page_kb) is not int or not 0 < page_kb <= MAX_PAGE_KB:
        raise TraceError(f"{name}: the header of a capture names no page size")
    return page_kb


def open_live(path: Path) -> LiveTimeline:
    """Open a live trace, also one that is still being written; raises TraceError."""
    with closed_on_error(open_trace(path)) as stream:
        return LiveTimeline(stream, str(path))
