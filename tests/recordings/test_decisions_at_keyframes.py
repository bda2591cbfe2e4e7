"""A turn has its decisions also where a keyframe stands."""

from mmplay.recordings.run.keyframes import KEEP_EVERY
from tests.sessions import incident_run


def test_decisions_at_and_around_a_keyframe() -> None:
    run = incident_run(59_640_000_000)
    session = run.session
    at = KEEP_EVERY * 5
    assert at in session.keys.turns
    for turn in (at - 1, at, at + 1):
        facts = run.frame(turn - session.first).facts
        assert facts is not None
        assert len(facts.decisions) == len(session.decisions_of(turn)) > 0
        assert session.machine_at(turn).state.turn == turn
    fresh = incident_run(59_640_000_000).session
    assert session.machine_at(at).state.digest() == fresh.machine_at(at).state.digest()
    session.decisions_of(at)
    assert session.machine_at(at + 1).state.digest() == fresh.machine_at(at + 1).state.digest()
