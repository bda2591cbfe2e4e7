"""`mmplay record`: the memory of this machine, recorded while it runs."""

from __future__ import annotations

import re
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Timer
from types import FrameType

from mmplay.commands.arguments import add_kernel, check_kernel
from mmplay.commands.output import output_path, remark, told_of_disk
from mmplay.commands.screen import add_screen_options, require_terminal
from mmplay.engine.errors import InputError, how_many
from mmplay.recordings.files import TRACE, user_paths
from mmplay.recordings.live.capture import Capture, CaptureThread, Plan, Roots, capture_until

UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
SHORTEST_US, LONGEST_US = 10_000, 3_600_000_000
"""Bounds of the interval: 100 samples a second, one an hour."""

MOST_KEPT_US = 366 * UNITS_US["d"]
_SPAN = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h|d)$")

ROOTS = Roots()
"""Where the kernel's files are."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "seconds", metavar="SECONDS", nargs="?", help="end after so many seconds (default: never)"
    )
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        help="record to this file (default: a new file in mmplay's own folder)",
    )
    parser.add_argument(
        "--interval",
        metavar="SPAN",
        default="1s",
        help="pause between two samples, such as 100ms (default: 1s)",
    )
    parser.add_argument(
        "--keep", metavar="SPAN", default="24h", help="drop samples older than this (default: 24h)"
    )
    parser.add_argument(
        "--screen", action="store_true", help="show the recording on the play screen as it grows"
    )
    add_kernel(parser)
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Record until Ctrl-C or for SECONDS.

    Raises InputError where there is nothing to record or to write to.
    """
    check_kernel(args)
    interval_us = span_us(args.interval, "--interval", SHORTEST_US, LONGEST_US)
    keep_us = span_us(args.keep, "--keep", interval_us, MOST_KEPT_US)
    for_s = None if args.seconds is None else _seconds(args.seconds)
    if args.screen:
        require_terminal("the play screen", "leave out --screen")
    path = output_path(args.output) if args.output is not None else _own_path()
    with told_of_disk(path):
        if args.output is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        capture = Capture(path, Plan(interval_us, keep_us, args.kernel), ROOTS)
    for one in capture.left_out:
        remark(f"{one.path} is left out: {one.why}")
    return _on_screen(args, capture, for_s) if args.screen else _plain(capture, for_s)


def _seconds(text: str) -> float:
    """Return how long to record; raises InputError."""
    if _SPAN.match(f"{text.removesuffix('s')}s") is None:
        raise InputError(f"SECONDS {text[:40]}: expected a number of seconds, such as 90 or 0.5")
    us = span_us(f"{text.removesuffix('s')}s", "SECONDS", SHORTEST_US, MOST_KEPT_US)
    return us / UNITS_US["s"]


def span_us(text: str, option: str, least_us: int, most_us: int) -> int:
    """Return a span such as 100ms, 1s, 24h in microseconds; raises InputError."""
    found = _SPAN.match(text)
    if found is None:
        raise InputError(f"{option} {text[:40]}: expected a span such as 100ms, 1s, 24h")
    whole, part, unit = found.groups()
    span = (int(whole) * 1000 + int((part or "0").ljust(3, "0"))) * UNITS_US[unit] // 1000
    if not least_us <= span <= most_us:
        least, most = span_text(least_us), span_text(most_us)
        raise InputError(f"{option} {text}: must be from {least} to {most}")
    return span


def span_text(span: int) -> str:
    """Return a span in the largest unit that gives a whole number."""
    unit = next(unit for unit in reversed(UNITS_US) if span % UNITS_US[unit] == 0)
    return f"{span // UNITS_US[unit]}{unit}"


def _own_path() -> Path:
    """Return a new name in the user's recordings, by date and time."""
    folder = user_paths()["recordings"]
    name = datetime.now().strftime("live-%Y%m%d-%H%M%S")
    path, n = folder / f"{name}{TRACE}", 1
    while path.exists():
        n += 1
        path = folder / f"{name}-{n}{TRACE}"
    return path


def _plain(capture: Capture, for_s: float | None) -> int:
    """Record here until a signal, or for so many seconds; Ctrl-C is how a capture ends."""
    remark(f"recording to {capture.path}; Ctrl-C ends it")
    stop = Event()
    with _stopped_by_signals(stop), _after(for_s, stop.set):
        capture_until(capture, stop)
    _summary(capture)
    return 0


@contextmanager
def _after(for_s: float | None, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` after so many seconds, if they are over before what is done here."""
    timer = Timer(for_s if for_s is not None else 0, end)
    timer.daemon = True
    if for_s is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _stopped_by_signals(stop: Event) -> Iterator[None]:
    def end(signum: int, frame: FrameType | None) -> None:
        """Let the capture come to its end."""
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _on_screen(args: Namespace, capture: Capture, for_s: float | None) -> int:
    from mmplay.commands.screen import open_app
    from mmplay.recordings.live.timeline import open_live

    thread = CaptureThread(capture)
    try:
        with told_of_disk(capture.path):
            capture.sample()
        thread.start()
        timeline = open_live(capture.path)
        with _after(for_s, thread.end):
            status = open_app(args, timeline, len(timeline) - 1)
    finally:
        if thread.is_alive():
            thread.end()
        capture.abandon()
    if thread.trouble:
        raise InputError(thread.trouble)
    _summary(capture)
    return status


def _summary(capture: Capture) -> None:
    count = capture.samples
    seconds = (capture.last_us - capture.first_us) // UNITS_US["s"]
    made = f"{how_many(count, 'samples')} in {seconds} s"
    remark(f"{capture.path}: {made}; 'mmplay replay {capture.path}' shows it")
