"""A made-up machine whose capture a test moves on by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.live.sources import KernelLog, lines_of
from tests.recordings.fake_proc import Machine, write_proc

SECOND_US = 1_000_000


HOUR_US = 3600 * SECOND_US


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_us = 100 * SECOND_US

    def __call__(self) -> int:
        return self.now_us


class Bench:
    """A made-up machine and a capture of it."""

    def __init__(self, folder: Path, clock: Clock, keep_us: int = HOUR_US) -> None:
        self.path = folder / "night.mmtrace"
        self.proc, self.kmsg = folder / "proc", folder / "kmsg"
        self.clock = clock
        write_proc(self.proc, Machine())
        os.mkfifo(self.kmsg)
        self.writer = os.open(self.kmsg, os.O_RDWR)
        self.capture = Capture(self.path, Plan(SECOND_US, keep_us), Roots(self.proc, self.kmsg))

    def sample(self, machine: Machine) -> None:
        write_proc(self.proc, machine)
        self.clock.now_us += SECOND_US
        self.capture.sample()

    def print(self, *lines: str) -> None:
        for line in lines:
            head = f"6,1,{self.clock.now_us + 10},-;"
            os.write(self.writer, head.encode() + line.encode().replace(b"\n", b"\\x0a") + b"\n")

    def close(self) -> None:
        self.capture.abandon()
        os.close(self.writer)


class PipeLog(KernelLog):
    """A pipe that stands for /dev/kmsg: a record a line, nothing to skip at the start."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._rest = b""
        self.lost = 0

    def lines(self) -> Iterator[bytes]:
        try:
            self._rest += os.read(self._file, 1 << 20)
        except BlockingIOError:
            return
        *whole, self._rest = self._rest.split(b"\n")
        for record in whole:
            yield from lines_of(record)
