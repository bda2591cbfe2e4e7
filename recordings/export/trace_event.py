"""The Trace Event Format: counters, instants, and slices that begin and end properly.

Source: "Trace Event Format" (Google, 2016), which ui.perfetto.dev opens. A slice is a pair of B and
E on one thread; pairs nest like brackets. Times are microseconds with three decimals, written
exactly, since turns may be shorter than a microsecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

Timed = tuple[int, str]
"""An event: its moment in ns, and its JSON."""


class Thread(NamedTuple):
    """A line of the picture: the ids of a process and a thread in it."""

    pid: int
    tid: int


class Slice(NamedTuple):
    """Something that lasted from a moment to another (ns); `args` is what it says, as JSON."""

    begin_ns: int
    end_ns: int
    name: str
    args: str


@lru_cache(maxsize=4096)
def quoted(text: str) -> str:
    """Return a text as JSON."""
    return json.dumps(text, ensure_ascii=True)


def stamp(time_ns: int) -> str:
    """Return ns as microseconds, in decimals."""
    return f"{time_ns // 1000}.{time_ns % 1000:03d}"


def counter(pid: int, time_ns: int, name: str, unit: str, value: int) -> Timed:
    """Return the value of a counter from a moment on."""
    return time_ns, (
        f'{{"ph":"C","ts":{stamp(time_ns)},"pid":{pid},"name":{quoted(name)},'
        f'"args":{{{quoted(unit)}:{value}}}}}'
    )


def instant(thread: Thread, time_ns: int, name: str, args: dict[str, object]) -> Timed:
    """Return something that happened at a moment."""
    return time_ns, (
        f'{{"ph":"i","s":"t","ts":{stamp(time_ns)},"pid":{thread.pid},"tid":{thread.tid},'
        f'"name":{quoted(name)},"args":{json.dumps(args)}}}'
    )


def _begin(thread: Thread, time_ns: int, one: Slice) -> str:
    return (
        f'{{"ph":"B","ts":{stamp(time_ns)},"pid":{thread.pid},"tid":{thread.tid},'
        f'"name":{quoted(one.name)},"args":{one.args}}}'
    )


def _end(thread: Thread, time_ns: int) -> str:
    return f'{{"ph":"E","ts":{stamp(time_ns)},"pid":{thread.pid},"tid":{thread.tid}}}'


class Threads:
    """Gives ids to processes and threads as they come; `news` are their names, told once."""

    def __init__(self) -> None:
        """None yet."""
        self._pids: dict[str, int] = {}
        self._threads: dict[tuple[str, object], Thread] = {}
        self.news: list[str] = []

    def process(self, name: str) -> int:
        """Return the id of a process."""
        pid = self._pids.get(name)
        if pid is None:
            pid = self._pids[name] = len(self._pids) + 1
            self.news.append(_named("process_name", pid, 0, {"name": name}))
            self.news.append(_named("process_sort_index", pid, 0, {"sort_index": pid}))
        return pid

    def thread(self, process: str, key: object, name: str) -> Thread:
        """Return the ids of a thread; `key` tells it from the others of its process."""
        found = self._threads.get((process, key))
        if found is None:
            found = Thread(self.process(process), len(self._threads) + 1)
            self._threads[process, key] = found
            self.news.append(_named("thread_name", *found, {"name": name}))
        return found

    def taken_news(self) -> list[str]:
        """Return the names that were not told yet."""
        news, self.news = self.news, []
        return news


def _named(what: str, pid: int, tid: int, args: dict[str, object]) -> str:
    return f'{{"ph":"M","pid":{pid},"tid":{tid},"name":"{what}","args":{json.dumps(args)}}}'


class OpenSlices:
    """Slices whose ends lie ahead: they come out in the order of time.

    A thread does one thing at a time: what begins cuts short what was still open there.
    """

    def __init__(self) -> None:
        """None yet."""
        self._ahead: list[tuple[int, int, Thread, Slice | None]] = []
        self._count = 0
        self._ends: dict[Thread, int] = {}

    def until(self, time_ns: int) -> Iterator[Timed]:
        """Yield everything up to and with a moment."""
        while self._ahead and self._ahead[0][0] <= time_ns:
            yield _written(*heappop(self._ahead))

    def rest(self) -> Iterator[Timed]:
        """Yield everything that is still ahead."""
        while self._ahead:
            yield _written(*heappop(self._ahead))

    def add(self, thread: Thread, outer: Slice, inner: Iterable[Slice] = ()) -> Iterator[Timed]:
        """Add a slice and what lies in it one after the other; yield the cut ends of others."""
        if self._ends.get(thread, -1) > outer.begin_ns:
            yield from self._cut(thread, outer.begin_ns)
        self._ends[thread] = outer.end_ns
        self._push(outer.begin_ns, thread, outer)
        for one in inner:
            self._push(one.begin_ns, thread, one)
            self._push(one.end_ns, thread, None)
        self._push(outer.end_ns, thread, None)

    def _push(self, time_ns: int, thread: Thread, one: Slice | None) -> None:
        self._count += 1
        heappush(self._ahead, (time_ns, self._count, thread, one))

    def _cut(self, thread: Thread, time_ns: int) -> Iterator[Timed]:
        mine = sorted(entry for entry in self._ahead if entry[2] == thread)
        self._ahead = [entry for entry in self._ahead if entry[2] != thread]
        heapify(self._ahead)
        for _, count, _, one in mine:
            yield _written(time_ns, count, thread, one)


def _written(time_ns: int, _: int, thread: Thread, one: Slice | None) -> Timed:
    if one is None:
        return time_ns, _end(thread, time_ns)
    return time_ns, _begin(thread, time_ns, one)
