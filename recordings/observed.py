"""The timeline of an imported log: one frame per report, the log beside it."""

from __future__ import annotations

import io
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Self

from mmplay.engine.frame import BootSpan, Event, Frame, LogLine, Marker, Shown
from mmplay.engine.kernel.releases import kernel_of_release
from mmplay.engine.kernel.versions import KERNELS, Kernel
from mmplay.engine.report.memory import MemDump
from mmplay.engine.report.report import Report, ReportKind
from mmplay.recordings.importer.message import Message
from mmplay.recordings.log import (
    LogFormatError,
    LogItem,
    LogNote,
    RawBlock,
    item_of,
    read_log,
    rendered,
)
from mmplay.recordings.reports.builder import ReportBuilder
from mmplay.recordings.reports.gather import feed
from mmplay.recordings.trace.format import MAX_BODY_BYTES, TraceError
from mmplay.recordings.trace.reader import Ending, Record, TraceReader, open_trace, record_at


class ObservedTimeline:
    """Frames of an imported log. Opening reads the whole trace once and keeps only an index."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Read the trace; raises TraceError if it is not one that holds a log."""
        self._stream = stream
        self._lock = Lock()
        reader = TraceReader(stream, name)
        self.header: dict[str, Any] = reader.header
        self.notes: list[LogNote] = []
        self._first_lines = array("Q")
        self._offsets = array("Q")
        builder = ReportBuilder()
        self._line_count = 0
        self.understood = 0
        try:
            for item, record in read_log(reader):
                self._take(item, record, builder)
        except LogFormatError as error:
            raise TraceError(f"{name}: {error}") from None
        if reader.ending is None:
            raise TraceError(f"{name}: ended without an ending")
        self.ending: Ending = reader.ending
        self._reports: list[Report] = builder.reports
        self._kernels = [self._kernel_of(boot.release) for boot in builder.boots]
        self._builder_boots = builder.boots
        self._boots = self._spans()
        self._events = tuple(
            Event(n, report.time_us, title_of(report)) for n, report in enumerate(self._reports)
        )

    def _take(
        self, item: Message | RawBlock | LogNote, record: Record, builder: ReportBuilder
    ) -> None:
        if isinstance(item, LogNote):
            self.notes.append(item)
            return
        self._first_lines.append(item.number)
        self._offsets.append(record.offset)
        self._line_count += item.size
        if isinstance(item, Message):
            self.understood += item.size
            feed(builder, item)

    def _kernel_of(self, release: str | None) -> Kernel | None:
        forced = self.header.get("kernel")
        if isinstance(forced, str):
            return KERNELS.get(forced)
        return kernel_of_release(release) if release else None

    def _spans(self) -> tuple[BootSpan, ...]:
        spans = []
        for boot, kernel in zip(self._builder_boots, self._kernels, strict=True):
            frames = [n for n, report in enumerate(self._reports) if report.boot == boot.index]
            if frames:
                spans.append(
                    BootSpan(boot.index, frames[0], frames[-1], boot.release, kernel, boot.wall)
                )
        return tuple(spans)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that the lines are read from; frames stay usable."""
        self._stream.close()

    # Timeline

    @property
    def name(self) -> str:
        """What the recording is called."""
        return str(self.header.get("title") or "log")

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """The boots that have frames, in order."""
        return self._boots

    @property
    def events(self) -> tuple[Event, ...]:
        """Every report is an event."""
        return self._events

    @property
    def markers(self) -> tuple[Marker, ...]:
        """An imported log has no markers."""
        return ()

    @property
    def line_count(self) -> int:
        """How many lines the log has."""
        return self._line_count

    def __len__(self) -> int:
        """How many reports the log has."""
        return len(self._reports)

    def frame(self, index: int) -> Frame:
        """Return the frame of one report; raises IndexError beyond the ends."""
        if not 0 <= index < len(self._reports):
            raise IndexError(index)
        report = self._reports[index]
        return Frame(
            index=index,
            boot=report.boot,
            time_us=report.time_us,
            title=title_of(report),
            observed=True,
            release=self._builder_boots[report.boot].release,
            kernel=self._kernels[report.boot],
            shown=self._shown(index),
            before=self._before(index),
            report=report,
            first_line=report.first_line,
            last_line=report.last_line,
        )

    def _shown(self, index: int) -> Shown | None:
        """Return the report's own dump, or the last one before it in the same boot."""
        report = self._reports[index]
        if report.memory is not None:
            return Shown(report.memory, own=True, age_us=report.memory_delay_us())
        earlier = self._before(index)
        if earlier is None:
            return None
        return Shown(earlier, own=False, age_us=_distance(report, earlier))

    def _before(self, index: int) -> MemDump | None:
        return next(self._dumps(index, step=-1), None)

    def _dumps(self, index: int, step: int) -> Iterator[MemDump]:
        boot = self._reports[index].boot
        other = index + step
        while 0 <= other < len(self._reports) and self._reports[other].boot == boot:
            memory = self._reports[other].memory
            if memory is not None:
                yield memory
            other += step

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the report's own dump, else the nearest in time of the same boot."""
        report = self._reports[index]
        if report.memory is not None:
            return self._shown(index)
        near = [
            Shown(dump, own=False, age_us=_distance(report, dump))
            for step in (1, -1)
            if (dump := next(self._dumps(index, step), None)) is not None
        ]
        timed = [shown for shown in near if shown.age_us is not None]
        return min(timed, key=lambda shown: abs(shown.age_us or 0), default=None)

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        found: list[LogLine] = []
        position = bisect_right(self._first_lines, first) - 1
        while 0 <= position < len(self._offsets) and len(found) < count:
            for line in self._lines_of(position):
                if first <= line.number < first + count:
                    found.append(line)
            position += 1
        return found

    def text(self) -> Iterator[bytes]:
        """Yield the log as it was imported, in pieces."""
        for position in range(len(self._offsets)):
            item = self._item(position)
            if isinstance(item, Message):
                yield rendered(item)
            elif isinstance(item, RawBlock):
                yield item.data

    def unknown_lines(self) -> Iterator[tuple[int, str]]:
        """Yield (line number, text) of every line that no form describes."""
        for position in range(len(self._offsets)):
            item = self._item(position)
            if isinstance(item, RawBlock):
                for number, data in item.lines():
                    yield number, shown_text(data)

    def _item(self, position: int) -> LogItem | None:
        # A search reads in a thread of its own: seek and read belong together.
        with self._lock:
            record = record_at(self._stream, self._offsets[position], MAX_BODY_BYTES)
        return item_of(record, self._first_lines[position])

    def _lines_of(self, position: int) -> list[LogLine]:
        item = self._item(position)
        if isinstance(item, Message):
            texts = rendered(item).split(b"\n")
            return [
                LogLine(item.number + n, shown_text(texts[n]), understood=True)
                for n in range(item.size)
            ]
        if isinstance(item, RawBlock):
            return [LogLine(n, shown_text(data), understood=False) for n, data in item.lines()]
        return []


def _distance(report: Report, dump: MemDump) -> int | None:
    if report.time_us is None or dump.time_us is None:
        return None
    return dump.time_us - report.time_us


def shown_text(data: bytes) -> str:
    """Return a line as it can be shown: undecodable bytes replaced, control characters escaped."""
    text = data.rstrip(b"\r\n").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


TITLES: dict[ReportKind, str] = {
    ReportKind.FAILURE: "page allocation failure",
    ReportKind.OOM_KILL: "OOM kill",
    ReportKind.DUMP: "Mem-Info",
}


def title_of(report: Report) -> str:
    """Return what happened in a few words: kind, task, order."""
    title = TITLES[report.kind]
    if report.kind is ReportKind.OOM_KILL and report.kill is not None:
        return f"{title}: {report.kill.comm} ({report.kill.pid})"
    request = report.request
    if request is None:
        return title
    if request.comm is None and request.slub is not None:
        return f"slab allocation failure: {request.slub.cache or 'unknown cache'}"
    order = "" if request.order is None else f", order {request.order}"
    return f"{title}: {request.comm}{order}"


def open_observed(path: Path) -> ObservedTimeline:
    """Open the trace of an imported log; raises TraceError with the file's name."""
    stream = open_trace(path)
    try:
        return ObservedTimeline(stream, str(path))
    except BaseException:
        stream.close()
        raise


def from_bytes(data: bytes, name: str) -> ObservedTimeline:
    """Open a trace that is held in memory; raises TraceError."""
    return ObservedTimeline(io.BytesIO(data), name)
