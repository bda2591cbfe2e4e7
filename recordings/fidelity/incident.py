"""How close the simulated incident comes to its logs, and what decides each number.

A number is decided by a rule if the start and the kernel's rules leave it no choice, by the
workload's calibration if another load would have given another number, and by the start if the
run carries it over unchanged. One number of the logs is neither determined nor imitated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mmplay.engine.report import Report, ReportKind
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.tables import read_data
from mmplay.recordings.diagnosis import Json, memory_json, report_json
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.run_log import RunLog, log_fields
from mmplay.recordings.run.starts import INCIDENT, incident_machine

LOAD = "calibration"
"""What decides a field where nothing else is said."""

By = dict[str, str]
"""What decides a field: a rule, the calibration, the start, or nothing that is known."""


def _decided_by() -> dict[str, By]:
    """Return what decides the fields of every frame, of the first, and of log 1 alone."""
    return {
        frame: {name: by for by, names in table.items() for name in names}
        for frame, table in read_data("mmplay.recordings", "fidelity").items()
    }


LAST_NS = 62_000_000_000
LOG_1 = "incident-next-20160311"
LOG_1_LAST_NS = 93_000_000_000
SKIPPED = frozenset({"time_us", "node", "size", "names"})
"""Labels among the numbers of a report, and the moments of its lines."""


class Row(NamedTuple):
    """One number as it is printed or in pages; `by` says what decides it.

    `simulated` is None where the run prints no such number.
    """

    frame: str
    name: str
    logged: int
    simulated: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of a log and its counterpart in a run; `by` overrides what decides some fields."""

    frame: str
    logged: Json
    simulated: Json
    by: By
    with_time: bool = True


def compare() -> list[Row]:
    """Return every number of every frame of the incident's two logs, beside the simulated one."""
    by = _decided_by()
    pairs = (*_log_2(by["first"]), *_log_1(by["log_1"]))
    return [row for pair in pairs for row in _rows(pair, by["every"])]


def _log_2(first_frame: By) -> Iterator[Pair]:
    """Pair the frames of the unpatched kernel with a run from the first of them."""
    oom, kthreadd, depleted, again = _logged(INCIDENT)
    machine = incident_machine(Choice(kernel_named("4.5-rc7")))
    first_moment = memory_json(memory_of(machine))
    run_until(machine, LAST_NS)
    reports = _printed(machine)
    kill = next(one for one in reports if one.kind.by_killer)
    first, second, *_ = [one for one in reports if one.kind is ReportKind.FAILURE]
    # The run begins when the dump is out: the rest of the first frame is its kill.
    start = {**report_json(kill), "memory": first_moment}
    yield Pair("oom kill", report_json(oom), start, first_frame, with_time=False)
    yield Pair("first refusal", report_json(kthreadd), report_json(first), {})
    yield Pair("depleted", report_json(depleted), report_json(first), {})
    yield Pair("refused again", report_json(again), report_json(second), {})


def _log_1(patched: By) -> Iterator[Pair]:
    """Pair the frames of the patched kernel with a run of it, which needs half a minute more.

    Only once the first connections are forgotten does a packet come as far as its extension, for
    which it asks kmalloc-64. Of the run's reports the first of an idle CPU is taken that shows
    both zones given up, as the log's does; its rate limit leaves no room for a second one, and
    both of the log's are compared with it. The log is of another boot: times are not.
    """
    logged, again = _logged(LOG_1)
    machine = incident_machine(Choice(kernel_named("next-20160311"), "nomemalloc"))
    run_until(machine, LOG_1_LAST_NS)
    reports = [one for one in _printed(machine) if _is_softirq_of_idle(one)]
    like = (one for one in reports if _given_up(one) and _for_works_cache(one))
    found = next((report_json(one) for one in like), {})
    yield Pair("log 1", report_json(logged), found, patched, with_time=False)
    yield Pair("log 1 again", report_json(again), found, {}, with_time=False)


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


def _given_up(report: Report) -> bool:
    zones = report.memory.zones if report.memory is not None else []
    return bool(zones) and all(zone.all_unreclaimable for zone in zones)


def _for_works_cache(report: Report) -> bool:
    slub = report.request.slub if report.request is not None else None
    return slub is not None and slub.cache == "kmalloc-64"


# numbers


def _rows(pair: Pair, every: By) -> Iterator[Row]:
    simulated = dict(_numbers(pair.simulated))
    for name, number in _numbers(pair.logged):
        yield Row(pair.frame, name, number, simulated.get(name), _by(pair, every, name))
    time_us, other = pair.logged.get("time_us"), pair.simulated.get("time_us")
    if pair.with_time and isinstance(time_us, int) and isinstance(other, int):
        yield Row(pair.frame, "time_us", time_us, other, LOAD)


def _by(pair: Pair, every: By, name: str) -> str:
    """Return what decides a number: its whole name, its last two words, or one word of it."""
    words = name.split(" ")
    for table in (pair.by, every):
        for key in (name, " ".join(words[-2:]), words[-1], *words):
            if key in table:
                return table[key]
    return LOAD


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
    memory = found.get("memory")
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
