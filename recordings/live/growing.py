"""A file that grows by whole records and drops its oldest samples while it does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from mmplay.engine.errors import InputError
from mmplay.recordings.files import begin_part, end_part, take_lock
from mmplay.recordings.trace.format import MAX_BODY_BYTES, Code, unpack_body
from mmplay.recordings.trace.reader import TraceReader, body_at
from mmplay.recordings.trace.writer import TraceWriter


class AppendFile:
    """Whole writes at the end of a file. What a full disk cut off is taken back."""

    def __init__(self, file: int) -> None:
        """Take over an open, empty file."""
        self._file = file
        self.position = 0

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new file; raises InputError if there is one, OSError if it cannot be."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise InputError(f"{path}: it exists already; name another file to record to") from None
        take_lock(file)
        return cls(file)

    def write(self, data: bytes) -> int:
        """Append all of `data`, or nothing; raises OSError."""
        done = 0
        try:
            while done < len(data):
                done += os.write(self._file, data[done:])
        except BaseException:
            os.ftruncate(self._file, self.position)
            os.lseek(self._file, self.position, os.SEEK_SET)
            raise
        self.position += done
        return done

    def stands_at(self, path: Path) -> bool:
        """Tell whether the file is still the one at `path`: nobody replaced or deleted it."""
        here = os.fstat(self._file)
        try:
            there = path.stat()
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def flush(self) -> None:
        """Do nothing: every write goes to the system at once."""

    def sync(self) -> None:
        """Let the disk take what was written; raises OSError."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


RECORDS_A_STEP = 500
"""Records copied between two samples: about 5 ms."""


class KeyPlace(NamedTuple):
    """When a SAMPLE_KEY was taken, and where it stands in the file."""

    time_us: int
    offset: int


class Trimmer:
    """One trimming. `start` is where the first SAMPLE_KEY that stays stands."""

    def __init__(self, path: Path, header: dict[str, Any], start: int) -> None:
        """Begin the copy; raises OSError if it cannot be written."""
        self._path = path
        self._part = begin_part(path)
        self._at = start
        self._keys: list[KeyPlace] = []
        self._old: BinaryIO = path.open("rb")
        try:
            self._new = AppendFile.create(self._part)
            self._writer = TraceWriter(self._new, header)
            self._copy_notes()
        except BaseException:
            self._old.close()
            end_part(self._part)
            raise

    def _copy_notes(self) -> None:
        """Keep the remarks on what is left out: they stand before the first sample."""
        for record in TraceReader(self._old, str(self._path)):
            if record.code != Code.NOTE:
                return
            self._writer.append(Code.NOTE, record.fields)

    def step(self, end: int) -> bool:
        """Copy on towards `end` of the file; tell whether all is copied. Raises OSError."""
        for _ in range(RECORDS_A_STEP):
            if self._at >= end:
                return True
            self._copy_one()
        return self._at >= end

    def _copy_one(self) -> None:
        body, after = body_at(self._old, self._at, MAX_BODY_BYTES)
        code, *fields = unpack_body(body)
        if code == Code.SAMPLE_KEY:
            self._keys.append(KeyPlace(fields[0], self._new.position))
        self._writer.append_body(body)
        self._at = after

    def finish(self, old: AppendFile) -> tuple[TraceWriter, AppendFile, list[KeyPlace]]:
        """Put the copy in the file's place; return what to go on with. Raises OSError."""
        self._new.sync()
        os.replace(self._part, self._path)
        end_part(self._part)
        old.close()
        self._old.close()
        return self._writer, self._new, self._keys

    def give_up(self) -> None:
        """Leave the file as it is."""
        self._old.close()
        self._new.close()
        end_part(self._part)
