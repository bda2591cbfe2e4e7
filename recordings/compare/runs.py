"""Where two simulated runs part: both are made again in step, decision by decision."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.comparing import Difference, Kind, Setting, Side
from mmplay.engine.explain.decisions import worded
from mmplay.engine.sim.log.stacks import actor_of
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Setup
from mmplay.engine.sim.metrics import SYSCTLS
from mmplay.recordings.run.replay import Replay, act_text
from mmplay.recordings.run.session import Session

Act = list[Any]


class Made(NamedTuple):
    """One turn: who acted (kind, number, task) and what was decided."""

    who: tuple[int, int, int]
    title: str
    decisions: list[Decision]


class Walker(Replay):
    """A replay that words what it sees for a comparison."""

    def told(self) -> list[Act]:
        """Return what is done at this moment, as names and values."""
        return [entry.fields for entry in self.acts()]

    def made(self) -> Made:
        """Make one turn."""
        one = self.make()
        actor = actor_of(self.machine, *one.who)
        return Made((*one.who, actor.task), actor.title, one.decisions)

    # the two sides of a difference

    def _here(self) -> Side:
        frame = self.turn - self.first
        return Side(frame, self.turn, self.machine.state.now_ns // 1000)

    def act_side(self, same: int) -> Side:
        """Return this side where the two are told different things, after so many same ones."""
        acts = self.acts()[same:]
        return self._here()._replace(text="; ".join(act_text(entry) for entry in acts))

    def made_side(self, made: Made, number: int) -> Side:
        """Return this side where a turn's decision `number` comes out otherwise."""
        side = self._here()._replace(actor=made.title)
        if number >= len(made.decisions):
            return side
        one = worded(self.machine, made.decisions[number])
        return side._replace(
            function=one.function, path=one.path, text=one.text, operands=one.operands
        )

    def end_side(self) -> Side:
        """Return this side where one of the two ends."""
        return self._here()._replace(text="it ends here" if self.ended else "it goes on")


ASK_EVERY = 1024
"""Turns between two looks at whether the user gave up."""

WORDED: dict[str, tuple[str, ...]] = {
    "wb_mask": tuple(name for name, _ in WB_VARIANTS),
    "slab_keeps_atomic": ("no", "yes"),
    "oom_reaper": ("off", "on"),
}
"""Settings whose numbers are choices."""

IN_WORDS = ("name", "assumed", "calibrated")
"""Fields of a setup that say where it comes from, and change nothing."""


class Parted(NamedTuple):
    """Where two runs part; `turn` is the last turn up to which they are the same."""

    first: Difference | None
    then: Difference | None
    turn: int


def part(a: Session, b: Session, stopped: Callable[[], bool]) -> Parted:
    """Return where two runs part; raises InputError if they have no turn in common, or stopped."""
    start = max(a.first, b.first)
    if start > min(a.end, b.end):
        raise InputError("the two runs share no turn, so they cannot be compared")
    at = _last_same(a, b, start)
    walkers = Walker.of(a, at), Walker.of(b, at)
    first, turn = _next(*walkers, stopped, acts=True)
    then = None
    if first is not None and first.kind is Kind.ACT:
        then, _ = _next(*walkers, stopped, acts=False)
    return Parted(first, then, turn)


def _last_same(a: Session, b: Session, start: int) -> int:
    """Return the latest turn with a keyframe on both sides at which all is the same."""
    if a.live.setup != b.live.setup:
        return start
    turns = sorted(set(a.keys.turns) & set(b.keys.turns))
    different = bisect_left(turns, True, key=lambda turn: not _same_at(a, b, turn))
    return turns[different - 1] if different else start


def _same_at(a: Session, b: Session, turn: int) -> bool:
    """Tell whether two machines are the same after a turn, and were told the same before."""
    acts = [[one for one in run.acts if one.turn < turn] for run in (a, b)]
    states = [run.keys.decoded(bisect_left(run.keys.turns, turn)) for run in (a, b)]
    return acts[0] == acts[1] and states[0] == states[1]


def _next(
    a: Walker, b: Walker, stopped: Callable[[], bool], *, acts: bool
) -> tuple[Difference | None, int]:
    """Walk on to the next difference; return it and the turn before it."""
    while True:
        if acts and a.told() != b.told():
            return _act_difference(a, b), a.turn
        if a.turn % ASK_EVERY == 0 and stopped():
            raise InputError("the comparison was stopped")
        if a.ended or b.ended:
            return _end_difference(a, b), a.turn
        a.act()
        b.act()
        made = a.made(), b.made()
        found = _made_difference(a, b, *made)
        if found is not None:
            return found, a.turn - 1


def _act_difference(a: Walker, b: Walker) -> Difference:
    """Return both sides' acts of this moment, without those they have in common at first."""
    pairs = zip_longest(a.told(), b.told())
    same = next(n for n, (one, other) in enumerate(pairs) if one != other)
    return Difference(Kind.ACT, a.act_side(same), b.act_side(same))


def _end_difference(a: Walker, b: Walker) -> Difference | None:
    if a.ended and b.ended:
        return None
    return Difference(Kind.END, a.end_side(), b.end_side())


def _made_difference(a: Walker, b: Walker, one: Made, other: Made) -> Difference | None:
    pairs = zip_longest(one.decisions, other.decisions)
    # Kinds first: decisions are tuples, and two kinds may hold the same numbers.
    differ = (
        n
        for n, (ours, theirs) in enumerate(pairs)
        if type(ours) is not type(theirs) or ours != theirs
    )
    number = next(differ, None)
    if number is not None:
        return Difference(Kind.DECISION, a.made_side(one, number), b.made_side(other, number))
    if one.who != other.who:
        return Difference(Kind.ACTOR, a.made_side(one, 0), b.made_side(other, 0))
    return None


def settings_of(a: Session, b: Session) -> tuple[Setting, ...]:
    """Return what the two machines were given differently before their first turn."""
    ours, theirs = (Machine(run.live.setup, run.keys.at_or_before(run.first)[1]) for run in (a, b))
    found = [
        Setting(name, _shown(ours.setup, name), _shown(theirs.setup, name))
        for name in Setup._fields
        if name not in IN_WORDS and getattr(ours.setup, name) != getattr(theirs.setup, name)
    ]
    for name in SYSCTLS:
        one, other = (int(getattr(m.state, name)) for m in (ours, theirs))
        if one != other:
            found.append(Setting(name, _worded(name, one), _worded(name, other)))
    return tuple(found)


def _shown(setup: Setup, name: str) -> str:
    value = getattr(setup, name)
    return str(getattr(value, "name", value))


def _worded(name: str, value: int) -> str:
    words = WORDED.get(name, ())
    return words[value] if value < len(words) else str(value)
