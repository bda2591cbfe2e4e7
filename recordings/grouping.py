"""Events of one log or of many in groups: what decided them is the same, whoever asked and when.

Many files are read by all cores. A file that cannot be read is listed with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.sorts import Sort, sort_of, sort_words
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.library import open_events
from mmplay.recordings.log.source import STDIN, NothingToRead
from mmplay.recordings.parallel.spread import Told, Workers, spread

FILES_AT_ONCE = 8
"""Files that a core takes at a time; so few are not worth a second core."""


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


@dataclass(slots=True)
class Fleet:
    """What became of the files: `read` of them, or all `files` if nobody stopped it."""

    files: int
    groups: Groups
    unreadable: list[Read]
    read: int = 0

    def take(self, read: Read) -> None:
        """Add what became of one file."""
        self.read += 1
        if read.why is not None:
            self.unreadable.append(read)
        for group in read.groups:
            self.groups.take(group)


def read_fleet(paths: Sequence[str], kernel: str | None, on: Workers) -> Fleet:
    """Read every file, on all cores, and return their groups; after Ctrl-C those of some files.

    `kernel` overrides what the logs say of theirs.
    """
    if STDIN in paths:
        # No other process has what is piped into this one.
        on = on._replace(cores=1, scheduler=None)
    fleet = Fleet(len(paths), Groups(), [])
    jobs = [(path, kernel) for path in paths]
    told = Told("explaining", "files")
    reads = spread(read_one, jobs, on, told=told, at_once=FILES_AT_ONCE, weigh=_size, lost=_killed)
    with suppress(KeyboardInterrupt):
        for read in reads:
            fleet.take(read)
    return fleet


Job = tuple[str, str | None]
"""A path, and the kernel whose rules are used."""


def _killed(job: Job) -> Read:
    return Read(job[0], why="the process that read it was killed each time; is it too large?")


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


def _size(job: Job) -> int:
    with suppress(OSError, ValueError):
        return os.stat(job[0]).st_size
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
