"""One piece of work on many items, on all cores of this machine or on a cluster that a user names.

Whatever becomes of a worker, each item has one result, and the results come in the items' order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mmplay.recordings.files import Progress
from mmplay.recordings.parallel.crew import Crew, Found, Item, Meter, Told
from mmplay.recordings.recording import Stopped, never


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
    from mmplay.recordings.parallel.processes import Processes

    return Processes(cores)
