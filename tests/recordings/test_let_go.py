"""What was closed is gone at once: no machine or recording waits for the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_turns
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.timeline import KEPT_TIMES
from tests.conftest import INCIDENT_RC7
from tests.engine.sim.machines import incident
from tests.sessions import incident_run


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_machine() -> None:
    m = incident()
    run_turns(m, 50)
    state = m.state
    del m
    assert not [one for one in gc.get_referrers(state) if isinstance(one, Machine)]


@pytest.mark.parametrize("kind", ["a run", "a log"])
def test_a_recording(kind: str) -> None:
    recording = incident_run(59_570_000_000) if kind == "a run" else open_recording(INCIDENT_RC7)
    recording.frame(1)
    recording.lines(1, 3)
    gone = ref(recording)
    recording.close()
    del recording
    assert gone() is None


def test_the_times_of_a_long_run_that_are_known_are_bounded() -> None:
    run = incident_run(59_570_000_000)
    run._times.update(dict.fromkeys(range(1000, 1000 + KEPT_TIMES), 0))
    assert run.time_us(1) == run.time_us(1)
    assert len(run._times) == 1
