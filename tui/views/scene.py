"""What every view is given.

It stands apart from `cells`, which the menu draws with: this loads the rules and the explanations.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.answer import Scene
from mmplay.engine.explain.gate import ordinary_zones
from mmplay.engine.explain.headline import decided
from mmplay.engine.frame import Ask, Frame
from mmplay.engine.report import MemDump
from mmplay.recordings.diagnosis import FrameDiagnosis
from mmplay.tui.cells import span_text
from mmplay.tui.glyphs import Glyphs


class View(NamedTuple):
    """A frame with its diagnosis, the size to fill in columns and rows, density and glyphs.

    `inside` is the decision of a simulated turn that the screen stands at, None outside a turn.
    """

    result: FrameDiagnosis
    width: int
    height: int
    density: str
    glyphs: Glyphs
    inside: int | None = None

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


def deciding_ask(result: FrameDiagnosis) -> Ask | None:
    """Return the question about the number that decided, else about the largest zone's free pages.

    None if no memory is known.
    """
    shown = result.frame.shown
    if shown is None:
        return None
    look = decided(result.diagnosis)
    if look is not None:
        return Ask("zone", (look.test.zone.node, look.test.zone.name, "free"))
    zones = ordinary_zones(shown.dump)
    largest = max(zones, key=lambda one: one.pages("managed") or 0, default=None)
    return None if largest is None else Ask("zone", (largest.node, largest.name, "free"))


def age_text(frame: Frame) -> str:
    """Return how the shown memory relates to the frame's moment, in words."""
    shown = frame.shown
    if shown is None:
        return "memory unknown"
    if shown.age_us is None:
        return "printed with it" if shown.own else "an earlier dump"
    span = span_text(abs(shown.age_us))
    if shown.own and frame.report is None:
        return "as it is now" if frame.facts is not None else "as it was read"
    if shown.own:
        return f"printed {span} later" if shown.age_us > 0 else "printed at once"
    return f"dump of {span} earlier"
