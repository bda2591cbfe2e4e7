"""Finds the lines of a log inside its trace, with little memory however long the log is."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from threading import Lock
from typing import BinaryIO

from mmplay.recordings.importer.message import Message
from mmplay.recordings.log import LogItem, LogNote, RawBlock, item_of
from mmplay.recordings.trace.format import MAX_BODY_BYTES
from mmplay.recordings.trace.reader import Record, record_at

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
        if self._items % STEP == 0:
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
            item: LogItem | None = item_of(record, number)
            if item is None or isinstance(item, LogNote):
                continue
            number += item.size
            if number > line:
                yield item
