"""compare: where two recordings part, what they come to, and how their time axes lie."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.explain.comparing import (
    Comparison,
    Kind,
    Moment,
    moment,
    parting,
    row_text,
    tally_text,
)
from mmplay.engine.explain.decisions import worded
from mmplay.recordings.compare import compare
from mmplay.recordings.compare.runs import part
from mmplay.recordings.compare.values import FAILURES, dump_values
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.timeline import SessionTimeline
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, open_shipped
from tests.sessions import INCIDENT_START_NS, incident_run, session

TENTH = 100_000_000
UNTIL = INCIDENT_START_NS + 2 * TENTH


@lru_cache(maxsize=2)
def run_of(variant: str) -> Session:
    return session(UNTIL, variant)


def timeline(one: Session) -> SessionTimeline:
    return SessionTimeline(one)


def forked(parent: Session, at: int, name: str = "", value: str = "") -> Session:
    """A fork of a run at a turn, perhaps told something there, that goes on as far as the run."""
    fork = parent.fork(at, session_header("fork"))
    if name:
        fork.act(name, value)
    fork.advance(turns=parent.end - at)
    return fork


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def variants() -> Comparison:
    return compare(timeline(run_of("atomic")), timeline(run_of("nowait")))


def test_a_run_is_the_same_as_itself() -> None:
    one = timeline(run_of("atomic"))
    found = compare(one, timeline(session(UNTIL)))
    assert found.first is None
    assert found.then is None
    assert found.settings == ()
    assert found.same_turns == one.session.end
    assert all(row.delta == 0 for row in found.rows)
    assert parting(found) == [f"nothing differs: all {one.session.end} turns decide the same"]
    assert found.tally.a_fewer == found.tally.b_fewer == ()


@settings(max_examples=12)
@given(st.data())
def test_a_fork_parts_exactly_at_its_act(data: st.DataObject) -> None:
    parent = run_of("atomic")
    at = data.draw(st.integers(0, min(4000, parent.end - 600)))
    fork = parent.fork(at, session_header("fork"))
    fork.act("dirty_ratio", "7")
    fork.advance(turns=500)
    found = part(parent, fork, never)
    assert found.first is not None
    assert found.first.kind is Kind.ACT
    assert found.turn == found.first.a.turn == found.first.b.turn == at
    assert found.first.a.text == ""
    assert found.first.b.text == "you: dirty_ratio 7"
    mirrored = part(fork, parent, never)
    assert mirrored.first is not None
    assert (mirrored.first.a, mirrored.first.b) == (found.first.b, found.first.a)


def test_after_the_act_comes_the_first_other_decision() -> None:
    parent = run_of("atomic")
    found = compare(timeline(parent), timeline(forked(parent, 3000, "wb_mask", "nowait")))
    assert found.first is not None
    assert found.then is not None
    assert found.then.kind is Kind.DECISION
    assert found.then.a.turn is not None
    assert found.then.a.turn > 3000
    lines = parting(found)
    assert lines[0].startswith("they first differ at turn 3000, ")
    assert lines[1:3] == ["  A: nothing", "  B: you: wb_mask nowait"]
    assert lines[3].startswith("they first decide differently after that at turn ")


def test_the_first_other_decision_is_the_first() -> None:
    """Every turn before it decides the same in both; the named step is the first that does not."""
    a, b = run_of("atomic"), run_of("nowait")
    found = part(a, b, never).first
    assert found is not None
    assert found.a.turn is not None
    for turn in range(1, found.a.turn):
        assert a.decisions_of(turn) == b.decisions_of(turn)
    ours, theirs = a.decisions_of(found.a.turn), b.decisions_of(found.a.turn)
    number = next(n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1])
    words = worded(a.machine_at(found.a.turn), ours[number])
    assert (words.text, words.function) == (found.a.text, found.a.function)
    assert words.operands == found.a.operands


def test_what_was_given_differently_is_said(variants: Comparison) -> None:
    assert [tuple(one) for one in variants.settings] == [("wb_mask", "atomic", "nowait")]
    assert variants.first is not None
    assert variants.first.kind is Kind.DECISION
    assert variants.first.a.function == "wb_start_writeback"
    lines = parting(variants)
    assert lines[0] == "set differently: wb_mask: A atomic, B nowait"
    assert "a different decision of CPU " in lines[1]
    assert " in wb_start_writeback (fs/fs-writeback.c)" in lines[1]
    assert lines[2].endswith("(atomic); 1 queued, 0 refused")
    assert lines[3].endswith("(nowait); 1 queued, 0 refused")
    assert lines[4] == "  operands: mask 0 and 2"


def test_the_table_shows_both_sides_numbers(variants: Comparison) -> None:
    a, b = run_of("atomic"), run_of("nowait")
    rows = {row.name: row for row in variants.rows}
    at_a, at_b = variants.alignment.at_a.frame, variants.alignment.at_b.frame
    assert rows["wb_work"].a == a.machine_at(at_a).state.counters.wb_work
    assert rows["wb_work"].b == b.machine_at(at_b).state.counters.wb_work
    assert rows["zones.DMA32.free"].b == b.machine_at(at_b).state.zones[1].free
    assert rows["alloc_fail_wb"].failure
    assert not rows["wb_work"].failure
    assert "wb_mask" not in rows
    failures = [row.failure for row in variants.rows]
    assert failures == sorted(failures, reverse=True)
    assert sum(failures) == len(FAILURES)
    assert variants.tally.a_fewer == ("alloc_fail_wb",)
    assert len(variants.tally.same) == len(FAILURES) - 1
    assert tally_text(variants).startswith("A failed less often on 1 (alloc_fail_wb)")


def test_first_failures_are_counted_from_the_aligned_moment(variants: Comparison) -> None:
    firsts = {row.name: row for row in variants.firsts}
    assert firsts["alloc_fail_wb"].a is None
    assert firsts["alloc_fail_wb"].b is not None
    assert 0 < firsts["alloc_fail_wb"].b < 200_000
    assert firsts["oom_kill"].delta == 0


def test_aligned_at_the_start_the_shorter_run_decides() -> None:
    short = session(INCIDENT_START_NS + TENTH)
    found = compare(timeline(short), timeline(run_of("nowait")))
    assert found.alignment.at_a.frame == short.end
    assert found.alignment.at_b.time_us is not None
    assert found.alignment.at_a.time_us is not None
    assert found.alignment.at_b.time_us <= found.alignment.at_a.time_us
    assert found.first is not None


def test_one_goes_no_further_than_the_other() -> None:
    parent = run_of("atomic")
    found = compare(timeline(parent), timeline(parent.fork(1000, session_header("fork"))))
    assert found.first is not None
    assert found.first.kind is Kind.END
    assert found.same_turns == 1000
    assert (found.first.a.text, found.first.b.text) == ("it goes on", "it ends here")
    assert "one of them ends here" in parting(found)[0]


def test_other_alignments() -> None:
    a, b = run_of("atomic"), run_of("nowait")
    kill = compare(timeline(a), timeline(b), "oom").alignment
    assert kill.at_a == kill.a
    assert a.machine_at(kill.a.frame).state.counters.oom_kill == 1
    assert a.machine_at(kill.a.frame - 1).state.counters.oom_kill == 0
    at = compare(timeline(a), timeline(b), "59.7").alignment
    assert timeline(a).time_us(at.a.frame) == at.a.time_us
    assert at.a.time_us is not None
    next_us = timeline(a).time_us(at.a.frame + 1)
    assert next_us is not None
    assert at.a.time_us <= 59_700_000 < next_us
    ours, theirs = forked(a, 2000), forked(b, 2000)
    ours.mark(700, "here")
    theirs.mark(900, "here")
    marked = compare(timeline(ours), timeline(theirs), "marker:here").alignment
    assert (marked.a.frame, marked.b.frame) == (700, 900)


@pytest.mark.parametrize(
    ("align", "word"),
    [
        ("marker:nowhere", "no marker 'nowhere'"),
        ("1.5", "1.5 lies outside"),
        ("99999", "99999 lies outside"),
        ("sometime", "expected start, oom"),
        ("", "expected start, oom"),
    ],
)
def test_a_moment_that_is_not_there(align: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        compare(timeline(run_of("atomic")), timeline(run_of("nowait")), align)


def test_no_kill_to_align_at() -> None:
    with open_shipped(INCIDENT_NEXT) as log, pytest.raises(InputError, match="no OOM kill"):
        compare(log, timeline(run_of("atomic")), "oom")


def test_series_are_the_free_pages_of_each_zone() -> None:
    a, b = run_of("atomic"), run_of("nowait")
    found = compare(timeline(a), timeline(b), columns=40)
    assert [one.name for one in found.series] == ["zones.DMA.free", "zones.DMA32.free"]
    for one in found.series:
        assert len(one.a) == len(one.b) == 40
        assert one.start_us == 0
        assert None not in one.a
    dma32 = found.series[1]
    for n in (3, 17, 39):
        edge = found.alignment.a.time_us + (n + 1) * dma32.column_us  # type: ignore[operator]
        rows = [values for entry, values in a.tape.rows() if entry.time_us <= edge]
        assert dma32.a[n] == (rows[-1][9] if rows else a.machine_at(0).state.zones[1].free)


def test_a_run_beside_the_log_it_was_made_from() -> None:
    with open_shipped(INCIDENT_RC7) as log:
        found = compare(timeline(run_of("atomic")), log)
        assert found.settings == ()
        assert found.same_turns is None
        rows = {row.name: row for row in found.rows}
        logged = log.frame(0).shown
        assert logged is not None
        assert rows["zones.DMA32.free"].b == dump_values(logged.dump)["zones.DMA32.free"]
        assert found.firsts == ()
        assert found.tally.same == ()
        assert found.first is not None
        assert found.first.kind is Kind.DUMP
        assert found.first.a.turn == 1
        assert "numbers differ here" in "".join(parting(found))
        mirrored = compare(log, timeline(run_of("atomic"))).first
        assert mirrored is not None
        assert mirrored.b.turn == 1


def test_two_logs() -> None:
    with open_shipped(INCIDENT_RC7) as a, open_shipped(INCIDENT_NEXT) as b:
        found = compare(a, b)
        assert found.first is not None
        assert found.first.b.time_us == 89_794_733
        assert found.series
    with open_shipped(INCIDENT_RC7) as a, open_shipped(INCIDENT_RC7) as b:
        same = compare(a, b, "oom")
        assert same.first is None
        assert parting(same) == ["nothing differs in any memory that both show"]
        assert all(row.delta == 0 for row in same.rows)
        assert same.alignment.a == Moment(0, 59_562_581)


def test_other_machines_part_at_their_first_turns() -> None:
    a = run_of("atomic")
    b = session(INCIDENT_START_NS + TENTH, kernel="next-20160311")
    found = compare(timeline(a), timeline(b))
    assert "kernel" in [one.name for one in found.settings]
    assert found.first is not None


def test_comparing_can_be_stopped() -> None:
    with pytest.raises(InputError, match="stopped"):
        compare(timeline(run_of("atomic")), timeline(run_of("nowait")), stopped=lambda: True)


def test_comparing_changes_neither() -> None:
    a, b = run_of("atomic"), run_of("nowait")
    before = [(len(one.tape.entries), one.end, one.live.state.digest()) for one in (a, b)]
    compare(timeline(a), timeline(b), "oom")
    assert before == [(len(one.tape.entries), one.end, one.live.state.digest()) for one in (a, b)]


def test_numbers_in_words() -> None:
    assert moment(59_562_581) == "59.562581 s"
    assert moment(-500) == "-0.000500 s"
    assert moment(None) == "a moment without time"
    run = incident_run(INCIDENT_START_NS)
    found = compare(run, incident_run(INCIDENT_START_NS))
    assert row_text(found.rows[0]).split() == ["oom_kill", "0", "0", "+0"]
