"""Keys in the order they were typed: each one waits until the screen has taken the one before.

Textual forwards a key to whatever has the focus at the moment it arrives, while the key before may
still be on its way up to its binding. Keys of one burst (a paste, a slow line, type-ahead) then
reach the old screen instead of the prompt that the first of them opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Input

from mmplay.tui.screens.base import STOPPABLE, BaseScreen

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.worker import Worker

PATIENCE_S = 2.0
"""Keys are never held up longer than this, whatever does not answer."""

LOOK_S = 0.01
"""A widget that was taken away with messages in its queue never answers: look for that."""

DRAWINGS = 4
"""A panel that comes into sight is drawn again with the size that it got. It never takes more."""

HOLD_S = 0.3
"""What a key has done by then is painted, though there may be more to come."""

URGENT = frozenset(("ctrl+c", "ctrl+q", "escape"))
"""Keys that do not wait for what is looked for in a thread: they may be meant to stop it."""

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
        self._slow: list[Worker[object]] = []
        self._late: asyncio.TimerHandle | None = None

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
        self._hold()
        await self._hand(event)
        self._last = target, event

    def _hold(self) -> None:
        """Let the screen wait with painting until the key has come to its end, or `HOLD_S`."""
        screen = self._screen()
        if isinstance(screen, BaseScreen):
            screen.hold()
            self._late = asyncio.get_running_loop().call_later(HOLD_S, screen.paint)

    async def _show(self) -> None:
        """Paint what the key has done, once: after its messages, and the layout that they ask for.

        Whoever waits for anything else is not waited for here.
        """
        screen = self._screen()
        for _ in range(DRAWINGS):
            await self._drained()
            if not isinstance(screen, BaseScreen) or screen.settled:
                break
            screen.lay_out()
        if self._late is not None:
            self._late.cancel()
        for one in self._app.screen_stack:
            if isinstance(one, BaseScreen):
                one.paint()

    async def _drained(self) -> None:
        """Wait until no message waits to be taken, at most `HOLD_S`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + HOLD_S
        pumps = [self._app, *self._pumps()]
        while any(pump.message_queue_size for pump in pumps) and loop.time() < until:
            await asyncio.sleep(0)

    async def _hand_all(self) -> None:
        try:
            await self._settle()
            while self._waiting:
                await self._next()
                await self._settle()
        except Exception as error:
            self._app._handle_exception(error)

    async def _settle(self) -> None:
        """Paint what the last event does; wait until it and what it started have come to an end."""
        await self._show()
        target, event = self._last
        if isinstance(target, Input) and isinstance(event, events.Key) and event.is_printable:
            return
        done = asyncio.Event()
        if target.post_message(Passed(done)):
            await _patient(done, lambda: not _stands(target))
        await self._all_quiet()
        if await self._found():
            await self._all_quiet()

    async def _all_quiet(self) -> None:
        for _ in range(ROUNDS):
            await _all_idle([self._app, *self._pumps()])
        for _ in range(DRAWINGS):
            screen = self._screen()
            if not isinstance(screen, BaseScreen) or screen.settled:
                return
            screen.lay_out()
            await _all_idle([self._app, *self._pumps()])

    async def _found(self) -> bool:
        """Wait for what is looked for in a thread: it counts when it was typed.

        One search holds up the keys once, not each of them. False if there was none to wait for.
        """
        running = [one for one in self._searches() if one not in self._slow]
        if running:
            await _patient(asyncio.Event(), lambda: self._urgent() or not self._searches())
            self._slow = self._searches()
        return bool(running)

    def _searches(self) -> list[Worker[object]]:
        workers = self._app.workers
        return [one for one in workers if one.group == STOPPABLE and not one.is_finished]

    def _urgent(self) -> bool:
        keys = {one.key for one in self._waiting if isinstance(one, events.Key)}
        return not URGENT.isdisjoint(keys)

    def _pumps(self) -> list[MessagePump]:
        screen = self._screen()
        return [] if screen is None else list(screen.walk_children(with_self=True))

    def _screen(self) -> Screen[Any] | None:
        return self._app.screen_stack[-1] if self._app.screen_stack else None


async def _all_idle(pumps: list[MessagePump]) -> None:
    """Wait until each has worked through what was in its queue."""
    busy, done = set(pumps), asyncio.Event()

    def answered(pump: MessagePump) -> None:
        """Count one as idle; the last one ends the waiting."""
        busy.discard(pump)
        if not busy:
            done.set()

    for pump in pumps:
        if not pump.call_later(answered, pump):
            answered(pump)
    await _patient(done, lambda: not any(map(_stands, busy)))


def _stands(pump: MessagePump) -> bool:
    """Tell whether a widget still takes messages."""
    return pump.is_attached and pump.is_running


async def _patient(done: asyncio.Event, gone: Callable[[], bool]) -> None:
    """Wait for an answer as long as somebody is there to give it."""
    for _ in range(int(PATIENCE_S / LOOK_S)):
        try:
            await asyncio.wait_for(done.wait(), LOOK_S)
        except TimeoutError:
            if gone():
                return
        else:
            return
