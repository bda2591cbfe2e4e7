"""How close the simulated incident comes to its logs, and how each number of it comes about.

A number is decided by a rule if the start and the kernel's rules leave it no choice, calibrated if
another load or another cost would have given another one, and an input if the run carries it over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from mmplay.engine.report import Report, ReportKind
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.log.stacks import actor_of, next_actor
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.mm.writeback import WORKS_CACHE
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.tables import read_data
from mmplay.recordings.diagnosis import Json, memory_json, report_json
from mmplay.recordings.fidelity.quantities import DEPLETED, DRAINED
from mmplay.recordings.fidelity.rows import CALIBRATED, INPUT, RULE, FidelityRow, Limit, row_of
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.continuing import INCIDENT_NEXT
from mmplay.recordings.run.run_log import RunLog, log_fields
from mmplay.recordings.run.starts import INCIDENT, incident_machine

By = Mapping[str, str]
"""How a field comes about; every other is calibrated."""

START_US, LAST_US = 59_562_581, 62_000_000
"""When the run begins, at the Mem-Info of the OOM kill, and how far it is compared."""

VARIANT = "atomic"
LOG_1_FLOWS = 20
"""New flows a second: the network must be the one that asks, and come as far as its floor."""
LOG_1_ASLEEP_NS, LOG_1_LAST_NS = 62_000_000_000, 98_000_000_000
"""When all tasks sleep, as they did in the log: the CPU was idle; and how far the run goes."""
STEP_US = 1_000
KTHREADD_PID = 2
SKIPPED = frozenset({"time_us", "node", "size", "names"})
"""Labels among the numbers of a report, and the moments of its lines."""

MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of a log and its counterparts in a run; `by` says how some fields come about.

    The memory of a frame with `starts` is where the run begins.
    """

    frame: str
    logged: Json
    simulated: Sequence[Json]
    by: By
    starts: bool = False


class Tables:
    """What the data says of the numbers."""

    def __init__(self) -> None:
        """Read the table; which quantity is of which kind, and how far each may be off."""
        data: dict[str, Any] = read_data("mmplay.recordings", "fidelity")
        self.kinds = {
            frame: {name: kind for kind, names in table.items() for name in names}
            for frame, table in data["kinds"].items()
        }
        bounds = data["bounds"]
        self.exact = frozenset(bounds["exact"])
        self.rough = Limit(RULE, bounds["least"], bounds["permille"])
        self.moments = {name: Limit(**value) for name, value in data["moments"].items()}


def compare() -> list[FidelityRow]:
    """Return moments and every number of every frame of the incident's two logs, as rows."""
    tables = Tables()
    m = incident_machine(Choice(kernel_named("4.5-rc7"), VARIANT))
    first_moment = memory_json(memory_of(m))
    moments = _moments(m)
    reports = _printed(m)
    logged = _logged(INCIDENT)
    pairs = (*_log_2(logged, reports, first_moment, tables), *_log_1(tables))
    rows = [_moment_row(tables, *one) for one in _times(logged, reports, moments)]
    return [*rows, *(row for pair in pairs for row in _rows(pair, tables))]


# moments


@dataclass(slots=True)
class Moments:
    """When the run's zones were empty, and the slabs of works then; None for what never was.

    And when kthreadd was first refused a work, whether that was printed or not.
    """

    drained_us: int | None = None
    depleted_us: int | None = None
    slabs: int | None = None
    kthreadd_us: int | None = None


def _moments(m: Machine) -> Moments:
    """Run to the end, and say when the zones were empty, to the millisecond."""
    found = Moments()
    dma, dma32 = m.state.zones
    for time_us in range(START_US, LAST_US, STEP_US):
        if found.depleted_us is not None and found.kthreadd_us is None:
            found.kthreadd_us = _refused_us(m, KTHREADD_PID, time_us)
        run_until(m, time_us * MICROSECOND_NS)
        if found.drained_us is None and dma32.free <= DRAINED:
            found.drained_us = time_us
        if found.depleted_us is None and dma32.free <= DEPLETED and dma.free <= DEPLETED:
            found.depleted_us, found.slabs = time_us, m.state.caches[WORKS_CACHE].slabs()
    return found


def _refused_us(m: Machine, pid: int, until_us: int) -> int | None:
    """Run to a time, or until a task's reclaim is refused a work: say when, None if it was not."""
    task, counters = m.state.tasks.pid.index(pid), m.state.counters
    while (ahead := next_actor(m)) and m.state.heap[0][0] <= until_us * MICROSECOND_NS:
        before = counters.wb_nowork
        turn(m)
        if counters.wb_nowork > before and actor_of(m, *ahead).task == task:
            return m.state.now_ns // MICROSECOND_NS
    return None


Times = tuple[str, int | None, int | None]


def _times(logged: Sequence[Report], printed: Sequence[Report], m: Moments) -> Iterator[Times]:
    """Yield (name, real, simulated) of the incident's moments."""
    oom, refused, depleted, *_ = logged
    kill = next(one for one in printed if one.kind.by_killer)
    failed = [one for one in printed if not one.kind.by_killer]
    first = next(iter(failed), None)
    slub = depleted.request.slub if depleted.request is not None else None
    yield "first_kill_us", oom.kill.time_us if oom.kill else None, kill.time_us
    yield "dma32_drained_us", None, m.drained_us
    yield "depletion_us", refused.time_us, m.depleted_us
    yield "slabs_at_depletion", slub.nodes[0][1] if slub else None, m.slabs
    yield "first_refusal_us", refused.time_us, _time(first)
    yield "refusal_after_depletion_us", 0, _between(m.depleted_us, _time(first))
    yield "kthreadd_after_first_refusal_us", 0, _between(_time(first), m.kthreadd_us)
    yield "first_refused_pid", KTHREADD_PID, _pid(first)


def _time(report: Report | None) -> int | None:
    return None if report is None else report.time_us


def _pid(report: Report | None) -> int | None:
    return report.request.pid if report is not None and report.request is not None else None


def _between(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else end - begin


def _moment_row(tables: Tables, name: str, real: int | None, simulated: int | None) -> FidelityRow:
    limit = tables.moments[name]
    return row_of(name, None, real, simulated, limit.bound(real), limit.kind)


# frames


def _log_2(
    logged: Sequence[Report], printed: Sequence[Report], first_moment: Json, tables: Tables
) -> Iterator[Pair]:
    """Pair the frames of the unpatched kernel with a run from the first of them."""
    oom, kthreadd, depleted, again = logged
    kill = next(one for one in printed if one.kind.by_killer)
    first, second, *_ = [one for one in printed if one.kind is ReportKind.FAILURE]
    # The run begins when the dump is out: the rest of the first frame is its kill.
    start = {**report_json(kill), MEMORY: first_moment}
    yield Pair("oom kill", report_json(oom), [start], tables.kinds["first"], starts=True)
    yield Pair("first refusal", report_json(kthreadd), [report_json(first)], {})
    yield Pair("depleted", report_json(depleted), [report_json(first)], {})
    yield Pair("refused again", report_json(again), [report_json(second)], {})


def _log_1(tables: Tables) -> Iterator[Pair]:
    """Pair the frames of the patched kernel with a run of it, which needs half a minute more.

    Both are compared with all reports of their kind: of a softirq over an idle CPU. Of those only
    the ones for the same cache have its mask and its slabs. The log is of another boot, with a load
    of its own: times are not compared.
    """
    logged, again = _logged(INCIDENT_NEXT)
    choice = Choice(kernel_named("next-20160311"), "nomemalloc", packets=LOG_1_FLOWS)
    machine = incident_machine(choice)
    run_until(machine, LOG_1_ASLEEP_NS)
    for tasks in ("file_io", "memeater"):
        do_action(machine, "stop", tasks)
    run_until(machine, LOG_1_LAST_NS)
    reports = [one for one in _printed(machine) if _is_softirq_of_idle(one)]
    alike = [_of_other_cache(one, _cache(logged)) for one in reports]
    yield Pair("log 1", report_json(logged), alike, tables.kinds["log_1"])
    yield Pair("log 1 again", report_json(again), alike, {})


def _logged(name: str) -> list[Report]:
    with open_recording(name) as timeline:
        reports = (timeline.frame(index).report for index in range(len(timeline)))
        return [one for one in reports if one is not None]


def _printed(m: Machine) -> list[Report]:
    """Return the reports of a run, read from its lines as a real log's are."""
    log = RunLog()
    log.add(0, *log_fields(m.log))
    return [log.report(number) for number in range(log.report_count())]


def _is_softirq_of_idle(report: Report) -> bool:
    request = report.request
    return request is not None and request.pid == 0 and report.kind is ReportKind.FAILURE


def _cache(report: Report) -> str | None:
    slub = report.request.slub if report.request is not None else None
    return slub.cache if slub is not None else None


def _of_other_cache(report: Report, cache: str | None) -> Json:
    """Return a report as JSON; of one for another cache than this only the memory counts."""
    found = report_json(report)
    return found if _cache(report) == cache else {MEMORY: found.get(MEMORY)}


# numbers


def _rows(pair: Pair, tables: Tables) -> Iterator[FidelityRow]:
    """Yield the rows of a frame: of several simulated numbers the middle one, and their spread."""
    values: dict[str, list[int]] = {}
    for one in pair.simulated:
        for name, number in _numbers(one):
            values.setdefault(name, []).append(number)
    in_memory = {name for name, _ in _numbers({MEMORY: pair.logged.get(MEMORY)})}
    for name, number in _numbers(pair.logged):
        found = values.get(name, [])
        kind = INPUT if pair.starts and name in in_memory else _kind(pair, tables, name)
        bound = _bound(tables, name, number) if kind == RULE else None
        middle = median_low(found) if found else None
        row = row_of(f"{pair.frame}: {name}", None, number, middle, bound, kind)
        yield row._replace(spread=(min(found), max(found))) if len(found) > 1 else row


def _kind(pair: Pair, tables: Tables, name: str) -> str:
    """Return how a number comes about: by its whole name, its last two words, or one word."""
    for table in (pair.by, tables.kinds["every"]):
        for key in _keys(name):
            if key in table:
                return table[key]
    return CALIBRATED


def _keys(name: str) -> tuple[str, ...]:
    words = name.split(" ")
    return (name, " ".join(words[-2:]), words[-1], *words)


def _bound(tables: Tables, name: str, real: int) -> int | None:
    if any(key in tables.exact for key in _keys(name)):
        return 0
    return tables.rough.bound(real)


def _numbers(found: Json) -> Iterator[tuple[str, int]]:
    """Yield (name, number) of a report: its request, kill, slab report and memory."""
    kill = found.get("oom")
    parts = {
        "": found.get("failure"),
        "kill": kill.get("kill") if isinstance(kill, dict) else None,
        "slub": found.get("slub"),
    }
    for prefix, part in parts.items():
        yield from _leaves(prefix, part)
    memory = found.get(MEMORY)
    if isinstance(memory, dict):
        yield from _leaves("totals", memory["totals"])
        for zone in memory["zones"]:
            lists = [blocks["count"] for blocks in zone["free_lists"] or ()]
            yield from _leaves(str(zone["zone"]), {**zone, "free_lists": lists})
        yield from _leaves("hugepages", memory["hugepages"])
        yield from _leaves("", memory["tail"])


def _leaves(prefix: str, part: object) -> Iterator[tuple[str, int]]:
    """Yield every number below a part, named by the way to it; entries of a list by their place."""
    if isinstance(part, (bool, int)):
        yield prefix, int(part)
        return
    pairs: list[tuple[str, object]] = []
    if isinstance(part, dict):
        pairs = [(str(key), one) for key, one in part.items() if key not in SKIPPED]
    elif isinstance(part, list):
        pairs = [(str(place), one) for place, one in enumerate(part)]
    for key, one in pairs:
        yield from _leaves(f"{prefix} {key}".strip(), one)
