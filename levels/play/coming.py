"""Requests that come by themselves in a level, and what can be given back for them now."""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.sim.log.view import FREE, blocks_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.model import Option

REFUSED = "request_refused"
"""The number of such requests that were refused."""

REQUEST, GIVE_BACK, END_OBJECTS, FALL_BACK = "request", "free", "kfree", "fall_back"
ABOUT = (END_OBJECTS, FALL_BACK)
"""Acts that are about objects or tasks, which must be there."""

ONLY_ACTS = "nothing happens by itself here: only your acts change something"


def orders_to_come(m: Machine) -> list[int]:
    """Return the orders of the requests that are still to come, the next one first."""
    now = m.state.now_ns
    return [_order(value) for at, name, value in m.setup.script if name == REQUEST and at > now]


def who_was_refused(m: Machine, counter: str) -> str:
    """Return which request came last by itself, to be added to why a run is lost.

    Empty if none has, or if what loses is another number than that of refused requests.
    """
    now = m.state.now_ns
    come = [_order(value) for at, name, value in m.setup.script if name == REQUEST and at <= now]
    if not come or counter != REFUSED:
        return ""
    pages = 1 << come[-1]
    total = len(come) + len(orders_to_come(m))
    what = f"{pages} pages side by side" if pages > 1 else "1 page"
    return f": program {len(come)} of {total} asked for {what}"


def _order(value: str) -> int:
    """Return the order in `MASK ORDER`."""
    last = value.split()[-1]
    return int(last) if last.isdigit() else 0


def can_be_done(m: Machine, option: Option) -> bool:
    """Tell whether an act makes sense now: what it is about must be there."""
    name, *words = option.value.split()
    if name in ABOUT:
        return _is_taken(m, name, " ".join(words))
    if name != GIVE_BACK or len(words) < 2:
        return True
    zones = [zone for zone in m.state.zones if zone.name == words[0]]
    return any(
        str(block.first) == words[1] and block.what != FREE
        for zone in zones
        for block in blocks_of(m, zone)
    )


def _is_taken(m: Machine, name: str, value: str) -> bool:
    """Tell whether the machine takes an act as it stands."""
    try:
        do_action(Machine(m.setup, m.state.copy()), name, value)
    except InputError:
        return False
    return True
