"""One piece of work on many items, on all cores of this machine or on a cluster that a user names.

Whatever becomes of a worker, each item has one result, and the results come in the items' order. A
work is told of who does it, and how far it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from mmplay.recordings.files import Done, Progress
from mmplay.recordings.recording import Stopped, never

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Found = TypeVar("Found")


class Told(NamedTuple):
    """How the progress bar names the work: what is done, and what the items are."""

    doing: str
    what: str


class Meter:
    """Tells how far the work is."""

    def __init__(self, progress: Progress | None, told: Told, weights: list[int]) -> None:
        self._progress, self._told, self._weights = progress, told, weights
        self._items = self._done = 0
        self._all = sum(weights)

    def count(self, number: int) -> None:
        """Count an item as done."""
        self._items += 1
        self._done += self._weights[number]
        if self._progress is not None:
            text = f"{self._items} of {len(self._weights)} {self._told.what}"
            self._progress(Done(self._told.doing, 0, self._done, self._all, text))


class Crew(Protocol):
    """Workers that take parts."""

    size: int

    def submit(self, deed: Callable[[], list[Found]]) -> Future[list[Found]]:
        """Let a worker do it."""
        ...

    def alone(self, deed: Callable[[], list[Found]]) -> list[Found]:
        """Let a worker do it that does nothing else; raises what `killed` knows."""
        ...

    def killed(self, error: BaseException) -> bool:
        """Tell whether an error says that a worker was killed."""
        ...

    def renew(self) -> bool:
        """Go on after a worker was killed; tell whether all that was under way ended with it."""
        ...

    def check(self) -> None:
        """Raise InputError if nobody is left who could do anything; called now and then."""
        ...

    def end(self) -> None:
        """Stop all that is under way."""
        ...


class Workers(NamedTuple):
    """Who does the work: so many `cores` (0: all that there are), or the cluster of `scheduler`.

    `scheduler` is the address of a Dask scheduler, `tcp://HOST:PORT` or `tls://HOST:PORT`.
    `progress` is called whenever a part is done; no more results come once `stopped` is true.
    """

    cores: int = 0
    scheduler: str | None = None
    progress: Progress | None = None
    stopped: Stopped = never


def cores_here() -> int:
    """Return on how many cores this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    work: Callable[[Item], Found],
    items: Sequence[Item],
    on: Workers = Workers(),  # noqa: B008
    *,
    told: Told = Told("working", "parts"),  # noqa: B008
    at_once: int = 1,
    weigh: Callable[[Item], int] | None = None,
    lost: Callable[[Item], Found] | None = None,
) -> Iterator[Found]:
    """Yield `work(item)` of every item, in the items' order: the same on one core as on many.

    `work` is a function of a module (or a partial of one), its items and results can be pickled;
    `items` may make an item when it is asked for it, which then happens once for each time that it
    is done.
    On a cluster a path in an item is good only where every worker sees the same files. Items go out
    `at_once` at a time; `weigh` says how much of the progress bar one is (default: all the same).
    With one core, or where all goes out at once, it runs in this process. The results that wait for
    an earlier one are at most 16 parts a worker.

    The part of a killed worker is done again. What kills its worker by itself again is given as
    `lost(item)`; without `lost` that raises InputError, as does a cluster that cannot be used. What
    `work` raises is raised in its place in the order.

    Ctrl-C: the results there are come out first, without those that are missing among them, then
    KeyboardInterrupt is raised. Workers end when the caller stops iterating, or dies.
    """
    parts = [range(at, min(at + at_once, len(items))) for at in range(0, len(items), at_once)]
    weights = [1] * len(items) if weigh is None else [weigh(item) for item in items]
    meter = Meter(on.progress, told, weights)
    crew = _crew(on, len(parts))
    if crew is None:
        for number, item in enumerate(items):
            if on.stopped():
                return
            found = work(item)
            meter.count(number)
            yield found
        return
    from mmplay.recordings.parallel.parts import Parts  # not for one log, the usual case

    yield from Parts(work, items, parts, crew, meter, lost, on.stopped).results()


def _crew(on: Workers, parts: int) -> Crew | None:
    """Return who does so many parts; None for this process."""
    if on.scheduler is not None:
        from mmplay.recordings.parallel.cluster import Cluster  # Dask takes half a second to load

        return Cluster(on.scheduler)
    cores = min(on.cores or cores_here(), parts)
    if cores < 2:
        return None
    from mmplay.recordings.parallel.parts import Processes

    return Processes(cores)
