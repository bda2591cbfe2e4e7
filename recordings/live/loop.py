"""Keeps a capture going: one sample an interval, until it is told to stop."""

from __future__ import annotations

from threading import Event, Thread

from mmplay.engine.errors import InputError
from mmplay.recordings.live.capture import Capture, now_us

SECOND_US = 1_000_000


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
