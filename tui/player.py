"""The playhead: where in a timeline we are and came from; the search in its log. No widgets."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline
    from mmplay.recordings.recording import Recording, Stopped


SPEEDS: tuple[tuple[int, int], ...] = (
    *((1, 8), (1, 4), (1, 2), (1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (32, 1), (64, 1)),
)
"""Speeds as fractions: 1/8 to 64 times."""

NORMAL_SPEED = SPEEDS.index((1, 1))
IDLE_LIMIT_US = 2_000_000
"""A longer gap between two frames is shortened to this."""

SHORTEST_US = 50_000
"""At most 20 frames a second."""

LONGEST_US = 12_000_000
"""A level's whole run passes in this, if nobody stops it."""

UNTIMED_US = 1_000_000
"""What a frame lasts where the log has no times."""

CHUNK = 1_000
"""Lines read at a time; between two chunks a search can be stopped."""


@dataclass(slots=True)
class Player:
    """Moves through a timeline; every move is clamped to its ends."""

    timeline: Recording
    index: int = 0
    playing: bool = False
    speed: int = NORMAL_SPEED
    direction: int = 1
    _back: list[int] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The index of the last frame."""
        return len(self.timeline) - 1

    def take(self, timeline: Recording, index: int) -> None:
        """Stand still at a frame of another timeline; where jumps came from is forgotten."""
        self.timeline = timeline
        self.playing, self.direction = False, 1
        self._back.clear()
        self.to(index)

    def to(self, index: int) -> None:
        """Go to a frame."""
        self.index = max(0, min(self.last, index))

    def frames_dropped(self, count: int) -> None:
        """So many frames at the start are gone: stay at the frame where we are, or at the first."""
        self._back = [index - count for index in self._back if index >= count]
        self.to(self.index - count)

    def jump(self, index: int) -> None:
        """Go to a frame and remember where we were."""
        self._back.append(self.index)
        self.to(index)

    def back(self) -> bool:
        """Return to where the last jump came from; False if there was none."""
        if not self._back:
            return False
        here = self.index
        self.to(self._back.pop())
        self._back.append(here)
        return True

    def to_event(self, direction: int) -> bool:
        """Go to the next or previous event; False if there is none."""
        return self._to_place(self.timeline.event_frames, direction)

    def to_marker(self, direction: int) -> bool:
        """Go to the next or previous marker; False if there is none."""
        return self._to_place([marker.frame for marker in self.timeline.markers], direction)

    def _to_place(self, frames: Sequence[int], direction: int) -> bool:
        ahead = [frame for frame in frames if (frame - self.index) * direction > 0]
        if not ahead:
            return False
        self.to(min(ahead, key=lambda frame: abs(frame - self.index)))
        return True

    def to_percent(self, percent: int) -> None:
        """Go to a percentage of the run."""
        self.jump(min(self.last, len(self.timeline) * percent // 100))

    def faster(self, steps: int) -> None:
        """Change the speed by steps of two."""
        self.speed = max(0, min(len(SPEEDS) - 1, self.speed + steps))

    def pace(self, time_us: int) -> None:
        """Go at the least speed, from x1 on, at which so much time passes in `LONGEST_US`."""
        fast = (n for n, (times, _) in enumerate(SPEEDS) if times * LONGEST_US >= time_us)
        self.speed = max(NORMAL_SPEED, next(fast, len(SPEEDS) - 1))

    def speed_text(self) -> str:
        """Return the speed: x1, x1/4, x64."""
        times, parts = SPEEDS[self.speed]
        return f"x{times}" if parts == 1 else f"x{times}/{parts}"

    def delay_us(self, target: int | None = None) -> int | None:
        """Return how long the frame is shown before the target (the next one); None at the end."""
        other = self.index + self.direction if target is None else target
        if not 0 <= other <= self.last:
            return None
        now, then = self.timeline.time_us(self.index), self.timeline.time_us(other)
        later = max(self.index, other)
        starts_boot = any(boot.first_frame == later for boot in self.timeline.boots)
        gap = UNTIMED_US
        if now is not None and then is not None and not starts_boot:
            gap = abs(then - now)
        times, parts = SPEEDS[self.speed]
        return max(SHORTEST_US, min(IDLE_LIMIT_US, gap * parts // times))


class LogSearch:
    """Looks for a text in a timeline's log, upper and lower case alike."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.needle = ""
        self._hits: tuple[tuple[str, int], array[int]] | None = None

    def place_of(self, line: int, stopped: Stopped) -> tuple[int, int] | None:
        """Return which hit a line is, from 1, and how many there are; None once `stopped`."""
        key = (self.needle, self.timeline.line_count)
        if self._hits is None or self._hits[0] != key:
            hits = self._all(stopped)
            if stopped():
                return None
            self._hits = key, hits
        numbers = self._hits[1]
        return bisect_left(numbers, line) + 1, len(numbers)

    def _all(self, stopped: Stopped) -> array[int]:
        wanted = self.needle.casefold()
        hits = array("L")
        for first, count in self._chunks(0, 1):
            if stopped():
                break
            lines = self.timeline.lines(first, count)
            hits.extend(line.number for line in lines if wanted in line.text.casefold())
        return hits

    def find(self, start: int, direction: int, stopped: Stopped) -> int | None:
        """Return the next line after (or before) `start` that has the needle, going round once.

        None if no line has it, or once `stopped` says so.
        """
        wanted = self.needle.casefold()
        for first, count in self._chunks(start, direction):
            if stopped():
                return None
            lines = self.timeline.lines(first, count)
            for line in lines if direction > 0 else reversed(lines):
                if wanted in line.text.casefold():
                    return line.number
        return None

    def _chunks(self, start: int, direction: int) -> list[tuple[int, int]]:
        """Return (first line, count) of every chunk in the order of the search."""
        total = self.timeline.line_count
        after = [(n, min(CHUNK, total - n + 1)) for n in range(start + 1, total + 1, CHUNK)]
        before = [(n, min(CHUNK, start - n + 1)) for n in range(1, start + 1, CHUNK)]
        if direction > 0:
            return after + before
        own = [(n, min(CHUNK, start - n)) for n in range(1, start, CHUNK)]
        rest = [(n, min(CHUNK, total - n + 1)) for n in range(start, total + 1, CHUNK)]
        return list(reversed(own)) + list(reversed(rest))
