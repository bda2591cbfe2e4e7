"""A recording of frames as trace events: what each dump counted, and each report as it printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from mmplay.engine.explain.sentences import sentence
from mmplay.engine.frame import BootSpan, Frame
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, gate_finding
from mmplay.recordings.export.series import numbers_of
from mmplay.recordings.export.trace_event import (
    OpenSlices,
    Slice,
    Thread,
    Threads,
    Timed,
    counter,
    instant,
)
from mmplay.recordings.recording import Recording

NS_IN_US = 1000
UNITS = (("_kb", "kB"), ("all_unreclaimable", "yes"))
"""How a number's name ends, and its unit; anything else is pages."""


def trace_of_frames(recording: Recording, threads: Threads) -> Iterator[Timed]:
    """Yield the events of every boot in the order of their own times."""
    boots = [_boot_events(recording, boot, threads) for boot in recording.boots]
    return merge(*boots, key=itemgetter(0))


def _boot_events(recording: Recording, boot: BootSpan, threads: Threads) -> Iterator[Timed]:
    """Yield one boot's events; a frame without a time has no place among them."""
    process = f"boot {boot.index + 1}: {boot.release or 'release unknown'}"
    frames = range(boot.first_frame, boot.last_frame + 1)
    timed = sorted((time, n) for n in frames if (time := recording.time_us(n)) is not None)
    counters = _counters(recording, timed, threads.process(process))
    slices = _slices(recording, boot, timed, process, threads)
    yield from merge(counters, slices, key=itemgetter(0))


def _counters(recording: Recording, timed: list[tuple[int, int]], pid: int) -> Iterator[Timed]:
    """Yield the numbers of each dump at the moment it was printed."""
    last = 0
    for _, index in timed:
        frame = recording.frame(index)
        if frame.shown is None or not frame.shown.own:
            continue
        moment = frame.shown.dump.time_us
        last = max(last, (moment if moment is not None else frame.time_us or 0) * NS_IN_US)
        for name, value in numbers_of(frame.shown.dump).items():
            yield counter(pid, last, name, _unit(name), value)


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS if name.endswith(end)), "pages")


def _slices(
    recording: Recording,
    boot: BootSpan,
    timed: list[tuple[int, int]],
    process: str,
    threads: Threads,
) -> Iterator[Timed]:
    marks = [m for m in recording.markers if boot.first_frame <= m.frame <= boot.last_frame]
    events = set(recording.event_frames)
    opened = OpenSlices()
    for time_us, index in timed:
        begin = time_us * NS_IN_US
        yield from opened.until(begin)
        frame = recording.frame(index)
        if index in events:
            line = threads.thread(process, "events", "events")
            yield instant(line, begin, frame.title, {"frame": index + 1})
        for mark in (mark for mark in marks if mark.frame == index):
            line = threads.thread(process, "marks", "marks")
            yield instant(line, begin, mark.name, {"frame": index + 1, "note": mark.note})
        if frame.report is not None:
            thread = _task(frame, process, threads)
            args = _args(diagnose_frame(recording, index))
            printed = Slice(begin, _end_ns(frame), frame.title, args)
            yield from opened.add(thread, printed)
    yield from opened.rest()


def _task(frame: Frame, process: str, threads: Threads) -> Thread:
    request = frame.report.request if frame.report else None
    if request is None or request.comm is None:
        return threads.thread(process, "unknown", "task unknown")
    pid = "pid unknown" if request.pid is None else str(request.pid)
    return threads.thread(process, (request.comm, request.pid), f"{request.comm} ({pid})")


def _end_ns(frame: Frame) -> int:
    """Return when the last thing of a report was printed whose time is known."""
    report = frame.report
    times = [frame.time_us]
    if report is not None:
        times += [report.memory.time_us if report.memory else None]
        times += [report.kill.time_us if report.kill else None]
    return max(time for time in times if time is not None) * NS_IN_US


def _args(result: FrameDiagnosis) -> str:
    """Return what a report's slice says, as JSON."""
    diagnosis = result.diagnosis
    tests = [
        f"{test.zone.name}: {sentence(gate_finding(test))}"
        for _, tests in diagnosis.asks
        for test in tests
    ]
    verdict = [sentence(diagnosis.verdict)] if diagnosis.verdict else []
    return json.dumps({"frame": result.frame.index + 1, "why": [*verdict, *tests]})
