"""Where the panels of the play screen stand: which shows, which has the focus or the screen."""

from __future__ import annotations

from textual.containers import Container

from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import BaseScreen

BORDERS = 2
LEAST_ZONES = 7
"""Rows that the zones have even on a small screen."""

LOWER_KEEPS = 12
"""Rows of the panels below, with borders, that zones leave them even if they need more."""

LOWER = ("explain", "log", "report", "lists")
"""Panels that share one place on a narrow screen."""

HIDDEN = ("lists", "incident")
"""Panels that a wide screen, too, shows only when they are chosen, if it has others to show."""


class Places(Container):
    """Shows panels by size and choice, see the style sheet; whoever fills them says how to `draw`.

    `first` is the panel below that shows before another is chosen, `home` the one that the focus
    comes back to, `staged` those that a level shows in a place of their own.
    """

    def __init__(self, on_screen: BaseScreen) -> None:
        super().__init__()
        self._on = on_screen
        self.first, self.home = "explain", "zones"
        self.staged: tuple[str, ...] = ()
        self._beside = "report"
        self.drawing_soon = False

    def draw(self) -> None:
        """Draw everything."""
        raise NotImplementedError

    @property
    def more(self) -> tuple[str, ...]:
        """The panels below besides those that every screen has."""
        return ()

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
        return (*(name for name in self.more if name not in self.staged), *LOWER)

    @property
    def names(self) -> tuple[str, ...]:
        """All panels in the order of Tab."""
        return (*self.staged, "zones", "counters", *self.lower, "timeline")

    def panel(self, name: str) -> CellPanel:
        """Return a panel by its name."""
        return self.query_one(f"#{name}", CellPanel)

    def choose_lower(self, name: str) -> None:
        """Put a panel in the place that several share, or show the stage.

        On a wide screen the first has a place of its own.
        """
        self._show_machine(name not in self.staged, chosen=name)
        if name in self.staged:
            if self.focused not in self.staged:  # where Enter would not do what the footer says
                self.panel(name).focus()
            self.draw_soon()
            return
        if name != self.first:
            self._beside = name
        for other in self.lower:
            panel = self.panel(other)
            places = {"-current": name, "-first": self.first, "-beside": self._beside}
            panel.update_classes({place: other == there for place, there in places.items()})
        # Textual takes the focus from a hidden panel only when it draws: keys may come before.
        if self.focused in self._left_out(name):
            self.panel(name).focus()

    def _left_out(self, name: str) -> set[str]:
        """Return the panels below that have no place if one is chosen."""
        if self._on.has_class("-narrow"):
            return set(self.lower) - {name}
        if self._on.has_class("-recording") and not self._on.has_class("-huge", "-high"):
            return set(self.lower) - {self.first, self._beside}
        return set()

    def _show_machine(self, machine: bool, chosen: str = "") -> None:
        """Show the panels of the machine, or a level's stage, if it has one.

        All in one: each change of a class computes the styles of everything in here anew.
        """
        classes = {"-machine": machine, "-onstage": not machine}
        hidden = {f"-{name}": name == chosen for name in HIDDEN} if chosen else {}
        self.update_classes(classes | hidden)

    def next_panel(self) -> None:
        """Focus the next panel."""
        self._focus_beside(1)

    def previous_panel(self) -> None:
        """Focus the previous panel."""
        self._focus_beside(-1)

    def _focus_beside(self, direction: int) -> None:
        without = {"-unknown": {"zones", "counters"}, "-zoneless": {"zones"}}
        hidden = {name for one in self.classes for name in without.get(one, ())}
        names = [name for name in self.names if name not in hidden]
        here = names.index(self.focused) if self.focused else -direction
        self._focus_on(names[(here + direction) % len(names)])

    def _focus_on(self, name: str) -> None:
        if name in self.lower or name in self.staged:
            self.choose_lower(name)
        self._show_machine(name not in self.staged)
        self.panel(name).focus()
        if self.has_class("-zoomed"):
            self._zoom_on(name)

    @property
    def focused(self) -> str:
        """The name of the focused panel, or empty."""
        name = self._on.focused.id if self._on.focused is not None else None
        return name if name in self.names else ""

    def zoom(self) -> None:
        """Give the focused panel the whole screen, or take it back."""
        if not self.unzoom() and self.focused:
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
        self.query_one("#top").set_class(name in ("zones", "counters"), "-zoom")
        self.query_one("#lower").set_class(name in self.lower, "-zoom")
        self.draw_soon()

    def give_rows(self, rows: int) -> None:
        """Give the zones so many rows, unless they have the screen."""
        top, zones, height = self.query_one("#top"), self.panel("zones"), rows + BORDERS
        if self.has_class("-zoomed"):
            top.styles.height, zones.styles.height = "1fr", "100%"
        elif self._on.has_class("-recording") and self._on.has_class("-huge", "-high"):
            top.styles.height, zones.styles.height = "100%", height
        else:
            top.styles.height, zones.styles.height = height, "100%"

    def most_rows(self, needed: int) -> int:
        """Return how many rows the zones may have: half of what the line of time leaves.

        More where the panels below keep enough, as far as the zones need them.
        """
        room = self.size.height - self.panel("timeline").size.height
        if self.has_class("-zoomed"):
            return room - BORDERS
        return max(half_of(room), min(needed, room - LOWER_KEEPS - BORDERS))


def half_of(room: int) -> int:
    """Return how many rows the zones may have where there is room for so many with borders."""
    return max(LEAST_ZONES, room // 2 - BORDERS)
