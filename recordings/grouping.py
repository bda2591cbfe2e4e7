"""Events of one log or of many in groups: what decided them is the same, whoever asked and when.

Many files are read by all cores. A file that cannot be read is listed with the reason.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.sorts import Sort, sort_of, sort_words
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.files import Done, Progress
from mmplay.recordings.library import open_events
from mmplay.recordings.log.source import STDIN, NothingToRead

FILES_AT_ONCE = 8
"""Files that a core takes at a time; fewer than that are not worth a second core."""


class Place(NamedTuple):
    """Where an event stands; `event` counts from 1."""

    path: str
    event: int
    time_us: int | None
    wall: bool


@dataclass(slots=True)
class Group:
    """Events of one sort. `release` is that of the first one, `files` how many files have some."""

    sort: Sort
    release: str | None
    count: int
    files: int
    first: Place
    last: Place

    @property
    def headline(self) -> str:
        """Return what happened to all of them."""
        return sort_words(self.sort)


class Groups:
    """Groups in the order in which they were met."""

    def __init__(self) -> None:
        self._groups: dict[Sort, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)

    def take(self, group: Group) -> None:
        """Add what another log, or a later part of the same log, has of a sort."""
        mine = self._groups.get(group.sort)
        if mine is None:
            self._groups[group.sort] = group
            return
        mine.files += mine.last.path != group.first.path
        mine.count += group.count
        mine.last = group.last

    def largest_first(self) -> list[Group]:
        """Return all groups by their number of events; equal ones as they were met."""
        return sorted(self, key=lambda group: -group.count)


def groups_of(results: Iterable[FrameDiagnosis], path: str) -> Groups:
    """Return the groups of some frames of a recording; frames without a report are left out."""
    groups = Groups()
    for result in results:
        if result.frame.report is not None:
            groups.take(_group_of_one(result, path))
    return groups


def _group_of_one(result: FrameDiagnosis, path: str) -> Group:
    frame = result.frame
    assert frame.report is not None
    place = Place(path, frame.index + 1, frame.time_us, frame.wall)
    return Group(sort_of(frame.report, result.diagnosis), frame.release, 1, 1, place, place)


class Read(NamedTuple):
    """What became of one file: its groups, or why it cannot be read."""

    path: str
    groups: tuple[Group, ...] = ()
    why: str | None = None


class Fleet(NamedTuple):
    """What became of all files."""

    files: int
    groups: Groups
    unreadable: list[Read]


def read_fleet(paths: Sequence[str], kernel: str | None, progress: Progress | None) -> Fleet:
    """Read every file, on all cores, and return their groups.

    `kernel` overrides what the logs say of theirs.
    """
    fleet = Fleet(len(paths), Groups(), [])
    sizes = {path: _size(path) for path in paths}
    done, total = 0, sum(sizes.values())
    for number, read in enumerate(_read_all([(path, kernel) for path in paths]), 1):
        done += sizes[read.path]
        if progress is not None:
            progress(Done("explaining", 0, done, total, f"{number} of {len(paths)} files"))
        if read.why is not None:
            fleet.unreadable.append(read)
        for group in read.groups:
            fleet.groups.take(group)
    return fleet


Job = tuple[str, str | None]
"""A path, and the kernel whose rules are used."""


def _read_all(jobs: list[Job]) -> Iterator[Read]:
    cores = min(os.cpu_count() or 1, len(jobs) // FILES_AT_ONCE)
    if cores < 2 or any(path == STDIN for path, _ in jobs):
        yield from map(read_one, jobs)
        return
    # One log, the usual case, needs no other process.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    try:
        with ProcessPoolExecutor(cores, initializer=_leave_interrupts_alone) as pool:
            yield from pool.map(read_one, jobs, chunksize=FILES_AT_ONCE)
    except BrokenProcessPool:
        raise InputError("a process that reads the logs was killed; name fewer files") from None


def _leave_interrupts_alone() -> None:
    """Let Ctrl-C end the process that waits for the others, and the others with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def read_one(job: Job) -> Read:
    """Read one file. Whatever is wrong with it, the other files must not suffer from it."""
    path, kernel = job
    try:
        with open_events(path, kernel) as recording:
            results = (diagnose_frame(recording, index) for index in recording.event_frames)
            groups = groups_of(results, path)
            return Read(path, tuple(groups))
    except NothingToRead:
        return Read(path)
    except InputError as error:
        return Read(path, why=str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return Read(path, why=error.strerror or str(error))
    except Exception as error:
        return Read(path, why=f"mmplay has a fault here: {type(error).__name__}: {error}")


def _size(path: str) -> int:
    with suppress(OSError, ValueError):
        return os.stat(path).st_size
    return 0


def files_in(names: Iterable[str]) -> list[str]:
    """Return the files that the names stand for: a folder for all files below it, in order."""
    found: list[str] = []
    for name in names:
        if name != STDIN and Path(name).is_dir():
            found += _below(name)
        else:
            found.append(name)
    return list(dict.fromkeys(found))


def _below(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(place, name)
