"""A session made again turn by turn with its decisions, on a machine of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmplay.engine.comparison import Side
from mmplay.engine.explain.steps import decision
from mmplay.engine.sim.log.actor import actor_of, next_actor
from mmplay.engine.sim.run.machine import Machine, Step
from mmplay.engine.sim.run.turns import turn
from mmplay.recordings.session.session import Session, do_act
from mmplay.recordings.session.tape import Entry
from mmplay.recordings.session.timeline import act_text

Act = list[Any]


class Made(NamedTuple):
    """One turn: who acted (kind, number, task) and what was decided."""

    who: tuple[int, int, int]
    title: str
    steps: list[Step]


class Walker:
    """Stands after `turn` turns of a session, before the acts of that moment."""

    def __init__(self, session: Session, at: int) -> None:
        """Stand at a turn of the session."""
        self._session = session
        self._acts: dict[int, list[Entry]] = {}
        for entry in session.acts:
            self._acts.setdefault(entry.turn, []).append(entry)
        self.turn, state = session.keys.at_or_before(at)
        self.machine = Machine(session.live.setup, state)
        while self.turn < at:
            self.act()
            self._turn()
        self.machine.steps = []

    def _turn(self) -> None:
        turn(self.machine)
        self.machine.log = []
        self.turn += 1

    @property
    def ended(self) -> bool:
        """Tell whether the session goes no further."""
        return self.turn >= self._session.end

    def acts(self) -> list[Act]:
        """Return what is done at this moment."""
        return [entry.fields for entry in self._acts.get(self.turn, [])]

    def act(self) -> None:
        """Do what is done at this moment."""
        for fields in self.acts():
            do_act(self.machine, *fields)
        self.machine.log = []

    def make(self) -> Made:
        """Make one turn."""
        m = self.machine
        kind, number = next_actor(m) or (-1, -1)
        steps: list[Step] = []
        m.steps = steps
        self._turn()
        actor = actor_of(m, kind, number)
        return Made((kind, number, actor.task), actor.title, steps)

    # the two sides of a difference

    def _here(self) -> Side:
        frame = self.turn - self._session.first
        return Side(frame, self.turn, self.machine.state.now_ns // 1000)

    def act_side(self, same: int) -> Side:
        """Return this side where the two are told different things, after so many same ones."""
        acts = self._acts.get(self.turn, [])[same:]
        return self._here()._replace(text="; ".join(act_text(entry) for entry in acts))

    def made_side(self, made: Made, number: int) -> Side:
        """Return this side where a turn's decision `number` comes out otherwise."""
        side = self._here()._replace(actor=made.title)
        if number >= len(made.steps):
            return side
        one = decision(self.machine, made.steps[number])
        return side._replace(
            function=one.function, path=one.path, text=one.text, operands=one.operands
        )

    def end_side(self) -> Side:
        """Return this side where one of the two ends."""
        return self._here()._replace(text="it ends here" if self.ended else "it goes on")
