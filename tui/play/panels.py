"""The panels of the play screen: where they stand, what fills them, focus, zoom, explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal

from mmplay.engine.frame import Ask, Frame
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, headline_of
from mmplay.tui.cells import DENSITIES, FULL, Row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.panels.bars import LineBar, TimelineBar, VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.drawn import Veil
from mmplay.tui.panels.log_panel import LogPanel
from mmplay.tui.play.history import History
from mmplay.tui.play.places import Places, half_of
from mmplay.tui.player import Player
from mmplay.tui.screens.base import BaseScreen
from mmplay.tui.views.bars import header_row
from mmplay.tui.views.counters import counters_rows
from mmplay.tui.views.explain import explain_rows, why_title
from mmplay.tui.views.report import chosen_decision, report_rows
from mmplay.tui.views.scene import View, age_text, deciding_ask
from mmplay.tui.views.zones import LEAST, least_rows, lists_rows, zones_rows


class StagePanel(CellPanel):
    """A panel of a level: `h`, `l` and `s` do there what the footer says of `H`, `L` and `S`.

    The arrows move the cursor, and so do `j` and `k`.
    """

    BINDINGS = [
        Binding("h", "screen.meant('hint')", show=False),
        Binding("l", "screen.meant('machine')", show=False),
        Binding("s", "screen.meant('skip')", show=False),
    ]


class ChoicePanel(StagePanel):
    """A panel of things that can be done: none of them is chosen until somebody chooses."""

    def _first_of(self, places: list[tuple[int, int]]) -> tuple[int, int] | None:
        return None

    def unchoose(self) -> None:
        """Leave what was chosen: what comes next is another list."""
        before = self._in_sight()
        self.cursor = None
        self._redraw(before)


VIEWS: dict[str, Callable[[View], list[Row]]] = {
    "counters": counters_rows,
    "report": report_rows,
    "lists": lists_rows,
}
"""Panels besides the zones that show the frame itself, and what fills them."""

ASKED = ("zones", *VIEWS)
"""Panels whose numbers the explanation follows."""


class Extra(NamedTuple):
    """A panel that a level has besides, in the place below.

    `rows` returns its title and its rows for a width, `opened` takes Enter on something in it.
    """

    rows: Callable[[int], tuple[str, list[Row]]]
    opened: Callable[[Ask], None]


class Panels(Places):
    """Draws the frame that a player stands at; diagnoses it once.

    State: the questions asked, the density, the decision we stand at `inside` a simulated turn.
    Whoever adds panels to `extras` before they are laid out may name another `first` one below and
    another `home`, the panel that the focus comes back to. `verdict` returns the sentence under the
    title, if it can in so many characters.
    """

    def __init__(self, on_screen: BaseScreen, player: Player, glyphs: Glyphs) -> None:
        super().__init__(on_screen)
        self.player = player
        self.glyphs = glyphs
        self.inside: int | None = None
        self._result: FrameDiagnosis | None = None
        self.density = FULL
        self.trail: tuple[Ask, ...] = ()
        self.extras: dict[str, Extra] = {}
        self.verdict: Callable[[int], str] = lambda room: headline_of(self.result, room)
        self._filled: dict[str, View] = {}
        self._asked_from = "zones"
        self._led_to: Ask | None = None
        self.history = History(player)
        self.stage: Callable[[], Container] | None = None
        self.header: Callable[[int], Row] | None = None
        self.veil_of: Callable[[str], Veil] = lambda name: str

    def compose(self) -> ComposeResult:
        """Lay out the panels; which of them show depends on the size, see the style sheet."""
        if not self._on.has_class("-level"):
            yield TimelineBar(id="timeline")
        if self.stage is not None:
            yield self.stage()
        with Horizontal(id="top"):
            yield CellPanel("zones, pages", id="zones")
            yield CellPanel("counters, pages", id="counters")
        with Container(id="lower"):
            for name in self.extras:
                if name not in self.staged:
                    yield ChoicePanel(name, id=name)
            yield CellPanel("why", id="explain")
            yield CellPanel("report", id="report")
            yield CellPanel("free lists", id="lists")
            yield LogPanel(self.player.timeline, id="log")
        if self._on.has_class("-level"):
            yield TimelineBar(id="timeline")

    def begin(self) -> None:
        """Start on the zones, with their explanation below, or on what a level is about."""
        self.log_panel.show_frame(self.frame)
        known = not self.unknown or self.home != "zones"
        if self.home == "zones" and self.without_zones:
            self.home = "counters"
        if self.frame.report is None and self.frame.facts is None:
            self.choose_lower("lists")  # beside the explanation: there is nothing to report
        self.choose_lower(self.first if known else "report")
        self.panel(self.home if known else "report").focus()

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

    @property
    def more(self) -> tuple[str, ...]:
        """The panels that a level has besides."""
        return tuple(self.extras)

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

    @property
    def unknown(self) -> bool:
        """Whether no number of memory was printed until here."""
        shown = self.frame.shown
        return shown is None or not (shown.dump.zones or shown.dump.totals)

    @property
    def without_zones(self) -> bool:
        """Whether memory was printed, but no zone of it."""
        shown = self.frame.shown
        return shown is not None and not shown.dump.zones and not self.unknown

    def view_of(self, panel: CellPanel) -> View:
        """Return the present frame, to be drawn at the size of a panel."""
        return View(self.result, *panel.size, self.density, self.glyphs, self.inside)

    def draw(self) -> None:
        """Draw the present frame everywhere."""
        self.drawing_soon = False
        if not self.is_attached:
            return
        timeline, frame, width = self.player.timeline, self.frame, self._on.size.width
        self.set_class(self.unknown, "-unknown")
        self.set_class(self.without_zones, "-zoneless")
        self.set_class(len(timeline) == 1, "-once")
        with self.app.batch_update():
            state = f"{'>' if self.player.playing else '||'} {self.player.speed_text()}"
            if timeline.growing and not self.player.playing:
                state = "live"
            own = self.header(width) if self.header is not None else None
            header = own or header_row(timeline, frame, state, width)
            self._on.query_one("#header", LineBar).show([header])
            loud = frame.report is not None
            verdict = self._on.query_one("#verdict", VerdictBar)
            verdict.tell(self.verdict(width - 2), width, loud)
            for name in self.names:
                self.panel(name).veil(self.veil_of(name))
            self._draw_zones()
            for name in VIEWS:
                self.panel(name).stale = True
                if self.panel(name).is_on_screen:
                    self._fill(name)
            self.panel("zones").note(age_text(frame))
            self.panel("report").retitle("turn" if frame.facts is not None else "report")
            for name, extra in self.extras.items():
                panel = self.panel(name)
                title, rows = extra.rows(max(20, panel.size.width))
                panel.retitle(title)
                panel.show(rows)
            line = self.panel("timeline")
            line.show(self.history.rows(self.view_of(line)))
            self._lead()
            self.draw_explain()
            self._on.say(self._on.said)

    def choose_lower(self, name: str) -> None:
        """Put a panel in the place that several share, filled."""
        super().choose_lower(name)
        if name in VIEWS:
            self._fill(name)

    def _fill(self, name: str) -> None:
        """Show a view of the frame in its panel, unless that is what stands there."""
        panel, before = self.panel(name), self._filled.get(name)
        view = self.view_of(panel)
        if before is None or before.result is not view.result or before[1:] != view[1:]:
            self._filled[name] = view
            panel.show(VIEWS[name](view))
            if name == "report" and not panel.has_focus:
                self._lead_in_turn(panel)
        panel.stale = False

    def _lead_in_turn(self, panel: CellPanel) -> None:
        """Bring the decision that counts into sight: in a level the newest."""
        facts = self.frame.facts
        chosen = chosen_decision(facts, self.inside) if facts is not None else None
        if facts is not None and chosen is not None:
            newest = len(facts.decisions) - 1 if self.staged and self.inside is None else chosen
            panel.begin_at(Ask("decision", (newest,)), 1)

    def hide_empty(self) -> None:
        """Let the panels beside a picture stand there only once they have something to say."""
        facts, report = self.frame.facts, self.frame.report
        self.set_class(report is None and not (facts and facts.decisions), "-idle")
        self.set_class(not self.player.timeline.line_count, "-silent")

    def _draw_zones(self) -> None:
        """Draw the zones, in as many rows as they need and may have."""
        zones = self.panel("zones")
        view = self.view_of(zones)
        if self.without_zones:
            return self.give_rows(half_of(self.size.height))
        most = self.most_rows(least_rows(view))
        rows = zones_rows(view._replace(height=most))
        self.give_rows(min(most, len(rows)))
        zones.show(rows)

    def _lead(self) -> None:
        """Put the cursor on the number that decides, until another one was asked about."""
        ask = deciding_ask(self.result)
        if ask is not None and self.trail in ((), (self._led_to,)):
            self.panel("zones").begin_at(ask, LEAST - 1)
            self.panel("zones").begin_with_label()
            self._led_to, self.trail = ask, (ask,)

    def draw_explain(self) -> None:
        """Answer the last question asked."""
        panel = self.panel("explain")
        view, trail = self.view_of(panel), self.trail
        panel.retitle(f"why: {why_title(view.scene, trail[-1])}" if trail else "why")
        panel.show(explain_rows(view, trail), from_top=not panel.has_focus)

    # questions

    @on(CellPanel.Chosen)
    def number_chosen(self, message: CellPanel.Chosen) -> None:
        """The cursor came to a number: explain it."""
        if message.panel.id in ASKED and message.ask is not None:
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
        if isinstance(focused, CellPanel) and focused.ask and focused.id in ASKED:
            self.trail = (focused.ask,)
        self.choose_lower("explain")
        self.draw_explain()

    def explain_this(self, ask: Ask) -> None:
        """Answer a question that no cursor asks, in sight."""
        self.trail = (ask,)
        self.choose_lower("explain")
        self.draw_explain()

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

    def next_axis(self) -> None:
        """Let events stand at equal distances on the line of time, or frames by time again."""
        self.history.by_event = not self.history.by_event
        self.draw()
        how = "events at equal distances" if self.history.by_event else "by time"
        self._on.say(f"line of time: {how}")
