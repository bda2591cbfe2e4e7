"""The same digest whatever the way: again, in pieces, packed and unpacked, forked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.run.turns import run_turns, run_until
from mmplay.engine.sim.state.fields import PackError, pack_state
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import NEXT, RC7, incident, listened

VARIANTS = [name for name, _ in WB_VARIANTS]
KEEP_EVERY = 2000
SHORT_NS = 59_700_000_000
AFTER_EACH_TURN = ((0, 100), (59_628_000_000, 300), (61_440_000_000, 300))
"""(time, turns that are checked from there on)."""
PROGRAM = """
from mmplay.engine.sim.run.turns import run_until
from tests.engine.sim.machines import incident
for variant in ("atomic", "nomemalloc", "nowait", "none"):
    m = incident(variant)
    run_until(m, 59_700_000_000)
    print(m.state.digest())
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_five_runs_have_one_digest(variant: str) -> None:
    digests: Counter[str] = Counter()
    for _ in range(5):
        m = incident(variant)
        run_until(m, 59_650_000_000)
        digests[m.state.digest()] += 1
    assert len(digests) == 1


def test_hash_seeds_change_nothing() -> None:
    outputs = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == len(VARIANTS)


@pytest.mark.parametrize("kernel", [RC7, NEXT])
def test_stepping_is_running(kernel: str) -> None:
    run, step = incident(kernel=kernel), incident(kernel=kernel)
    made = listened(step)
    run_until(run, SHORT_NS)
    while step.state.turn < run.state.turn:
        made.clear()
        run_turns(step, 1)
    assert step.state.digest() == run.state.digest()


@cache
def kept_states() -> list[State]:
    """Return the state of a whole run, every so many turns."""
    m = incident("nomemalloc")
    states = [m.state.copy()]
    while m.state.now_ns < 61_700_000_000:
        run_turns(m, KEEP_EVERY)
        states.append(m.state.copy())
    return states


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 24_000))
def test_packed_unpacked_and_forked_go_the_same_way(turns: int) -> None:
    m = incident("nomemalloc")
    m.bind(kept_states()[turns // KEEP_EVERY].copy())
    run_turns(m, turns % KEEP_EVERY)
    assert m.state.turn == turns
    packed = pack_state(m.state)
    fork = m.state.copy()
    run_turns(m, 200)
    expected = m.state.digest()
    for state in (unpack_state(packed), fork):
        other = incident("nomemalloc")
        other.bind(state)
        run_turns(other, 200)
        assert other.state.digest() == expected


@cache
def packed_start() -> bytes:
    return pack_state(incident().state)


@given(st.data())
def test_damaged_states_are_refused(data: st.DataObject) -> None:
    packed = packed_start()
    cut = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(PackError):
        unpack_state(packed[:cut])


@pytest.mark.parametrize(
    ("kernel", "variant"), [*((RC7, variant) for variant in VARIANTS), (NEXT, "nomemalloc")]
)
def test_everything_adds_up(kernel: str, variant: str) -> None:
    """After each turn where much happens: the kill and the depletion; between them less often."""
    m = incident(variant, kernel)
    assert check(m) == []
    for until_ns, turns in AFTER_EACH_TURN:
        while m.state.now_ns < until_ns:
            run_turns(m, 800)
            assert check(m) == []
        for _ in range(turns):
            run_turns(m, 1)
            assert check(m) == []
