"""A machine that remembers: every turn can be gone back to, every act taken back, any frame forked.

`live` stands at the end and is the only one that is acted on; looking back runs another machine
from the nearest keyframe. What happens is put on a tape as it happens (see `tape`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import Metric
from mmplay.engine.sim.run.setup_fields import setup_fields
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.state.fields import pack_state, shape_of
from mmplay.engine.sim.state.state import Counters, State
from mmplay.recordings.run.keyframes import KEEP_EVERY, Keyframes
from mmplay.recordings.run.replay import Replay, do_act, told_in_words
from mmplay.recordings.run.run_log import RunLog, log_fields
from mmplay.recordings.run.tape import Entry, Sink, Tape, digest_of, next_row_ns, readers
from mmplay.recordings.trace.format import Code, pack_body

if TYPE_CHECKING:
    from mmplay.recordings.answer import Reach
    from mmplay.recordings.futures import Ahead

FOREVER_NS = 1 << 62
BACKWARDS = 64
"""Who steps back will do so again: the way there is kept every so many turns."""

FIRSTS = ("alloc_fail_wb", "alloc_fail_net", "alloc_fail_task", "oom_kill", "nf_drop", "wb_nowork")
"""Counters whose first count is an event."""


def none_first(_: Counters) -> tuple[int, ...]:
    """Return what is watched for in the counters where nothing is."""
    return ()


class Stop(Protocol):
    """Something that a run stops at: a condition (`engine.sim.metrics`), or several moments."""

    def holds(self, m: Machine, /) -> bool:
        """Tell whether it has come."""
        ...


class Moments(NamedTuple):
    """Stops at the first of several moments.

    Those of two runs that begin alike are the same if they have one `name`; None is no name.
    """

    name: Hashable
    tests: Sequence[Callable[[Machine], bool]]

    def holds(self, m: Machine) -> bool:
        """Tell whether one of them has come."""
        return any(test(m) for test in self.tests)


class Session:
    """See the module. Turns count as the machine's own; the first is `first`, the last `end`.

    `ahead` is what may be varied of a machine that began at a frame of a log; `bands` are what
    the runs of it came to, once they were made: by zone, within which free pages all stayed.
    """

    def __init__(self, m: Machine, header: dict[str, Any], writer: Sink | None = None):
        """Begin at a machine that no turn of this session was made of yet."""
        self.prepare(m, header, Tape(writer))
        self.begin()

    def prepare(self, m: Machine, header: dict[str, Any], tape: Tape) -> None:
        """Set out from a machine, with a tape that is empty so far."""
        self.live = m
        self.view = Machine(m.setup, m.state)
        self.header = header
        self.tape = tape
        self.ahead: Ahead | None = None
        self.bands: Mapping[str, Sequence[Reach]] = {}
        self.keys = Keyframes()
        self.log = RunLog()
        self.redone: list[Entry] = []
        self.first = self.end = m.state.turn
        self._began = b""
        self._noted: tuple[int, bytes] | None = None
        self._view_turn = -1
        self._passed: dict[int, State] = {}
        self._live_turn = m.state.turn
        self._readers: list[Metric] = readers(m)
        self._watch()

    def beside(self, m: Machine, header: dict[str, Any], writer: Sink | None = None) -> Session:
        """Return a session of the same sort that begins at another machine."""
        return Session(m, header, writer)

    def begin(self) -> None:
        """Put what the run starts from on the tape."""
        self._put(Code.SETUP, [setup_fields(self.live.setup)])
        self._put(Code.KEY, self.keys.add(self.first, self.live.state))

    # what there is

    @property
    def acts(self) -> list[Entry]:
        """Everything that was done to the machine, in order."""
        return self.tape.of(Code.ACT)

    def acts_by_turn(self) -> dict[int, list[Entry]]:
        """Return what was done after each turn that something was done after."""
        found: dict[int, list[Entry]] = {}
        for entry in self.acts:
            found.setdefault(entry.turn, []).append(entry)
        return found

    def _put(self, code: Code, fields: list[Any]) -> None:
        state = self.live.state
        self.tape.add(Entry(code, state.turn, state.now_ns // 1000, fields))

    def _watch(self) -> None:
        """Note what the live machine has seen, so that only news is put on the tape."""
        state = self.live.state
        self._row_ns = next_row_ns(state.now_ns)
        self._row = self.tape.last_row(len(self._readers))
        self._key_turn = state.turn + KEEP_EVERY - (state.turn - self.first) % KEEP_EVERY
        self._watch_firsts()

    def _watch_firsts(self) -> None:
        counters = self.live.state.counters
        self._unseen = [name for name in FIRSTS if not getattr(counters, name)]
        # The first name twice: a getter of one name alone would return no tuple.
        self._firsts = attrgetter(*self._unseen, self._unseen[0]) if self._unseen else none_first

    # going on

    def advance(
        self, turns: int = FOREVER_NS, until_ns: int = FOREVER_NS, stop: Stop | None = None
    ) -> int:
        """Make up to so many turns, none later than a time; return how many there were.

        Ends after the turn at which `stop` holds.
        """
        m = self.to_end()
        state, heap, counters = m.state, m.state.heap, m.state.counters
        row_ns, key_turn, firsts = self._row_ns, self._key_turn, self._firsts
        made = 0
        while made < turns and heap and heap[0][0] <= until_ns:
            turn(m)
            made += 1
            if state.now_ns >= row_ns or state.turn >= key_turn or m.log or any(firsts(counters)):
                self._after_turn(m)
                row_ns, key_turn, firsts = self._row_ns, self._key_turn, self._firsts
            if stop is not None and stop.holds(m):
                break
        self.end = self._live_turn = state.turn
        if made:
            self.redone.clear()
        return made

    def _after_turn(self, m: Machine) -> None:
        self._printed(m)
        self._events(m)
        if m.state.now_ns >= self._row_ns:
            row = [read(m) for read in self._readers]
            self._put(Code.ROW, [now - then for now, then in zip(row, self._row, strict=True)])
            self._row = row
            self._row_ns = next_row_ns(m.state.now_ns)
        if m.state.turn >= self._key_turn:
            self._put(Code.KEY, self.keys.add(m.state.turn, m.state))
            self._key_turn += KEEP_EVERY

    def _printed(self, m: Machine) -> None:
        if m.log:
            fields = log_fields(m.log)
            m.log = []
            self.log.add(m.state.turn, fields[0])
            self._put(Code.LOG, fields)

    def _events(self, m: Machine) -> None:
        seen = [name for name in self._unseen if getattr(m.state.counters, name)]
        for name in seen:
            self._put(Code.EVENT, [name])
        if seen:
            self._watch_firsts()

    def act(self, name: str, value: str) -> None:
        """Do something to the machine at the end; raises RefusedError, then nothing changed.

        What a level does by itself has BY_LEVEL before its name; a name of NOTED is only noted.
        """
        m = self.to_end()
        do_act(m, name, value)
        self._put(Code.ACT, [name, value])
        self._printed(m)
        self._events(m)
        self._view_turn = -1
        self._passed.clear()
        self.redone.clear()

    def undo(self) -> Entry | None:
        """Take back the last act and all that came after it; return it, None if there is none."""
        act = self.tape.take_back(self.end, self.live.state.now_ns // 1000)
        if act is None:
            return None
        self._forget(act)
        self.to_end()
        self.redone.append(act)
        return act

    def _forget(self, act: Entry | None) -> None:
        """Forget what came after an act that was taken back."""
        if act is None:
            raise ValueError("nothing was done that could be taken back")
        self.end = act.turn
        self.keys.drop_after(act.turn)
        self.log = RunLog()
        for entry in self.tape.of(Code.LOG):
            self.log.add(entry.turn, entry.fields[0])
        self._view_turn = self._live_turn = -1
        self._passed.clear()

    def redo(self) -> Entry | None:
        """Do again what was taken back last; None if there is nothing, or time went on since."""
        if not self.redone:
            return None
        *rest, act = self.redone
        self.act(*act.fields)
        self.redone = rest
        return act

    def mark(self, at: int, name: str, note: str = "") -> None:
        """Mark a turn, with a note."""
        time_us = self.machine_at(at).state.now_ns // 1000
        self.tape.add(Entry(Code.MARK, at, time_us, [name, note]))

    def reached(self) -> None:
        """Note how far the run got, and hand everything to the system."""
        if self.tape.writer is not None and self._noted != (self.end, self.tape.told):
            self.note_reached()
        self.tape.flush()

    def note_reached(self) -> None:
        """Put how far the run got on the tape, with a digest of all that it came to."""
        self._put(Code.REACHED, [self.digest(self.to_end())])
        self._noted = self.end, self.tape.told

    def digest(self, m: Machine, told: bytes | None = None) -> bytes:
        """Return a digest of how the run began, all that it was told, and a state it came to.

        `told` takes the place of what the tape says of it now.
        """
        if not self._began:
            header = {name: value for name, value in self.header.items() if name != "format"}
            _, state = self.keys.at_or_before(self.first)
            start = pack_body(Code.SETUP, [header, setup_fields(m.setup)])
            self._began = digest_of(start + pack_state(state))
        told = self.tape.told if told is None else told
        return digest_of(self._began + told + pack_state(m.state))

    def finish(self) -> None:
        """Note how far the run got, and write no more."""
        self.reached()
        self.tape.finish()

    # looking back

    def to_end(self) -> Machine:
        """Return the live machine, brought to the end."""
        if self._live_turn != self.end:
            self._live_turn = self._bring(self.live, -1, self.end)
            self._watch()
        return self.live

    def machine_at(self, at: int) -> Machine:
        """Return a machine after turn `at` and its acts, to look at; the next call changes it."""
        self._view_turn = self._bring(self.view, self._view_turn, at)
        return self.view

    def _bring(self, m: Machine, here: int, at: int) -> int:
        """Bring a machine that stands after turn `here` (-1: anywhere) to turn `at`."""
        if not self.first <= at <= self.end:
            raise IndexError(at)
        self._view_turn = self._view_turn if m is self.live else -1
        near = 0 < here - at <= BACKWARDS
        with told_in_words(m):
            if not self.keys.turn_before(at) <= here <= at:
                here = self._bind_before(m, at)
        replay = self._replay(m)
        if near:
            for stop in range(-(-here // BACKWARDS) * BACKWARDS, at, BACKWARDS):
                replay.go(stop)
                self._passed[stop] = m.state.copy()
        replay.go(at)
        return at

    def _replay(self, m: Machine) -> Replay:
        return Replay(m, self.acts_by_turn(), self.first, self.end)

    def _bind_before(self, m: Machine, at: int) -> int:
        """Let a machine go on from the nearest state that is kept; return its turn."""
        passed = max((here for here in self._passed if here <= at), default=-1)
        if passed >= self.keys.turn_before(at):
            m.bind(self._passed[passed].copy())
            return passed
        self._passed.clear()
        here, state = self.keys.at_or_before(at)
        if shape_of(state) != shape_of(m.state):
            raise ValueError("its state is of another machine")
        m.bind(state)
        # A keyframe is kept as a turn ends: what was done at that moment came after it.
        self._replay(m).act()
        return here

    def decisions_of(self, at: int) -> list[Decision]:
        """Return the decisions of turn `at`, made again; those of the acts after it come last."""
        if at <= self.first:
            m, made = self.view, []
            m.bind(self.keys.at_or_before(self.first)[1])
            replay = self._replay(m)
        else:
            # Not by going there: where a keyframe stands, that would make no turn.
            replay = self._replay(self.machine_at(at - 1))
            made = replay.make().decisions
        acted = replay.act()
        self._view_turn = max(at, self.first)
        return [*made, *acted]

    # another timeline

    def fork(self, at: int, header: dict[str, Any], writer: Sink | None = None) -> Session:
        """Return another session that has everything up to turn `at`, and goes its own way."""
        other = Session.__new__(Session)
        _, state = self.keys.at_or_before(self.first)
        setup = self.live.setup
        other.prepare(Machine(setup, state), header, Tape(writer))
        for entry in (*self.tape.entries, *self.tape.marks):
            if entry.turn <= at and entry.code is not Code.REACHED:
                other.take(entry)
        other.end = at
        other.loaded()
        return other

    def take(self, entry: Entry) -> None:
        """Take an entry from another tape or a file; raises ValueError, PackError or TraceError."""
        if entry.code is Code.UNDO:
            self._forget(self.tape.take_back(entry.turn, entry.time_us))
            return
        if entry.code is not Code.MARK and not self.end <= entry.turn:
            raise ValueError(f"turn {entry.turn} comes after turn {self.end}")
        if entry.code is Code.KEY:
            self.keys.load(entry.turn, *entry.fields)
        elif entry.code is Code.LOG:
            self.log.add(entry.turn, entry.fields[0])
        elif entry.code is Code.ROW and len(entry.fields) != len(self._readers):
            raise ValueError(f"a row has {len(entry.fields)} numbers, not {len(self._readers)}")
        self.tape.add(entry)
        self.end = max(self.end, entry.turn)

    def loaded(self) -> None:
        """Say that everything was taken: the live machine has yet to be brought to the end."""
        self._live_turn = -1
