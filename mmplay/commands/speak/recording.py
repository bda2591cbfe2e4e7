"""A recording in line mode: go through its frames and ask why."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from mmplay.commands.speak.frames import frame_line, log_lines, why_lines, zone_lines
from mmplay.commands.speak.talk import Command, Said, count
from mmplay.engine.errors import InputError
from mmplay.engine.frame import Timeline
from mmplay.recordings.position import FORMS, find_position

MOST_STEPS, MOST_LINES = 10_000, 1000
LINES = "10"


class LookAround:
    """What recordings and levels share: a frame that is looked at, `here`."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.here = 0

    def looking(self) -> dict[str, Command]:
        """Return the commands that look around."""
        return {
            "goto": Command("goto POS", f"look at another place: {FORMS}", self._goto),
            "here": Command("here", "where we are", self._where),
            "zones": Command("zones", "every zone: free pages, lines, who is refused", self._zones),
            "why": Command("why", "what was decided here, by which rule", self._why),
            "log": Command("log [N]", f"the last lines of the kernel log ({LINES})", self._log),
        }

    def _goto(self, text: str) -> Said:
        self.here = find_position(self.timeline, text, self.here)
        return self._where("")

    def _where(self, _: str) -> Said:
        yield frame_line(self.timeline, self.here)

    def _zones(self, _: str) -> Said:
        return zone_lines(self.timeline, self.here)

    def _why(self, _: str) -> Said:
        return why_lines(self.timeline, self.here)

    def _log(self, text: str) -> Said:
        return log_lines(self.timeline, self.here, count(text or LINES, "log", MOST_LINES))


class RecordingSpeaker(LookAround):
    """See the module."""

    @property
    def commands(self) -> dict[str, Command]:
        """The commands by name."""
        return {
            "step": Command("step [N]", "N frames on", self._step),
            "back": Command("back [N]", "N frames back", self._back),
            "event": Command("event [back]", "to the next event, or the one before", self._event),
            **self.looking(),
        }

    def greeting(self) -> Said:
        """Say what is open."""
        frames, lines = len(self.timeline), self.timeline.line_count
        yield f"{self.timeline.name}: {frames} frames, {lines} lines of log; help lists commands"
        yield frame_line(self.timeline, self.here)

    def _step(self, text: str) -> Said:
        for _ in range(count(text, "step", MOST_STEPS)):
            if self.here == len(self.timeline) - 1:
                yield "this is the end"
                return
            self.here += 1
            yield frame_line(self.timeline, self.here)

    def _back(self, text: str) -> Said:
        if not self.here:
            raise InputError("this is the beginning")
        self.here = max(0, self.here - count(text, "back", MOST_STEPS))
        return self._where("")

    def _event(self, text: str) -> Said:
        if text not in ("", "back"):
            raise InputError(f"event {text[:40]}: write event, or event back")
        events = self.timeline.event_frames
        place = bisect_left(events, self.here) - 1 if text else bisect_right(events, self.here)
        if not 0 <= place < len(events):
            raise InputError(f"there is no event {'before' if text else 'after'} this")
        self.here = events[place]
        return self._where("")
