"""cut: a part of a recording is a recording of its own, with the same turns or lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.recordings.cutting import cut_log, cut_run
from mmplay.recordings.library import DATA
from mmplay.recordings.log.importing import write_import
from mmplay.recordings.log.observed import from_bytes
from mmplay.recordings.opening import open_stream
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import load_session
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.run.verify import verify_stream
from mmplay.recordings.trace.format import Code
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, open_shipped
from tests.sessions import INCIDENT_START_NS, Recorded, session
from tests.traces import taken_apart


def played() -> Session:
    """A run with acts and marks, one of each at the same turn."""
    run = session(0)
    run.advance(turns=700)
    run.act("dirty_ratio", "15")
    run.advance(turns=500)
    run.act("sysrq_m", "")
    run.act("wb_mask", "nowait")
    run.mark(1200, "here", "two acts")
    run.advance(turns=1300)
    run.mark(300, "early")
    return run


PLAYED = played()


def cut(run: Session, first: int, last: int) -> bytes:
    stream = io.BytesIO()
    cut_run(SessionTimeline(run), first, last, stream)
    return stream.getvalue()


@settings(max_examples=25)
@given(st.data())
def test_any_part_of_a_run_verifies_and_has_the_same_turns(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, PLAYED.end))
    last = data.draw(st.integers(first, PLAYED.end))
    part = cut(PLAYED, first, last)
    verdict = verify_stream(io.BytesIO(part), "part")
    assert verdict.good, verdict.fault
    assert verdict.turns == last - first
    loaded = load_session(io.BytesIO(part), "part")
    assert loaded.ending.closed
    one = loaded.session
    assert (one.first, one.end) == (first, last)
    for turn in {first, (first + last) // 2, last}:
        assert one.machine_at(turn).state.digest() == PLAYED.machine_at(turn).state.digest()


def test_acts_logs_and_marks_in_between_are_kept() -> None:
    part = load_session(io.BytesIO(cut(PLAYED, 1200, 2000)), "part").session
    assert [act.fields for act in part.acts] == [["sysrq_m", ""], ["wb_mask", "nowait"]]
    assert [(mark.turn, *mark.fields) for mark in part.tape.marks] == [(1200, "here", "two acts")]
    lines = [line.text for line in part.log.lines(1, part.log.line_count)]
    assert "SysRq : Show Memory" in lines[0]
    before = load_session(io.BytesIO(cut(PLAYED, 0, 1199)), "part").session
    assert [act.turn for act in before.acts] == [700]
    assert [mark.fields[0] for mark in before.tape.marks] == ["early"]


def test_the_title_stays_and_the_turns_are_noted() -> None:
    part = load_session(io.BytesIO(cut(PLAYED, 10, 20)), "part").session
    assert part.header["title"] == "incident"
    assert part.header["variant"] == "atomic"
    assert (part.header["cut_from"], part.header["cut_to"]) == (10, 20)


def test_a_part_of_a_part() -> None:
    part = load_session(io.BytesIO(cut(PLAYED, 500, 2000)), "part").session
    inner = cut(part, 300, 900)
    assert verify_stream(io.BytesIO(inner), "inner").good
    one = load_session(io.BytesIO(inner), "inner").session
    assert (one.first, one.end) == (800, 1400)
    assert one.machine_at(1400).state.digest() == PLAYED.machine_at(1400).state.digest()


def test_the_rows_of_a_part_begin_anew() -> None:
    run = session(INCIDENT_START_NS + 200_000_000)
    at = run.end // 2
    part = load_session(io.BytesIO(cut(run, at, run.end)), "part").session
    there = {entry.turn: values for entry, values in run.tape.rows() if entry.turn > at}
    assert there == {entry.turn: values for entry, values in part.tape.rows()}


def test_a_cut_of_a_file_that_was_cut() -> None:
    recorded = Recorded()
    recorded.session.advance(turns=2000)
    data = recorded.data()[:-100]
    with open_stream(io.BytesIO(data), "killed") as run:
        assert isinstance(run, SessionTimeline)
        stream = io.BytesIO()
        cut_run(run, 5, len(run) - 1, stream)
    assert verify_stream(io.BytesIO(stream.getvalue()), "part").good


# logs


def cut_shipped(name: str, first: int, last: int) -> bytes:
    out = io.BytesIO()
    with open_shipped(name) as log, (DATA / f"{name}.mmtrace").open("rb") as source:
        cut_log(log, first, last, source, out)
    return out.getvalue()


@pytest.mark.parametrize("name", [INCIDENT_RC7, INCIDENT_NEXT])
def test_every_part_of_a_log_is_a_log(name: str) -> None:
    with open_shipped(name) as whole:
        for first in range(len(whole)):
            for last in range(first, len(whole)):
                data = cut_shipped(name, first, last)
                assert verify_stream(io.BytesIO(data), "part").good
                with from_bytes(data, "part") as part:
                    begin, end = whole.frame(first).first_line, whole.frame(last).last_line
                    assert part.line_count == end - begin + 1
                    assert [one.text for one in part.lines(1, end)] == [
                        one.text for one in whole.lines(begin, end - begin + 1)
                    ]
                    assert len(part) == last - first + 1
                    assert part.boots[0].kernel == whole.boots[0].kernel
                    titles = [part.frame(n).title for n in range(len(part))]
                    assert titles == [whole.frame(n).title for n in range(first, last + 1)]


def test_lines_that_nobody_understands_are_cut_in_the_middle(tmp_path: Path) -> None:
    with open_shipped(INCIDENT_RC7) as log:
        report = b"".join(log.text())
    noise = b"".join(b"[   61.0] noise %d\n" % n for n in range(50))
    path = tmp_path / "noisy.log"
    path.write_bytes(report + noise + report + noise)
    whole, out = io.BytesIO(), io.BytesIO()
    write_import(whole, str(path), None)
    with from_bytes(whole.getvalue(), "noisy") as log:
        count = cut_log(log, 2, 5, io.BytesIO(whole.getvalue()), out)
        first, last = log.frame(2).first_line, log.frame(5).last_line
        wanted = b"".join(log.text()).split(b"\n")[first - 1 : last]
    assert count == last - first + 1
    with from_bytes(out.getvalue(), "part") as part:
        assert part.line_count == count
        assert b"".join(part.text()).split(b"\n")[:-1] == wanted


RHEL7 = b"""\
[    9.000000] cat: page allocation failure: order:4, mode:0x10c0d0
[    9.000001] CPU: 0 PID: 5 Comm: cat Not tainted 3.10.0-1160.el7.x86_64 #1
[    9.000002] Mem-Info:
[   19.000000] dog: page allocation failure: order:4, mode:0x10c0d0
[   19.000002] Mem-Info:
"""


def test_a_part_of_a_log_keeps_the_rules_of_a_release_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "host.log"
    path.write_bytes(RHEL7)
    whole, out = io.BytesIO(), io.BytesIO()
    write_import(whole, str(path), None)
    with from_bytes(whole.getvalue(), "host") as log:
        assert log.boots[0].kernel is not None
        name = log.boots[0].kernel.name
        cut_log(log, 1, 1, io.BytesIO(whole.getvalue()), out)
    assert name == "3.10.el7-1160"
    with from_bytes(out.getvalue(), "part") as part:
        assert part.boots[0].release is None
        assert part.boots[0].kernel is not None
        assert part.boots[0].kernel.name == name


def test_the_codes_of_a_cut_log_are_those_of_an_imported_one() -> None:
    header, records = taken_apart(cut_shipped(INCIDENT_RC7, 1, 2))
    assert header["kind"] == "imported"
    assert {code for code, _ in records} <= {Code.PRINTK, Code.RAW, Code.NOTE}
