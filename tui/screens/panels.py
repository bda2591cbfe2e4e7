"""The panels of the play screen: their layout, what fills them, focus, zoom, explanations."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from mmplay.engine.frame import Ask, Frame, Timeline
from mmplay.tui.cells import DENSITIES, FULL, Row
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.panels.bars import LineBar, TimelineBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.log_panel import LogPanel
from mmplay.tui.player import Player
from mmplay.tui.screens.base import BaseScreen
from mmplay.tui.views.painter import Painter

FRAME_PANELS = ("zones", "counters", "report", "lists")
"""Panels that show the frame itself."""

LOWER = ("explain", "log", "report", "lists")
"""Panels that share one place on a narrow screen."""

HIDDEN = ("lists", "incident")
"""Panels that a wide screen, too, shows only when they are chosen, if it has others to show."""


class PanelsScreen(BaseScreen):
    """Draws the frame a player stands at. State: the player, the questions asked, the density.

    `EXTRA_LOWER` are panels of a subclass, in the place below; `extra_rows` fills them.
    """

    EXTRA_LOWER: ClassVar[tuple[str, ...]] = ()
    FIRST_LOWER, FIRST_FOCUS = "explain", "zones"

    def __init__(self, timeline: Timeline, glyphs: Glyphs, start: int = 0) -> None:
        super().__init__()
        self.timeline = timeline
        self.player = Player(timeline, start)
        self.density = FULL
        self.trail: tuple[Ask, ...] = ()
        self._asked_from = "zones"
        self.painter = Painter(timeline, glyphs)
        self._drawing_soon = False

    def compose(self) -> ComposeResult:
        """Lay out the panels; which of them show depends on the size, see the style sheet."""
        yield LineBar(id="header")
        with Horizontal(id="top"):
            yield CellPanel("zones, pages", id="zones")
            yield CellPanel("counters, pages", id="counters")
        with Container(id="lower"):
            for name in self.EXTRA_LOWER:
                yield CellPanel(name, id=name)
            yield CellPanel("why", id="explain")
            yield LogPanel(self.timeline, id="log")
            yield CellPanel("report", id="report")
            yield CellPanel("free lists", id="lists")
        yield TimelineBar(id="timeline")
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """Start on the zones, with their explanation below, or as a subclass says."""
        self.query_one("#log", LogPanel).show_frame(self.frame)
        self.choose_lower(self.FIRST_LOWER)
        self.panel(self.FIRST_FOCUS).focus()

    def on_resize(self) -> None:
        """Fill the new sizes once the layout has settled."""
        self.draw_soon()

    def on_screen_resume(self) -> None:
        """Draw again: what was to come after a refresh goes to the screen on top, and with it."""
        self._drawing_soon = False
        self.draw_soon()

    @on(CellPanel.Resized)
    def panel_resized(self) -> None:
        """Fill a panel that came into sight or changed its size."""
        self.draw_soon()

    def draw_soon(self) -> None:
        """Draw once after the next layout, however often it was asked for before that."""
        if not self._drawing_soon:
            self._drawing_soon = True
            self.call_after_refresh(self.draw)

    @property
    def settled(self) -> bool:
        """Tell whether nothing is left to be drawn: until then panels may have no size yet."""
        return not self._drawing_soon

    @property
    def lower(self) -> tuple[str, ...]:
        """The panels that share the place below."""
        return (*self.EXTRA_LOWER, *LOWER)

    @property
    def panels(self) -> tuple[str, ...]:
        """All panels in the order of Tab."""
        return ("zones", "counters", *self.lower, "timeline")

    def extra_rows(self, name: str, width: int) -> tuple[str, list[Row]]:
        """Return title and rows of a panel of EXTRA_LOWER."""
        return name, []

    def panel(self, name: str) -> CellPanel:
        """Return a panel by its name."""
        return self.query_one(f"#{name}", CellPanel)

    # drawing

    @property
    def frame(self) -> Frame:
        """The present frame."""
        return self.painter.frame(self.player.index)

    def draw(self) -> None:
        """Draw the present frame everywhere."""
        self._drawing_soon = False
        if not self.is_attached:
            return
        painter, index, width = self.painter, self.player.index, self.size.width
        with self.app.batch_update():
            state = f"{'>' if self.player.playing else '||'} {self.player.speed_text()}"
            self.query_one("#header", LineBar).show([painter.header(index, state, width)])
            for name in FRAME_PANELS:
                panel = self.panel(name)
                panel.show(painter.rows(name, index, panel.size, self.density))
            self.panel("zones").note(painter.age(index))
            self.panel("report").retitle("turn" if self.frame.facts is not None else "report")
            for name in self.EXTRA_LOWER:
                panel = self.panel(name)
                title, rows = self.extra_rows(name, max(20, panel.size.width))
                panel.retitle(title)
                panel.show(rows)
            self.panel("timeline").show(painter.timeline(index, width))
            self.draw_explain()
            self.say(self.said)

    def draw_explain(self) -> None:
        """Answer the last question asked."""
        panel = self.panel("explain")
        first = self.panel("zones").ask
        if not self.trail and first is not None:
            self.trail = (first,)
        title, rows = self.painter.explain(self.trail, self.player.index, panel.size, self.density)
        panel.retitle(title)
        panel.show(rows, from_top=not panel.has_focus)

    # questions

    @on(CellPanel.Chosen)
    def number_chosen(self, message: CellPanel.Chosen) -> None:
        """The cursor came to a number: explain it."""
        if message.panel.id in FRAME_PANELS and message.ask is not None:
            self.trail = (message.ask,)
            self.draw_explain()

    @on(CellPanel.Opened)
    def number_opened(self, message: CellPanel.Opened) -> None:
        """Enter on a number: follow the link, or bring the explanation into sight."""
        if message.panel.id == "explain":
            self.trail = (*self.trail, message.ask)
            self.draw_explain()
        else:
            self._asked_from = str(message.panel.id)
            self.action_explain()
            self.panel("explain").focus()

    def key_backspace(self) -> None:
        """Go back to the number that the last link was on, then to the panel it came from."""
        if len(self.trail) > 1:
            self.trail = self.trail[:-1]
            self.draw_explain()
        elif self.focused_panel == "explain":
            self._focus_on(self._asked_from)

    def action_explain(self) -> None:
        """Explain what is under the cursor, in sight."""
        focused = self.focused
        if (
            isinstance(focused, CellPanel)
            and focused.ask is not None
            and focused.id in FRAME_PANELS
        ):
            self.trail = (focused.ask,)
        self.choose_lower("explain")
        self.draw_explain()

    def action_density(self) -> None:
        """Go through calm, full and raw."""
        at = (DENSITIES.index(self.density) + 1) % len(DENSITIES)
        self.density = DENSITIES[at]
        self.draw()
        self.say(f"density: {self.density}")

    def action_copy_value(self) -> None:
        """Copy the value under the cursor to the terminal's clipboard."""
        focused = self.focused
        if isinstance(focused, CellPanel) and focused.value:
            self.app.copy_to_clipboard(focused.value)
            self.say(f"copied {focused.value}")

    def glossary_term(self) -> str:
        """Return the term of the number that is explained."""
        from mmplay.levels.glossary import entry_for

        entry = entry_for(self.trail[-1]) if self.trail else None
        return entry.id if entry else ""

    # panels

    def choose_lower(self, name: str) -> None:
        """Put a panel in the place that several share on a narrow screen."""
        for other in self.lower:
            self.panel(other).set_class(other == name, "-current")
        for hidden in HIDDEN:
            self.set_class(name == hidden, f"-{hidden}")
        # Textual takes the focus from a hidden panel only when it draws: keys may come before.
        if self.has_class("-narrow") and self.focused_panel in set(self.lower) - {name}:
            self.panel(name).focus()
        self.draw_soon()

    def action_next_panel(self) -> None:
        """Focus the next panel."""
        self._focus_beside(1)

    def action_previous_panel(self) -> None:
        """Focus the previous panel."""
        self._focus_beside(-1)

    def _focus_beside(self, direction: int) -> None:
        here = self.panels.index(self.focused_panel) if self.focused_panel else -direction
        name = self.panels[(here + direction) % len(self.panels)]
        self._focus_on(name)

    def _focus_on(self, name: str) -> None:
        if name in self.lower:
            self.choose_lower(name)
        self.panel(name).focus()
        if self.has_class("-zoomed") and name != "timeline":
            self._zoom_on(name)

    @property
    def focused_panel(self) -> str:
        """The name of the focused panel, or empty."""
        name = self.focused.id if self.focused is not None else None
        return name if name in self.panels else ""

    def action_zoom(self) -> None:
        """Give the focused panel the whole screen, or take it back."""
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
        elif self.focused_panel not in ("", "timeline"):
            self.add_class("-zoomed")
            self._zoom_on(self.focused_panel)
        self.draw_soon()

    def _zoom_on(self, name: str) -> None:
        for other in self.panels:
            self.panel(other).set_class(other == name, "-zoom")
        self.query_one("#top").set_class(name not in self.lower, "-zoom")
        self.query_one("#lower").set_class(name in self.lower, "-zoom")
        self.draw_soon()
