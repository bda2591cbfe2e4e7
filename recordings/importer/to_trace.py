"""Writes scanned lines into a trace: values of what was understood, bytes of what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mmplay.recordings.importer.message import Message
from mmplay.recordings.importer.prefix import stored_prefix
from mmplay.recordings.importer.scan import scan
from mmplay.recordings.importer.source import RawLine
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.writer import TraceWriter

RAW_BLOCK_BYTES = 1 << 18
"""Unknown lines are stored together up to this size."""

NEWLINE = b"\n"

PROGRESS_LINES = 1 << 14

Progress = Callable[[int], None]
"""Called now and then with the number of lines read so far; may raise to cancel."""


class LogToTrace:
    """Appends a log to a trace, keeping the order of its lines."""

    def __init__(self, writer: TraceWriter) -> None:
        self._writer = writer
        self._raw = bytearray()
        self._raw_lines = 0
        self.lines = 0
        self.understood = 0

    def write(self, source: Iterable[RawLine], progress: Progress | None = None) -> None:
        """Append every line of `source`; raises OSError if the trace cannot be written."""
        for item in scan(source):
            if isinstance(item, Message):
                self._message(item)
            else:
                self._unknown(item.line)
            if progress is not None and self.lines % PROGRESS_LINES == 0:
                progress(self.lines)
        self._flush()

    def _message(self, message: Message) -> None:
        self._flush()
        fields: list[Any] = [
            message.form.name,
            stored_prefix(message.prefix),
            [message.values[name] for name in message.form.names],
        ]
        if message.end != NEWLINE:
            fields.append(message.end)
        self._writer.append(Code.PRINTK, fields)
        self.lines += message.size
        self.understood += message.size

    def _unknown(self, line: RawLine) -> None:
        self._raw += line.data
        self._raw += line.end
        self._raw_lines += 1
        self.lines += 1
        if line.cut_bytes:
            self._flush()
            self._writer.append(
                Code.NOTE, [line.number, "import.cut", {"line": line.number, "cut": line.cut_bytes}]
            )
        elif len(self._raw) >= RAW_BLOCK_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._raw_lines:
            self._writer.append(Code.RAW, [self._raw_lines, bytes(self._raw)])
            self._raw.clear()
            self._raw_lines = 0
