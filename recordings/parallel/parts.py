"""Hands the parts of a work to workers, and the results on in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from functools import partial
from typing import Generic

from mmplay.engine.errors import InputError
from mmplay.recordings.parallel.crew import Crew, Found, Item, Meter
from mmplay.recordings.recording import Stopped

AHEAD = 16
"""Parts for each worker that may be under way or done before the first of them was handed out."""

CHECK_S = 0.25
"""How often we look whether it was stopped and whether there are workers, while nothing is done."""

KILLS = 2
"""A part that was under way when so many workers were killed is done by itself from then on."""


class Parts(Generic[Item, Found]):
    """The parts of a work: which of them wait, are under way, or are done."""

    def __init__(
        self,
        work: Callable[[Item], Found],
        items: Sequence[Item],
        parts: list[range],
        crew: Crew,
        meter: Meter,
        lost: Callable[[Item], Found] | None,
        stopped: Stopped,
    ) -> None:
        self._work, self._items, self._parts = work, items, parts
        self._crew, self._meter, self._lost, self._stopped = crew, meter, lost, stopped
        self._waiting = deque(range(len(parts)))
        self._running: dict[Future[list[Found]], int] = {}
        self._ready: dict[int, list[Found]] = {}
        self._failed: dict[int, BaseException] = {}
        self._kills: dict[int, int] = {}
        self._out = 0

    def results(self) -> Iterator[Found]:
        """Yield what the work found, as `spread` says; the workers end with it."""
        try:
            while self._out < len(self._parts) and not self._stopped():
                self._fill()
                if self._running:
                    self._collect(wait(self._running, CHECK_S, FIRST_COMPLETED).done)
                    self._crew.check()
                yield from self._in_order()
        except KeyboardInterrupt:
            for future in [future for future in self._running if future.done()]:
                self._settled(future)
            for number in sorted(self._ready):
                yield from self._ready[number]
            raise
        finally:
            self._crew.end()

    def _in_order(self) -> Iterator[Found]:
        while self._out in self._ready or self._out in self._failed:
            if self._out in self._failed:
                raise self._failed[self._out]
            found = self._ready.pop(self._out)
            self._out += 1
            yield from found
            if self._stopped():
                return

    def _fill(self) -> None:
        """Hand out parts, the earliest first."""
        while self._waiting and self._waiting[0] < self._out + AHEAD * self._crew.size:
            number = self._waiting[0]
            self._waiting.popleft()
            if self._kills.get(number, 0) >= KILLS:
                self._one_by_one(number)
                continue
            future = self._crew.submit(partial(_do, self._work, self._of(number)))
            self._running[future] = number

    def _of(self, number: int) -> list[Item]:
        return [self._items[place] for place in self._parts[number]]

    def _collect(self, finished: Iterable[Future[list[Found]]]) -> None:
        """Take what is finished; the parts of a killed worker are handed out again."""
        killed = [number for future in finished if (number := self._settled(future)) is not None]
        if killed and self._crew.renew():
            rest = list(self._running)
            killed += [number for future in rest if (number := self._settled(future)) is not None]
        for number in killed:
            self._kills[number] = self._kills.get(number, 0) + 1
        self._waiting = deque(sorted([*self._waiting, *killed]))

    def _settled(self, future: Future[list[Found]]) -> int | None:
        """Take what a finished part found or raised; return its number if a worker was killed."""
        number = self._running.pop(future)
        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self._take(number, future.result())
        elif self._crew.killed(error):
            return number
        else:
            self._failed[number] = error
        return None

    def _take(self, number: int, found: list[Found]) -> None:
        self._ready[number] = found
        for place in self._parts[number]:
            self._meter.count(place)

    def _one_by_one(self, number: int) -> None:
        try:
            self._take(number, [self._by_itself(item) for item in self._of(number)])
        except Exception as error:
            self._failed[number] = error

    def _by_itself(self, item: Item) -> Found:
        try:
            return self._crew.alone(partial(_do, self._work, [item]))[0]
        except Exception as error:
            if not self._crew.killed(error):
                raise
            if self._lost is None:
                why = "a process that does a part of the work was killed again and again"
                raise InputError(f"{why}; is there too little memory?") from None
            return self._lost(item)


def _do(work: Callable[[Item], Found], items: list[Item]) -> list[Found]:
    """Do a part, in a worker."""
    return [work(item) for item in items]
