"""Writes scanned lines into a trace: values of what was understood, bytes of what was not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmplay.recordings.importer.message import Lines, Message, count_lines
from mmplay.recordings.importer.prefix import stored_prefix
from mmplay.recordings.importer.scan import scan
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.writer import TraceWriter

RAW_BLOCK_BYTES = 1 << 18
"""Unknown lines are stored together up to this size."""

NEWLINE = b"\n"


class LogToTrace:
    """Appends a log to a trace, keeping the order of its lines."""

    def __init__(self, writer: TraceWriter) -> None:
        self._writer = writer
        self._raw = bytearray()
        self._raw_lines = 0
        self.lines = 0
        self.understood = 0

    def write(self, source: Iterable[Lines]) -> None:
        """Append every line of `source`; raises OSError if the trace cannot be written."""
        for item in scan(source):
            if isinstance(item, Message):
                self._message(item)
            else:
                self._unknown(item)
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

    def _unknown(self, lines: Lines) -> None:
        start = 0
        while start < len(lines.data):
            start = self._keep(lines.data, start)
        if lines.cut_bytes:
            self._flush()
            cut = {"line": lines.number, "cut": lines.cut_bytes}
            self._writer.append(Code.NOTE, [lines.number, "import.cut", cut])

    def _keep(self, data: bytes, start: int) -> int:
        """Keep lines from `start` on, until a block is full; return where the next line starts."""
        room = RAW_BLOCK_BYTES - len(self._raw)
        end = len(data)
        if room <= end - start:
            end = data.find(b"\n", start + room - 1) + 1 or end
        kept = data[start:end]
        self._raw += kept
        count = count_lines(kept)
        self._raw_lines += count
        self.lines += count
        if len(self._raw) >= RAW_BLOCK_BYTES:
            self._flush()
        return end

    def _flush(self) -> None:
        if self._raw_lines:
            self._writer.append(Code.RAW, [self._raw_lines, bytes(self._raw)])
            self._raw.clear()
            self._raw_lines = 0
