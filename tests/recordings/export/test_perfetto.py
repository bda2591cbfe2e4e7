"""The trace for Perfetto keeps the format's rules, and says what the play screen says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.recordings.export.trace_event import OpenSlices, Slice, Thread, Timed
from mmplay.recordings.log.observed import ObservedTimeline
from tests.recordings.export.exported import HOSTILE, export, hostile_log, short_run
from tests.recordings.export.trace_rules import Sliced, Trace
from tests.sessions import incident_run


@lru_cache(maxsize=1)
def run_trace() -> Trace:
    return Trace(export(short_run(), "perfetto"))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Let go of a hundred thousand slices when the last test has seen them."""
    yield
    run_trace.cache_clear()
    turns_of_trace.cache_clear()


def test_the_incident_s_run_keeps_the_rules() -> None:
    trace = run_trace()
    count = trace.count()
    assert count["B"] == count["E"] > 100_000
    assert trace.processes() == ["machine", "CPUs and devices", "tasks"]
    assert trace.whole["displayTimeUnit"] == "ns"
    assert any("evenly" in one for one in trace.whole["otherData"]["remarks"])


def test_every_turn_is_there_and_its_decisions_are_inside() -> None:
    """As many slices as turns, but for the CPUs that were woken while busy; decisions nested."""
    run, trace = short_run(), run_trace()
    outer = [one for one in trace.slices if one.depth == 0]
    assert {one.depth for one in trace.slices} == {0, 1}
    turns = [one.args["turn"] for one in outer]
    assert len(set(turns)) == len(turns)
    assert len(turns) <= len(run) - 1
    assert len(turns) > 0.99 * (len(run) - 1)


@settings(max_examples=40)
@given(st.data())
def test_a_turn_s_slice_says_what_its_frame_says(data: st.DataObject) -> None:
    run, trace = short_run(), run_trace()
    outer, inner = data.draw(st.sampled_from(turns_of_trace()))
    frame = run.frame(outer.args["turn"] - run.session.first)
    assert frame.facts is not None
    assert outer.args["actor"] == frame.facts.actor
    assert int(outer.begin) == frame.time_us
    decided = [one for one in frame.facts.decisions if one.function != "sysctl"]
    assert [(one.name, one.args["why"]) for one in inner] == [
        (one.function, one.text) for one in decided
    ]
    assert ["refused" in one.args for one in inner] == [one.refused for one in decided]
    assert all(outer.begin <= one.begin <= one.end <= outer.end for one in inner)
    if trace.processes()[outer.pid - 1] == "tasks":
        assert trace.thread(outer.pid, outer.tid) in frame.facts.actor


@lru_cache(maxsize=1)
def turns_of_trace() -> list[tuple[Sliced, list[Sliced]]]:
    """Every turn's slice with the decisions inside it, which end before it on its thread."""
    waiting: dict[int, list[Sliced]] = {}
    found = []
    for one in run_trace().slices:
        if one.depth == 1:
            waiting.setdefault(one.tid, []).append(one)
        else:
            found.append((one, waiting.pop(one.tid, [])))
    return found


def test_free_pages_are_there_whenever_they_changed() -> None:
    run, trace = short_run(), run_trace()
    session = run.session
    values = trace.values("zones.DMA32.free")
    assert values[0][1] == 1300
    by_time = {int(time): value for time, value in values}
    for turn in range(session.first, session.first + 400):
        m = session.machine_at(turn)
        before = [value for time, value in by_time.items() if time <= m.state.now_ns // 1000]
        zone = next(zone for zone in m.state.zones if zone.name == "DMA32")
        assert before[-1] == zone.free or m.state.heap[0][0] == m.state.now_ns
    assert trace.values("zones.DMA.free")[-1][1] == session.to_end().state.zones[0].free


def test_rows_become_counters() -> None:
    run, trace = short_run(), run_trace()
    kept = list(run.session.tape.rows())
    assert len(trace.values("wb_work")) == len(kept)
    assert len(trace.values("zones.DMA32.dirty")) == len(kept)


def test_events_acts_and_marks_are_instants() -> None:
    run, trace = short_run(), run_trace()
    assert [one["args"]["frame"] - 1 for one in trace.instants("events")] == list(run.event_frames)
    (act,) = trace.instants("acts")
    assert act["name"] == "you: min_free_kbytes 8192"
    (mark,) = trace.instants("marks")
    assert (mark["name"], mark["args"]["note"]) == ("half & <half>", 'a "note"')


def test_another_kernel_and_variant_keep_the_rules() -> None:
    trace = Trace(export(incident_run(59_700_000_000, "nowait"), "perfetto"))
    assert trace.count()["B"] > 1000


def test_the_logs_keep_the_rules(incident: ObservedTimeline) -> None:
    trace = Trace(export(incident, "perfetto"))
    assert [one.name for one in trace.slices] == [
        incident.frame(index).title for index in range(len(incident))
    ]
    assert len(trace.instants("events")) == len(incident)
    first = incident.frame(0).shown
    assert first is not None
    assert trace.values("zones.DMA32.free")[0][1] == first.dump.zones[1].pages("free")
    assert all(one.end >= one.begin for one in trace.slices)


def test_two_boots_are_two_processes(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        trace = Trace(export(log, "perfetto"))
    assert [name.split(":")[0] for name in trace.processes()] == ["boot 1", "boot 2"]
    assert any(HOSTILE in one.name for one in trace.slices)


def test_a_log_without_times_has_no_place_for_its_frames(tmp_path: Path) -> None:
    from tests.conftest import INCIDENT_NEXT, incident_text
    from tests.recordings.export.exported import logged

    text = b"".join(
        line.split(b"] ", 1)[1] for line in incident_text(INCIDENT_NEXT).splitlines(keepends=True)
    )
    with logged(tmp_path, text) as log:
        assert len(log) > 0
        assert Trace(export(log, "perfetto")).slices == []


THREAD = Thread(1, 1)
SPANS = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 50), st.integers(0, 3), st.integers(1, 2)),
    max_size=30,
)


@given(SPANS)
@pytest.mark.parametrize("cut_at_end", [False, True])
def test_slices_of_a_thread_never_overlap(
    cut_at_end: bool, spans: list[tuple[int, int, int, int]]
) -> None:
    """Whatever begins cuts short what was open on its thread; what comes out is balanced."""
    opened = OpenSlices()
    found: list[Timed] = []
    for begin, length, inside, tid in sorted(spans):
        end = begin + length
        inner = [
            Slice(begin + length * n // inside, begin + length * (n + 1) // inside, "in", "{}")
            for n in range(inside)
        ]
        found += opened.until(begin)
        found += opened.add(Thread(1, tid), Slice(begin, end, "out", "{}"), inner)
    if cut_at_end:
        found += opened.until(2000)
    found += opened.rest()
    assert [time for time, _ in found] == sorted(time for time, _ in found)
    names = [
        f'{{"ph":"M","pid":1,"tid":{tid},"name":"thread_name","args":{{"name":"{tid}"}}}}'
        for tid in (1, 2)
    ]
    events = ",".join([*names, *(text for _, text in found)])
    trace = Trace(f'{{"traceEvents":[{events}]}}'.encode())
    assert len(trace.slices) == sum(1 + inside for _, _, inside, _ in spans)
    assert all(one.depth == (one.name == "in") for one in trace.slices)
    for tid in (1, 2):
        outer = [one for one in trace.slices if one.tid == tid and one.depth == 0]
        assert all(a.end <= b.begin for a, b in pairwise(outer))
