"""Two time axes laid upon each other: at the start, at the OOM kill, at a marker, at a time."""

from __future__ import annotations

import re

from mmplay.engine.errors import InputError
from mmplay.engine.explain.comparing import Alignment, Moment
from mmplay.engine.frame import BootSpan
from mmplay.recordings.recording import Recording
from mmplay.recordings.trace.format import Code

START, OOM, MARKER = "start", "oom", "marker:"
FORMS = "start, oom, marker:NAME, or seconds such as 61.526"

_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,6})?$")


def aligned(a: Recording, b: Recording, align: str) -> Alignment:
    """Return how the two are laid upon each other; raises InputError if one has no such moment.

    The table compares the two at the aligned moment itself; aligned at the start, as long after it
    as both go.
    """
    here, there = (_moment(one, _frame(one, align)) for one in (a, b))
    if align != START:
        return Alignment(align, here, there, here, there)
    spans = [_span_us(one, moment) for one, moment in ((a, here), (b, there))]
    ends = [_after(one, moment, min(spans)) for one, moment in ((a, here), (b, there))]
    return Alignment(align, here, there, *ends)


def _frame(one: Recording, align: str) -> int:
    if not len(one):
        raise InputError(f"{one.name}: there are no frames to compare")
    if align == START:
        return 0
    if align == OOM:
        return _oom(one)
    if align.startswith(MARKER):
        return _marker(one, align.removeprefix(MARKER))
    if not _SECONDS.match(align):
        raise InputError(f"--align {align[:40]}: expected {FORMS}")
    return _at_time(one, align)


def _oom(one: Recording) -> int:
    if one.session is not None:
        events = one.session.tape.of(Code.EVENT)
        found = [event.turn - one.session.first for event in events if event.fields == ["oom_kill"]]
    else:
        frames = ((frame, one.frame(frame).report) for frame in one.event_frames)
        found = [frame for frame, report in frames if report and report.kind.by_killer]
    if not found:
        raise InputError(f"{one.name}: there is no OOM kill to align at")
    return found[0]


def _marker(one: Recording, name: str) -> int:
    for marker in one.markers:
        if marker.name == name:
            return marker.frame
    known = ", ".join(marker.name for marker in one.markers) or "none"
    raise InputError(f"{one.name}: there is no marker {name[:40]!r} to align at; it has {known}")


def _at_time(one: Recording, text: str) -> int:
    """Return the frame of a time that is recorded: a run is not made longer to be compared."""
    whole, _, part = text.partition(".")
    time_us = int(whole) * 1_000_000 + int(part.ljust(6, "0"))
    spans = [(one.time_us(boot.first_frame), one.time_us(boot.last_frame)) for boot in one.boots]
    for boot, (first, last) in zip(one.boots, spans, strict=True):
        if first is not None and last is not None and first <= time_us <= last:
            return one.frame_at(time_us, boot)
    first, last = spans[0]
    span = "no times" if first is None or last is None else f"{first / 1e6} s to {last / 1e6} s"
    raise InputError(f"{one.name}: {text} lies outside it: it has {span}")


def boot_of(one: Recording, frame: int) -> BootSpan:
    """Return the boot that a frame belongs to."""
    return next(boot for boot in one.boots if boot.first_frame <= frame <= boot.last_frame)


def _moment(one: Recording, frame: int) -> Moment:
    return Moment(frame, one.time_us(frame))


def _span_us(one: Recording, moment: Moment) -> int:
    """Return how long the boot of a moment goes on after it."""
    last = one.time_us(boot_of(one, moment.frame).last_frame)
    return 0 if last is None or moment.time_us is None else last - moment.time_us


def _after(one: Recording, moment: Moment, later_us: int) -> Moment:
    if moment.time_us is None:
        return moment
    boot = boot_of(one, moment.frame)
    return _moment(one, one.frame_at(moment.time_us + later_us, boot))
