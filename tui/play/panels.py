"""The panels of the play screen: where they stand, what fills them, focus, zoom, explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from mmplay.engine.explain.ask import answer
from mmplay.engine.frame import Ask, Frame
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, headline_of
from mmplay.tui.cells import DENSITIES, FULL, Row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.panels.bars import LineBar, TimelineBar, VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.drawn import Veil
from mmplay.tui.panels.log_panel import LogPanel
from mmplay.tui.player import Player
from mmplay.tui.screens.base import BaseScreen
from mmplay.tui.views.bars import header_row, timeline_rows
from mmplay.tui.views.counters import counters_rows
from mmplay.tui.views.explain import explain_rows
from mmplay.tui.views.lists import lists_rows
from mmplay.tui.views.report import report_rows
from mmplay.tui.views.scene import View, age_text, deciding_ask
from mmplay.tui.views.zones import zones_rows

VIEWS: dict[str, Callable[[View], list[Row]]] = {
    "zones": zones_rows,
    "counters": counters_rows,
    "report": report_rows,
    "lists": lists_rows,
}
"""Panels that show the frame itself, and what fills them."""

LOWER = ("explain", "log", "report", "lists")
"""Panels that share one place on a narrow screen."""

HIDDEN = ("lists", "incident")
"""Panels that a wide screen, too, shows only when they are chosen, if it has others to show."""


class Extra(NamedTuple):
    """A panel that a level has besides, in the place below.

    `rows` returns its title and its rows for a width, `opened` takes Enter on something in it.
    """

    rows: Callable[[int], tuple[str, list[Row]]]
    opened: Callable[[Ask], None]


class Panels(Container):
    """Draws the frame that a player stands at; diagnoses it once.

    State: the questions asked, the density, the decision we stand at `inside` a simulated turn.
    Whoever adds panels to `extras` before they are laid out may name another `first` one below and
    another `home`, the panel that the focus comes back to. `verdict` returns the sentence under the
    title, if it can in so many characters.
    """

    def __init__(self, on_screen: BaseScreen, player: Player, glyphs: Glyphs) -> None:
        super().__init__()
        self._on = on_screen
        self.player = player
        self.glyphs = glyphs
        self.inside: int | None = None
        self._result: FrameDiagnosis | None = None
        self.density = FULL
        self.trail: tuple[Ask, ...] = ()
        self.extras: dict[str, Extra] = {}
        self.first, self.home = "explain", "zones"
        self.verdict: Callable[[int], str] = lambda room: headline_of(self.result, room)
        self._asked_from = "zones"
        self._led_to: Ask | None = None
        self.stage: Callable[[], Container] | None = None
        self.staged: tuple[str, ...] = ()
        self.header: Callable[[int], Row] | None = None
        self.veil_of: Callable[[str], Veil] = lambda name: str
        self.drawing_soon = False

    def compose(self) -> ComposeResult:
        """Lay out the panels; which of them show depends on the size, see the style sheet."""
        if self.stage is not None:
            yield self.stage()
        with Horizontal(id="top"):
            yield CellPanel("zones, pages", id="zones")
            yield CellPanel("counters, pages", id="counters")
        with Container(id="lower"):
            for name in self.extras:
                if name not in self.staged:
                    yield CellPanel(name, id=name)
            yield CellPanel("why", id="explain")
            yield LogPanel(self.player.timeline, id="log")
            yield CellPanel("report", id="report")
            yield CellPanel("free lists", id="lists")
        yield TimelineBar(id="timeline")

    def begin(self) -> None:
        """Start on the zones, with their explanation below, or on what a level is about."""
        self.log_panel.show_frame(self.frame)
        self.choose_lower(self.first)
        self.panel(self.home).focus()

    def renew(self) -> None:
        """Read anew what the player goes through: another timeline, or one that has changed."""
        self.forget()
        self.log_panel.take(self.player.timeline)

    def show_frame(self) -> None:
        """Draw the frame that the player has come to, from outside its turn."""
        self.inside = None
        self.draw()
        self.log_panel.show_frame(self.frame)

    @on(CellPanel.Resized)
    def panel_resized(self) -> None:
        """Fill a panel that came into sight or changed its size."""
        self.draw_soon()

    def draw_soon(self) -> None:
        """Draw once after the next layout, however often it was asked for before that."""
        if not self.drawing_soon:
            self.drawing_soon = True
            self._on.call_after_refresh(self.draw)

    def draw_anew(self) -> None:
        """Draw once more: what was to come after a refresh went to the screen that lay on top."""
        self.drawing_soon = False
        self.draw_soon()

    @property
    def lower(self) -> tuple[str, ...]:
        """The panels that share the place below."""
        return (*(name for name in self.extras if name not in self.staged), *LOWER)

    @property
    def names(self) -> tuple[str, ...]:
        """All panels in the order of Tab."""
        return (*self.staged, "zones", "counters", *self.lower, "timeline")

    def panel(self, name: str) -> CellPanel:
        """Return a panel by its name."""
        return self.query_one(f"#{name}", CellPanel)

    @property
    def log_panel(self) -> LogPanel:
        """The panel of the log."""
        return self.query_one("#log", LogPanel)

    # drawing

    def forget(self) -> None:
        """Diagnose the frame anew: it may have changed."""
        self._result = None

    @property
    def result(self) -> FrameDiagnosis:
        """The present frame's diagnosis."""
        if self._result is None or self._result.frame.index != self.player.index:
            self._result = diagnose_frame(self.player.timeline, self.player.index)
        return self._result

    @property
    def frame(self) -> Frame:
        """The present frame."""
        return self.result.frame

    def _view(self, panel: CellPanel) -> View:
        return View(self.result, *panel.size, self.density, self.glyphs, self.inside)

    def draw(self) -> None:
        """Draw the present frame everywhere."""
        self.drawing_soon = False
        if not self.is_attached:
            return
        timeline, frame, width = self.player.timeline, self.frame, self._on.size.width
        with self.app.batch_update():
            state = f"{'>' if self.player.playing else '||'} {self.player.speed_text()}"
            own = self.header(width) if self.header is not None else None
            header = own or header_row(timeline, frame, state, width)
            self._on.query_one("#header", LineBar).show([header])
            loud = frame.report is not None
            verdict = self._on.query_one("#verdict", VerdictBar)
            verdict.tell(self.verdict(width - 2), width, loud)
            for name in self.names:
                self.panel(name).veil(self.veil_of(name))
            for name, rows_of in VIEWS.items():
                panel = self.panel(name)
                panel.show(rows_of(self._view(panel)))
            self.panel("zones").note(age_text(frame))
            self.panel("report").retitle("turn" if frame.facts is not None else "report")
            for name, extra in self.extras.items():
                panel = self.panel(name)
                title, rows = extra.rows(max(20, panel.size.width))
                panel.retitle(title)
                panel.show(rows)
            self.panel("timeline").show(timeline_rows(timeline, frame, width, self.glyphs))
            self._lead()
            self.draw_explain()
            self._on.say(self._on.said)

    def _lead(self) -> None:
        """Put the cursor on the number that decides, until another one was asked about."""
        ask = deciding_ask(self.result)
        if ask is not None and self.trail in ((), (self._led_to,)):
            self.panel("zones").begin_at(ask)
            self._led_to, self.trail = ask, (ask,)

    def draw_explain(self) -> None:
        """Answer the last question asked."""
        panel = self.panel("explain")
        view, trail = self._view(panel), self.trail
        panel.retitle(f"why: {answer(view.scene, trail[-1]).title}" if trail else "why")
        panel.show(explain_rows(view, trail), from_top=not panel.has_focus)

    # questions

    @on(CellPanel.Chosen)
    def number_chosen(self, message: CellPanel.Chosen) -> None:
        """The cursor came to a number: explain it."""
        if message.panel.id in VIEWS and message.ask is not None:
            self.trail = (message.ask,)
            self.draw_explain()

    @on(CellPanel.Opened)
    def number_opened(self, message: CellPanel.Opened) -> None:
        """Enter on a number: follow the link, or bring the explanation into sight."""
        name = str(message.panel.id)
        if name in self.extras:
            self.extras[name].opened(message.ask)
        elif name == "explain":
            self.trail = (*self.trail, message.ask)
            self.draw_explain()
        else:
            self._asked_from = name
            self.explain()
            self.panel("explain").focus()

    def go_back(self) -> None:
        """Go back to the number that the last link was on, then to the panel it came from."""
        if len(self.trail) > 1:
            self.trail = self.trail[:-1]
            self.draw_explain()
        elif self.focused == "explain":
            self._focus_on(self._asked_from)

    def explain(self) -> None:
        """Explain what is under the cursor, in sight."""
        focused = self._on.focused
        if isinstance(focused, CellPanel) and focused.ask and focused.id in VIEWS:
            self.trail = (focused.ask,)
        self.choose_lower("explain")
        self.draw_explain()

    def explain_this(self, ask: Ask) -> None:
        """Answer a question that no cursor asks, in sight."""
        self.trail = (ask,)
        self.choose_lower("explain")

    def next_density(self) -> None:
        """Go through calm, full and raw."""
        at = (DENSITIES.index(self.density) + 1) % len(DENSITIES)
        self.density = DENSITIES[at]
        self.draw()
        self._on.say(f"density: {self.density}")

    def copy_value(self) -> None:
        """Copy the value under the cursor to the terminal's clipboard."""
        focused = self._on.focused
        if isinstance(focused, CellPanel) and focused.value:
            self.app.copy_to_clipboard(focused.value)
            self._on.say(f"copied {focused.value}")

    # panels

    def choose_lower(self, name: str) -> None:
        """Put a panel in the place that several share on a narrow screen, or show the stage."""
        self._show_machine(name not in self.staged)
        if name in self.staged:
            self.draw_soon()
            return
        for other in self.lower:
            self.panel(other).set_class(other == name, "-current")
        for hidden in HIDDEN:
            self.set_class(name == hidden, f"-{hidden}")
        # Textual takes the focus from a hidden panel only when it draws: keys may come before.
        if self._on.has_class("-narrow") and self.focused in set(self.lower) - {name}:
            self.panel(name).focus()
        self.draw_soon()

    def _show_machine(self, machine: bool) -> None:
        """Show the panels of the machine, or a level's stage, if it has one."""
        self.set_class(machine, "-machine")
        self.set_class(not machine, "-onstage")

    def next_panel(self) -> None:
        """Focus the next panel."""
        self._focus_beside(1)

    def previous_panel(self) -> None:
        """Focus the previous panel."""
        self._focus_beside(-1)

    def _focus_beside(self, direction: int) -> None:
        names = self.names
        here = names.index(self.focused) if self.focused else -direction
        self._focus_on(names[(here + direction) % len(names)])

    def _focus_on(self, name: str) -> None:
        if name in self.lower or name in self.staged:
            self.choose_lower(name)
        self._show_machine(name not in self.staged)
        self.panel(name).focus()
        if self.has_class("-zoomed") and name != "timeline":
            self._zoom_on(name)

    @property
    def focused(self) -> str:
        """The name of the focused panel, or empty."""
        name = self._on.focused.id if self._on.focused is not None else None
        return name if name in self.names else ""

    def zoom(self) -> None:
        """Give the focused panel the whole screen, or take it back."""
        if not self.unzoom() and self.focused not in ("", "timeline"):
            self.add_class("-zoomed")
            self._zoom_on(self.focused)

    def unzoom(self) -> bool:
        """Take the whole screen back from a panel; tell whether one had it."""
        zoomed = self.has_class("-zoomed")
        if zoomed:
            self.remove_class("-zoomed")
            self.draw_soon()
        return zoomed

    def _zoom_on(self, name: str) -> None:
        for other in self.names:
            self.panel(other).set_class(other == name, "-zoom")
        self.query_one("#top").set_class(name not in self.lower, "-zoom")
        self.query_one("#lower").set_class(name in self.lower, "-zoom")
        self.draw_soon()
