"""What every view is given."""

from __future__ import annotations

from dataclasses import dataclass

from mmplay.engine.explain.answer import Scene
from mmplay.engine.frame import Frame
from mmplay.engine.report.memory import MemDump
from mmplay.recordings.diagnosis import FrameDiagnosis
from mmplay.tui.glyphs import Glyphs

DENSITIES = ("calm", "full", "raw")


@dataclass(frozen=True, slots=True)
class View:
    """A frame with its diagnosis, the size to fill in columns and rows, density and glyphs."""

    result: FrameDiagnosis
    width: int
    height: int
    density: str
    glyphs: Glyphs

    @property
    def frame(self) -> Frame:
        """The frame to draw."""
        return self.result.frame

    @property
    def dump(self) -> MemDump | None:
        """The memory that is shown, if any is known."""
        return self.frame.shown.dump if self.frame.shown else None

    @property
    def scene(self) -> Scene:
        """What questions about this frame are answered from."""
        return Scene(self.frame, self.result.diagnosis)


def age_text(frame: Frame) -> str:
    """Return how the shown memory relates to the frame's moment, in words."""
    shown = frame.shown
    if shown is None:
        return "memory unknown: no dump yet"
    if shown.age_us is None:
        return "own dump" if shown.own else "an earlier dump"
    span = span_text(abs(shown.age_us))
    if shown.own:
        return f"printed {span} later" if shown.age_us > 0 else "printed at once"
    return f"dump of {span} earlier"


def span_text(span_us: int) -> str:
    """Return a span of time in the unit that suits it: 26 us, 1.706 ms, 1.966 s."""
    if span_us < 1_000:
        return f"{span_us} us"
    if span_us < 1_000_000:
        return f"{span_us // 1_000}.{span_us % 1_000:03d} ms"
    return f"{span_us // 1_000_000}.{span_us % 1_000_000 // 1_000:03d} s"


def time_text(time_us: int | None, wall: bool) -> str:
    """Return a moment as the log prints it: seconds since boot, or the clock."""
    if time_us is None:
        return "no time"
    seconds, micros = divmod(time_us, 1_000_000)
    if not wall:
        return f"{seconds}.{micros:06d}"
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}"
