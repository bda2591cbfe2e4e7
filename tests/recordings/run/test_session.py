"""A session: going back, taking back, forking, and reading it again from its file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.page_decisions import RmqueueBulk, ZoneWatermarkOk
from mmplay.engine.sim.metrics import condition
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.run.turns import run_turns
from mmplay.recordings.run.keyframes import KEEP_EVERY, base_of
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import load_session, open_writer, session_header
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.reader import TraceReader
from mmplay.recordings.trace.writer import TraceWriter
from tests.engine.sim.machines import incident
from tests.sessions import Recorded, session

MANY = 6 * KEEP_EVERY + 100


@pytest.fixture(scope="module")
def ran() -> Session:
    one = session()
    one.advance(turns=MANY)
    return one


@settings(max_examples=40)
@given(st.integers(0, MANY))
def test_any_turn_is_what_it_was(ran: Session, at: int) -> None:
    m = incident()
    run_turns(m, at)
    assert ran.machine_at(at).state.digest() == m.state.digest()


def test_stepping_back_is_going_there(ran: Session) -> None:
    digests = {at: ran.machine_at(at).state.digest() for at in range(800, 1000)}
    for at in reversed(range(800, 1000)):
        assert ran.machine_at(at).state.digest() == digests[at]


@pytest.mark.parametrize("at", [-1, MANY + 1])
def test_beyond_the_ends_is_nothing(ran: Session, at: int) -> None:
    with pytest.raises(IndexError):
        ran.machine_at(at)


def test_decisions_are_made_again(ran: Session) -> None:
    assert ran.decisions_of(0) == []
    made = {type(one) for at in range(1000, 1300) for one in ran.decisions_of(at)}
    assert {ZoneWatermarkOk, RmqueueBulk} <= made
    assert ran.view.tell is None


def test_an_act_is_taken_back_and_done_again() -> None:
    one = session()
    one.advance(turns=900)
    before = one.live.state.digest()
    one.act("wb_mask", "nowait")
    after = one.live.state.digest()
    one.advance(turns=900)
    far = one.live.state.digest()
    assert one.undo() is not None
    assert (one.end, one.live.state.digest()) == (900, before)
    assert one.redo() is not None
    assert one.live.state.digest() == after
    one.advance(turns=900)
    assert one.live.state.digest() == far
    assert one.redo() is None
    assert one.undo() is not None
    assert one.undo() is None


def test_a_refused_act_changes_nothing(ran: Session) -> None:
    entries = len(ran.tape.entries)
    with pytest.raises(RefusedError):
        ran.act("dirty_ratio", "101")
    assert len(ran.tape.entries) == entries


def test_a_run_stops_at_a_condition() -> None:
    one = session()
    one.advance(stop=condition(one.live, "free of DMA32 <= 650"))
    assert one.live.state.zones[1].free <= 650
    assert one.machine_at(one.end - 1).state.zones[1].free > 650


def test_a_fork_shares_the_past_and_nothing_else(ran: Session) -> None:
    fork = ran.fork(1000, session_header("fork"))
    assert fork.machine_at(500).state.digest() == ran.machine_at(500).state.digest()
    entries = len(ran.tape.entries)
    fork.act("wb_mask", "none")
    fork.advance(turns=500)
    assert fork.end == 1500
    assert len(ran.tape.entries) == entries
    assert fork.live.state.digest() != ran.machine_at(1500).state.digest()


def test_everything_comes_back_from_the_file() -> None:
    recorded = Recorded()
    one = recorded.session
    one.advance(turns=1200)
    one.act("sysrq_m", "")
    one.advance(turns=100)
    one.undo()
    one.act("wb_mask", "nowait")
    one.mark(700, "here", "look")
    one.advance(turns=1000)
    loaded = load_session(io.BytesIO(recorded.data()), "it")
    assert loaded.ending.closed
    other = loaded.session
    assert other.tape.entries == one.tape.entries
    assert other.to_end().state.digest() == one.live.state.digest()
    assert other.machine_at(1300).state.digest() == one.machine_at(1300).state.digest()
    assert other.log.messages == one.log.messages
    assert [entry.fields for entry in other.tape.marks] == [["here", "look"]]


@pytest.fixture(scope="module")
def killed() -> tuple[Session, bytes, int]:
    """A session, its whole recording, and where its first two records end."""
    recorded = Recorded("nowait")
    recorded.session.advance(turns=KEEP_EVERY + 5)
    whole = recorded.data()
    reader = TraceReader(io.BytesIO(whole), "x")
    start = [record.end for record, _ in zip(reader, range(2), strict=False)][1]
    return recorded.session, whole, start


@settings(max_examples=40)
@given(st.data())
def test_a_killed_recording_opens_up_to_its_last_whole_record(
    killed: tuple[Session, bytes, int], data: st.DataObject
) -> None:
    session, whole, start = killed
    cut = data.draw(st.integers(start, len(whole) - 1))
    loaded = load_session(io.BytesIO(whole[:cut]), "cut")
    assert not loaded.ending.closed
    there = session.machine_at(loaded.session.end).state.digest()
    assert loaded.session.to_end().state.digest() == there


@settings(max_examples=20)
@given(st.data())
def test_a_recording_cut_before_its_start_is_told(
    killed: tuple[Session, bytes, int], data: st.DataObject
) -> None:
    _, whole, start = killed
    cut = data.draw(st.integers(0, start - 1))
    with pytest.raises(TraceError):
        load_session(io.BytesIO(whole[:cut]), "cut")


class _FullDisk(io.BytesIO):
    """Takes so many bytes and no more."""

    room = 22_000

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_full_disk_stops_the_recording_and_not_the_run() -> None:
    header = session_header("full")
    one = Session(incident(), header, TraceWriter(_FullDisk(), header))
    one.advance(turns=6000)
    assert one.end == 6000
    assert one.tape.trouble == "No space left on device"
    one.finish()


def _kept(folder: Path) -> Session:
    header = session_header("incident")
    return Session(incident(), header, open_writer(header, folder))


def test_sessions_are_written_while_they_are_played(tmp_path: object) -> None:
    folder = Path(str(tmp_path)) / "sessions"
    one = _kept(folder)
    two = _kept(folder)
    one.advance(turns=100)
    one.act("wb_mask", "none")
    one.reached()
    first, second = sorted(folder.glob("*.mmtrace"))
    for path in (first, second):
        with path.open("rb") as stream:
            load_session(stream, path.name)
    header = session_header("incident (fork)")
    fork = one.fork(50, header, open_writer(header, folder))
    fork.finish()
    one.finish()
    two.finish()
    assert len(list(folder.glob("*.mmtrace"))) == 3


def test_a_folder_that_cannot_be_made_is_told() -> None:
    one = _kept(Path("/proc/nowhere"))
    assert one.tape.trouble
    one.advance(turns=10)
    assert one.end == 10


@given(st.integers(0, 10_000))
def test_a_keyframe_needs_few_others(number: int) -> None:
    chain = 0
    while (base := base_of(number)) >= 0:
        assert base < number
        number, chain = base, chain + 1
    assert chain <= 12


def test_acts_have_frames_and_words() -> None:
    from mmplay.recordings.run.timeline import SessionTimeline

    one = session()
    one.advance(turns=30)
    one.act("wb_mask", "nowait")
    line = SessionTimeline(one)
    assert 30 in line.event_frames
    frame = line.frame(30)
    assert frame.title == "you: wb_mask nowait"
    assert frame.facts is not None
    assert frame.facts.acts == ("you: wb_mask nowait",)
    with pytest.raises(InputError):
        one.act("wb_mask", "never")
