"""Processes of this machine that do parts of a work, one a core; `spread` uses them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import redirect_stderr
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import TypeVar

Found = TypeVar("Found")

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


def _on_leash(leash: Connection) -> None:
    """Begin a worker: Ctrl-C is for the process that waits, which ends it by the leash."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    parent = parent_process()
    # What was sent is left there: every worker sees it.
    wait([leash, *((parent.sentinel,) if parent is not None else ())])
    os._exit(1)
