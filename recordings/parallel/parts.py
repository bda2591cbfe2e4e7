"""Hands the parts of a work to workers, and the results on in their order.

The workers are those of a cluster, or processes of this machine, one a core; `spread` uses them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import redirect_stderr
from functools import partial
from multiprocessing import connection, get_context, parent_process, resource_tracker
from typing import TYPE_CHECKING, Generic, TypeVar

from mmplay.engine.errors import InputError
from mmplay.recordings.recording import Stopped

if TYPE_CHECKING:
    from mmplay.recordings.parallel.spread import Crew, Meter

Item = TypeVar("Item")
Found = TypeVar("Found")

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


THREADS = "/proc/self/task"


def _start_method() -> str:
    """Return how processes begin: as copies, where no thread can hold a lock that is copied."""
    alone = os.path.isdir(THREADS) and len(os.listdir(THREADS)) == 1
    return "fork" if alone else "spawn"


class Processes:
    """So many processes; they end with `end`, and when this process dies."""

    def __init__(self, size: int) -> None:
        """Begin them."""
        self.size = size
        self._begin()

    def _begin(self) -> None:
        context = get_context(_start_method())
        _track()
        leash, self._leash = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(self.size, context, _on_leash, (leash,))

    def submit(self, deed: Callable[[], Found]) -> Future[Found]:
        """Let a process do it."""
        try:
            return self._pool.submit(deed)
        except BrokenExecutor as error:
            refused: Future[Found] = Future()
            refused.set_exception(error)
            return refused

    def alone(self, deed: Callable[[], Found]) -> Found:
        """Let a process do it that does nothing else; raises BrokenExecutor if it is killed."""
        crew = Processes(1)
        try:
            return crew.submit(deed).result()
        finally:
            crew.end()

    def killed(self, error: BaseException) -> bool:
        """Tell whether an error says that a process was killed; the others then end too."""
        return isinstance(error, BrokenExecutor | CancelledError)

    def renew(self) -> bool:
        """Begin with other processes; what the first ones had under way is over."""
        self.end()
        self._begin()
        return True

    def check(self) -> None:
        """Return: a process that dies is told of by what it did."""

    def end(self) -> None:
        """End all processes, in the middle of what they do."""
        self._leash.send_bytes(b"end")
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._leash.close()


def _track() -> None:
    """Begin the process that multiprocessing keeps beside those it spawns.

    That one gets stderr by its number, and what Textual puts in stderr's place has none.
    """
    if os.name == "posix":
        with redirect_stderr(sys.__stderr__):
            resource_tracker.ensure_running()


def _on_leash(leash: connection.Connection) -> None:
    """Begin a worker: Ctrl-C is for the process that waits, which ends it by the leash."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: connection.Connection) -> None:
    parent = parent_process()
    # What was sent is left there: every worker sees it.
    connection.wait([leash, *((parent.sentinel,) if parent is not None else ())])
    os._exit(1)
