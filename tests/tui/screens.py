"""What the screen tests share: an app at a size, and its screen as plain text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from mmplay.recordings.library import open_recording
from mmplay.tui.app import MmplayApp
from mmplay.tui.screens.base import BaseScreen

SIZES = ((80, 24), (120, 40), (200, 60))


@asynccontextmanager
async def running(
    recording: str | None, size: tuple[int, int] = (80, 24), **options: bool
) -> AsyncIterator[Pilot[None]]:
    """Run the app on a recording (or its menu) and settle."""
    timeline = open_recording(recording) if recording else None
    app = MmplayApp(timeline, **options)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


ROUNDS = 1000
"""How often a screen may go on looking before its test fails by what it shows."""


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what was typed is done, workers as well, and everything is drawn."""
    await typed(pilot)
    for _ in range(ROUNDS):
        for worker in list(pilot.app.workers):
            with suppress(WorkerCancelled):  # a newer one has taken its place
                await worker.wait()
        await pilot.pause()
        await pilot.pause()
        screen = pilot.app.screen
        if not (isinstance(screen, BaseScreen) and screen.looking):
            return


async def typed(pilot: Pilot[None]) -> None:
    """Wait until every key has come to its end."""
    await pilot.pause()
    app: App[None] = pilot.app
    assert isinstance(app, MmplayApp)
    await app.keyboard.idle()


async def press(pilot: Pilot[None], *keys: str) -> str:
    """Press keys one by one, then return the screen."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    return text_of(pilot)


async def type_in(pilot: Pilot[None], text: str) -> str:
    """Type a text into the prompt and press Enter."""
    await pilot.press(*spelled(text))
    return await press(pilot, "enter")


def spelled(text: str) -> list[str]:
    """Return the names of the keys that type a text."""
    names = {" ": "space", "#": "number_sign", "%": "percent_sign", "/": "slash", ".": "full_stop"}
    names |= {"-": "minus", "_": "underscore", "+": "plus", "'": "apostrophe"}
    return [names.get(letter, letter) for letter in text]


def text_of(pilot: Pilot[None]) -> str:
    """Return the screen as plain text, blanks at line ends removed."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
