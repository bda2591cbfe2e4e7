"""A recording as a trace for ui.perfetto.dev: counters, events, and what each task did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from mmplay.recordings.export.kinds import SIMULATED, of_kind, said
from mmplay.recordings.export.trace_event import Threads, Timed
from mmplay.recordings.export.trace_of_frames import trace_of_frames
from mmplay.recordings.export.trace_of_turns import trace_of_turns
from mmplay.recordings.recording import Recording

EVENTS_AT_ONCE = 512
BETWEEN = ",\n"

TRACERS: dict[str, Callable[[Any, Threads], Iterator[Timed]]] = {SIMULATED: trace_of_turns}
"""By the kind of the header; other kinds are read frame by frame."""

REMARKS: dict[str, tuple[str, ...]] = {
    SIMULATED: (
        "times are those of the machine since boot",
        "a turn lasts until its task's CPU is free again; other actors' turns take no time",
        "the simulator times turns, not decisions: those of a turn share its time evenly, in order",
    ),
}
OBSERVED_REMARKS = (
    "times are those of the log",
    "a report lasts from its first line to its last number: that is printing, not allocating",
    "every boot is a process group of its own; times of different boots cannot be compared",
)


def perfetto(recording: Recording) -> Iterator[bytes]:
    """Yield Trace Event JSON, sorted by time."""
    threads = Threads()
    timed = of_kind(recording, TRACERS, trace_of_frames)(recording, threads)
    about = {
        "recording": recording.name,
        "writer": said(recording, "writer"),
        "remarks": list(of_kind(recording, REMARKS, OBSERVED_REMARKS)),
    }
    yield b'{"displayTimeUnit":"ns","otherData":' + json.dumps(about).encode()
    yield b',"traceEvents":[\n'
    yield from _joined(_with_names(timed, threads))
    yield b"\n]}\n"


def _with_names(timed: Iterable[Timed], threads: Threads) -> Iterator[str]:
    """Yield the events, the names of processes and threads before what happens on them."""
    for _, text in timed:
        if threads.news:
            yield from threads.taken_news()
        yield text
    yield from threads.taken_news()


def _joined(texts: Iterator[str]) -> Iterator[bytes]:
    """Yield the events in pieces, a comma between any two."""
    between = ""
    while held := list(islice(texts, EVENTS_AT_ONCE)):
        yield (between + BETWEEN.join(held)).encode()
        between = BETWEEN
