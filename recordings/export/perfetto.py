"""A recording as a trace for ui.perfetto.dev: counters, events, and what each task did."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from operator import itemgetter

from mmplay.engine.explain.decisions import worded
from mmplay.engine.explain.finding import sentence
from mmplay.engine.frame import BootSpan, Frame
from mmplay.engine.sim.log.stacks import Actor
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import CPU, NIC, TIMER, Machine
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, gate_finding
from mmplay.recordings.export.trace_event import (
    OpenSlices,
    Slice,
    Thread,
    Threads,
    Timed,
    counter,
    instant,
)
from mmplay.recordings.log.timeline import numbers_of
from mmplay.recordings.recording import Recording, remembering, said
from mmplay.recordings.run.replay import Turned, act_text, made_again
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import columns

NS_IN_US = 1000
UNITS = (("_kb", "kB"), ("all_unreclaimable", "yes"))
"""How a number's name ends, and its unit; anything else is pages."""


def trace_of_frames(recording: Recording, threads: Threads) -> Iterator[Timed]:
    """Yield the events of every boot in the order of their own times."""
    boots = [_boot_events(recording, boot, threads) for boot in recording.boots]
    return merge(*boots, key=itemgetter(0))


def _boot_events(recording: Recording, boot: BootSpan, threads: Threads) -> Iterator[Timed]:
    """Yield one boot's events; a frame without a time has no place among them."""
    process = f"boot {boot.index + 1}: {boot.release or 'release unknown'}"
    frames = range(boot.first_frame, boot.last_frame + 1)
    timed = sorted((time, n) for n in frames if (time := recording.time_us(n)) is not None)
    counters = _counters(recording, timed, threads.process(process))
    slices = _slices(recording, boot, timed, process, threads)
    yield from merge(counters, slices, key=itemgetter(0))


def _counters(recording: Recording, timed: list[tuple[int, int]], pid: int) -> Iterator[Timed]:
    """Yield the numbers of each dump at the moment it was printed."""
    last = 0
    for _, index in timed:
        frame = recording.frame(index)
        if frame.shown is None or not frame.shown.own:
            continue
        moment = frame.shown.dump.time_us
        last = max(last, (moment if moment is not None else frame.time_us or 0) * NS_IN_US)
        for name, value in numbers_of(frame.shown.dump).items():
            yield counter(pid, last, name, _unit(name), value)


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS if name.endswith(end)), "pages")


def _slices(
    recording: Recording,
    boot: BootSpan,
    timed: list[tuple[int, int]],
    process: str,
    threads: Threads,
) -> Iterator[Timed]:
    marks = [m for m in recording.markers if boot.first_frame <= m.frame <= boot.last_frame]
    events = set(recording.event_frames)
    opened = OpenSlices()
    for time_us, index in timed:
        begin = time_us * NS_IN_US
        yield from opened.until(begin)
        frame = recording.frame(index)
        if index in events:
            line = threads.thread(process, "events", "events")
            yield instant(line, begin, frame.title, {"frame": index + 1})
        for mark in (mark for mark in marks if mark.frame == index):
            line = threads.thread(process, "marks", "marks")
            yield instant(line, begin, mark.name, {"frame": index + 1, "note": mark.note})
        if frame.report is not None:
            thread = _task(frame, process, threads)
            args = _args(diagnose_frame(recording, index))
            printed = Slice(begin, _end_ns(frame), frame.title, args)
            yield from opened.add(thread, printed)
    yield from opened.rest()


def _task(frame: Frame, process: str, threads: Threads) -> Thread:
    request = frame.report.request if frame.report else None
    if request is None or request.comm is None:
        return threads.thread(process, "unknown", "task unknown")
    pid = "pid unknown" if request.pid is None else str(request.pid)
    return threads.thread(process, (request.comm, request.pid), f"{request.comm} ({pid})")


def _end_ns(frame: Frame) -> int:
    """Return when the last thing of a report was printed whose time is known."""
    report = frame.report
    times = [frame.time_us]
    if report is not None:
        times += [report.memory.time_us if report.memory else None]
        times += [report.kill.time_us if report.kill else None]
    return max(time for time in times if time is not None) * NS_IN_US


def _args(result: FrameDiagnosis) -> str:
    """Return what a report's slice says, as JSON."""
    diagnosis = result.diagnosis
    tests = [
        f"{test.name}: {sentence(gate_finding(test))}"
        for _, tests in diagnosis.asks
        for test in tests
    ]
    verdict = [sentence(diagnosis.verdict)] if diagnosis.verdict else []
    return json.dumps({"frame": result.frame.index + 1, "why": [*verdict, *tests]})


MACHINE, TASKS, OTHERS = "machine", "tasks", "CPUs and devices"

PAGES = "pages"
COUNT = "count"

KEPT_DECISIONS = 1 << 14
"""Decisions that are kept in words: the same ones come again and again."""


class _Tracer:
    """What is on the way while a run is made again."""

    def __init__(self, timeline: Recording, session: Session, threads: Threads) -> None:
        self._session = session
        self._machine = session.live
        self._threads = threads
        self._pid = threads.process(MACHINE)
        self._open = OpenSlices()
        self._free: dict[str, int] = {}
        self._titles = {n: timeline.frame(n).title for n in timeline.event_frames}
        self._marks: dict[int, list[tuple[str, str]]] = {}
        for marker in timeline.markers:
            self._marks.setdefault(marker.frame, []).append((marker.name, marker.note))
        self._rows = {entry.turn: values for entry, values in session.tape.rows()}
        self._columns = columns(session.live)
        self._said = remembering(self._say, KEPT_DECISIONS)

    def events(self) -> Iterator[Timed]:
        """Yield everything in the order of time, turn by turn."""
        first = self._session.first
        for one in made_again(self._session):
            yield from self._open.until(one.time_ns)
            yield from self._counters(one)
            yield from self._instants(one, one.turn - first)
            if one.actor is not None:
                yield from self._slices(one, one.actor)
        yield from self._open.rest()

    def _counters(self, one: Turned) -> Iterator[Timed]:
        """Yield free pages whenever they changed, everything else when a row was kept."""
        for zone in one.machine.state.zones:
            if self._free.get(zone.name) != zone.free_seen:
                self._free[zone.name] = zone.free_seen
                name = f"zones.{zone.name}.free"
                yield counter(self._pid, one.time_ns, name, PAGES, zone.free_seen)
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


EVENTS_AT_ONCE = 512
BETWEEN = ",\n"

SIMULATED_REMARKS = (
    "times are those of the machine since boot",
    "a turn lasts until its task's CPU is free again; other actors' turns take no time",
    "the simulator times turns, not decisions: those of a turn share its time evenly, in order",
)
OBSERVED_REMARKS = (
    "times are those of the log",
    "a report lasts from its first line to its last number: that is printing, not allocating",
    "every boot is a process group of its own; times of different boots cannot be compared",
)


def perfetto(recording: Recording) -> Iterator[bytes]:
    """Yield Trace Event JSON, sorted by time."""
    threads = Threads()
    session = recording.session
    if session is None:
        timed, remarks = trace_of_frames(recording, threads), OBSERVED_REMARKS
    else:
        timed, remarks = _Tracer(recording, session, threads).events(), SIMULATED_REMARKS
    about = {
        "recording": recording.name,
        "writer": said(recording, "writer"),
        "remarks": list(remarks),
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
