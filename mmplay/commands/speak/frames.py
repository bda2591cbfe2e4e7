"""Frames in plain lines: where we are, the zones, why, the log."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.gate import ladder
from mmplay.engine.explain.sentences import seconds, sentence
from mmplay.engine.frame import Frame, Timeline
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.recordings.diagnosis import diagnose_frame, gate_finding

MARKS = ("min", "low", "high")


def frame_line(timeline: Timeline, index: int) -> str:
    """Return a frame in one line: number, time, title, free pages and what they changed by."""
    frame = timeline.frame(index)
    time = "no time" if frame.time_us is None else seconds(frame.time_us)
    return "; ".join([f"#{index + 1} of {len(timeline)}, {time}: {frame.title}", *_free(frame)])


def _free(frame: Frame) -> Iterator[str]:
    if frame.shown is None:
        return
    before = {zone.name: zone.pages("free") for zone in frame.before.zones} if frame.before else {}
    for zone in frame.shown.dump.populated():
        free, then = zone.pages("free"), before.get(zone.name)
        changed = f" ({free - then:+d})" if free is not None and then not in (None, free) else ""
        yield f"{zone.name} {free} free{changed}"


def zone_lines(timeline: Timeline, index: int) -> Iterator[str]:
    """Yield every zone in one line: free pages, marks, reserve, and who is refused now."""
    frame = timeline.frame(index)
    shown = frame.shown or timeline.nearest_dump(index)
    if shown is None:
        yield "unknown: no dump yet"
        return
    for zone in shown.dump.populated():
        yield _zone_line(frame, shown.dump, zone)


def _zone_line(frame: Frame, dump: MemDump, zone: ZoneDump) -> str:
    free = zone.pages("free")
    parts = [f"{zone.name}: {free} of {zone.pages('managed')} pages free"]
    parts.append(", ".join(f"{mark} {zone.pages(mark)}" for mark in MARKS))
    if zone.reserve:
        parts.append(f"reserve {max(zone.reserve)}")
    indexes = [one.index for one in dump.populated() if one.index is not None]
    if frame.kernel is not None and free is not None and indexes:
        rungs = [rung for rung in ladder(frame.kernel, zone, max(indexes)) if rung.mark == "min"]
        refused = [f"{r.caller.name} ({r.pages.value})" for r in rungs if free <= r.pages.value]
        parts.append(f"refused at min: {', '.join(refused) or 'nobody'}")
    return "; ".join(parts)


def why_lines(timeline: Timeline, index: int) -> Iterator[str]:
    """Yield why a frame came out as it did: the verdict of a report, the decisions of a turn."""
    frame = timeline.frame(index)
    if frame.report is not None:
        yield from _verdict(timeline, index)
    if frame.facts is None:
        if frame.report is None:
            yield "nothing was decided here"
        return
    yield from frame.facts.acts
    for one in frame.facts.decisions:
        stack = f"; called by {', '.join(one.stack[1:4])}" if len(one.stack) > 1 else ""
        yield f"{'refused: ' if one.refused else ''}{one.text} ({one.function}, {one.path}{stack})"
    if not frame.facts.decisions:
        yield f"{frame.facts.actor}: nothing was decided in this turn"


def _verdict(timeline: Timeline, index: int) -> Iterator[str]:
    diagnosis = diagnose_frame(timeline, index).diagnosis
    if diagnosis.verdict is not None:
        yield sentence(diagnosis.verdict)
    elif not diagnosis.asks:
        yield "no verdict: the report says too little, or the kernel's rules are not known"
    for caller, tests in diagnosis.asks:
        for test in tests:
            yield f"at {caller.mark}, {test.zone.name}: {sentence(gate_finding(test))}"
    for one in (*diagnosis.about_caller, *diagnosis.would_pass, *diagnosis.reclaim):
        yield sentence(one)


def log_lines(timeline: Timeline, index: int, most: int) -> Iterator[str]:
    """Yield the last lines of the log up to a frame."""
    last = timeline.frame(index).last_line
    if not last:
        yield "the log is empty so far"
        return
    first = max(1, last - most + 1)
    for line in timeline.lines(first, last - first + 1):
        yield line.text
