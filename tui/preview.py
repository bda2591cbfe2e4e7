"""What stands beside the menu's list: what a recording holds; the film, until a key is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

from mmplay.recordings import library
from mmplay.tui.cells import Cell, Row, row, wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.views.menu import ABOUT, FILM_TITLE, recording_preview

if TYPE_CHECKING:
    from mmplay.tui.film import Film
    from mmplay.tui.screens.base import BaseScreen

FILM = "film"
"""The group of the worker that reads it: nothing waits for it, and Ctrl+C does not stop it."""

SHOT_S = 0.1
FILM_AFTER_S = 0.6
"""At a first start it is read once the menu has been painted, and there was time for a key."""

TITLE = "twenty seconds"
FILM_COMES = "Any key ends this."

PREVIEW_BYTES = 1 << 20
"""Recordings up to this size are looked into."""


def look_into(entry: library.Shipped, width: int) -> list[Row]:
    """Return what a recording holds; raises InputError and OSError."""
    about = ABOUT.get(entry.name, str(entry.path))
    if entry.path.stat().st_size > PREVIEW_BYTES:
        text = f"{about}  A long recording; Enter opens it."
        return [row(Cell(line)) for line in wrap(text, width)]
    with library.open_recording(str(entry.path)) as timeline:
        return recording_preview(timeline, about, width)


class Projector:
    """Shows the film in a panel of a screen; `ended` is told when the panel is free again.

    `then` says what a key does once the film is over. Without `motion` only its end is shown.
    """

    def __init__(
        self,
        screen: BaseScreen,
        glyphs: Glyphs,
        motion: bool,
        then: Callable[[], str],
        ended: Callable[[], None],
    ) -> None:
        self._screen, self._glyphs, self._motion = screen, glyphs, motion
        self._then, self._ended = then, ended
        self._wanted = False
        self.announced = False
        self._timer: Timer | None = None
        self.film: Film | None = None
        self.shot = 0

    def begin_soon(self) -> None:
        """Begin after a while, unless a key is pressed before; say at once what will be seen."""
        self.announced = True
        self._show([row(Cell(FILM_TITLE, "label")), row(Cell(FILM_COMES, "dim"))])
        self._timer = self._screen.set_timer(FILM_AFTER_S, self.begin)

    def _show(self, rows: list[Row]) -> None:
        panel = self._screen.query_one("#preview", CellPanel)
        panel.retitle(TITLE)
        panel.show(rows)

    def begin(self) -> None:
        """Read the film in a thread, then show it from its first shot on."""
        from mmplay.tui.film import read_film

        self._wanted = True
        self._screen.work("", lambda _: read_film(), self._roll, FILM)

    def _roll(self, film: Film | None) -> None:
        if film is None:
            self.end()
            self._screen.say("the recording that the film is made of is not there")
        elif self._wanted and self._screen.is_current:
            self.film, self.shot = film, 0 if self._motion else len(film.shots) - 1
            self._timer = self._screen.set_interval(SHOT_S, self.next_shot)
            self.next_shot()

    def next_shot(self) -> None:
        """Show the next shot; the last one stays."""
        from mmplay.tui.film import film_rows

        film, panel = self.film, self._screen.query_one("#preview", CellPanel)
        if film is None or not self._screen.is_current:
            self.end()
            return
        self.shot += 1
        if self.shot >= len(film.shots) and self._timer is not None:
            self._timer.pause()
        self._show(film_rows(film, self.shot, panel.size, self._glyphs, self._then()))

    def end(self) -> None:
        """Stop, or do not begin; what stood in the panel before comes back."""
        if self._timer is not None:
            self._timer.stop()
        was_shown = self.announced or self.film is not None
        self._timer, self._wanted, self.announced, self.film = None, False, False, None
        if was_shown:
            self._ended()
