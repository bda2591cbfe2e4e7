"""The log inside a trace: its lines, and the reports that are gathered from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import BinaryIO

from mmplay.engine.errors import printable
from mmplay.engine.frame import BootSpan, LogLine
from mmplay.engine.report import SCANNED, Report
from mmplay.engine.rules.versions import Kernel
from mmplay.recordings.log.builder import ReportBuilder, ReportIndex
from mmplay.recordings.log.gather import feed, gather_one
from mmplay.recordings.log.lines import LogIndex, LogItem, LogNote, RawBlock, rendered
from mmplay.recordings.log.prefix import split_prefix
from mmplay.recordings.log.scan import Message
from mmplay.recordings.log.unpacking import ENCODINGS, encoded
from mmplay.recordings.recording import remembering
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.reader import Record

KernelOf = Callable[[str | None], Kernel | None]

KEPT_REPORTS = 64
"""Reports that are kept after they were read from their lines."""


class ReportLog:
    """Filled while a trace is read, asked afterwards; keeps indexes only."""

    def __init__(self, stream: BinaryIO, name: str, kernel_of: KernelOf) -> None:
        """An empty log; lines will be read again from `stream`. `kernel_of` takes a release."""
        self._name = name
        self._kernel_of = kernel_of
        self._lines = LogIndex(stream)
        self._builder = ReportBuilder()
        self.understood = 0
        self._read = remembering(self._gather, KEPT_REPORTS)

    def take(self, item: LogItem, record: Record) -> None:
        """Add the next item of the trace."""
        if isinstance(item, LogNote):
            self._lines.add_note(record)
            return
        self._lines.add(item, record)
        if isinstance(item, Message):
            self.understood += item.size
            feed(self._builder, item)

    def settle(self) -> None:
        """Bring the index up to date; more lines may come."""
        self._builder.settle()

    def finish(self) -> None:
        """No line comes any more."""
        self._builder.finish()

    def notes(self) -> list[LogNote]:
        """Return the remarks of who recorded it, in order; read from the trace again."""
        return list(self._lines.notes())

    @property
    def index(self) -> ReportIndex:
        """One row a report."""
        return self._builder.index

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self._lines.line_count

    def boots(self) -> list[BootSpan]:
        """Return every boot that the log shows, without frames."""
        return [
            BootSpan(boot.index, 0, 0, boot.release, self._kernel_of(boot.release), boot.wall)
            for boot in self._builder.boots
        ]

    def report(self, row: int) -> Report:
        """Return the report in a row, read from its lines unless it was kept."""
        first, last = self.index.lines(row)
        return self._read(row, first, last)

    def _gather(self, row: int, first: int, last: int) -> Report:
        """Read one report from its lines again, and count those inside that nobody understands."""
        unknown: list[tuple[int, bytes]] = []
        items = takewhile(lambda item: item.number <= last, self._lines.items_from(first))
        report = gather_one(_messages(items, unknown), first)
        if report is None:
            raise TraceError(f"{self._name}: the trace changed while it was open")
        report.boot = self.index.boot(row)
        _set_units(report, self._kernel_of(self._builder.boots[report.boot].release))
        report.unknown = sum(_may_be_of(report, line) for n, line in unknown if n <= last)
        return report

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        wanted = range(first, first + count)
        found: list[LogLine] = []
        for item in self._lines.items_from(first):
            if item.number >= wanted.stop:
                break
            found += log_lines(item, wanted)
        return found

    def text(self) -> Iterator[bytes]:
        """Yield the log as it was recorded, in pieces."""
        codes = {note.code: note.operands for note in self.notes()}
        encoding = codes.get("import.encoding", {}).get("encoding")
        return encoded(self._text(), encoding) if encoding in ENCODINGS else self._text()

    def _text(self) -> Iterator[bytes]:
        for item in self._lines.items_from(1):
            yield rendered(item) if isinstance(item, Message) else item.data

    def unknown_lines(self) -> Iterator[tuple[int, str]]:
        """Yield (line number, text) of every line that no form describes."""
        for item in self._lines.items_from(1):
            if isinstance(item, RawBlock):
                texts = item.data.decode("utf-8", "replace").split("\n")
                for number, text in enumerate(texts[: item.size], item.number):
                    yield number, printable(text.rstrip("\r"))


def _messages(
    items: Iterable[Message | RawBlock], unknown: list[tuple[int, bytes]]
) -> Iterator[Message]:
    """Yield the messages, and note the lines that nobody understands."""
    for item in items:
        if isinstance(item, Message):
            yield item
        else:
            unknown += item.lines()


def _set_units(report: Report, kernel: Kernel | None) -> None:
    """Note which fields the kernel printed in pages; one that is not known goes by its lines."""
    for zone in report.memory.zones if report.memory is not None else ():
        if not SCANNED & zone.kb.keys():
            continue
        # Zone lines print free_pcp from 4.1 on, when pages_scanned was in kB already.
        unknown = "kB" if "free_pcp" in zone.kb else "pages"
        if (kernel.scanned_unit if kernel is not None else unknown) == "pages":
            zone.in_pages = SCANNED


def _may_be_of(report: Report, line: bytes) -> bool:
    """Tell whether a line inside a report may be one of its own.

    Lines of others are not: another caller's, another program's, and what has no stamp on a
    console where the report's lines have one.
    """
    prefix, text = split_prefix(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
    if prefix.foreign or prefix.caller != report.caller:
        return False
    return bool(text.strip()) and (prefix.time_us is not None or report.time_us is None)


def log_lines(item: Message | RawBlock, wanted: range) -> list[LogLine]:
    """Return those lines of one item of the log that are wanted, as they can be shown."""
    if isinstance(item, RawBlock):
        return [
            LogLine(number, shown_text(data), understood=False)
            for number, data in item.lines()
            if number in wanted
        ]
    lines = enumerate(rendered(item).split(b"\n")[: item.size], item.number)
    return [LogLine(n, shown_text(data), understood=True) for n, data in lines if n in wanted]


def shown_text(data: bytes) -> str:
    """Return a line as it can be shown: undecodable bytes replaced, control characters escaped."""
    return printable(data.rstrip(b"\r\n").decode("utf-8", "replace"))
