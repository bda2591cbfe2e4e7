"""The one way to ask: every kind of question, answered from a frame and its diagnosis."""

from __future__ import annotations

from mmplay.engine.explain import answer_other, answer_turn, answer_zone
from mmplay.engine.explain.answer import UNKNOWN, Answer, Answerer, Scene
from mmplay.engine.explain.question import Ask

ANSWERERS: dict[str, Answerer] = {
    "zone": answer_zone.zone_field,
    "reserve": answer_zone.reserve,
    "floor": answer_zone.floor_of_class,
    "blocks": answer_zone.blocks,
    "total": answer_other.total,
    "tail": answer_other.tail,
    "mode": answer_other.mode,
    "slub": answer_other.slub,
    "score": answer_other.score,
    "entry": answer_other.entry,
    "decision": answer_turn.decision,
    "counter": answer_turn.counter,
}
"""Who answers which kind of question."""


def answer(scene: Scene, ask: Ask) -> Answer:
    """Return the answer to a question about a number of this scene."""
    answerer = ANSWERERS.get(ask.kind)
    return UNKNOWN if answerer is None else answerer(scene, ask)
