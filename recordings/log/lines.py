"""The lines of an imported log, read back from its trace: understood ones from their values."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

from mmplay.engine.printk.form import forms
from mmplay.recordings.log.prefix import LAST_US, restored_prefix
from mmplay.recordings.log.reading import LONGEST_BROKEN
from mmplay.recordings.log.scan import Message, count_lines
from mmplay.recordings.trace.format import MAX_BODY_BYTES, Code
from mmplay.recordings.trace.reader import Record, TraceReader, record_at


class RawBlock(NamedTuple):
    """Lines that no form describes, from line `number` on, as they came; no data if skipped."""

    number: int
    size: int
    data: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (line number, bytes with line end) of each line."""
        *whole, last = self.data.split(b"\n")
        for n, line in enumerate(whole):
            yield self.number + n, line + b"\n"
        if last:
            yield self.number + len(whole), last


class LogNote(NamedTuple):
    """A remark of the importer: line, code of the finding, operands."""

    line: int
    code: str
    operands: dict[str, Any]


NEWLINE = b"\n"

NOTES: dict[str, dict[str, type]] = {
    "import.cut": {"line": int, "cut": int},
    "import.encoding": {"encoding": str},
    "record.left_out": {"path": str, "why": str},
    "record.lost": {"times": int},
}
"""The remarks that an importer or a capture makes, with the operands of each and their types."""

LogItem = Message | RawBlock | LogNote


class LogFormatError(Exception):
    """A record of an intact trace that does not hold what its code promises."""


def read_log(reader: TraceReader) -> Iterator[tuple[LogItem, Record]]:
    """Yield the log items of a trace in order, each with its record; others are skipped.

    Raises LogFormatError, with the offset, for a record that this version cannot hold.
    """
    number = 1
    for record in reader:
        item = item_of(record, number)
        if item is None:
            continue
        yield item, record
        if not isinstance(item, LogNote):
            number += item.size


def item_of(record: Record, number: int) -> LogItem | None:
    """Return the log item in a record whose first line is `number`; None for other records.

    Raises LogFormatError if the record does not hold what its code promises.
    """
    try:
        match record.code:
            case Code.PRINTK:
                return _message(record.fields, number)
            case Code.RAW:
                count, data = record.fields
                return _raw_block(number, count, data)
            case Code.NOTE:
                line, code, operands = record.fields
                return _note(line, code, operands)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
        name = Code(record.code).name
        raise LogFormatError(
            f"record at byte {record.offset}: holds no {name} ({error}); import the log again"
        ) from None
    return None


def size_of(record: Record) -> int:
    """Return how many lines a record has that `item_of` returned an item of; 0 for others."""
    match record.code:
        case Code.RAW:
            count: int = record.fields[0]
            return count
        case Code.PRINTK:
            raw = record.fields[4] if len(record.fields) > 4 else None
            return forms()[record.fields[0]].size if raw is None else count_lines(raw)
    return 0


def _note(line: int, code: str, operands: dict[str, Any]) -> LogNote | None:
    """Return a remark; None for one that only a later version has words for."""
    names = NOTES.get(_checked(code, str))
    if names is None:
        return None
    given = _checked(operands, dict)
    checked = {name: _checked(given[name], kind) for name, kind in names.items()}
    return LogNote(_checked(line, int), code, checked)


MOST_SKIPPED = 1 << 32


def _raw_block(number: int, count: int, data: bytes | None) -> RawBlock:
    if data is None:
        if not 0 < _checked(count, int) <= MOST_SKIPPED:
            raise ValueError("no number of lines")
        return RawBlock(number, count, b"")
    if _checked(count, int) != count_lines(_checked(data, bytes)) or count == 0:
        raise ValueError("lines and their number do not fit")
    return RawBlock(number, count, data)


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


def _message(fields: list[Any], number: int) -> Message:
    name, prefix, values, *rest = fields
    form = forms()[name]
    kind = type(prefix)
    if kind not in (int, str, list) or (kind is int and not 0 <= prefix <= LAST_US):
        raise TypeError("prefix expected")
    if not form.holds(_checked(values, list)):
        raise ValueError(f"values of {name} are not what a kernel prints")
    end = _checked(rest[0], bytes) if rest else NEWLINE
    raw = _checked(rest[1], bytes) if len(rest) > 1 else None
    lost = _checked(rest[2], str) if len(rest) > 2 else ""
    if raw is not None and count_lines(raw) > LONGEST_BROKEN:
        raise ValueError("more lines than a mailer makes of one")
    return Message(
        # What stands in the same line as the message before it has no line of its own.
        number - 1 if raw == b"" else number,
        form,
        dict(zip(form.names, values, strict=True)),
        restored_prefix(prefix),
        end,
        raw,
        lost,
    )


def rendered(item: Message) -> bytes:
    """Return a message's lines as they stood in the log, line ends included."""
    if item.raw is not None:
        return item.raw
    end = item.end.decode("ascii")
    text = "".join(f"{item.prefix.text}{line}{end}" for line in item.form.render(item.values))
    return text.encode("utf-8", "surrogateescape")


STEP = 32
"""Only every 32nd item is remembered; the ones between are found by reading on."""


class LogIndex:
    """Where lines stand. Filled while the trace is first read, asked afterwards."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # A search reads in a thread of its own: seek and read belong together.
        self._lock = Lock()
        self._first_lines = array("Q")
        self._offsets = array("Q")
        self._note_offsets = array("Q")
        self._items = 0
        self._end = 0
        self.line_count = 0

    def add(self, item: Message | RawBlock, record: Record) -> None:
        """Note the next item of the log and the record it is in."""
        if self._items >= STEP * len(self._offsets) and item.size:
            self._first_lines.append(item.number)
            self._offsets.append(record.offset)
        self._items += 1
        self._end = record.end
        self.line_count += item.size

    def add_note(self, record: Record) -> None:
        """Note where a remark of the importer stands."""
        self._note_offsets.append(record.offset)

    def notes(self) -> Iterator[LogNote]:
        """Yield the remarks of the importer in order."""
        for offset in self._note_offsets:
            item = item_of(self._record(offset), 1)
            if isinstance(item, LogNote):
                yield item

    def _record(self, offset: int) -> Record:
        with self._lock:
            return record_at(self._stream, offset, MAX_BODY_BYTES)

    def items_from(self, line: int) -> Iterator[Message | RawBlock]:
        """Yield the items of the log in order, from the one that holds `line` on."""
        position = bisect_right(self._first_lines, line) - 1
        if position < 0:
            return
        number, offset = self._first_lines[position], self._offsets[position]
        while offset < self._end:
            record = self._record(offset)
            offset = record.end
            size = size_of(record)
            if number + size <= line:
                number += size
                continue
            item: LogItem | None = item_of(record, number)
            if item is None or isinstance(item, LogNote):
                continue
            number += item.size
            if number > line:
                yield item
