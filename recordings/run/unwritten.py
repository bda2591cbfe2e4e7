"""Sessions that nobody reads: what only tries something out keeps no record but its acts.

Sessions that begin alike share what they saw: while the same acts were done to two of them, they
are one machine, and what the first came through the second need not make again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable
from operator import attrgetter
from typing import Any, NamedTuple
from weakref import ref

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.state.state import State
from mmplay.recordings.run.keyframes import KEEP_EVERY, Keyframes
from mmplay.recordings.run.replay import is_noted
from mmplay.recordings.run.session import FOREVER_NS, Moments, Session, Stop, none_first
from mmplay.recordings.run.tape import Entry, Sink

WAYS_KEPT = 4
"""Acts of one way that the ways behind them are kept of: a way of 60000 turns has 94 states."""

Act = tuple[int, str, str]
"""What was done to a machine: after which turn, name and value."""


class Seen(NamedTuple):
    """Turns that were made: between `begin` and `end` nothing came up; at `end` it did, if `came`.

    It also came to its end if no further turn can be made.
    """

    begin: int
    end: int
    came: bool


class Way(Keyframes):
    """The turns of a machine that the same acts were done to: states as copies, and what came up.

    `before` is the way without the last of these acts, which was done after turn `since`. Whoever
    goes it adds to it, and nobody takes away; he holds the ways that he came, as this one does not
    hold the one before it: two that held each other would wait for the collector.
    """

    def __init__(self, before: Way | None = None, since: int = -1) -> None:
        """None yet."""
        super().__init__()
        self._before = None if before is None else ref(before)
        self._since = since
        self._states: list[State] = []
        self._seen: dict[Hashable, list[Seen]] = {}
        self._behind: OrderedDict[Act, Way] = OrderedDict()

    def behind(self, act: Act) -> Way:
        """Return the way behind a further act; of those that were gone last some are kept."""
        found = self._behind.pop(act, None) or Way(self, act[0])
        self._behind[act] = found
        while len(self._behind) > WAYS_KEPT:
            self._behind.popitem(last=False)
        return found

    def add(self, turn: int, state: State) -> list[object]:
        """Keep a state that no act was done to since its turn; return nothing for a record."""
        place = bisect_right(self.turns, turn)
        if turn > self._since and (not place or self.turns[place - 1] != turn):
            self.turns.insert(place, turn)
            self._states.insert(place, state.copy())
        return []

    def drop_after(self, turn: int) -> None:
        """Keep all: what was seen of this way stays true of it."""

    def turn_before(self, turn: int) -> int:
        """Return the turn of the nearest state that is not later."""
        return self._nearest(turn).turn

    def at_or_before(self, turn: int) -> tuple[int, State]:
        """Return the nearest state that is not later, with its turn; a copy."""
        state = self._nearest(turn)
        return state.turn, state.copy()

    def _nearest(self, turn: int) -> State:
        place = bisect_right(self.turns, turn) - 1
        before = None if self._before is None else self._before()
        if place < 0 and before is not None:
            return before._nearest(min(turn, self._since))
        return self._states[max(0, place)]

    def seen(self, name: Hashable, turn: int) -> Seen | None:
        """Return what is known of the turns after one, of the moments of a name."""
        known = self._seen.get(name, [])
        place = bisect_right(known, turn, key=attrgetter("begin")) - 1
        return known[place] if place >= 0 and turn < known[place].end else None

    def saw(self, name: Hashable, one: Seen) -> None:
        """Keep what was found out."""
        known = self._seen.setdefault(name, [])
        place = bisect_right(known, one.begin, key=attrgetter("begin"))
        if place and known[place - 1].end == one.begin and not known[place - 1].came:
            known[place - 1] = one._replace(begin=known[place - 1].begin)
        elif one.begin < one.end:
            known.insert(place, one)


Ways = dict[str, Way]
"""By the header of the sessions that begin there."""


class UnwrittenSession(Session):
    """See the module. It can be undone, but has no log, rows or events, and no file.

    Sessions that share `ways` have the same header only if they begin at equal machines.
    """

    def __init__(
        self,
        m: Machine,
        header: dict[str, Any],
        writer: Sink | None = None,
        ways: Ways | None = None,
    ) -> None:
        """Begin at a machine that no turn of this session was made of yet."""
        self._ways: Ways = {} if ways is None else ways
        super().__init__(m, header, writer)

    def beside(
        self, m: Machine, header: dict[str, Any], writer: Sink | None = None
    ) -> UnwrittenSession:
        """Return a session that begins at another machine and shares what was seen."""
        return UnwrittenSession(m, header, writer, self._ways)

    def begin(self) -> None:
        """Keep what the run starts from."""
        self._came: list[Way] = []
        self._go(self._ways.setdefault(repr(self.header), Way()))
        self.keys.add(self.first, self.live.state)

    def _go(self, way: Way) -> None:
        self.keys = self._way = way
        self._came.append(way)

    def advance(
        self, turns: int = FOREVER_NS, until_ns: int = FOREVER_NS, stop: Stop | None = None
    ) -> int:
        """See `Session.advance`; turns of which it is known that nothing comes up are leapt."""
        if not isinstance(stop, Moments) or stop.name is None or until_ns < FOREVER_NS:
            return super().advance(turns, until_ns, stop)
        first, last, came = self.end, self.end + turns, False
        while self.end < last and not came:
            seen = self._way.seen(stop.name, self.end)
            if seen is None:
                came = self._look(last, stop)
            else:
                self._leap(min(seen.end, last))
                came = seen.came and self.end == seen.end
        return self.end - first

    def _look(self, last: int, stop: Moments) -> bool:
        """Make turns up to a last one, and tell whether something came up, or the end."""
        begin = self.end
        super().advance(last - begin, stop=stop)
        came = self.end < last or stop.holds(self.live)
        if came and begin < self.end:
            self.keys.add(self.end, self.live.state)
        self._way.saw(stop.name, Seen(begin, self.end, came))
        return came

    def _leap(self, to: int) -> None:
        self.end = to
        self._live_turn = self._bring(self.live, self._live_turn, to)
        self._watch()
        self.redone.clear()

    def act(self, name: str, value: str) -> None:
        """See `Session.act`."""
        super().act(name, value)
        if not is_noted(name):
            self._go(self._way.behind((self.end, name, value)))

    def _forget(self, act: Entry | None) -> None:
        super()._forget(act)
        start = self._came[0]
        self._came.clear()
        self._go(start)
        for one in self.acts:
            if not is_noted(one.fields[0]):
                self._go(self._way.behind((one.turn, *one.fields)))

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
