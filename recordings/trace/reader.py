"""Reads traces: tolerant of a cut end, exact about damage, bounded before it allocates."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mmplay.recordings.trace.format import (
    BIN_SIZES,
    CHECK_BYTES,
    FORMAT,
    MAGIC,
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    RECORD_HEAD,
    Code,
    NewerError,
    TraceError,
    check_of,
    unpack_body,
)


class Record(NamedTuple):
    """One record: where it starts and ends in the file, its code (perhaps unknown), its fields."""

    offset: int
    end: int
    code: int
    fields: list[Any]


class Ending(NamedTuple):
    """How reading ended: `closed` by an END record, or at `offset` for the reason in `why`.

    `damaged` tells a changed record from a file that merely stops.
    """

    closed: bool
    offset: int
    why: str = ""
    damaged: bool = False


CUT = "the file ends inside this record"


class _StoppedError(Exception):
    """Why no record follows."""

    def __init__(self, why: str, *, damaged: bool) -> None:
        super().__init__(why)
        self.why = why
        self.damaged = damaged


class TraceReader:
    """Iterates over the whole records of a trace; afterwards `ending` tells how it ended.

    `marks` are (frame, name, note) of the marks that came by.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Read magic and header; raises TraceError if this is no trace that we can read."""
        self._stream = stream
        self._name = name
        self._check = MAGIC
        self._offset = len(MAGIC)
        self._count = 0
        self.ending: Ending | None = None
        self.marks: list[tuple[int, str, str]] = []
        self.header = self._read_header()

    def _read_header(self) -> dict[str, Any]:
        magic = self._stream.read(len(MAGIC))
        if magic != MAGIC:
            what = "is empty" if not magic else "is not an mmplay trace (wrong magic)"
            raise TraceError(f"{self._name}: {what}; kernel logs are read by 'mmplay import'")
        record = self._next(MAX_HEADER_BYTES)
        if record is None or record.code != Code.HEADER or not record.fields:
            raise TraceError(f"{self._name}: damaged header at byte {len(MAGIC)}; nothing to read")
        header = record.fields[0]
        version = header.get("format") if isinstance(header, dict) else None
        if not isinstance(header, dict) or type(version) is not int:
            raise TraceError(f"{self._name}: header at byte {len(MAGIC)} names no format version")
        if version > FORMAT:
            raise NewerError(
                f"{self._name}: format {version} is newer than this mmplay reads ({FORMAT}); "
                "update mmplay"
            )
        return header

    def __iter__(self) -> Iterator[Record]:
        """Yield record after record up to the end, a cut, or damage; see `ending`."""
        while self.ending is None:
            record = self._next(MAX_BODY_BYTES)
            if record is None:
                return
            if record.code == Code.END:
                self._finish(record)
                return
            if record.code == Code.MARK:
                self._take_mark(record)
            yield record

    def _take_mark(self, record: Record) -> None:
        """Keep a mark of the user: frame, time, name, note; anything else is none."""
        match record.fields:
            case [int() as frame, int(), str() as name, str() as note]:
                self.marks.append((frame, name, note))

    def resume(self) -> None:
        """Go on where a file ended that was not closed: it may have grown."""
        if self.ending is not None and not self.ending.closed and not self.ending.damaged:
            self._stream.seek(self._offset)
            self.ending = None

    def _finish(self, end: Record) -> None:
        if end.fields != [self._count - 1]:
            self._stop(end.offset, "the END record counts other records", damaged=True)
        elif self._stream.read(1):
            self._stop(self._offset, "bytes follow the END record", damaged=True)
        else:
            self.ending = Ending(closed=True, offset=self._offset)

    def _stop(self, offset: int, why: str, damaged: bool) -> None:
        self.ending = Ending(closed=False, offset=offset, why=why, damaged=damaged)

    def _next(self, limit: int) -> Record | None:
        start = self._offset
        try:
            code, *fields = unpack_body(self._read_body(start, limit))
        except _StoppedError as stopped:
            self._stop(start, stopped.why, stopped.damaged)
            return None
        except (ValueError, RecursionError) as error:
            self._stop(start, f"the record cannot be unpacked: {error}", damaged=True)
            return None
        self._count += 1
        return Record(start, self._offset, code, fields)

    def _read_body(self, start: int, limit: int) -> bytes:
        """Return the body of the record that starts here; raises _StoppedError if none does."""
        head = self._stream.read(len(RECORD_HEAD) + CHECK_BYTES + 1)
        fixed = head[: len(RECORD_HEAD)]
        if not head:
            raise _StoppedError("the file was not closed", damaged=False)
        if fixed != RECORD_HEAD[: len(fixed)]:
            raise _StoppedError("no record starts here", damaged=True)
        if len(head) < len(RECORD_HEAD) + CHECK_BYTES + 1:
            raise _StoppedError(CUT, damaged=False)
        if head[-1] not in BIN_SIZES:
            raise _StoppedError("the record has no body", damaged=True)
        size_bytes = BIN_SIZES[head[-1]]
        size = int.from_bytes(self._whole(size_bytes), "big")
        if size > limit or size >> 8 * (size_bytes // 2) == 0 < size_bytes - 1:
            raise _StoppedError(f"a record of {size} bytes cannot be", damaged=True)
        body = self._whole(size)
        check = head[len(RECORD_HEAD) : -1]
        if check != check_of(self._check, body):
            raise _StoppedError("check and content do not fit", damaged=True)
        self._check = check
        self._offset = start + len(head) + size_bytes + size
        return body

    def _whole(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise _StoppedError(CUT, damaged=False)
        return data


def record_at(stream: BinaryIO, offset: int, limit: int) -> Record:
    """Return the record at `offset` of a trace that was read whole before.

    Its check is not computed again. Raises TraceError if no record of up to `limit` bytes stands
    there, which means that the file changed meanwhile.
    """
    body, end = body_at(stream, offset, limit)
    try:
        code, *fields = unpack_body(body)
    except (ValueError, RecursionError):
        raise _changed(offset) from None
    return Record(offset, end, code, fields)


def _changed(offset: int) -> TraceError:
    return TraceError(f"the trace changed while it was open (byte {offset})")


def body_at(stream: BinaryIO, offset: int, limit: int) -> tuple[bytes, int]:
    """Return the packed body of the record at `offset`, and where the record ends.

    For a trace that was read whole before, or was written by us: its check is not computed. Raises
    TraceError if no record of up to `limit` bytes stands there.
    """
    stream.seek(offset)
    head = stream.read(len(RECORD_HEAD) + CHECK_BYTES + 1)
    size_bytes = BIN_SIZES.get(head[-1], 0) if head else 0
    size = int.from_bytes(stream.read(size_bytes), "big")
    if size > limit:
        raise _changed(offset)
    return stream.read(size), stream.tell()


def open_trace(path: Path) -> BinaryIO:
    """Open a trace for reading; raises TraceError for what is no regular readable file."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise TraceError(f"{path}: is {kind}; name a trace file")
        return path.open("rb")
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from None


@contextmanager
def closed_on_error(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Close a stream if what is to own it cannot be made; else it stays open."""
    try:
        yield stream
    except BaseException:
        stream.close()
        raise


def is_trace(start: bytes) -> bool:
    """Tell whether a file that begins with these bytes claims to be a trace."""
    return start.startswith(MAGIC)
