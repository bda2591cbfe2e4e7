"""A file that grows record by record and never keeps half of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from mmplay.engine.errors import InputError


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
            return cls(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise InputError(f"{path}: exists already; name another file to record to") from None

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
