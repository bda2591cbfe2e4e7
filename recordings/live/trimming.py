"""Drops the oldest samples of a capture while it goes on.

The part that is kept is copied beside the file, a slice between two samples, and takes its place
when it has caught up. At any moment the file at its path is whole, and nothing is lost.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mmplay.recordings.live.appending import AppendFile
from mmplay.recordings.replacing import begin_part, end_part
from mmplay.recordings.trace.format import MAX_BODY_BYTES, Code, unpack_body
from mmplay.recordings.trace.reader import TraceReader, body_at
from mmplay.recordings.trace.writer import TraceWriter

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
