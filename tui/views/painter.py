"""All views behind one door: from a frame to the rows of every panel."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.explain.ask import answer
from mmplay.engine.frame import Ask, Frame, Timeline
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.tui.cells import Row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.bars import header_row, timeline_rows
from mmplay.tui.views.counters import counters_rows
from mmplay.tui.views.explain import explain_rows
from mmplay.tui.views.lists import lists_rows
from mmplay.tui.views.report import report_rows
from mmplay.tui.views.scene import View, age_text
from mmplay.tui.views.zones import zones_rows

VIEWS: dict[str, Callable[[View], list[Row]]] = {
    "zones": zones_rows,
    "counters": counters_rows,
    "report": report_rows,
    "lists": lists_rows,
}
"""Panels that show the frame itself, and what fills them."""


class Painter:
    """Turns a frame of a timeline into the rows of every panel; diagnoses a frame once."""

    def __init__(self, timeline: Timeline, glyphs: Glyphs) -> None:
        self._timeline = timeline
        self.glyphs = glyphs
        self._result: FrameDiagnosis | None = None
        self.inside: int | None = None

    def take(self, timeline: Timeline) -> None:
        """Paint another timeline."""
        self._timeline = timeline
        self.forget()

    def forget(self) -> None:
        """Frames may have changed: diagnose them anew."""
        self._result = None

    def result(self, index: int) -> FrameDiagnosis:
        """Return the diagnosis of a frame."""
        if self._result is None or self._result.frame.index != index:
            self._result = diagnose_frame(self._timeline, index)
        return self._result

    def frame(self, index: int) -> Frame:
        """Return a frame."""
        return self.result(index).frame

    def _view(self, index: int, size: tuple[int, int], density: str) -> View:
        return View(self.result(index), size[0], size[1], density, self.glyphs, self.inside)

    def rows(self, panel: str, index: int, size: tuple[int, int], density: str) -> list[Row]:
        """Return the rows of a panel of this size (columns, rows)."""
        return VIEWS[panel](self._view(index, size, density))

    def explain(
        self, trail: tuple[Ask, ...], index: int, size: tuple[int, int], density: str
    ) -> tuple[str, list[Row]]:
        """Return the title and the rows of the answer to the last question of the trail."""
        view = self._view(index, size, density)
        title = f"why: {answer(view.scene, trail[-1]).title}" if trail else "why"
        return title, explain_rows(view, trail)

    def header(self, index: int, state: str, width: int) -> Row:
        """Return the header."""
        return header_row(self._timeline, self.frame(index), state, width)

    def timeline(self, index: int, width: int) -> list[Row]:
        """Return the timeline."""
        return timeline_rows(self._timeline, self.frame(index), width, self.glyphs)

    def age(self, index: int) -> str:
        """Return how the memory that is shown relates to the frame's moment."""
        return age_text(self.frame(index))
