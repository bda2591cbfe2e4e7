"""A file's lock: who holds it, who waits, and that a signal does not help."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.decisions import UpWrite
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.fields import pack_state
from mmplay.engine.sim.state.tasks import BLOCKED, EXITED, SLEEPING
from mmplay.engine.sim.state.unpacking import unpack_state
from tests.engine.sim.machines import listened


def machine(free: int) -> Machine:
    """A holder that starts after a millisecond, and a parent beside it."""
    zone = BenchZone("DMA32", 4096, free, marks=(64, 80, 96), places=(("active_anon", 2000),))
    loads = (
        Workload("parent", "parent", 1),
        Workload("holder", "holder", 1, start_ns=1_001_000_000),
    )
    return from_bench(Bench((zone,), caches=True, workloads=loads), Choice(kernel_named("4.5-rc7")))


def task(m: Machine, name: str) -> int:
    return m.state.tasks.names.index(name)


def run(m: Machine, turns: int) -> None:
    for _ in range(turns):
        if not turn(m):
            break
        assert check(m) == []


def begun(free: int) -> Machine:
    m = machine(free)
    while "holder" not in m.state.tasks.names:
        assert turn(m)
    return m


def test_a_waiter_goes_on_when_the_holder_has_its_page() -> None:
    m = begun(free=1000)
    waiter = task(m, "parent")
    do_action(m, "lock", str(m.state.tasks.pid[waiter]))
    assert m.state.tasks.state[waiter] == BLOCKED
    made = listened(m)
    run(m, 10)
    assert m.state.tasks.done[task(m, "holder")] == 1
    assert m.state.tasks.state[waiter] == SLEEPING
    assert [one.waiting for one in made if isinstance(one, UpWrite)] == [1]


def test_no_signal_wakes_a_waiter_while_the_holder_has_no_page() -> None:
    m = begun(free=64)
    waiter = task(m, "parent")
    do_action(m, "lock", str(m.state.tasks.pid[waiter]))
    do_action(m, "kill", str(m.state.tasks.pid[waiter]))
    run(m, 200)
    assert m.state.tasks.state[waiter] == BLOCKED
    do_action(m, "set_free", "DMA32 500")
    run(m, 50)
    assert m.state.tasks.state[waiter] == EXITED


def test_a_killed_holder_goes_round_and_has_the_lock_still() -> None:
    m = begun(free=64)
    waiter, holder = task(m, "parent"), task(m, "holder")
    do_action(m, "lock", str(m.state.tasks.pid[waiter]))
    do_action(m, "kill", str(m.state.tasks.pid[holder]))
    run(m, 200)
    assert m.state.tasks.state[waiter] == BLOCKED
    do_action(m, "set_free", "DMA32 500")
    run(m, 50)
    states = m.state.tasks.state
    assert (states[holder], states[waiter]) == (EXITED, SLEEPING)


def test_a_state_with_a_waiter_is_packed_like_any_other() -> None:
    m = begun(free=64)
    do_action(m, "lock", str(m.state.tasks.pid[task(m, "parent")]))
    again = unpack_state(pack_state(m.state))
    assert again.digest() == m.state.digest()
    other = Machine(m.setup, again)
    run(m, 60)
    run(other, 60)
    assert other.state.digest() == m.state.digest()


def test_nobody_waits_for_a_lock_that_nobody_holds() -> None:
    m = begun(free=1000)
    pid = str(m.state.tasks.pid[task(m, "parent")])
    run(m, 10)
    digest = m.state.digest()
    with pytest.raises(RefusedError, match="nobody holds the lock"):
        do_action(m, "lock", pid)
    with pytest.raises(RefusedError, match="No such process"):
        do_action(m, "lock", "999999")
    with pytest.raises(RefusedError, match="kernel thread"):
        do_action(m, "lock", "2")
    assert m.state.digest() == digest
