"""The play screen at one place as plain text: of a recording, or of a level."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmplay.levels.play.solve import Station, come_to
from mmplay.recordings.recording import Recording
from mmplay.tui.app import MmplayApp
from mmplay.tui.cast import SIZE, settled
from mmplay.tui.screens.play import PlayScreen

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mmplay.levels.model import Level


class LevelStill(MmplayApp):
    """The app on a run of a level; nothing is read or kept of what was played before."""

    def __init__(self, level: Level, station: Station) -> None:
        super().__init__(level=level)
        self._at = level, station

    def open_first(self) -> None:
        """Open the level's screen where the run of its solution has come to."""
        level, station = self._at
        self.play_level(level, station.run)


def as_text(recording: Recording, size: tuple[int, int] = SIZE, start: int = 0) -> Iterator[bytes]:
    """Yield the screen of a recording at frame `start`, which closes the recording."""
    yield asyncio.run(_text(MmplayApp(recording, start), size)).encode()


def level_text(level: Level, place: str, size: tuple[int, int] = SIZE) -> Iterator[bytes]:
    """Yield the screen of a level at a place; raises InputError for what is no place of it."""
    station = come_to(level, place)
    yield asyncio.run(_text(LevelStill(level, station), size, station)).encode()


async def _text(app: MmplayApp, size: tuple[int, int], station: Station | None = None) -> str:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        if station is not None:
            await _go(pilot, app.screen, station)
        # Textual has no public way to read a screen; its own snapshots take this one.
        strips = app.screen._compositor.render_strips()
        return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


async def _go(pilot: Pilot[None], screen: object, station: Station) -> None:
    """Give the answer of a station, or show the end that it is at."""
    if not isinstance(screen, PlayScreen) or screen.game is None:
        raise RuntimeError("the level's screen did not open")
    screen.say("")
    if station.answer:
        screen.game.give(station.answer)
    elif not station.run.playing:
        screen.game.read_on()
    await settled(pilot)
