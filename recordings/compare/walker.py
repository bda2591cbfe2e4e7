"""A session made again turn by turn with its decisions, on a machine of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmplay.engine.comparison import Side
from mmplay.engine.explain.decisions import worded
from mmplay.engine.sim.log.actor import actor_of
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.recordings.session.replay import Replay
from mmplay.recordings.session.timeline import act_text

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
