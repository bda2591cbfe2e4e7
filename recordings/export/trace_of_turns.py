"""A simulated run as trace events: every turn on the thread of who acted, decisions inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mmplay.engine.explain.decisions import worded
from mmplay.engine.sim.log.actor import Actor
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.sched import CPU, NIC, TIMER
from mmplay.recordings.export.trace_event import (
    OpenSlices,
    Slice,
    Thread,
    Threads,
    Timed,
    counter,
    instant,
)
from mmplay.recordings.session.replay import Turned, made_again
from mmplay.recordings.session.rows import columns
from mmplay.recordings.session.timeline import act_text

MACHINE, TASKS, OTHERS = "machine", "tasks", "CPUs and devices"

PAGES = "pages"
COUNT = "count"

KEPT_DECISIONS = 1 << 14
"""Decisions that are kept in words: the same ones come again and again."""


def trace_of_turns(timeline: Any, threads: Threads) -> Iterator[Timed]:
    """Yield the events of a simulated run in the order of time."""
    return _Tracer(timeline, threads).events()


class _Tracer:
    """What is on the way while a run is made again."""

    def __init__(self, timeline: Any, threads: Threads) -> None:
        self._timeline = timeline
        self._machine: Machine = timeline.session.live
        self._threads = threads
        self._pid = threads.process(MACHINE)
        self._open = OpenSlices()
        self._free: dict[str, int] = {}
        self._titles = {n: timeline.frame(n).title for n in timeline.event_frames}
        self._marks: dict[int, list[tuple[str, str]]] = {}
        for marker in timeline.markers:
            self._marks.setdefault(marker.frame, []).append((marker.name, marker.note))
        self._rows = {entry.turn: values for entry, values in timeline.session.tape.rows()}
        self._columns = columns(timeline.session.live)
        self._said = lru_cache(maxsize=KEPT_DECISIONS)(self._say)

    def events(self) -> Iterator[Timed]:
        """Yield everything, turn by turn."""
        first = self._timeline.session.first
        for one in made_again(self._timeline.session):
            yield from self._open.until(one.time_ns)
            yield from self._counters(one)
            yield from self._instants(one, one.turn - first)
            if one.actor is not None:
                yield from self._slices(one, one.actor)
        yield from self._open.rest()

    def _counters(self, one: Turned) -> Iterator[Timed]:
        """Yield free pages whenever they changed, everything else when a row was kept."""
        for zone in one.machine.state.zones:
            if self._free.get(zone.name) != zone.free:
                self._free[zone.name] = zone.free
                name = f"zones.{zone.name}.free"
                yield counter(self._pid, one.time_ns, name, PAGES, zone.free)
        values = self._rows.get(one.turn)
        if values is None:
            return
        for name, value in zip(self._columns, values, strict=True):
            if not name.endswith(".free"):
                unit = PAGES if name.startswith("zones.") else COUNT
                yield counter(self._pid, one.time_ns, name, unit, value)

    def _instants(self, one: Turned, index: int) -> Iterator[Timed]:
        at = {"turn": one.turn, "frame": index + 1}
        title = self._titles.get(index)
        if title is not None:
            yield instant(self._line("events"), one.time_ns, title, {**at})
        for act in one.acts:
            yield instant(self._line("acts"), one.time_ns, act_text(act), {**at})
        for name, note in self._marks.get(index, []):
            yield instant(self._line("marks"), one.time_ns, name, {**at, "note": note})

    def _line(self, name: str) -> Thread:
        return self._threads.thread(MACHINE, name, name)

    def _slices(self, one: Turned, actor: Actor) -> Iterator[Timed]:
        args = json.dumps({"turn": one.turn, "actor": actor.title})
        outer = Slice(one.time_ns, one.until_ns, SLICE_NAMES.get(actor.kind, actor.title), args)
        self._machine = one.machine
        yield from self._open.add(self._thread(one.machine, actor), outer, self._decisions(one))

    def _decisions(self, one: Turned) -> Iterator[Slice]:
        """Yield a turn's decisions: they share its time evenly, in order."""
        count = len(one.decisions)
        span = one.until_ns - one.time_ns
        for n, made in enumerate(one.decisions):
            begin, end = (one.time_ns + span * at // count for at in (n, n + 1))
            yield Slice(begin, end, *self._said(made))

    def _say(self, made: Decision) -> tuple[str, str]:
        """Return the function that decided, and its decision in words, as JSON."""
        words = worded(self._machine, made)
        refused = {"refused": True} if words.refused else {}
        return words.function, json.dumps({"why": words.text, **refused})

    def _thread(self, m: Machine, actor: Actor) -> Thread:
        if actor.task >= 0:
            tasks = m.state.tasks
            name = f"{tasks.names[actor.task]} ({tasks.pid[actor.task]})"
            return self._threads.thread(TASKS, actor.task, name)
        key = (actor.kind, actor.number) if actor.kind in (CPU, NIC) else actor.kind
        return self._threads.thread(OTHERS, key, actor.title)


SLICE_NAMES = {CPU: "turn", TIMER: "wakes", NIC: "NET_RX softirq"}
"""What a slice is called by the kind of its actor; other actors lend it their own name."""
