"""A simulated run made again turn by turn on a machine of its own: the one place that does so.

Whoever wants to know what a run did at a moment, and why, reads it from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.sim.log.actor import Actor, actor_of, next_actor
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.sched import CPU
from mmplay.engine.sim.run.turns import turn
from mmplay.recordings.run.session import BROKEN, Session, do_act
from mmplay.recordings.run.tape import Entry
from mmplay.recordings.trace.format import TraceError


class Turned(NamedTuple):
    """A turn that was made again. `machine` is as the turn (and its acts) left it, until the next.

    `who` is the kind and number of the actor whose turn it was, (-1, -1) for the start. `actor` is
    None for the start and for a CPU that was woken while still busy; `until_ns` is when the actor
    is done: later than the turn's moment only for a task on a CPU.
    """

    turn: int
    machine: Machine
    who: tuple[int, int]
    actor: Actor | None
    time_ns: int
    until_ns: int
    decisions: list[Decision]
    acts: list[Entry]


class Replay:
    """Stands after `turn` turns of a session, before the acts of that moment."""

    def __init__(self, session: Session, at: int) -> None:
        """Stand at a turn of the session; raises TraceError if the run cannot be made again."""
        self.first, self._end = session.first, session.end
        self._acts: dict[int, list[Entry]] = {}
        for entry in session.acts:
            self._acts.setdefault(entry.turn, []).append(entry)
        self.turn, state = session.keys.at_or_before(at)
        self.machine = Machine(session.live.setup, state)
        while self.turn < at:
            self.act()
            self.make()

    @property
    def ended(self) -> bool:
        """Tell whether the session goes no further."""
        return self.turn >= self._end

    def acts(self) -> list[Entry]:
        """Return what is done at this moment."""
        return self._acts.get(self.turn, [])

    def act(self) -> None:
        """Do what is done at this moment; raises TraceError if that cannot be."""
        try:
            for entry in self.acts():
                do_act(self.machine, *entry.fields)
        except BROKEN as error:
            raise TraceError(f"turn {self.turn} cannot be made again: {error}") from None
        self.machine.log = []

    def make(self) -> Turned:
        """Make one turn, without its acts; raises TraceError if none can be made."""
        self.turn += 1
        try:
            made = _turn(self.machine)
        except BROKEN as error:
            raise TraceError(f"turn {self.turn} cannot be made again: {error}") from None
        if made.turn != self.turn:
            why = f"nothing happens after turn {made.turn}"
            raise TraceError(f"turn {self.turn} cannot be made again: {why}")
        return made


def made_again(session: Session) -> Iterator[Turned]:
    """Yield the start and then every turn up to the session's end, each with its decisions.

    The acts of a moment were done when its turn is yielded. Raises TraceError where the
    recording's run cannot be made.
    """
    replay = Replay(session, session.first)
    m, now = replay.machine, replay.machine.state.now_ns
    replay.act()
    yield Turned(m.state.turn, m, (-1, -1), None, now, now, [], replay.acts())
    while not replay.ended:
        made = replay.make()
        replay.act()
        yield made._replace(acts=replay.acts())


def _turn(m: Machine) -> Turned:
    """Make one turn; the machine keeps what it printed only until then."""
    kind, number = next_actor(m) or (-1, -1)
    time_ns = m.state.heap[0][0] if m.state.heap else m.state.now_ns
    busy = kind == CPU and time_ns < m.state.cpus[number].ready_ns
    made: list[Decision] = []
    m.tell = made.append
    turn(m)
    m.tell = None
    m.log = []
    actor = None if busy or kind < 0 else actor_of(m, kind, number)
    until_ns = time_ns
    if actor is not None and kind == CPU and actor.task >= 0:
        until_ns = max(time_ns, m.state.cpus[number].ready_ns)
    return Turned(m.state.turn, m, (kind, number), actor, time_ns, until_ns, made, [])
