"""A simulated run made again turn by turn on a machine: the one place that does so.

Whoever wants to know what a run did at a moment, and why, reads it from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Self

from mmplay.engine.explain.words import ACTS
from mmplay.engine.sim.log.stacks import Actor, actor_of, next_actor
from mmplay.engine.sim.machine.decisions import Action, Decision
from mmplay.engine.sim.machine.machine import CPU, Machine
from mmplay.engine.sim.run.actions import ACTIONS, do_action
from mmplay.engine.sim.run.turns import run_turns, turn
from mmplay.recordings.run.tape import BY_LEVEL, Entry
from mmplay.recordings.trace.format import TraceError

if TYPE_CHECKING:
    from mmplay.recordings.run.session import Session

BROKEN = (*(IndexError, KeyError, ValueError, TypeError, AttributeError), ZeroDivisionError)
"""What a rule raises that meets a state which cannot be; the state came from a file."""

NOTED = frozenset({"answer", "skip", "anew", "ask", "hint", "missed", "wrong"})
"""Acts of a level that do nothing to the machine."""

UNSEEN = frozenset({BY_LEVEL + name for name in ("anew", "ask", "hint", "missed", "wrong")})
"""Notes that a level makes for itself: nobody acted."""


ANSWERED = "you answered: "
"""What the act of an answer begins with; the rest is what the player said."""


def act_text(act: Entry) -> str:
    """Return what the player or the level did, in words.

    An answer stands there as the level's file has it, without the question's name: who has the
    level at hand words it as its player saw it.
    """
    name, value = act.fields
    if name.startswith(BY_LEVEL):
        return _by_itself(name.removeprefix(BY_LEVEL), value)
    if name == "skip":
        return "you skipped a question"
    if name in ("answer", "place"):
        return f"{ANSWERED}{value.partition(' ')[2]}"
    return f"you: {name} {value}".rstrip()


def _by_itself(name: str, value: str) -> str:
    said = ACTS.get(name)
    return said.format(*value.split(), "", "") if said else f"{name} is {value} now"


def standing(acts: Sequence[Entry]) -> list[Entry]:
    """Return acts without what a level set by itself and then set otherwise."""
    last = {_set_by_level(act): act for act in acts}
    return [act for act in acts if last[_set_by_level(act)] is act]


def _set_by_level(act: Entry) -> tuple[object, ...]:
    """Return what a level's act sets: its name and first word; any other act stands for itself."""
    name, value = act.fields
    return (name, value.partition(" ")[0]) if name.startswith(BY_LEVEL) else (id(act),)


def without(made: Sequence[Decision], acts: Iterable[Entry]) -> list[Decision]:
    """Return decisions without those that only say what was done: a frame tells its acts itself."""
    own = {(act.fields[0].removeprefix(BY_LEVEL), act.fields[1]) for act in acts}
    return [one for one in made if not (isinstance(one, Action) and one in own)]


def do_act(m: Machine, name: str, value: str) -> None:
    """Do an act of the tape; raises RefusedError."""
    name = name.removeprefix(BY_LEVEL)
    if name not in NOTED:
        do_action(m, name, value)


def is_noted(name: str) -> bool:
    """Tell whether an act of the tape does nothing to the machine."""
    return name.removeprefix(BY_LEVEL) in NOTED


def known_act(name: object) -> bool:
    """Tell whether an act of this name may stand on a tape."""
    bare = name.removeprefix(BY_LEVEL) if isinstance(name, str) else ""
    return bare in NOTED or bare in ACTIONS


@contextmanager
def told_in_words(m: Machine) -> Iterator[None]:
    """Make a TraceError of what a rule raises that meets a state which cannot be."""
    try:
        yield
    except BROKEN as error:
        raise TraceError(f"turn {m.state.turn} cannot be made again: {error}") from None


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
    """A machine on its way through a run: it stands after `turn` turns, before the acts there.

    The run goes from turn `first` to turn `end`; `acts` are what was done, by the turn after which
    it was. What the machine prints again is thrown away.
    """

    def __init__(
        self, machine: Machine, acts: Mapping[int, list[Entry]], first: int, end: int
    ) -> None:
        self.machine = machine
        self.first = first
        self._acts = acts
        self._end = end

    @classmethod
    def of(cls, session: Session, at: int) -> Self:
        """Stand at a turn, on a machine of its own; raises TraceError if that cannot be made."""
        _, state = session.keys.at_or_before(at)
        machine = Machine(session.live.setup, state)
        replay = cls(machine, session.acts_by_turn(), session.first, session.end)
        while replay.turn < at:
            replay.act()
            replay.make()
        return replay

    @property
    def turn(self) -> int:
        """How many turns were made."""
        return self.machine.state.turn

    @property
    def ended(self) -> bool:
        """Tell whether the run goes no further."""
        return self.turn >= self._end

    def acts(self) -> list[Entry]:
        """Return what is done at this moment."""
        return self._acts.get(self.turn, [])

    def act(self) -> list[Decision]:
        """Do what is done at this moment; return its decisions. Raises TraceError."""
        m = self.machine
        made: list[Decision] = []
        m.tell = made.append
        with told_in_words(m):
            for entry in self.acts():
                do_act(m, *entry.fields)
        m.tell, m.log = None, []
        return made

    def make(self) -> Turned:
        """Make one turn, without its acts; raises TraceError if none can be made."""
        wanted = self.turn + 1
        with told_in_words(self.machine):
            made = _turn(self.machine)
        if made.turn != wanted:
            raise _no_further(wanted)
        return made

    def go(self, at: int) -> None:
        """Make turns and acts up to turn `at`, the acts there included; raises TraceError.

        Decisions are not kept: this is the fast way. The acts of where it stands are done already.
        """
        m, here = self.machine, self.turn
        acted = {stop for stop in self._acts if here < stop <= at}
        with told_in_words(m):
            for stop in sorted(acted | {max(here, at)}):
                run_turns(m, stop - self.turn)
                if self.turn < stop:
                    raise _no_further(self.turn + 1)
                if stop in acted:
                    self.act()
        m.log = []


def _no_further(wanted: int) -> TraceError:
    why = f"nothing happens after turn {wanted - 1}"
    return TraceError(f"turn {wanted} cannot be made again: {why}")


def made_again(session: Session) -> Iterator[Turned]:
    """Yield the start and then every turn up to the session's end, each with its decisions.

    The acts of a moment were done when its turn is yielded. Raises TraceError where the
    recording's run cannot be made.
    """
    replay = Replay.of(session, session.first)
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
