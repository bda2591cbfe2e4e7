"""Writes traces: record after record, each usable as soon as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from mmplay.recordings.files import replacing
from mmplay.recordings.trace.format import FORMAT, MAGIC, Code, check_of, pack_body, pack_record


class Sink(Protocol):
    """What a trace is written to."""

    def write(self, data: bytes, /) -> int:
        """Take all of `data`; raises OSError."""
        ...

    def flush(self) -> None:
        """Hand what was written to the system; raises OSError."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class TraceWriter:
    """Appends records to a binary stream and keeps the digest chain."""

    def __init__(self, stream: Sink, header: dict[str, Any]) -> None:
        """Write magic and header at once; `header` is a plain map of str, int and None."""
        self._stream = stream
        self._check = MAGIC
        self._count = 0
        stream.write(MAGIC)
        self.append(Code.HEADER, [{"format": FORMAT, **header}])

    @property
    def name(self) -> str:
        """The path of the file that it writes, empty for a stream that is none."""
        return str(getattr(self._stream, "name", ""))

    def append(self, code: Code, fields: list[Any]) -> None:
        """Append one record; raises OSError if the disk does not take it."""
        self.append_code(code, fields)

    def append_code(self, code: int, fields: list[Any]) -> None:
        """Append a record of any code, also one that only a later version knows."""
        self.append_body(pack_body(code, fields))

    def append_body(self, body: bytes) -> None:
        """Append one record whose body is packed already; raises OSError."""
        self._check = check_of(self._check, body)
        self._stream.write(pack_record(self._check, body))
        self._count += 1

    def close(self) -> None:
        """Append the END record with the number of records before it."""
        self.append(Code.END, [self._count])

    def flush(self) -> None:
        """Hand what was written to the system; raises OSError."""
        self._stream.flush()

    def finish(self) -> None:
        """Append the END record and close the stream; raises OSError."""
        self.close()
        self._stream.close()

    def abandon(self) -> None:
        """Close the stream without an END record, whatever the disk says."""
        with suppress(OSError):
            self._stream.close()


@contextmanager
def new_trace(path: Path, header: dict[str, Any]) -> Iterator[TraceWriter]:
    """Write a whole trace beside `path` and move it there when it is complete.

    Nothing appears at `path`, and nothing is left beside it, if writing fails; raises OSError.
    """
    with replacing(path) as stream:
        writer = TraceWriter(stream, header)
        yield writer
        writer.close()
