"""The files of /proc that a capture reads, and the kernel's log as it comes."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.log.prefix import stamp

PROC = Path("/proc")
KMSG = Path("/dev/kmsg")

ZONEINFO = "zoneinfo"
FILES = (ZONEINFO, "buddyinfo", "vmstat", "slabinfo")
"""What is sampled; a machine without the first has nothing to record."""

READ_BYTES = 1 << 20
KMSG_BYTES = 1 << 14
"""A record of /dev/kmsg is never longer (CONSOLE_EXT_LOG_MAX is 8192)."""

MOST_RECORDS = 10_000
"""Kernel log records that one sample takes; the rest waits for the next."""


class Unreadable(NamedTuple):
    """A file that is left out, and why."""

    path: str
    why: str


class ProcFiles:
    """Open files of /proc, read again and again from their start."""

    def __init__(self, root: Path) -> None:
        """Open what can be read; raises InputError if the zones cannot, or without a /proc."""
        if not root.is_dir():
            raise InputError(f"{root}: no such folder; recording a machine needs Linux's /proc")
        self.left_out: list[Unreadable] = []
        self._files: dict[str, int] = {}
        for name in FILES:
            self._open(root / name, name)
        if ZONEINFO not in self._files:
            why = self.left_out[0].why
            self.close()
            raise InputError(
                f"{root / ZONEINFO}: {why}; there are no zones to record here (a capture needs "
                "Linux; some containers and gVisor hide this file)"
            )

    def _open(self, path: Path, name: str) -> None:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.left_out.append(Unreadable(str(path), error.strerror or "cannot be read"))
            return
        self._files[name] = file
        if self.read(name) is None:
            os.close(self._files.pop(name))
            self.left_out.append(Unreadable(str(path), "cannot be read"))

    @property
    def names(self) -> list[str]:
        """What is sampled, in order."""
        return list(self._files)

    def read(self, name: str) -> bytes | None:
        """Return the file as it is now; None if it cannot be read this time."""
        file, pieces, at = self._files[name], [], 0
        try:
            while piece := os.pread(file, READ_BYTES, at):
                pieces.append(piece)
                at += len(piece)
        except OSError:
            return None
        return b"".join(pieces)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()


_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


class KernelLog:
    """/dev/kmsg from now on, as the lines that dmesg prints."""

    def __init__(self, path: Path = KMSG) -> None:
        """Open it at its end; raises OSError where it cannot be read."""
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError:
            os.close(self._file)
            raise
        self.lost = 0
        """How often records were overwritten before they were read."""

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that came since the last call, without line ends."""
        for _ in range(MOST_RECORDS):
            try:
                record = os.read(self._file, KMSG_BYTES)
            except OSError as error:
                if error.errno == errno.EPIPE:
                    self.lost += 1
                    continue
                return
            if not record:
                return
            yield from lines_of(record)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def lines_of(record: bytes) -> list[bytes]:
    r"""Return one record of /dev/kmsg as dmesg's lines; none for what is no record.

    `prio,sequence,time_us,flags[,caller=T1];text` and lines of properties behind it; a line end
    in the text is written as \x0a. Source: Documentation/ABI/testing/dev-kmsg.
    """
    head, found, rest = record.partition(b";")
    fields = head.split(b",")
    if not found or len(fields) < 4 or not fields[2].isdigit():
        return []
    text = _ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), rest.split(b"\n", 1)[0])
    prefix = stamp(int(fields[2])).encode()
    for field in fields[4:]:
        if field.startswith(b"caller="):
            prefix = prefix[:-1] + b"[%6s] " % field.removeprefix(b"caller=")
    return [prefix + line for line in text.split(b"\n")]
