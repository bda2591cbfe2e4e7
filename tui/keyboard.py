"""Keys in the order they were typed: each one waits until the screen has taken the one before.

Textual forwards a key to whatever has the focus at the moment it arrives, while the key before may
still be on its way up to its binding. Keys of one burst (a paste, a slow line, type-ahead) then
reach the old screen instead of the prompt that the first of them opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import events
from textual.css.query import NoMatches
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

PATIENCE_S = 2.0
"""A widget that was taken away with messages in its queue never answers: go on without it."""

ROUNDS = 2
"""An action's own messages take one round (a mount, a focus), what those start another."""


class Passed(Message):
    """Follows a key up from the widget that had the focus; the app has it when the key is done."""

    def __init__(self, done: asyncio.Event) -> None:
        super().__init__()
        self.done = done


class Keyboard:
    """Hands keys and pasted text to the app, one at a time. `hand` is the app's own way."""

    def __init__(self, app: App[None], hand: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app, self._hand = app, hand
        self._waiting: list[events.Event] = []
        self._busy: asyncio.Task[None] | None = None
        self._last: tuple[DOMNode, events.Event] = (app, events.Event())

    async def take(self, event: events.Event) -> None:
        """Hand the event on at once if nothing waits, else after what was typed before it."""
        self._waiting.append(event)
        if self._busy is None or self._busy.done():
            await self._next()
            self._busy = asyncio.create_task(self._hand_all())

    async def idle(self) -> None:
        """Wait until everything that was typed has come to its end."""
        while self._busy is not None and not self._busy.done():
            await asyncio.wait([self._busy])

    async def _next(self) -> None:
        event = self._waiting.pop(0)
        target = self._app.focused or self._app.screen
        await self._hand(event)
        self._last = target, event

    async def _hand_all(self) -> None:
        try:
            await self._settle()
            while self._waiting:
                await self._next()
                await self._settle()
        except Exception as error:
            self._app._handle_exception(error)

    async def _settle(self) -> None:
        """Wait until the last event has come to its end, and what it started as well."""
        target, event = self._last
        if isinstance(target, Input) and isinstance(event, events.Key) and event.is_printable:
            return
        done = asyncio.Event()
        if target.post_message(Passed(done)):
            await _patient(done)
        for _ in range(ROUNDS):
            await _all_idle([self._app, *self._pumps()])

    def _pumps(self) -> list[MessagePump]:
        try:
            return list(self._app.screen.walk_children(with_self=True))
        except NoMatches:
            return []


async def _all_idle(pumps: list[MessagePump]) -> None:
    """Wait until each has worked through what was in its queue."""
    left, done = 0, asyncio.Event()

    def one_less() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    for pump in pumps:
        left += pump.call_later(one_less)
    if left:
        await _patient(done)


async def _patient(done: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(done.wait(), PATIENCE_S)
    except TimeoutError:
        return
