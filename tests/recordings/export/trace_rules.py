"""The rules of the Trace Event Format, as far as our files use it.

Source: "Trace Event Format", the document that Perfetto and chrome://tracing refer to.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

REQUIRED: dict[str, tuple[str, ...]] = {
    "B": ("name", "ts", "pid", "tid"),
    "E": ("ts", "pid", "tid"),
    "C": ("name", "ts", "pid", "args"),
    "i": ("name", "ts", "pid", "tid", "s"),
    "M": ("name", "pid", "args"),
}
METADATA = {
    "process_name": ("name", str),
    "process_sort_index": ("sort_index", int),
    "thread_name": ("name", str),
}


class Sliced(NamedTuple):
    """A slice that was read; `depth` counts the slices around it."""

    pid: int
    tid: int
    name: str
    begin: Decimal
    end: Decimal
    depth: int
    args: dict[str, Any]


class Trace:
    """A trace that was read and found to keep the rules; raises AssertionError where it does not.

    `slices` stand in the order in which they end.
    """

    def __init__(self, data: bytes) -> None:
        self.whole: dict[str, Any] = json.loads(data, parse_float=Decimal)
        self.events: list[dict[str, Any]] = self.whole["traceEvents"]
        self.slices: list[Sliced] = []
        self._open: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        self._now = Decimal(0)
        self._named: dict[tuple[int, int], str] = {}
        self._processes: dict[int, str] = {}
        for event in self.events:
            self._check(event)
        assert not any(self._open.values()), "slices that never end"

    def _check(self, event: dict[str, Any]) -> None:
        phase = event["ph"]
        missing = [name for name in REQUIRED[phase] if name not in event]
        assert not missing, (event, missing)
        for name in ("pid", "tid"):
            assert type(event.get(name, 0)) is int, event
        if phase == "M":
            self._metadata(event)
            return
        moment = event["ts"]
        assert isinstance(moment, (int, Decimal)), event
        assert moment >= self._now >= 0, "not sorted by time"
        self._now = Decimal(moment)
        PHASES[phase](self, event)

    def _metadata(self, event: dict[str, Any]) -> None:
        name, kind = METADATA[event["name"]]
        assert isinstance(event["args"][name], kind)
        if event["name"] == "thread_name":
            assert (event["pid"], event["tid"]) not in self._named, "named twice"
            self._named[event["pid"], event["tid"]] = event["args"]["name"]
        if event["name"] == "process_name":
            self._processes[event["pid"]] = event["args"]["name"]

    def _counter(self, event: dict[str, Any]) -> None:
        assert event["args"]
        assert all(type(value) is int for value in event["args"].values()), event
        assert event["pid"] in self._processes

    def _instant(self, event: dict[str, Any]) -> None:
        assert event["s"] in ("g", "p", "t")
        assert (event["pid"], event["tid"]) in self._named

    def _begin(self, event: dict[str, Any]) -> None:
        key = (event["pid"], event["tid"])
        assert key in self._named, "a thread without a name"
        self._open[key].append(event)

    def _end(self, event: dict[str, Any]) -> None:
        key = (event["pid"], event["tid"])
        assert self._open[key], "an end without a beginning"
        begun = self._open[key].pop()
        depth = len(self._open[key])
        args = begun.get("args", {})
        span = (Decimal(begun["ts"]), Decimal(event["ts"]))
        self.slices.append(Sliced(*key, begun["name"], *span, depth, args))

    def count(self) -> Counter[str]:
        """Return how many events there are of each phase."""
        return Counter(event["ph"] for event in self.events)

    def thread(self, pid: int, tid: int) -> str:
        """Return a thread's name."""
        return self._named[pid, tid]

    def processes(self) -> list[str]:
        """Return the names of all processes."""
        return list(self._processes.values())

    def values(self, counter: str) -> list[tuple[Decimal, int]]:
        """Return (time, value) of a counter."""
        return [
            (Decimal(event["ts"]), next(iter(event["args"].values())))
            for event in self.events
            if event["ph"] == "C" and event["name"] == counter
        ]

    def instants(self, thread: str) -> list[dict[str, Any]]:
        """Return the instants on a thread of this name."""
        return [
            event
            for event in self.events
            if event["ph"] == "i" and self._named[event["pid"], event["tid"]] == thread
        ]


PHASES = {
    "C": Trace._counter,
    "i": Trace._instant,
    "B": Trace._begin,
    "E": Trace._end,
}
