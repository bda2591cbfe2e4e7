"""Questions that the machine itself answers: a copy of it does what is asked about."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.words import CALLERS, MEANING, WORDS
from mmplay.engine.rules import memory
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.sim.machine.gates import total_reserve
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import condition, read_condition
from mmplay.engine.sim.mm.vmscan import DEF_PRIORITY, PASSES, WRITE_BACK_AFTER
from mmplay.engine.sim.mm.writeback import dirtyable
from mmplay.engine.sim.run.exit import STACK_PAGES, exit_task
from mmplay.engine.sim.starts.bench import reclaim_call
from mmplay.engine.sim.state.tasks import EXITED, KTHREAD
from mmplay.engine.stack import StackEntry, read_context
from mmplay.engine.terms import Term, given
from mmplay.levels.truth.on_floors import NOW, Gate
from mmplay.levels.truth.subject import Subject, Who, number_in
from mmplay.levels.truth.truths import Other, Truth, TruthError, opposite, slip, told
from mmplay.levels.truth.wording import asker, bound_in_words, source, spoken

RECLAIMABLE, GIVEN_UP = "reclaimable", "unreclaimable"
OTHER_STATE = {RECLAIMABLE: "wrong.works_reclaimable", GIVEN_UP: "wrong.works_unreclaimable"}
OPPOSITE = {"==": "!=", "!=": "==", "<=": ">", ">": "<=", ">=": "<", "<": ">="}
KSWAPD = ("kswapd", "balance_pgdat")
MOST_LISTED = 1 << 26
"""Longer inactive lists than 256 GB are not asked about."""


def fork(machine: Machine) -> Machine:
    """Return an independent machine in the same state; what it does changes nothing here."""
    return Machine(machine.setup, machine.state.copy())


# reclaim and writeback


def works_per_call(subject: Subject, words: list[str]) -> Truth:
    """`works_per_call INACTIVE|now [reclaimable|unreclaimable]`: works of a fruitless call."""
    zones = subject.machine.state.zones if words[0] == NOW else []
    inactive = zones[-1].inactive_file if zones else number_in(words[0], "INACTIVE")
    if not 0 <= inactive <= MOST_LISTED:
        raise TruthError(f"INACTIVE {inactive}: expected 0 to {MOST_LISTED} pages")
    known = (GIVEN_UP, RECLAIMABLE)
    state = words[1] if len(words) > 1 else GIVEN_UP
    if state not in known:
        raise TruthError(no_such("state of a zone", state, known))
    calls = {one: reclaim_call(subject.kernel, inactive, one == RECLAIMABLE) for one in known}
    works, scanned = calls[state]
    code = "truth.works" if works else "truth.no_works"
    why = finding(code, scanned=scanned, limit=WRITE_BACK_AFTER, works=works)
    other = known[1 - known.index(state)]
    others = [slip(calls[other].works, OTHER_STATE[other])]
    others += _beyond_cliff(subject, inactive) if state == GIVEN_UP else []
    return told(works, why, others)


def _beyond_cliff(subject: Subject, inactive: int) -> list[Other]:
    """Return what the other side of the cliff gives: two scans that stay below the limit, or not.

    A zone that was given up is only scanned at the first priority, once a pass.
    """
    cliff = (WRITE_BACK_AFTER // PASSES + 1) << DEF_PRIORITY
    below, above = (reclaim_call(subject.kernel, at, False).works for at in (cliff - 1, cliff))
    answer, code = (below, "below") if inactive >= cliff else (above, "above")
    why = finding(f"wrong.works_{code}", answer=answer, cliff=cliff, limit=WRITE_BACK_AFTER)
    return [Other(answer, why)]


def unreclaimable(subject: Subject, words: list[str]) -> Truth:
    """`unreclaimable ZONE`: whether reclaim has given the zone up."""
    zone = subject.zone(words[0])
    pages = given("reclaimable_pages", zone.reclaimable())
    limit = pages * subject.machine.rules.unreclaimable_factor
    given_up = not subject.machine.reclaimable(zone)
    why = finding("truth.unreclaimable", scanned=zone.pages_scanned, limit=limit)
    need = f"{'fewer than' if given_up else 'at least'} {limit.value} pages scanned"
    return told(given_up, why, [opposite(given_up, need)], term=limit)


def dirty_limit_now(subject: Subject, words: list[str]) -> Truth:
    """`dirty_limit`: where writers are stopped now."""
    state = subject.machine.state
    pages = given("dirtyable", dirtyable(subject.machine))
    term = memory.dirty_limit(pages, given("dirty_ratio", state.dirty_ratio))
    managed = sum(zone.managed for zone in state.zones)
    of_ram = memory.dirty_limit(managed, state.dirty_ratio)
    why = finding("truth.dirty", dirtyable=pages.value, result=term)
    others = [slip(of_ram, "wrong.of_ram")]
    others += [slip(term.value + 1, "wrong.rounded_up")] * (
        pages.value * state.dirty_ratio % 100 > 0
    )
    return told(term, why, others)


def take_anonymous(m: Machine, words: list[str]) -> None:
    """Let anonymous memory grow, or shrink, by so many per cent, as `dirty_trend` asks about."""
    percent = number_in(words[0], "PERCENT")
    for zone in m.state.zones:
        grows = zone.active_anon * percent // 100
        from_free = min(grows, max(0, zone.free - total_reserve(zone)))
        zone.free -= from_free
        zone.inactive_file -= min(zone.inactive_file, grows - from_free)
        zone.active_anon += grows


def dirty_trend(subject: Subject, words: list[str]) -> Truth:
    """`dirty_trend PERCENT`: what the dirty limit does when anonymous memory grows by so much.

    The pages come from free memory that is not set aside, then from clean page cache.
    """
    after = fork(subject.machine)
    take_anonymous(after, words)
    before, then = (
        memory.dirty_limit(dirtyable(m), m.state.dirty_ratio) for m in (subject.machine, after)
    )
    value = "falls" if then < before else "rises" if then > before else "stays"
    why = finding("truth.trend", before=before, after=then)
    others = [
        slip("stays", "wrong.of_ram"),
        slip("rises", "wrong.trend"),
        slip("falls", "wrong.trend_down"),
    ]
    return told(value, why, others)


# tasks


def holds_key(subject: Subject, words: list[str]) -> Truth:
    """`holds_key FUNCTION...`: whether PF_MEMALLOC is set in the last of a path of calls.

    The path begins with the outermost function.
    """
    reading = read_context(tuple(StackEntry(name, 0, 0) for name in reversed(words)))
    holds = bool(reading.context & Context.PF_MEMALLOC) and not reading.context.in_interrupt
    symbol = reading.evidence[0].symbol if reading.evidence else ""
    masked = reading.context.in_interrupt
    code = "key_kswapd" if symbol in KSWAPD else "key" if holds else "no_key"
    why = finding("truth.key_masked" if masked else f"truth.{code}", symbol=symbol)
    need = "a stack on which nobody reclaims" if holds else "__perform_reclaim on the stack"
    need = "a stack without the interrupt on top" if masked else need
    return told(holds, why, [opposite(holds, need)])


def task_named(m: Machine, word: str) -> tuple[int, int]:
    """Return the number of a task that has not ended, and its place in the table."""
    pid, tasks = number_in(word, "PID"), m.state.tasks
    if pid not in tasks.pid or tasks.state[tasks.pid.index(pid)] == EXITED:
        raise TruthError(f"there is no task {pid}")
    return pid, tasks.pid.index(pid)


def freed_by_exit(subject: Subject, words: list[str]) -> Truth:
    """`freed_by_exit PID`: pages that come back when this one task ends now."""
    m = fork(subject.machine)
    tasks = m.state.tasks
    pid, task = task_named(m, words[0])
    if tasks.flags[task] & KTHREAD:
        raise TruthError(f"{pid} is a kernel thread: it does not end")
    group = tasks.group[task]
    owner = tasks.pid.index(group) if group else task
    rss, before = tasks.rss(owner), m.state.counters.pgfree
    sharers = sum(
        tasks.group[one] == group and tasks.state[one] != EXITED for one in range(len(tasks))
    )
    exit_task(m, task, tasks.cpu[task])
    freed = m.state.counters.pgfree - before
    sharing = max(0, sharers - 1)
    code = "exit" if sharing else "exit_alone"
    why = finding(f"truth.{code}", pid=pid, freed=freed, sharers=sharing, rss=rss)
    others = [slip(STACK_PAGES, "wrong.only_stack"), slip(0, "wrong.nothing_freed")]
    shared = [(rss, "wrong.shared"), (rss + freed, "wrong.shared")]
    alone = [(rss, "wrong.only_memory"), (freed - rss, "wrong.unshared_memory")]
    return told(freed, why, (*others, *(slip(*one) for one in (shared if sharing else alone))))


# any number


FEW = {("<=", 0): "no", ("<", 1): "no", (">", 0): "some", (">=", 1): "some"}
"""Bounds that are said in words."""


def holds(subject: Subject, words: list[str]) -> Truth:
    """`holds NAME OP VALUE`: whether a number of the machine compares so."""
    there = condition(subject.machine, " ".join(words))
    name, operator, bound = read_condition(there.text)
    if bound is None:
        raise TruthError(f"{there.text!r}: expected a number's name, a sign and a bound")
    number, value = there.read(subject.machine), there.holds(subject.machine)
    why = finding("truth.metric", name=spoken(name), value=number)
    sign = OPPOSITE[operator] if value else operator
    few = FEW.get((sign, bound))
    code = "wrong.some" if few else "wrong.caller"
    need = f"{few or bound_in_words(sign, bound)} {spoken(name)}"
    other = slip("no" if value else "yes", code, need=need)
    return told(value, why, [other._replace(value=not value)])._replace(rule=_rule_of(name))


def _rule_of(name: str) -> str:
    """Return what a number is, in words; empty where the table of words has none."""
    last = name.rpartition(".")[2]
    return MEANING.get(name, WORDS[last].text if last in WORDS else "")


def changed(before: Truth, after: Truth) -> tuple[Finding, ...]:
    """Return what is said of a number that something has changed: what it was, what it is."""
    last = after.findings[-1]
    if last.code != "truth.metric":
        return after.findings
    name, value = last.operands["name"], last.operands["value"]
    return (finding("truth.changed", name=name, before=before.shown(), value=value),)


def _stands(subject: Subject, name: str, value: int) -> Finding | None:
    """Return whose floor the free pages of a zone stand at; None for any other number."""
    owner, _, part = name.removeprefix("zones.").rpartition(".")
    zones = {zone.name: zone for zone in subject.machine.state.zones}
    if part != "free" or owner not in zones:
        return None
    top = max(zone.index for zone in zones.values())
    for caller in subject.kernel.gate.classes:
        gate = Gate(subject, zones[owner], Who(caller), "min", top)
        if caller.name != NO_WATERMARKS.name and gate.floor.value == value:
            who = CALLERS[caller.name].who if caller != PLAIN else asker(caller, "min")
            return finding("truth.stands", zone=owner, value=value, steps=gate.steps(), who=who)
    return None


def metric_named(subject: Subject, words: list[str]) -> Truth:
    """`metric NAME`: one number of the running machine by its dotted name."""
    value = subject.metrics(subject.machine, words[0])
    last = words[0].rpartition(".")[2]
    where = source(subject.kernel, last) if last in WORDS else ""
    stands = _stands(subject, words[0], value)
    why = stands or finding("truth.metric", name=spoken(words[0]), value=value)
    return told(value, why, term=Term(value))._replace(rule=_rule_of(words[0]), source=where)
