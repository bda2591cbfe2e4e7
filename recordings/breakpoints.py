"""Breakpoints: the next frame at which a condition comes true.

A simulated run is run through turn by turn; of a log only the frames' own dumps are looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Timeline
from mmplay.engine.sim.metrics import HELP, OPERATORS, parts_of_condition
from mmplay.recordings.session.timeline import SessionTimeline

Stopped = Callable[[], bool]


def find_break(timeline: Timeline, text: str, current: int, stopped: Stopped) -> int:
    """Return the next frame after `current` at which the condition comes true.

    Raises InputError for what is no condition here, for none, and once `stopped` says so.
    """
    if isinstance(timeline, SessionTimeline):
        found = timeline.find_break(text, current, stopped)
    else:
        found = _in_dumps(timeline, text, current, stopped)
    if found is None:
        raise InputError(f"{text}: stopped" if stopped() else f"{text}: does not come any more")
    return found


def holds_at(timeline: Timeline, text: str, index: int) -> bool:
    """Tell whether a condition has just come true at a frame; raises InputError."""
    if index == 0:
        return False
    if isinstance(timeline, SessionTimeline):
        return timeline.comes_true(text, index)
    return _in_dumps(timeline, text, index - 1, lambda: False, last=index) == index


def _in_dumps(
    timeline: Timeline, text: str, current: int, stopped: Stopped, last: int = -1
) -> int | None:
    parts = parts_of_condition(text)
    if parts is None:
        return _event(timeline, text, current)
    name, sign, bound = parts
    compare = OPERATORS[sign]
    before = _value(timeline, current, name)
    held = before is not None and compare(before, bound)
    for index in range(current + 1, len(timeline) if last < 0 else last + 1):
        if stopped():
            return None
        value = _value(timeline, index, name)
        holds = value is not None and compare(value, bound)
        if holds and not held:
            return index
        held = holds
    return None


def _event(timeline: Timeline, text: str, current: int) -> int | None:
    wanted = text.casefold().strip()
    if not wanted:
        raise InputError(f"write {HELP}")
    for index in timeline.event_frames:
        if index > current and wanted in timeline.frame(index).title.casefold():
            return index
    return None


def _value(timeline: Timeline, index: int, name: str) -> int | None:
    """Return a number of a frame's dump: a total by its name, or zones.ZONE.FIELD."""
    shown = timeline.frame(index).shown
    if shown is None:
        return None
    kind, _, rest = name.partition(".")
    if kind == "zones":
        zone_name, _, field = rest.partition(".")
        zone = shown.dump.zone(zone_name)
        return zone.pages(field) if zone is not None else None
    return shown.dump.totals.get(name)
