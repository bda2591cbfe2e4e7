"""Questions about a request at the door: which zone serves it, as the machine itself decides."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.steps import decision
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.gates import zonelist
from mmplay.engine.sim.machine.machine import Machine, Step
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
    m.steps = []
    page = request(m, who.mask, who.context, order_of(chosen.get("order", "0")))
    value = m.zone.name if page >= 0 else NONE
    tests = [test for step in m.steps if (test := _test(m, step)) is not None]
    zones = zonelist(m.state.zones, m.ask(ask_key(who.mask)).class_zone)
    others = [Other(zone.name, _not_it(zone.name, value, tests)) for zone in zones]
    nobody = finding("wrong.none_served", answer=NONE, test=tests[-1].text if tests else value)
    return Truth(
        *("", value, NAME, (finding("truth.served", tests=[test.text for test in tests]),)),
        " ".join(RULE.split()),
        source(scene.kernel, "floor"),
        others=(*others, Other(NONE, nobody)),
    )


def _test(m: Machine, step: Step) -> _Test | None:
    """Return what a step says of a zone, None if it is no test."""
    code, *operands = step
    if code not in ("fast_path", "zone_watermark_ok", "no_watermarks"):
        return None
    zone = ZONES[operands[0]]
    if code == "no_watermarks":
        gives = bool(operands[3])
        return _Test(zone, gives, f"without floors {zone} {'gives one' if gives else 'has none'}")
    gives = code == "fast_path" or bool(operands[4])
    return _Test(zone, gives, decision(m, step).text)


def _not_it(name: str, value: str, tests: list[_Test]) -> Finding:
    """Return why a zone does not serve the request: it refused, or another was asked before."""
    mine = [test for test in tests if test.zone == name]
    if mine:
        return finding("wrong.zone_refuses", answer=name, test=mine[-1].text)
    return finding("wrong.asked_before", answer=name, zone=value)
