"""Places in a recording: by time, number, share, name or text, and where a condition comes true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import seconds
from mmplay.engine.frame import BootSpan, LogLine, Timeline, boot_of
from mmplay.recordings.recording import Recording, Stopped, never

UNITS_US = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "ms": 1_000, "": 1_000_000}

_RELATIVE = re.compile(r"([+-])(\d{1,12})(?:\.(\d{1,6}))?(ms|s|m|h|)$")
_TIME = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?s?$")
_FRAME = re.compile(r"#(\d{1,12})$")
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d*)?%$")

LINES_AT_ONCE = 256
FRAMES_AT_ONCE = 64
"""Frames that a run goes on by before it is asked again whether to give up."""

FORMS = "a time (61.526), +0.5s, -3m, #7, 40%, 'a, a marker's name, or /text"


def find_position(timeline: Timeline, text: str, current: int = 0, stopped: Stopped = never) -> int:
    """Return the frame index that `text` names, seen from frame `current`.

    A time means the last frame at or before it, in the boot of the current frame if that boot
    spans it. `stopped` is asked now and then whether to give up. Raises InputError for what is
    not there, not understood or given up.
    """
    text = text.strip()
    if not len(timeline):
        raise InputError("this recording has no frames to go to")
    if found := _FRAME.match(text):
        return _frame_number(timeline, int(found[1]))
    if found := _PERCENT.match(text):
        return min(len(timeline) - 1, len(timeline) * min(100, int(found[1])) // 100)
    time_us = _time_of(timeline, text, current)
    if time_us is not None:
        return _at_time(timeline, current, time_us)
    if text.startswith("/"):
        return search_frames(timeline, text[1:], current, stopped)
    return _named(timeline, text.removeprefix("'"), text, stopped)


def find_place(timeline: Timeline, text: str) -> int:
    """Return what `find_position` does for who does not see where it leads.

    Raises InputError, also for a time before the first frame: none stands at or before it.
    """
    index = find_position(timeline, text)
    time_us = _time_of(timeline, text.strip(), 0)
    starts = [timeline.time_us(boot.first_frame) for boot in timeline.boots]
    first = min((start for start in starts if start is not None), default=0)
    if time_us is not None and time_us < first:
        raise InputError(f"{text}: the first frame is at {seconds(first)}; #{index + 1} names it")
    return index


def _microseconds(whole: str, fraction: str | None) -> int:
    return int(whole) * 1_000_000 + int((fraction or "0").ljust(6, "0"))


def _frame_number(timeline: Timeline, number: int) -> int:
    if not 1 <= number <= len(timeline):
        raise InputError(f"#{number}: frames go from #1 to #{len(timeline)}")
    return number - 1


def run_to_position(timeline: Timeline, text: str, current: int, stopped: Stopped) -> int:
    """Return what `find_position` does; a run that goes on is run up to a time that lies ahead.

    It may go on for ever, so only who can stop it should ask. Raises InputError, too.
    """
    ahead = _time_of(timeline, text.strip(), current) if len(timeline) else None
    while ahead is not None and timeline.live and not stopped():
        if (timeline.time_us(len(timeline) - 1) or 0) >= ahead or not timeline.grow(FRAMES_AT_ONCE):
            break
    return find_position(timeline, text, current, stopped)


def _time_of(timeline: Timeline, text: str, current: int) -> int | None:
    """Return the time that a text says, None if it says a place of another kind."""
    if found := _RELATIVE.match(text):
        return _from_here(timeline, current, found)
    found = _TIME.match(text)
    return _microseconds(found[1], found[2]) if found else None


def _from_here(timeline: Timeline, current: int, found: re.Match[str]) -> int:
    sign, whole, fraction, unit = found.groups()
    here = timeline.time_us(current)
    if here is None:
        raise InputError(f"{found[0]}: this frame has no time to count from")
    delta = _microseconds(whole, fraction) * UNITS_US[unit] // 1_000_000
    return here + (delta if sign == "+" else -delta)


def _at_time(timeline: Timeline, current: int, time_us: int) -> int:
    return timeline.frame_at(time_us, _boot_at(timeline, current, time_us))


FAR_US = 1 << 62
"""How far a boot is away of which no time is known."""


def _boot_at(timeline: Timeline, current: int, time_us: int) -> BootSpan:
    """Return the boot that a time is in, else the one that it is nearest to; of two the current."""
    own = boot_of(timeline, current)
    return min((own, *timeline.boots), key=lambda boot: _distance_us(timeline, boot, time_us))


def _distance_us(timeline: Timeline, boot: BootSpan, time_us: int) -> int:
    first, last = timeline.time_us(boot.first_frame), timeline.time_us(boot.last_frame)
    if first is None or last is None:
        return FAR_US
    return max(first - time_us, time_us - last, 0)


def search_frames(timeline: Timeline, text: str, current: int, stopped: Stopped = never) -> int:
    """Return the next frame after `current`, going round, whose log lines contain `text`."""
    wanted = text.casefold()
    if not wanted:
        raise InputError("write the text to look for after the /")
    start = timeline.frame(current).last_line + 1
    for line in _lines_from(timeline, start):
        if stopped():
            raise InputError(f"/{text}: stopped")
        if wanted in line.text.casefold():
            found = timeline.frame_of_line(line.number)
            if found is not None:
                return found
    raise InputError(f"/{text}: not found")


def _lines_from(timeline: Timeline, start: int) -> Iterator[LogLine]:
    """Yield every line of the log once, from `start` on and round to the line before it."""
    for first, last in ((start, timeline.line_count), (1, start - 1)):
        for number in range(first, last + 1, LINES_AT_ONCE):
            yield from timeline.lines(number, min(LINES_AT_ONCE, last + 1 - number))


def _named(timeline: Timeline, name: str, text: str, stopped: Stopped) -> int:
    for marker in timeline.markers:
        if marker.name == name:
            return marker.frame
    wanted = name.casefold()
    for index in timeline.event_frames:
        if stopped():
            raise InputError(f"{text}: stopped")
        if wanted and wanted in timeline.frame(index).title.casefold():
            return index
    raise InputError(f"{text}: no such place; write {FORMS}")


def find_break(recording: Recording, text: str, current: int, stopped: Stopped) -> int:
    """Return the next frame after `current` at which the condition comes true.

    Raises InputError for what is no condition here, for none, and once `stopped` says so.
    """
    found = recording.find_break(text, current, stopped)
    if found is None:
        why = "the search was stopped" if stopped() else "it does not happen after this frame"
        raise InputError(f"{text}: {why}")
    return found


def holds_at(recording: Recording, text: str, index: int) -> bool:
    """Tell whether a condition has just come true at a frame; raises InputError."""
    return index > 0 and recording.comes_true(text, index)
