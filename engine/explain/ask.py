"""The one way to ask: every kind of question, answered from a frame and its diagnosis.

What a simulated turn decided and counted is answered here.
"""

from __future__ import annotations

from mmplay.engine.explain import answer_other, answer_zone
from mmplay.engine.explain.answer import UNKNOWN, Answer, Answerer, Scene
from mmplay.engine.explain.sentences import said
from mmplay.engine.explain.words import MEANING, WORDS
from mmplay.engine.frame import Ask

VMSTAT = "counts up, as in /proc/vmstat"


def decision(scene: Scene, ask: Ask) -> Answer:
    """Return what one decision of the turn was, who made it, and on what way."""
    facts = scene.frame.facts
    number = ask.names[0]
    if facts is None or not isinstance(number, int) or number >= len(facts.decisions):
        return UNKNOWN
    one = facts.decisions[number]
    version = scene.frame.kernel.source if scene.frame.kernel else ""
    verdict = said("answer.decision_no") if one.refused else ""
    return Answer(
        one.function,
        what=one.text,
        rule=said("answer.decision_way", actor=facts.actor, way=" < ".join(one.stack))
        if one.stack
        else "",
        consequence=verdict,
        source=f"{one.function}  {one.path}  {version}" if one.path else "",
    )


def counter(scene: Scene, ask: Ask) -> Answer:
    """Return what a counter of the run counts, and what this turn added."""
    facts = scene.frame.facts
    name = str(ask.names[0])
    if facts is None or name not in facts.counters:
        return UNKNOWN
    now, before = facts.counters[name], facts.counters_before.get(name, 0)
    words = WORDS.get(name)
    meaning = MEANING.get(name) or (words.text if words is not None else VMSTAT)
    return Answer(
        name,
        what=said("answer.counter", name=name, now=now),
        rule=meaning,
        numbers=f"{before} + {now - before} = {now}" if now != before else "",
        consequence="" if now != before else said("answer.counter_same"),
    )


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
    "decision": decision,
    "counter": counter,
}
"""Who answers which kind of question."""


def answer(scene: Scene, ask: Ask) -> Answer:
    """Return the answer to a question about a number of this scene."""
    answerer = ANSWERERS.get(ask.kind)
    return UNKNOWN if answerer is None else answerer(scene, ask)
