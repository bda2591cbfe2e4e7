"""Keeps a capture going: one sample an interval, until it is told to stop."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.live.growing import AppendFile, KeyPlace, Trimmer
from mmplay.recordings.live.numbers import TextEncoder
from mmplay.recordings.live.sources import KMSG, PROC, KernelLog, ProcFiles, Unreadable
from mmplay.recordings.log.importing import LogToTrace, trace_header
from mmplay.recordings.log.scan import Lines
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.writer import TraceWriter

KIND = "live"
KEY_EVERY = 256
"""Samples from one SAMPLE_KEY to the next; fewer if that would be much of what is kept."""

SLACK = 4
"""A file may grow by a fourth beyond what is kept before it is trimmed."""

SECOND_US = 1_000_000


class Roots(NamedTuple):
    """Where the kernel's files are: /proc and /dev/kmsg, or something that looks like them."""

    proc: Path = PROC
    kmsg: Path = KMSG


class Plan(NamedTuple):
    """How a capture is made: pause between samples and how much is kept, in microseconds."""

    interval_us: int
    keep_us: int
    kernel: str | None = None

    @property
    def key_every(self) -> int:
        """How many samples lie between two keys."""
        return max(2, min(KEY_EVERY, self.keep_us // self.interval_us // 8))


def now_us() -> int:
    """Return the clock that printk's time stamps count by: microseconds since boot."""
    return time.monotonic_ns() // 1000


class Capture:
    """A capture that is being written. Every call of `sample` adds one sample."""

    def __init__(self, path: Path, plan: Plan, roots: Roots | None = None) -> None:
        """Open sources and file, write the header; raises InputError, OSError for the file."""
        roots = roots or Roots()
        self.path, self.plan = path, plan
        self._files = ProcFiles(roots.proc)
        self.left_out: list[Unreadable] = list(self._files.left_out)
        self._log = self._open_log(roots.kmsg)
        self._header = self._make_header(roots.proc)
        self._encoders = {name: TextEncoder() for name in self._files.names}
        self._texts: dict[str, bytes | None] = {}
        self._lost = 0
        self._since_key = 0
        self._keys: list[KeyPlace] = []
        self._trimmer: Trimmer | None = None
        self.samples = 0
        self.first_us = self.last_us = now_us()
        try:
            self._file = AppendFile.create(path)
        except BaseException:
            self._close_sources()
            raise
        try:
            self._begin()
        except BaseException:
            path.unlink(missing_ok=True)
            self._file.close()
            self._close_sources()
            raise

    def _begin(self) -> None:
        self._writer = TraceWriter(self._file, self._header)
        for one in self.left_out:
            self._note("record.left_out", {"path": one.path, "why": one.why})

    def _open_log(self, path: Path) -> KernelLog | None:
        try:
            return KernelLog(path)
        except OSError as error:
            self.left_out.append(Unreadable(str(path), error.strerror or "cannot be read"))
            return None

    def _make_header(self, proc: Path) -> dict[str, Any]:
        title = self.path.stem
        return {
            **trace_header(KIND, title, self.plan.kernel),
            "release": release_of(proc),
            "started": int(time.time()),
            "page_kb": os.sysconf("SC_PAGE_SIZE") // 1024,
            "interval_us": self.plan.interval_us,
            "files": self._files.names,
        }

    def _note(self, code: str, operands: dict[str, Any]) -> None:
        self._writer.append(Code.NOTE, [0, code, operands])

    def sample(self) -> None:
        """Take one sample; raises OSError if the file cannot be written.

        Raises InputError if another program replaced or deleted the file: what would be written
        from then on could not be found again.
        """
        if not self._file.stands_at(self.path):
            raise InputError(
                f"{self.path}: another program replaced or deleted this file while it was "
                "recorded; record to another file"
            )
        time_us = now_us()
        self._kernel_log()
        texts = {name: self._files.read(name) for name in self._encoders}
        if self.samples == 0 or self._since_key >= self.plan.key_every:
            self._key(time_us, texts)
        else:
            stored = [
                None if text is None else self._encoders[name].changed(text)
                for name, text in texts.items()
            ]
            self._writer.append(Code.SAMPLE, [time_us - self.last_us, *stored])
        self._since_key += 1
        self.samples += 1
        self.last_us = time_us
        self._trim()

    def _key(self, time_us: int, texts: dict[str, bytes | None]) -> None:
        self._keys.append(KeyPlace(time_us, self._file.position))
        stored = [
            None if text is None else self._encoders[name].whole(text)
            for name, text in texts.items()
        ]
        self._writer.append(Code.SAMPLE_KEY, [time_us, *stored])
        self._since_key = 0

    def _kernel_log(self) -> None:
        if self._log is None:
            return
        lines = list(self._log.lines())
        if self._log.lost > self._lost:
            self._note("record.lost", {"times": self._log.lost - self._lost})
            self._lost = self._log.lost
        if lines:
            text = b"".join(line + b"\n" for line in lines)
            LogToTrace(self._writer).write([Lines(1, text)])

    def _trim(self) -> None:
        """Begin, or go on with, dropping what is older than is kept."""
        if self._trimmer is None:
            oldest = self._keys[0].time_us
            if self.last_us - oldest <= self.plan.keep_us + self.plan.keep_us // SLACK:
                return
            cut = [key for key in self._keys if key.time_us <= self.last_us - self.plan.keep_us]
            if len(cut) < 2:
                return
            self._trimmer = Trimmer(self.path, self._header, cut[-1].offset)
        if self._trimmer.step(self._file.position):
            self._writer, self._file, self._keys = self._trimmer.finish(self._file)
            self._trimmer = None

    def close(self) -> None:
        """Write the end and close the file; raises OSError if the disk does not take it."""
        try:
            if self._trimmer is not None:
                self._trimmer.give_up()
            self._writer.close()
            self._file.sync()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close everything, leaving the file as far as it was written."""
        if self._trimmer is not None:
            self._trimmer.give_up()
            self._trimmer = None
        self._file.close()
        self._close_sources()

    def _close_sources(self) -> None:
        self._files.close()
        if self._log is not None:
            self._log.close()
            self._log = None


def release_of(proc: Path) -> str | None:
    """Return the kernel's release as /proc says it, or None."""
    try:
        release = (proc / "sys" / "kernel" / "osrelease").read_bytes()
    except OSError:
        return None
    return release.decode("utf-8", "replace").strip() or None


def capture_until(capture: Capture, stop: Event) -> None:
    """Take samples until `stop` is set, then end the file; raises InputError for a full disk.

    A sample that comes late is not made up for: the next one waits for the next full interval.
    """
    interval_us = capture.plan.interval_us
    due_us = now_us()
    try:
        while not stop.is_set():
            capture.sample()
            due_us = max(due_us + interval_us, now_us() - interval_us)
            stop.wait(max(0, due_us - now_us()) / SECOND_US)
        capture.close()
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"{capture.path}: cannot be written: {why}; the {capture.samples} samples before "
            "stay readable"
        ) from None
    finally:
        capture.abandon()


class CaptureThread(Thread):
    """A capture beside a screen; `trouble` says why it ended early."""

    def __init__(self, capture: Capture) -> None:
        super().__init__(name="capture", daemon=True)
        self._capture = capture
        self._stop_event = Event()
        self.trouble = ""

    def run(self) -> None:
        """Take samples until `end` is called."""
        try:
            capture_until(self._capture, self._stop_event)
        except InputError as error:
            self.trouble = str(error)

    def end(self) -> None:
        """Stop, and wait until the file is ended."""
        self._stop_event.set()
        self.join()
