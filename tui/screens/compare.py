"""Compare: where two timelines part, what they come to, free pages of both over time."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from mmplay.engine.errors import shortened
from mmplay.engine.explain.comparing import Comparison, headline
from mmplay.recordings.compare import compare
from mmplay.recordings.compare.compare import FORMS, START
from mmplay.recordings.recording import Recording
from mmplay.tui.cells import DENSITIES, FULL
from mmplay.tui.glyphs import ASCII, Glyphs
from mmplay.tui.keys import COMMON_KEYS, COMPARE_KEYS, bindings
from mmplay.tui.panels.bars import LineBar, VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import PanelScreen
from mmplay.tui.views.compare import chart_rows, chart_title, parting_rows, steps_of, table_rows

PANELS = ("parting", "chart", "table")
TITLE = " COMPARE  A: {}   B: {}"
STEPS = 60
"""How many steps lead through the whole, where there are as many moments."""


class CompareScreen(PanelScreen):
    """Shows A beside B. Both are looked at in a thread: nothing else may move them meanwhile."""

    CSS_PATH = "../boxes.tcss"
    KEYS = COMPARE_KEYS
    BINDINGS = bindings(COMPARE_KEYS, COMMON_KEYS)
    PANELS = PANELS

    def __init__(self, a: Recording, b: Recording, glyphs: Glyphs) -> None:
        super().__init__()
        self._a, self._b = a, b
        self._glyphs = glyphs
        self._found: Comparison | None = None
        self._align = START
        self._density = FULL
        self._at: int | None = None

    def compose(self) -> ComposeResult:
        """Lay out where they part, the chart, and the table."""
        yield LineBar(id="header")
        yield VerdictBar(id="verdict")
        with Container(id="compare"):
            yield CellPanel("first difference", id="parting")
            yield CellPanel("free pages", id="chart")
            yield CellPanel("numbers", id="table")
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """Begin to compare."""
        self.query_one("#table", CellPanel).focus()
        self._start()

    def _entitle(self) -> None:
        """Say what is compared, each name in half of the width if it must be."""
        room = max(8, (self.size.width - len(TITLE)) // 2)
        names = (shortened(one.name, room) for one in (self._a, self._b))
        title = TITLE.format(*names)
        self.query_one("#header", LineBar).name_screen(title)

    def on_resize(self) -> None:
        """Fill the new sizes."""
        self._entitle()
        self.call_after_refresh(self.draw)

    def _start(self) -> None:
        self._entitle()
        self.say("comparing; Ctrl+C stops")
        a, b, align = self._a, self._b, self._align
        self.work("", lambda stopped: compare(a, b, align, stopped=stopped), self._compared)

    def _compared(self, found: Comparison) -> None:
        self._found, self._at = found, None
        self.said = ""
        self.draw()

    def draw(self) -> None:
        """Draw what was found."""
        found = self._found
        if found is None or not self.is_attached:
            return
        panels = {name: self.query_one(f"#{name}", CellPanel) for name in PANELS}
        widths = {name: max(20, panel.size.width) for name, panel in panels.items()}
        self.query_one("#verdict", VerdictBar).tell(headline(found), self.size.width, loud=True)
        panels["parting"].show(parting_rows(found, widths["parting"]))
        ascii_only, high = self._glyphs is ASCII, panels["chart"].size.height
        panels["chart"].show(chart_rows(found, widths["chart"], ascii_only, self._at, high))
        panels["chart"].retitle(chart_title(found, self._at))
        size = panels["table"].size
        panels["table"].show(table_rows(found, self._density, size.width, size.height))
        self.say(self.said)

    def action_step(self, steps: int) -> None:
        """Take both sides some steps on or back; the first step shows where they begin."""
        count = steps_of(self._found) if self._found is not None else 0
        if count:
            wide = max(1, count // STEPS)
            at = 0 if self._at is None else self._at + steps * wide
            self._at = max(0, min(count - 1, at))
            self.draw()

    def action_align(self) -> None:
        """Ask for another alignment."""
        self.ask_for(f"line up at: {FORMS}", self._line_up)

    def _line_up(self, text: str) -> None:
        if text.strip():
            self._align = text.strip()
            self._start()

    def prompt_closed(self) -> None:
        """Go back to the table."""
        self.query_one("#table").focus()

    def action_density(self) -> None:
        """Show what differs, or every number."""
        at = (DENSITIES.index(self._density) + 1) % len(DENSITIES)
        self._density = DENSITIES[at]
        self.draw()
        self.say(f"density: {self._density}")
