"""Searching the lines of a log, forwards and backwards, in a thread that can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline


CHUNK = 1_000
"""Lines read at a time; between two chunks the search can be stopped."""


class LogSearch:
    """Looks for a text in a timeline's log, upper and lower case alike."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.needle = ""

    def find(self, start: int, direction: int, stopped: Callable[[], bool]) -> int | None:
        """Return the next line after (or before) `start` that has the needle, going round once.

        None if no line has it, or once `stopped` says so.
        """
        wanted = self.needle.casefold()
        for first, count in self._chunks(start, direction):
            if stopped():
                return None
            lines = self._timeline.lines(first, count)
            for line in lines if direction > 0 else reversed(lines):
                if wanted in line.text.casefold():
                    return line.number
        return None

    def _chunks(self, start: int, direction: int) -> list[tuple[int, int]]:
        """Return (first line, count) of every chunk in the order of the search."""
        total = self._timeline.line_count
        after = [(n, min(CHUNK, total - n + 1)) for n in range(start + 1, total + 1, CHUNK)]
        before = [(n, min(CHUNK, start - n + 1)) for n in range(1, start + 1, CHUNK)]
        if direction > 0:
            return after + before
        own = [(n, min(CHUNK, start - n)) for n in range(1, start, CHUNK)]
        rest = [(n, min(CHUNK, total - n + 1)) for n in range(start, total + 1, CHUNK)]
        return list(reversed(own)) + list(reversed(rest))
