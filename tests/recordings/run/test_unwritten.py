"""Sessions that nobody reads share what they saw, and each comes to what it would come to alone."""

from __future__ import annotations

import gc
from random import Random
from weakref import ref

import pytest

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import turn
from mmplay.recordings.run import session as made_by
from mmplay.recordings.run.session import Moments, Session
from mmplay.recordings.run.unwritten import WAYS_KEPT, UnwrittenSession, Way, Ways
from tests.engine.sim.machines import incident

HEADER: dict[str, object] = {"start": "incident"}
EVERY_900 = Moments("900", [lambda m: m.state.turn % 900 == 0])
EVERY_700 = Moments("700", [lambda m: m.state.turn % 700 == 0])
ACTS = (("dirty_ratio", "5"), ("dirty_ratio", "40"), ("@dirty_ratio", "5"), ("answer", "one yes"))


def wander(one: Session, seed: int) -> list[tuple[int, str]]:
    """Go on, act and take acts back at random; return where it stood each time."""
    random, found = Random(seed), []
    while one.end < 3000:
        kind = random.randrange(8)
        if kind == 0:
            one.act(*random.choice(ACTS))
        elif kind == 1:
            one.undo()
        else:
            stop = random.choice((EVERY_900, EVERY_700))
            one.advance(random.choice((1, 30, 500, 2000)), stop=stop)
        found.append((one.end, one.to_end().state.digest()))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_shared_or_alone_it_comes_to_the_same(seed: int) -> None:
    ways: Ways = {}
    for other in range(4):
        wander(UnwrittenSession(incident(), HEADER, ways=ways), other)
    shared = UnwrittenSession(incident(), HEADER, ways=ways)
    assert wander(shared, seed) == wander(Session(incident(), HEADER), seed)


def test_what_one_came_through_the_next_need_not_make_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[int] = []

    def counting(m: Machine) -> bool:
        counted.append(m.state.turn)
        return turn(m)

    monkeypatch.setattr(made_by, "turn", counting)
    ways: Ways = {}
    first = UnwrittenSession(incident(), HEADER, ways=ways)
    assert first.advance(2000, stop=EVERY_900) == 900
    assert len(counted) == 900
    second = first.beside(incident(), HEADER)
    assert second.advance(2000, stop=EVERY_900) == 900
    assert len(counted) == 900
    assert second.advance(10, stop=EVERY_900) == 10
    assert counted[900:] == [*range(900, 910)]
    second.act("dirty_ratio", "5")
    second.advance(10, stop=EVERY_900)
    assert len(counted) == 920
    third = first.beside(incident("none"), {"start": "another"})
    third.advance(10, stop=EVERY_900)
    assert len(counted) == 930


def test_of_the_acts_that_were_tried_a_few_are_kept() -> None:
    start = Way()
    first = start.behind((0, "dirty_ratio", "0"))
    assert start.behind((0, "dirty_ratio", "0")) is first
    for value in range(1, WAYS_KEPT + 1):
        start.behind((0, "dirty_ratio", str(value)))
    assert start.behind((0, "dirty_ratio", "0")) is not first


def test_ways_that_nobody_goes_any_more_are_gone_at_once() -> None:
    gc.disable()
    try:
        run = UnwrittenSession(incident(), {**HEADER})
        for act in ("wb_mask none", "wb_mask nowait"):
            run.advance(turns=10)
            run.act(*act.split())
        run.advance(turns=10)
        before = run.machine_at(run.first + 5).state.digest()
        run.undo()
        run.undo()
        run.act("wb_mask", "nowait")
        assert run.machine_at(run.first + 5).state.digest() == before
        gone = ref(run.keys)
        del run
        assert gone() is None
    finally:
        gc.enable()
