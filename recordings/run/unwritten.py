"""A session that nobody reads: what only tries something out keeps no record but its acts."""

from __future__ import annotations

from bisect import bisect_right

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.state.state import State
from mmplay.recordings.run.keyframes import KEEP_EVERY, Keyframes
from mmplay.recordings.run.session import FOREVER_NS, Session, none_first


class Copies(Keyframes):
    """Keyframes as copies of their states, unpacked: made at once, but larger."""

    def __init__(self) -> None:
        """None yet."""
        super().__init__()
        self._states: list[State] = []

    def add(self, turn: int, state: State) -> list[object]:
        """Keep a state; return nothing for a record."""
        self.turns.append(turn)
        self._states.append(state.copy())
        return []

    def drop_after(self, turn: int) -> None:
        """Forget the states of later turns."""
        super().drop_after(turn)
        del self._states[len(self.turns) :]

    def at_or_before(self, turn: int) -> tuple[int, State]:
        """Return the nearest state that is not later, with its turn; a copy."""
        number = max(0, bisect_right(self.turns, turn) - 1)
        return self.turns[number], self._states[number].copy()


class UnwrittenSession(Session):
    """See the module. It can be undone, but has no log, rows or events, and no file."""

    def begin(self) -> None:
        """Keep what the run starts from."""
        self.keys = Copies()
        self.keys.add(self.first, self.live.state)

    def _watch(self) -> None:
        """Note when the next copy is due; nothing else is watched for."""
        state = self.live.state
        self._row_ns = FOREVER_NS
        self._key_turn = state.turn + KEEP_EVERY - (state.turn - self.first) % KEEP_EVERY
        self._unseen = []
        self._firsts = none_first

    def _after_turn(self, m: Machine) -> None:
        self._printed(m)
        if m.state.turn >= self._key_turn:
            self.keys.add(m.state.turn, m.state)
            self._key_turn += KEEP_EVERY

    def _printed(self, m: Machine) -> None:
        m.log = []
