"""A simulated run made once more from its first turn, with every decision on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.sim.log.actor import Actor, actor_of, next_actor
from mmplay.engine.sim.run.actors import CPU
from mmplay.engine.sim.run.machine import Machine, Step
from mmplay.engine.sim.run.turns import turn
from mmplay.recordings.session.session import BROKEN, Session, do_act
from mmplay.recordings.session.tape import Entry
from mmplay.recordings.trace.format import TraceError


class Turned(NamedTuple):
    """A turn that was made again. `machine` is as the turn and its acts left it, until the next.

    `actor` is None for the start and for a CPU that was woken while still busy; `until_ns` is
    when the actor is done: later than the turn's moment only for a task on a CPU.
    """

    turn: int
    machine: Machine
    actor: Actor | None
    time_ns: int
    until_ns: int
    steps: list[Step]
    acts: list[Entry]


def made_again(session: Session) -> Iterator[Turned]:
    """Yield the start and then every turn up to the session's end, each with its decisions.

    Raises TraceError where the recording's run cannot be made.
    """
    at, state = session.keys.at_or_before(session.first)
    m = Machine(session.live.setup, state)
    acts: dict[int, list[Entry]] = {}
    for act in session.acts:
        acts.setdefault(act.turn, []).append(act)
    yield _start(m, acts.get(at, []))
    while at < session.end:
        at += 1
        yield _made(m, at, acts.get(at, []))


def _start(m: Machine, acts: list[Entry]) -> Turned:
    now = m.state.now_ns
    _act(m, acts)
    return Turned(m.state.turn, m, None, now, now, [], acts)


def _made(m: Machine, at: int, acts: list[Entry]) -> Turned:
    try:
        one = _turn(m)
        _act(m, acts)
    except BROKEN as error:
        raise TraceError(f"turn {at} cannot be made again: {error}") from None
    if one.turn != at:
        raise TraceError(f"turn {at} cannot be made again: nothing happens after turn {one.turn}")
    return one._replace(acts=acts)


def _turn(m: Machine) -> Turned:
    """Make one turn; the machine keeps what it printed only until then."""
    coming = next_actor(m)
    kind, number = coming if coming is not None else (-1, -1)
    time_ns = m.state.heap[0][0] if m.state.heap else m.state.now_ns
    busy = kind == CPU and time_ns < m.state.cpus[number].ready_ns
    steps: list[Step] = []
    m.steps = steps
    turn(m)
    m.steps = None
    m.log = []
    actor = None if busy or kind < 0 else actor_of(m, kind, number)
    until_ns = time_ns
    if actor is not None and kind == CPU and actor.task >= 0:
        until_ns = max(time_ns, m.state.cpus[number].ready_ns)
    return Turned(m.state.turn, m, actor, time_ns, until_ns, steps, [])


def _act(m: Machine, acts: list[Entry]) -> None:
    for act in acts:
        do_act(m, *act.fields)
    m.log = []
