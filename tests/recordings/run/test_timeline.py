"""A session as a timeline: moments, events, decisions with their stacks, log lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.engine.explain.decisions import decision_words
from mmplay.recordings.chart.axis import Axis
from mmplay.recordings.diagnosis import diagnose_frame, headline_of
from mmplay.recordings.position import find_position, run_to_position
from mmplay.recordings.recording import never
from mmplay.recordings.run.tape import Entry
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.format import Code
from tests.sessions import incident_run


@pytest.fixture(scope="module")
def run() -> SessionTimeline:
    return incident_run(61_530_000_000)


def test_events_are_the_kill_the_refusals_and_the_reports(run: SessionTimeline) -> None:
    titles = [run.frame(index).title for index in run.event_frames]
    assert titles[0].startswith("OOM kill: file_io.00 (4450)")
    assert any("wb_start_writeback" in title or "allocation failure" in title for title in titles)


def test_a_kill_is_told_with_the_request_that_the_run_knows(run: SessionTimeline) -> None:
    killed = diagnose_frame(run, run.event_frames[0])
    report = killed.frame.report
    assert report is not None
    assert report.request is not None
    assert (report.request.comm, report.request.order) == ("memeater", 0)
    assert report.request.mode == 0x24280CA, "as the incident's log has it"
    said = headline_of(killed)
    assert said.endswith("with 1269 pages usable, DMA32 was 682 pages short.")


def test_moments_are_found_without_looking_at_every_turn(run: SessionTimeline) -> None:
    boot = run.boots[0]
    for time_us in (59_600_000, 60_000_000, 61_000_123):
        index = run.frame_at(time_us, boot)
        here, after = run.time_us(index), run.time_us(index + 1)
        assert here is not None
        assert after is not None
        assert here <= time_us < after
    assert run.frame_at(0, boot) == 0
    assert run.frame_at(10**9, boot) == len(run) - 1


@pytest.mark.parametrize("text", ["60.0", "+0.5s", "50%", "#100", "/page allocation failure"])
def test_positions_lead_somewhere(run: SessionTimeline, text: str) -> None:
    assert 0 <= find_position(run, text) < len(run)


def test_a_line_leads_to_the_turn_that_printed_it(run: SessionTimeline) -> None:
    for event in run.event_frames:
        frame = run.frame(event)
        if frame.report is not None:
            assert run.frame_of_line(frame.first_line) == event
    assert run.frame_of_line(0) is None
    assert run.frame_of_line(10**6) is None


def test_the_stack_of_a_work_is_that_of_the_log(run: SessionTimeline) -> None:
    """The refused request's stack, as the report prints it, from the slab down to the syscall."""
    for event in run.event_frames:
        frame = run.frame(event)
        request = frame.report.request if frame.report is not None else None
        if request is None or request.slub is None or frame.facts is None:
            continue
        printed = [entry.symbol.partition(".")[0] for entry in request.stack]
        refused = next(one for one in frame.facts.decisions if one.function == "slab_out_of_memory")
        assert list(refused.stack[1:]) == printed[printed.index("___slab_alloc") :]
        return
    raise AssertionError("no report with a slab")


def test_every_decision_names_its_function(run: SessionTimeline) -> None:
    functions = {words.function for words in decision_words().values()}
    for index in range(1, 400):
        facts = run.frame(index).facts
        assert facts is not None
        for one in facts.decisions:
            assert one.function in functions
            assert one.stack[0] == one.function
            assert "{" not in one.text


def test_counters_show_what_the_turn_changed(run: SessionTimeline) -> None:
    facts = run.frame(300).facts
    assert facts is not None
    assert facts.counters_before == run.frame(299).facts.counters  # type: ignore[union-attr]


def test_the_log_is_the_text_of_the_run(run: SessionTimeline) -> None:
    text = b"".join(run.text()).decode()
    lines = [line.text for line in run.lines(1, run.line_count)]
    assert text.splitlines() == lines
    assert len(lines) == run.line_count


def test_an_event_of_a_turn_that_is_still_being_made_is_no_frame_yet(run: SessionTimeline) -> None:
    """A search lets the run grow in a thread of its own, while the screen draws."""
    fork = SessionTimeline(run.session.fork(run.session.end, run.session.header))
    fork.session.tape.add(Entry(Code.EVENT, fork.session.end + 1, 1 << 40, ["nf_drop"]))
    assert max(fork.event_frames) < len(fork)
    columns = Axis(fork, 80, range(len(fork)), by_event=False)
    assert columns.of(len(fork) - 1) == columns.of(len(fork)) == 79


def test_a_run_that_goes_on_runs_to_the_time_that_is_asked_for(
    run: SessionTimeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with run.fork(len(run) - 1) as fork:
        count, end = len(fork), fork.time_us(len(fork) - 1) or 0
        find_position(fork, "+2ms", len(fork) - 1)
        assert len(fork) == count
        index = run_to_position(fork, "+2ms", len(fork) - 1, never)
        assert len(fork) > count
        assert (fork.time_us(len(fork) - 1) or 0) >= end + 2_000
        assert end < (fork.time_us(index) or 0) <= end + 2_000
