"""Questions that no rule computes: facts, who waits for whom, what explains a number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import NamedTuple

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import Finding, finding, said
from mmplay.engine.explain.words import FACTS, Fact
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.machine.asks import make_masks
from mmplay.engine.sim.machine.gates import pressure_threshold
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.slowpath import NONE as NO_REQUEST
from mmplay.engine.sim.run.exit import holder_of
from mmplay.engine.sim.run.programs import HOLDER, LOCKER
from mmplay.engine.sim.state.tasks import BLOCKED, TIF_MEMDIE
from mmplay.engine.sim.state.zone import Zone
from mmplay.levels.truth.on_floors import Gate
from mmplay.levels.truth.on_machine import task_named
from mmplay.levels.truth.subject import Subject, Who, number_in
from mmplay.levels.truth.truths import Other, Truth, TruthError, Value, slip, told
from mmplay.levels.truth.wording import source

OBJECTS = "kmalloc-64"
KILLER, MEMORY, LOCK, NOTHING = "killer", "memory", "lock", "nothing"

SAID_BY_GROUP = {"edge": "wrong.edge"}
"""Groups whose wrong answers have a sentence of their own."""

EDGE = "edge"
BY = "by"


def fact(subject: Subject, words: list[str]) -> Truth:
    """`fact GROUP.NAME`: a fact of the table, such as mark.kswapd_sleeps."""
    name = words[0]
    if name not in FACTS:
        raise TruthError(no_such("fact", name, FACTS))
    one = FACTS[name]
    group = name.partition(".")[0]
    code = SAID_BY_GROUP.get(group, "wrong.fact")
    others = [
        slip(other.value, code, other=other.of, own=one.of)
        for other in _others_of(name)
        if other.value != one.value and isinstance(other.value, str)
    ]
    return _told_of(subject, one, one.value, others)


def _others_of(name: str) -> list[Fact]:
    """Return the facts of a group; of the edges only those before this one.

    They are asked about one after the other, and none may be told before.
    """
    group = name.partition(".")[0]
    keys = [key for key in FACTS if key.startswith(f"{group}.")]
    return [FACTS[key] for key in (keys[: keys.index(name)] if group == EDGE else keys)]


def _only(found: list[str], problem: str) -> str:
    """Return the one that was found; raises TruthError where none was, or several."""
    if len(found) != 1:
        raise TruthError(problem)
    return found[0]


def _told_of(subject: Subject, one: Fact, value: Value, others: list[Other]) -> Truth:
    """Return an answer that a fact makes right, with where the kernel does so."""
    where = f"{one.function}  {one.path}  {subject.kernel.source}"
    return told(value, finding("truth.fact", why=one.why), others)._replace(source=where)


def fact_with(subject: Subject, words: list[str]) -> Truth:
    """`fact_with GROUP VALUE`: the one fact of a group with this value, by its name in words."""
    group, value = words[0], " ".join(words[1:])
    facts = {
        key.partition(".")[2]: one for key, one in FACTS.items() if key.startswith(f"{group}.")
    }
    found = [name for name, one in facts.items() if one.value == value]
    known = ", ".join(str(one.value) for one in facts.values())
    own = _only(found, f"{group} {value!r}: expected a value that one fact has, of {known}")
    told_by = {name: one for name, one in facts.items() if one in _others_of(f"{group}.{own}")}
    others = [
        Other(_spaced(name), _leads_elsewhere(group, one, facts[own]))
        for name, one in told_by.items()
        if name != own
    ]
    return _told_of(subject, facts[own], _spaced(own), others)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _leads_elsewhere(group: str, other: Fact, own: Fact) -> Finding:
    """Return what holds for another fact of the group: of an edge, what comes after it."""
    if group != EDGE:
        return finding("wrong.fact_of", other=other.of, why=other.why)
    after, asked = (FACTS[f"{EDGE}.{_underscored(one)}"].of for one in (other, own))
    return finding("wrong.edge_before", after=after, asked=asked)


def _underscored(fact: Fact) -> str:
    return str(fact.value).replace(" ", "_")


def waits_for(subject: Subject, words: list[str]) -> Truth:
    """`waits_for PID|lock|killer`: the lock, memory, nothing, or the pid of a task.

    The lock waits for its holder, the OOM killer for a victim that has not ended. A wrong answer
    is told whose it is only as far as the circle was gone round before `who`.
    """
    m, who = subject.machine, words[0]
    value, why = _edge(m, who)
    others = [
        slip(other, _not_this(edge_of), own=_called(edge_of), asked=_called(who))
        for edge_of in _before(m, who)
        if (other := _edge(m, edge_of)[0]) != value
    ]
    return told(value, why, others)


def waits_on(subject: Subject, words: list[str]) -> Truth:
    """`waits_on PID|lock|memory`: who of the circle waits for it: a pid, the lock, the killer."""
    m, what = subject.machine, words[0]
    edges = {one: _edge(m, one) for one in _circle(m)}
    found = [one for one, (value, _) in edges.items() if value == what]
    own = _only(found, f"for {what} wait {', '.join(found) or 'none'} of {', '.join(edges)}")
    others = [
        slip(one, _not_what(one), who=_called(one), what=_awaited(edges[one][0]))
        for one in _before(m, own)
    ]
    return told(own, edges[own][1], others)


def _not_this(edge_of: str) -> str:
    return "wrong.waits_lock" if edge_of == LOCK else "wrong.waits"


def _not_what(one: str) -> str:
    return "wrong.waits_on_lock" if one == LOCK else "wrong.waits_on"


def _awaited(what: str) -> str:
    return what if what in (MEMORY, NOTHING) else _called(what)


def _called(who: str) -> str:
    return f"the {who}" if who in (LOCK, KILLER) else f"task {who}"


def _circle(m: Machine) -> list[str]:
    """Return who waits in the circle, in order: the victim, the lock, the holder, the killer."""
    victim, holder = _victim(m), holder_of(m, HOLDER)
    named = [str(m.state.tasks.pid[task]) if task >= 0 else "" for task in (victim, holder)]
    return [one for one in (named[0], LOCK, named[1], KILLER) if one]


def _before(m: Machine, who: str) -> list[str]:
    """Return who comes before somebody in the circle."""
    return list(takewhile(lambda one: one != who, _circle(m)))


def _victim(m: Machine) -> int:
    flags = m.state.tasks.flags
    return next((task for task in range(len(flags)) if flags[task] & TIF_MEMDIE), -1)


def _edge(m: Machine, who: str) -> tuple[str, Finding]:
    """Return what somebody waits for, and why."""
    tasks = m.state.tasks
    if who in (LOCK, KILLER):
        task = holder_of(m, HOLDER) if who == LOCK else _victim(m)
        value = str(tasks.pid[task]) if task >= 0 else NOTHING
        return value, finding(f"waits.{who}", task=value)
    pid, task = task_named(m, who)
    if tasks.kind[task] == LOCKER and tasks.state[task] == BLOCKED:
        return LOCK, finding("waits.locker", task=pid)
    if tasks.stage[task] != NO_REQUEST:
        return MEMORY, finding("waits.memory", task=pid)
    return NOTHING, finding("waits.nothing", task=pid)


class Span(NamedTuple):
    """The numbers that a rule gives: from `low` to `high`, in steps of `step`; `text` says so.

    `where` is the key of its rule in the table of words.
    """

    low: int
    high: int
    text: str
    where: str
    step: int = 1

    def told(self, subject: Subject, value: str, others: list[Other]) -> Truth:
        """Return an answer that goes by this rule."""
        found = told(value, finding("truth.tile", gives=self.text), others)
        return found._replace(source=source(subject.kernel, self.where))

    def holds(self, number: int) -> bool:
        """Tell whether a number is one of them."""
        return self.low <= number <= self.high and (number - self.low) % self.step == 0


def _zones(subject: Subject) -> tuple[Zone, Zone]:
    zones = subject.machine.state.zones
    return zones[0], zones[-1]


def _floor(subject: Subject, zone: Zone, flags: AllocFlag) -> int:
    who = Who(subject.kernel.class_of(flags))
    return Gate(subject, zone, who, "min", subject.class_zone(zone, who, None)).floor.value


def _min(subject: Subject) -> Span:
    _, zone = _zones(subject)
    kb = zone.min * PAGE_KB
    text = said("tile.min", zone=zone.name, pages=zone.min, kb=kb)
    return Span(kb, kb, text, "zone_min")


def _high_floor(subject: Subject) -> Span:
    zone, _ = _zones(subject)
    pages = _floor(subject, zone, AllocFlag.HIGH)
    kb = pages * PAGE_KB
    half = zone.min // 2
    reserve = pages - zone.min + half
    text = said(
        "tile.high_floor",
        zone=zone.name,
        min=zone.min,
        half=half,
        reserve=reserve,
        pages=pages,
        kb=kb,
    )
    return Span(kb, kb, text, "floor")


def _between(subject: Subject) -> Span:
    _, zone = _zones(subject)
    high = _floor(subject, zone, AllocFlag.HIGH)
    both = _floor(subject, zone, AllocFlag.HIGH | AllocFlag.HARDER)
    low, most = (both + 1) * PAGE_KB, high * PAGE_KB
    text = said("tile.between", zone=zone.name, both=both, high=high, low=low, most=most)
    return Span(low, most, text, "floor", PAGE_KB)


def _drift(subject: Subject) -> Span:
    zone, _ = _zones(subject)
    cpus = len(subject.machine.state.cpus)
    limit = cpus * pressure_threshold(zone, cpus)
    text = said("tile.drift", zone=zone.name, limit=limit)
    return Span(PAGE_KB, limit * PAGE_KB, text, "free", PAGE_KB)


def _objects(subject: Subject) -> Span:
    kind = next(kind for kind in subject.machine.setup.caches if kind.name == OBJECTS)
    each = kind.orders.objects
    pages = sum(zone.managed for zone in subject.machine.state.zones)
    text = said("tile.objects", cache=OBJECTS, each=each)
    return Span(1000 * each, pages * each, text, "objs", each)


def _mask(subject: Subject) -> Span:
    asked = make_masks(subject.kernel).net_zeroed
    mask = subject.slab.page_mask(asked)
    lost, added = (subject.layout.single_bits(one) for one in (asked & ~mask, mask & ~asked))
    text = said("tile.mask", mask=mask, asked=asked, lost=" and ".join(lost), added=added)
    return Span(mask, mask, text, "slab_mask")


TILES: dict[str, Callable[[Subject], Span]] = {
    "min": _min,
    "high floor": _high_floor,
    "between": _between,
    "drift": _drift,
    "objects": _objects,
    "slab mask": _mask,
}


def explains(subject: Subject, words: list[str]) -> Truth:
    """`explains NUMBER`: which rule gives a number of the log (kB, objects or a mask)."""
    number = number_in(words[0], "NUMBER")
    spans = {name: tile(subject) for name, tile in TILES.items()}
    found = [name for name, span in spans.items() if span.holds(number)]
    value = _only(found, f"{number} is explained by {', '.join(found) or 'no rule'}; one expected")
    others = [slip(name, "wrong.tile") for name in spans if name != value]
    return spans[value].told(subject, value, others)


def explained(subject: Subject, words: list[str]) -> Truth:
    """`explained TILE by NUMBER...`: which of some numbers of the log a rule gives."""
    at = words.index(BY) if BY in words else len(words)
    name, numbers = " ".join(words[:at]), words[at + 1 :]
    if name not in TILES:
        raise TruthError(no_such("tile", name, TILES))
    own = TILES[name](subject)
    for one in numbers:
        explains(subject, [one])
    found = [one for one in numbers if own.holds(number_in(one, "NUMBER"))]
    value = _only(found, f"{name} explains {', '.join(found) or 'none'} of them; one expected")
    others = [slip(one, "wrong.number_of_tile", number=one) for one in numbers if one != value]
    return own.told(subject, value, others)


def refused_first(subject: Subject, words: list[str]) -> Truth:
    """`refused_first [WHO...]`: whose page requests have failed: writeback, network or task.

    Asked at the moment of the first failure it names who was refused first. Of those named alone:
    a task's count has SLUB's tries for a larger block, too, which it repeats for a single page.
    """
    counters = subject.machine.state.counters
    failed = {
        "writeback": counters.alloc_fail_wb,
        "network": counters.alloc_fail_net,
        "task": counters.alloc_fail_task,
    }
    if not set(words) <= set(failed):
        raise TruthError(f"WHO is one of {', '.join(failed)}")
    failed = {name: count for name, count in failed.items() if not words or name in words}
    found = [name for name, count in failed.items() if count]
    value = _only(found, f"refused are {', '.join(found) or 'nobody'}; ask at the first failure")
    counts = ", ".join(f"{name} {count}" for name, count in failed.items())
    others = [slip(name, "wrong.refused_first", counts=counts) for name in failed if name != value]
    return told(value, finding("truth.refused_first", counts=counts), others)


def wb_stops_at(subject: Subject, words: list[str]) -> Truth:
    """`wb_stops_at ZONE FREE`: the mask of wb_start_writeback whose floor in the zone is FREE."""
    zone, free = subject.zone(words[0]), number_in(words[1], "FREE")
    floors = {}
    for name in ("atomic", "nomemalloc", "nowait"):
        who = subject.who(f"wb:{name}")
        floors[name] = Gate(subject, zone, who, "min", subject.class_zone(zone, who, None)).floor
    found = [name for name, floor in floors.items() if floor.value == free]
    value = _only(found, f"{free}: the floors are {[floor.value for floor in floors.values()]}")
    others = [
        slip(name, "wrong.wb_stop", zone=zone.name, floor=floor)
        for name, floor in floors.items()
        if name != value
    ]
    others.append(Other("none", finding("truth.asks_none")))
    why = finding("truth.wb_stop", answer=value, zone=zone.name, floor=floors[value])
    return told(value, why, others)
