"""A run made again is the same run; one that cannot be made is refused in words."""

from __future__ import annotations

import pytest

from mmplay.recordings.export.table import as_json
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.run.keyframes import Keyframes
from mmplay.recordings.run.replay import made_again
from mmplay.recordings.trace.format import TraceError
from tests.recordings.export.exported import export, short_run
from tests.sessions import session


def test_the_run_made_again_ends_where_the_run_did() -> None:
    run = short_run().session
    last = None
    for number, one in enumerate(made_again(run)):
        assert one.turn == run.first + number
        last = one
    assert last is not None
    assert last.machine.state.digest() == run.to_end().state.digest()
    assert last.turn == run.end


def test_it_goes_through_every_state_on_the_way() -> None:
    run = session(59_640_000_000)
    for one in made_again(run):
        if one.turn % 500 == 3:
            assert one.machine.state.digest() == run.machine_at(one.turn).state.digest()
            assert one.decisions == run.decisions_of(one.turn)


def test_a_fork_is_made_again_with_the_acts_it_shares() -> None:
    run = short_run().session
    (act,) = run.acts
    fork = run.fork(act.turn + 50, run.header)
    *_, last = made_again(fork)
    assert last.machine.state.digest() == run.machine_at(act.turn + 50).state.digest()


def test_a_run_that_goes_no_further_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    run = session(59_600_000_000)
    _, state = run.keys.at_or_before(run.first)
    state.heap = []
    monkeypatch.setattr(run.keys, "at_or_before", lambda turn: (run.first, state))
    with pytest.raises(TraceError, match="nothing happens after turn 0"):
        list(made_again(run))


def test_a_state_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    run = session(59_640_000_000)
    _, state = run.keys.at_or_before(run.first)
    state.cpus.clear()
    monkeypatch.setattr(run.keys, "at_or_before", lambda turn: (run.first, state))
    with pytest.raises(TraceError, match="cannot be made again"):
        list(made_again(run))


@pytest.mark.parametrize("turn", [-(1 << 60), 0, 1 << 60])
def test_a_keyframe_of_another_turn_is_refused(turn: int) -> None:
    run = session(59_700_000_000)
    at = run.keys.turns[1]
    state = run.machine_at(at).state.copy()
    run.machine_at(run.first)
    state.turn = turn
    keys = Keyframes()
    keys.add(run.first, run.keys.at_or_before(run.first)[1])
    keys.add(at, state)
    run.keys = keys
    with pytest.raises(TraceError, match=f"the keyframe of turn {at} is of turn {turn}"):
        run.machine_at(at)


def test_a_header_may_hold_anything(rc7: ObservedTimeline) -> None:
    rc7.header |= {"writer": b"\xff", "title": ["x"], "engine": {"a": b"b"}}
    assert b"".join(as_json(rc7))
    for name in ("perfetto", "svg", "html", "csv"):
        assert export(rc7, name)
