"""README's cast of the first minute: `python -m tests.tui.minute` takes it anew.

The real screen is driven by the keys that a new player would press, each move step by step, and
the product's own exporter writes it. Its times are for watching.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from mmplay.tui import preview
from mmplay.tui.app import MmplayApp
from mmplay.tui.cast import SIZE, Shot, lines_of, shots_as_cast
from mmplay.tui.film import read_film
from mmplay.tui.play import stage as on_stage
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.screens.play import PlayScreen
from tests.tui.screens import press, settle

CAST = Path(__file__).parents[2] / "docs" / "first-minute.cast"
TITLE = "the first minute of mmplay"

NEVER_S = 3600
MS = 1_000
READ_MS, ANSWERED_MS, THINK_MS, END_MS = 6_000, 3_500, 3_000, 60_000


class Minute:
    """The shots so far, and when the next one comes."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        self.now_ms = 0
        self.shots: list[Shot] = []

    def shoot(self, hold_ms: int, label: str = "") -> None:
        """Take the screen as it is, and hold it."""
        lines = lines_of(self._pilot.app.screen)
        self.shots.append(Shot(self.now_ms * MS, lines, (label,) if label else ()))
        self.now_ms += hold_ms

    async def film(self, screen: MenuScreen, every: int = 2) -> None:
        """Show the film beside the menu."""
        showing = screen._projector
        showing.film = film = read_film()
        assert film is not None
        for number in range(0, len(film.shots), every):
            showing.shot = number
            showing.next_shot()
            await self._pilot.pause()
            self.shoot(100 * every, "a machine runs out of memory" if not number else "")
        showing.film = None

    async def answer(self, screen: PlayScreen, right: bool) -> None:
        """Answer the open question, and watch what comes of it."""
        game = screen.game
        assert game is not None
        question = game.game.asked()
        truth = game.level_run.truths[question.id]
        fits = [n for n, one in enumerate(question.options, 1) if truth.accepts(one.value) == right]
        await press(self._pilot, str(fits[0]))
        while game.stage.moving:
            self.shoot(50)
            game.stage._tick()
            await self._pilot.pause()
        self.shoot(ANSWERED_MS, "right" if right else "wrong, and why")
        await press(self._pilot, "enter")
        game.stage.finish()
        game.stage.draw_picture()
        await self._pilot.pause()
        self.shoot(THINK_MS)


async def taken() -> list[Shot]:
    """Return the minute, shot by shot."""
    app = MmplayApp(motion=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        minute, first = Minute(pilot), app.screen
        assert isinstance(first, MenuScreen)
        await minute.film(first)
        await press(pilot, "enter")
        minute.shoot(READ_MS, "the first level")
        await press(pilot, "enter")
        minute.shoot(THINK_MS)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        answers = iter((True, False, True, True, True, True))
        while minute.now_ms < END_MS and screen.game is not None and screen.game.game.options:
            await minute.answer(screen, next(answers))
        return minute.shots


def cast() -> bytes:
    """Return the cast; nothing of it is kept among what the user has played."""
    vars(on_stage)["STEP_MS"] = NEVER_S * MS  # no move goes on by itself
    preview.FILM_AFTER_S = NEVER_S
    with TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder}
        return b"".join(shots_as_cast(asyncio.run(taken()), TITLE, SIZE))


if __name__ == "__main__":
    CAST.write_bytes(cast())
