"""Questions about callers: which zones they may have, which class they are, who serves them."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding, said
from mmplay.engine.explain.words import CALLERS, WORDS
from mmplay.engine.rules.floors import NO_WATERMARKS, CallerClass, watermark_ok
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.gates import zonelist
from mmplay.engine.sim.machine.page_decisions import FastPath, NoWatermarks, ZoneWatermarkOk
from mmplay.engine.sim.run.requests import request
from mmplay.levels.truth.on_floors import Gate
from mmplay.levels.truth.on_machine import fork
from mmplay.levels.truth.subject import NORMAL, Subject, Who, order_of, zone_index
from mmplay.levels.truth.truths import Other, Truth, TruthError, slip, told
from mmplay.levels.truth.wording import seen_steps

ON = "on"
NONE = "none"
NOWHERE = "no zone with pages may serve this mask"


def _zones_for(subject: Subject, words: list[str]) -> tuple[int, list[int]]:
    """Return the highest zone that a mask allows, and the zones that have pages."""
    if not words or words[1:2] not in ([], [ON]):
        raise TruthError("one mask expected, then `on` and the zones that have pages")
    mask = subject.layout.encode(words[0])
    populated = [zone_index(name) for name in words[2:]]
    populated = populated or [zone.index for zone in subject.machine.state.zones]
    return highest_zone(subject.layout, mask), populated


def first_zone(subject: Subject, words: list[str]) -> Truth:
    """`first_zone MASK [on ZONE...]`: the zone that the kernel tries first."""
    highest, populated = _zones_for(subject, words)
    index = class_zone(highest, populated)
    if index is None:
        raise TruthError(NOWHERE)
    code = "truth.first_zone" if index == highest else "truth.first_zone_below"
    why = finding(code, highest=ZONES[highest], zone=ZONES[index])
    others = [
        Other(name, _not_first(name, ZONES[index], highest, populated))
        for name in ZONES
        if name != ZONES[index]
    ]
    return told(ZONES[index], why, others)


def _not_first(name: str, right: str, highest: int, populated: list[int]) -> Finding:
    index = ZONES.index(name)
    if index > highest:
        return finding("wrong.zone_above", answer=name, highest=ZONES[highest])
    if index not in populated:
        return finding("wrong.zone_empty", answer=name)
    return finding("wrong.zone_below", answer=name, zone=right)


def caller_class(subject: Subject, words: list[str]) -> Truth:
    """`class MASK[:slab][:CONTEXT]`: the class that gfp_to_alloc_flags puts a caller in."""
    who = subject.who(words[0])
    if who.mask is None:
        raise TruthError(f"{words[0]!r} is a class already; a mask expected")
    fired = [WORDS[rule.name].title for rule in subject.kernel.fired(who.mask, who.context)]
    why = fired or ["no rule of gfp_to_alloc_flags gives this caller a discount"]
    others = [
        slip(one.name, "wrong.caller", need=CALLERS[one.name].need)
        for one in subject.kernel.gate.classes
        if one != who.caller
    ]
    return told(who.caller.name, finding("truth.class", caller=who.caller.name, why=why), others)


def drain_order(subject: Subject, words: list[str]) -> Truth:
    """`drain_order CALLER... [for ZONE]`: zone and floor, in the order in which they are reached.

    Each caller in turn takes pages until every zone refuses it.
    """
    callers = [subject.who(word) for word in words]
    steps = tuple(step for who in callers for step in _stops(subject, who))
    others = _other_stops(subject, callers[0].caller) if not callers[1:] else []
    return told(steps, finding("truth.drain", steps=list(steps)), others)


def _stops(subject: Subject, who: Who) -> tuple[str, ...]:
    """Return each zone and where it refuses a caller, the first one first."""
    zones = subject.machine.state.zones
    top = zone_index(subject.chosen["for"]) if "for" in subject.chosen else NORMAL
    index = class_zone(top, [zone.index for zone in zones]) or 0
    return tuple(
        f"{zone.name} {Gate(subject, zone, who, 'min', index).floor.value}"
        for zone in zonelist(zones, index)
    )


def _other_stops(subject: Subject, own: CallerClass) -> list[Other]:
    """Return where callers of other classes stop, and what sets this one apart from them."""
    because = CALLERS[own.name].because
    found = []
    for one in (*subject.kernel.classes_at("min"), NO_WATERMARKS):
        premise = CALLERS[one.name].premise
        why = finding("wrong.drain_class", premise=premise, because=because)
        found.append(Other(_stops(subject, Who(one)), why))
    return found


def zone_order(subject: Subject, words: list[str]) -> Truth:
    """`zone_order MASK [on ZONE...]`: the zones that a request is tried in, the first one first."""
    highest, populated = _zones_for(subject, words)
    zones = tuple(ZONES[index] for index in sorted(populated, reverse=True) if index <= highest)
    if not zones:
        raise TruthError(NOWHERE)
    why = finding("truth.zone_order", zones=list(zones))
    return told(zones, why)


class _Test(NamedTuple):
    """What one zone answered, and the words for it."""

    zone: str
    gives: bool
    text: str


def served(subject: Subject, words: list[str]) -> Truth:
    """`served MASK[:slab][:CONTEXT] [order N]`: the zone that gives the block, or none.

    The machine is asked as it stands: the first try, the slow path, the reserves if allowed.
    """
    who = subject.who(words[0])
    if who.mask is None:
        raise TruthError(f"{words[0]!r} is a class; a mask expected")
    m = fork(subject.machine)
    made: list[Decision] = []
    m.tell = made.append
    page = request(m, who.mask, who.context, order_of(subject.chosen.get("order", "0")))
    value = m.zone.name if page >= 0 else NONE
    tests = [test for one in made if (test := _test(one)) is not None]
    zones = zonelist(m.state.zones, m.ask(ask_key(who.mask)).class_zone)
    others = [Other(zone.name, _not_it(zone.name, value, tests)) for zone in zones]
    nobody = finding("wrong.none_served", answer=NONE, test=tests[-1].text if tests else value)
    return told(
        value,
        finding("truth.served", tests=[test.text for test in tests]),
        (*others, Other(NONE, nobody)),
    )


def _test(one: Decision) -> _Test | None:
    """Return what a decision says of a zone, None if it is no test."""
    match one:
        case FastPath():
            zone = ZONES[one.zone]
            text = said("truth.zone_serves", zone=zone, seen=one.free, floor=one.floor)
            return _Test(zone, True, text)
        case ZoneWatermarkOk():
            zone, seen = ZONES[one.zone], seen_steps(one.free, one.order, one.kept)
            code = "truth.zone_serves" if one.ok else "truth.zone_refuses"
            if not one.ok and watermark_ok(one.free, one.order, one.kept, one.floor):
                return _Test(zone, False, said("truth.fits_not", zone=zone, order=one.order))
            return _Test(zone, one.ok, said(code, zone=zone, seen=seen, floor=one.floor))
        case NoWatermarks():
            zone = ZONES[one.zone]
            code = "truth.zone_gives" if one.ok else "truth.zone_empty"
            return _Test(zone, one.ok, said(code, zone=zone))
        case _:
            return None


def _not_it(name: str, value: str, tests: list[_Test]) -> Finding:
    """Return why a zone does not serve the request: it refused, or another was asked before."""
    mine = [test for test in tests if test.zone == name]
    if mine:
        return finding("wrong.zone_refuses", answer=name, test=mine[-1].text)
    return finding("wrong.asked_before", answer=name, zone=value)
