"""Questions about a request at the door: which zone serves it, as the machine itself decides."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.decisions import worded
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.gates import zonelist
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.page_decisions import FastPath, NoWatermarks, ZoneWatermarkOk
from mmplay.engine.sim.run.requests import request
from mmplay.levels.truth.answer import NAME, Other, Truth, TruthError
from mmplay.levels.truth.floors import counted, order_of, source
from mmplay.levels.truth.machine import fork
from mmplay.levels.truth.scene import Scene

NONE = "none"
RULE = """Every zone of the list is tested against the caller's own floor. If all refuse,
PF_MEMALLOC asks them again without floors, unless the request has __GFP_NOMEMALLOC."""


class _Test(NamedTuple):
    """What one zone answered, and the words for it."""

    zone: str
    gives: bool
    text: str


def served(scene: Scene, words: list[str]) -> Truth:
    """`served MASK[:slab][:CONTEXT] [order N]`: the zone that gives the block, or none.

    The machine is asked as it stands: the first try, the slow path, the reserves if allowed.
    """
    words, chosen = counted(words, ("order",), 1, 1)
    who = scene.who(words[0])
    if who.mask is None:
        raise TruthError(f"{words[0]!r} is a class; a mask expected")
    m = fork(scene.machine)
    made: list[Decision] = []
    m.tell = made.append
    page = request(m, who.mask, who.context, order_of(chosen.get("order", "0")))
    value = m.zone.name if page >= 0 else NONE
    tests = [test for one in made if (test := _test(m, one)) is not None]
    zones = zonelist(m.state.zones, m.ask(ask_key(who.mask)).class_zone)
    others = [Other(zone.name, _not_it(zone.name, value, tests)) for zone in zones]
    nobody = finding("wrong.none_served", answer=NONE, test=tests[-1].text if tests else value)
    return Truth(
        *("", value, NAME, (finding("truth.served", tests=[test.text for test in tests]),)),
        " ".join(RULE.split()),
        source(scene.kernel, "floor"),
        others=(*others, Other(NONE, nobody)),
    )


def _test(m: Machine, one: Decision) -> _Test | None:
    """Return what a decision says of a zone, None if it is no test."""
    match one:
        case FastPath():
            return _Test(ZONES[one.zone], True, worded(m, one).text)
        case ZoneWatermarkOk():
            return _Test(ZONES[one.zone], one.ok, worded(m, one).text)
        case NoWatermarks():
            zone, gives = ZONES[one.zone], "gives one" if one.ok else "has none"
            return _Test(zone, one.ok, f"without floors {zone} {gives}")
        case _:
            return None


def _not_it(name: str, value: str, tests: list[_Test]) -> Finding:
    """Return why a zone does not serve the request: it refused, or another was asked before."""
    mine = [test for test in tests if test.zone == name]
    if mine:
        return finding("wrong.zone_refuses", answer=name, test=mine[-1].text)
    return finding("wrong.asked_before", answer=name, zone=value)
