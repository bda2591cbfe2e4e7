"""Questions about callers: in which zone they start, which class they are, how far they get."""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.words import CALLERS, WORDS
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.gates import zonelist
from mmplay.levels.truth.answer import NAME, ORDER, PAGES, Other, Truth, TruthError
from mmplay.levels.truth.floors import Gate, counted, source
from mmplay.levels.truth.scene import NORMAL, Scene, zone_index


def first_zone(scene: Scene, words: list[str]) -> Truth:
    """`first_zone MASK [on ZONE...]`: the zone that the kernel tries first."""
    at = words.index("on") if "on" in words else len(words)
    if at != 1:
        raise TruthError("one mask expected")
    mask = scene.layout.encode(words[0])
    named = [zone_index(name) for name in words[2:]]
    populated = named or [zone.index for zone in scene.machine.state.zones]
    highest = highest_zone(scene.layout, mask)
    index = class_zone(highest, populated)
    if index is None:
        raise TruthError("no zone with pages may serve this mask")
    why = finding("truth.first_zone", mask=mask, highest=ZONES[highest], zone=ZONES[index])
    others = [
        Other(name, _not_first(name, ZONES[index], highest, populated))
        for name in ZONES
        if name != ZONES[index]
    ]
    text = "A request starts in the highest zone that its mask allows and that has pages."
    return Truth(
        *("", ZONES[index], NAME, (why,), text),
        f"gfp_zone  include/linux/gfp.h  {scene.layout.name}",
        others=tuple(others),
    )


def _not_first(name: str, right: str, highest: int, populated: list[int]) -> Finding:
    index = ZONES.index(name)
    if index > highest:
        return finding("wrong.zone_above", answer=name, highest=ZONES[highest])
    if index not in populated:
        return finding("wrong.zone_empty", answer=name)
    return finding("wrong.zone_below", answer=name, zone=right)


def caller_class(scene: Scene, words: list[str]) -> Truth:
    """`class MASK[:slab][:CONTEXT]`: the class that gfp_to_alloc_flags puts a caller in."""
    words, _ = counted(words, (), 1, 1)
    who = scene.who(words[0])
    if who.mask is None:
        raise TruthError(f"{words[0]!r} is a class already; a mask expected")
    fired = [WORDS[rule.name].title for rule in scene.kernel.fired(who.mask, who.context)]
    why = fired or ["no rule of gfp_to_alloc_flags gives this caller a discount"]
    others = [
        Other(one.name, finding("wrong.caller", answer=one.name, need=CALLERS[one.name].need))
        for one in scene.kernel.gate.classes
        if one != who.caller
    ]
    return Truth(
        *("", who.caller.name, NAME, (finding("truth.class", caller=who.caller.name, why=why),)),
        "The mask's flags and the caller's context decide which discounts a request has.",
        source(scene.kernel, "alloc.high"),
        others=tuple(others),
    )


def drain_order(scene: Scene, words: list[str]) -> Truth:
    """`drain_order CALLER... [for ZONE]`: zone and floor, in the order in which they are reached.

    Each caller in turn takes pages until every zone refuses it.
    """
    words, chosen = counted(words, ("for",), 1, 5)
    steps = []
    for who in map(scene.who, words):
        zones = scene.machine.state.zones
        top = zone_index(chosen["for"]) if "for" in chosen else NORMAL
        index = class_zone(top, [zone.index for zone in zones]) or 0
        for zone in zonelist(zones, index):
            steps.append(f"{zone.name} {Gate(scene, zone, who, 'min', index).floor.value}")
    return Truth(
        *("", tuple(steps), ORDER, (finding("truth.drain", steps=steps),)),
        "A zone is used until its floor refuses the caller, then the next lower one.",
        source(scene.kernel, "floor"),
        PAGES,
    )
