"""One request as it was logged and as it would be under other settings, by arithmetic alone.

The marks and reserves of a dump are made again by the rules of its kernel, everything else stays as
it was printed, and the same diagnosis is asked once more.
Source: mm/page_alloc.c:__setup_per_zone_wmarks, setup_per_zone_lowmem_reserve,
calculate_totalreserve_pages.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.counts import boost_of
from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose
from mmplay.engine.explain.finding import Finding, finding, said, sentence, size
from mmplay.engine.explain.gate import Verdict, ZoneTest
from mmplay.engine.explain.settings import MIN_FREE, RATIOS, SCALE, Settings
from mmplay.engine.explain.verdict import Status
from mmplay.engine.report import MemDump, Report, ZoneDump
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB, SCALE_BASE, ZONES, reserves, total_reserve

NOT_ASKED = "not asked"
"""The verdict of a zone that the request may not use."""

SKEW, PASSES, NO_BLOCK, REFUSED = "skew", "passes", "no_block", "refused"


class Side(NamedTuple):
    """A zone's numbers under one set of settings, in pages; None where they were not printed.

    `reserve` is lowmem_reserve of the request's class zone, `floor` what its free pages must
    exceed, `short_by` how many are missing for that.
    """

    min: int | None
    low: int | None
    high: int | None
    reserve: int | None
    floor: int | None
    verdict: str
    short_by: int | None

    def as_json(self) -> dict[str, object]:
        """Return the numbers and the verdict."""
        return {name: value for name, value in self._asdict().items() if name != "short_by"}


class ZoneChange(NamedTuple):
    """A zone as logged and as it would be; `free` are the pages that the test compares."""

    zone: str
    node: int
    free: int | None
    logged: Side
    changed: Side


class Change(NamedTuple):
    """What settings change: zone by zone, in pages set aside, and in the outcome.

    Set aside is what page cache does not count on: of each zone its high mark and its largest
    reserve. An outcome is refused, no_block, passes, or skew for a request that passes by the
    numbers of its own log. `assumed` is what had to be taken for granted. A page has `page_kb`.
    """

    zones: tuple[ZoneChange, ...]
    set_aside: tuple[int, int]
    outcome: tuple[str, str]
    assumed: tuple[Finding, ...]
    page_kb: int = PAGE_KB

    def as_json(self) -> dict[str, object]:
        """Return it as plain data."""
        zones = [
            {
                "zone": one.zone,
                "node": one.node,
                "logged": one.logged.as_json(),
                "changed": one.changed.as_json(),
            }
            for one in self.zones
        ]
        return {
            "zones": zones,
            "set_aside_pages": dict(zip(("logged", "changed"), self.set_aside, strict=True)),
            "outcome": dict(zip(("logged", "changed"), self.outcome, strict=True)),
        }


def has_verdict(diagnosis: Diagnosis) -> bool:
    """Tell whether a zone was tested, so that there is something to compare."""
    asked = bool(diagnosis.asks and diagnosis.asks[-1][1])
    return asked and diagnosis.judgement.status in (Status.EXACT, Status.OPEN)


def what_if(
    report: Report, diagnosis: Diagnosis, seen: Seen, release: str | None, settings: Settings
) -> Change:
    """Return what `settings` change of a report whose diagnosis has a verdict.

    Raises InputError where the kernel has no such setting, or the dump lacks what it needs.
    """
    kernel = diagnosis.kernel
    assert kernel is not None
    dump, assumed = changed_dump(kernel, seen.dump, settings)
    other = report if report.memory is None else replace(report, memory=dump)
    again = diagnose(other, kernel, seen._replace(dump=dump), release)
    logged = outcome_of(diagnosis)
    if logged == PASSES:
        logged = SKEW
        assumed = (*assumed, finding("supposed.skewed"))
    if diagnosis.judgement.status is Status.OPEN:
        assumed = (*assumed, finding("supposed.open", rules=kernel.name))
    opened = _opened_at_min(diagnosis, again)
    assumed = (*opened, *assumed)
    changed = PASSES if opened else outcome_of(again)
    return Change(
        _zones(seen.dump, diagnosis, dump, again),
        (set_aside(seen.dump), set_aside(dump)),
        (logged, SKEW if changed == PASSES and logged == SKEW else changed),
        (*assumed, finding("supposed.arithmetic")),
        max((zone.page_kb for zone in dump.zones), default=PAGE_KB),
    )


def outcome_of(diagnosis: Diagnosis) -> str:
    """Return how the deciding test of every zone came out together."""
    verdicts = {test.verdict for test in diagnosis.asks[-1][1]} if diagnosis.asks else set()
    if Verdict.PASSES in verdicts:
        return PASSES
    return NO_BLOCK if Verdict.NO_BLOCK in verdicts else REFUSED


def _opened_at_min(diagnosis: Diagnosis, again: Diagnosis) -> tuple[Finding, ...]:
    """Return which zone now passes at min, for a kill: who passes there never calls the killer.

    Empty for a failure, which min decides anyhow, and where a zone passed at min as logged.
    """
    if not diagnosis.asks or diagnosis.asks[-1][0].mark == "min":
        return ()
    refusals = (Verdict.REFUSED, Verdict.NO_BLOCK)
    before, after = _tests_at_min(diagnosis), _tests_at_min(again)
    if not before or any(test.verdict not in refusals for test in before):
        return ()
    passing = [test for test in after if test.verdict is Verdict.PASSES]
    return tuple(
        finding("supposed.at_min", zone=test.name, free=test.free, floor=test.floor)
        for test in passing[:1]
    )


def _tests_at_min(diagnosis: Diagnosis) -> list[ZoneTest]:
    return [test for look, tests in diagnosis.asks if look.mark == "min" for test in tests]


def set_aside(dump: MemDump) -> int:
    """Return the pages that page cache does not count on (calculate_totalreserve_pages)."""
    pages = 0
    for zone in dump.populated():
        high, reserve = zone.pages("high") or 0, max(zone.reserve or (0,))
        pages += total_reserve(zone.pages("managed") or reserve + high, reserve, high)
    return pages


# zones side by side


def _zones(
    dump: MemDump, diagnosis: Diagnosis, other: MemDump, again: Diagnosis
) -> tuple[ZoneChange, ...]:
    rows = []
    for before, after in zip(dump.zones, other.zones, strict=True):
        if before not in dump.populated():
            continue
        logged, changed = _test_of(diagnosis, before), _test_of(again, after)
        free = logged.free.value if logged and logged.free else before.pages("free")
        sides = _side(before, diagnosis, logged), _side(after, again, changed)
        rows.append(ZoneChange(before.name, before.node, free, *sides))
    return tuple(rows)


def _test_of(diagnosis: Diagnosis, zone: ZoneDump) -> ZoneTest | None:
    tests = diagnosis.asks[-1][1] if diagnosis.asks else []
    return next((test for test in tests if test.zone is zone), None)


def _side(zone: ZoneDump, diagnosis: Diagnosis, test: ZoneTest | None) -> Side:
    caller = diagnosis.caller
    return Side(
        min=zone.pages("min"),
        low=zone.pages("low"),
        high=zone.pages("high"),
        reserve=zone.reserve_for(caller.class_zone) if caller is not None else None,
        floor=test.floor.value if test is not None and test.floor is not None else None,
        verdict=str(test.verdict) if test is not None else NOT_ASKED,
        short_by=test.short_by if test is not None else None,
    )


# the dump under other settings


def changed_dump(
    kernel: Kernel, dump: MemDump, settings: Settings
) -> tuple[MemDump, tuple[Finding, ...]]:
    """Return the dump with its marks and reserves made again, and what was assumed for it.

    Raises InputError where the kernel has no such setting, or the dump lacks what it needs.
    """
    if settings.scale is not None and kernel.watermark_scale_factor is None:
        raise InputError(f"{SCALE}: kernel {kernel.name} does not have it; 4.6 is the first")
    other = copy(dump)
    other.zones = [replace(zone, kb=dict(zone.kb)) for zone in dump.zones]
    assumed: list[Finding] = []
    if settings.min_free_kbytes is not None or settings.scale is not None:
        assumed += _set_marks(kernel, other, settings)
    if settings.ratios is not None:
        assumed += _set_reserves(kernel, other, settings.ratios)
    return other, tuple(assumed)


def _set_marks(kernel: Kernel, dump: MemDump, settings: Settings) -> list[Finding]:
    key = MIN_FREE if settings.min_free_kbytes is not None else SCALE
    shared = [_pages(kernel, zone, key) for zone in _sharing(kernel, dump)]
    scale = logged_scale(kernel, dump) if settings.scale is None else settings.scale
    kbytes = settings.min_free_kbytes
    boosted = []
    for zone in dump.populated():
        minimum, boost = zone.pages("min"), boost_of(zone, kernel)
        if minimum is None or not shared:
            continue
        pages = _pages(kernel, zone, key)
        if kbytes is None and zone.name not in kernel.capped_zones:
            marks = (minimum - boost, *kernel.gaps(minimum - boost, pages, scale))
        else:
            least = logged_pages_min(kernel, dump) if kbytes is None else kbytes // zone.page_kb
            marks = kernel.marks(zone.name, pages, sum(shared), least * PAGE_KB, scale)
        for name, mark in zip(("min", "low", "high"), marks, strict=True):
            zone.kb[name] = (mark + boost) * zone.page_kb
        boosted += [dump.label(zone)] if boost else []
    notes = [finding("supposed.boost", zones=boosted)] if boosted else []
    if settings.scale is None and kernel.watermark_scale_factor is not None:
        notes.append(finding("supposed.scale", scale=scale))
    return notes


def _sharing(kernel: Kernel, dump: MemDump) -> list[ZoneDump]:
    """Return the zones that share vm.min_free_kbytes."""
    return [zone for zone in dump.populated() if zone.name not in kernel.capped_zones]


def _pages(kernel: Kernel, zone: ZoneDump, key: str) -> int:
    """Return the pages by which a zone has its share; raises InputError if they are not printed."""
    pages = zone.pages(kernel.basis)
    if pages is None:
        raise InputError(f"{key}: the Mem-Info lacks the {kernel.basis} pages of {zone.name}")
    return pages


def logged_pages_min(kernel: Kernel, dump: MemDump) -> int:
    """Return about what vm.min_free_kbytes was in pages: the sum of shares, each rounded down."""
    return sum((zone.pages("min") or 0) - boost_of(zone, kernel) for zone in _sharing(kernel, dump))


def logged_scale(kernel: Kernel, dump: MemDump) -> int:
    """Return vm.watermark_scale_factor as the widest gap shows it, else the kernel's own.

    The largest zone tells it best. Its gap is a quarter of min where that is more: then any
    smaller factor prints the same marks.
    """
    own = kernel.watermark_scale_factor or 0
    zones = _sharing(kernel, dump)
    zone = max(zones, key=lambda one: one.pages(kernel.basis) or 0, default=None)
    if zone is None or not own:
        return own
    low, high, pages = zone.pages("low"), zone.pages("high"), zone.pages(kernel.basis)
    minimum = (zone.pages("min") or 0) - boost_of(zone, kernel)
    if low is None or high is None or not pages:
        return own
    gap = high - low
    if abs(gap - minimum // 4) <= 1 or _close(gap, pages * own // SCALE_BASE):
        return own
    return (gap * SCALE_BASE + pages // 2) // pages


def _close(gap: int, ruled: int) -> bool:
    """Tell whether a gap is the ruled one: it was computed at boot, from a few pages less."""
    return abs(gap - ruled) * 20 <= ruled


def _set_reserves(kernel: Kernel, dump: MemDump, ratios: tuple[int, ...]) -> list[Finding]:
    columns = dump.columns()
    own = default_ratios(kernel, columns)
    every = (*ratios, *own[len(ratios) :])
    for zone in dump.populated():
        if zone.reserve is None:
            continue
        pages = _pages_of_node(kernel, dump, zone.node)
        row = reserves(pages, every, kernel.reserve)[columns.index(zone.name)]
        zone.reserve = row[: len(zone.reserve)]
    told = any(ratio for ratio in own[len(ratios) :])
    return [finding("supposed.ratios")] if told else []


def default_ratios(kernel: Kernel, columns: tuple[str, ...]) -> tuple[int, ...]:
    """Return sysctl_lowmem_reserve_ratio as a kernel with these zones starts with it.

    HighMem has Normal's ratio to 4.16, and none later.
    """
    by_name = dict(zip(ZONES, kernel.lowmem_reserve_ratio, strict=False))
    by_name["HighMem"] = by_name["Normal"] if kernel.reserve.least_ratio else 0
    return tuple(by_name.get(name, 0) for name in columns)


def _pages_of_node(kernel: Kernel, dump: MemDump, node: int) -> tuple[int, ...]:
    """Return the pages of a node's zones in index order, 0 for those without."""
    zones = {zone.name: zone for zone in dump.populated() if zone.node == node}
    return tuple(
        _pages(kernel, zones[name], RATIOS) if name in zones else 0 for name in dump.columns()
    )


# in words


class TableRow(NamedTuple):
    """One line of the table: what it is, as logged, as it would be."""

    label: str
    logged: str
    changed: str

    @property
    def differs(self) -> bool:
        """Tell whether the settings change it."""
        return self.logged != self.changed


HEADER = TableRow("pages", "as logged", "as it would be")


def table_of_settings(found: Change) -> list[TableRow]:
    """Return the comparison as rows: zone by zone, what is set aside, the outcome."""
    several = len({one.node for one in found.zones}) > 1
    rows = []
    for one in found.zones:
        name = f"Node {one.node} {one.zone}" if several else one.zone
        rows.append(TableRow(name, f"{_number(one.free)} free", f"{_number(one.free)} free"))
        sides = (one.logged, one.changed)
        rows.append(TableRow("  min low high", *map(_marks, sides)))
        rows.append(TableRow("  reserve", *(_number(side.reserve) for side in sides)))
        rows.append(TableRow("  floor", *(_number(side.floor) for side in sides)))
        rows.append(TableRow("  verdict", *(_verdict(side, one.free) for side in sides)))
    rows.append(
        TableRow("set aside", *(f"{n} ({size(n * found.page_kb)})" for n in found.set_aside))
    )
    return rows


def conclusion(found: Change) -> list[str]:
    """Return the outcome in a sentence, then what was assumed."""
    logged, changed = (said(f"supposed.{one}") for one in found.outcome)
    if logged == changed:
        first = said("supposed.same", outcome=logged)
    else:
        first = said("supposed.changes", logged=logged, changed=changed)
    return [first, *(sentence(one) for one in found.assumed)]


def _number(pages: int | None) -> str:
    return "-" if pages is None else str(pages)


def _marks(side: Side) -> str:
    return " ".join(_number(mark) for mark in (side.min, side.low, side.high))


def _verdict(side: Side, free: int | None) -> str:
    if side.verdict == REFUSED and side.short_by:
        return said("supposed.short", pages=side.short_by)
    if side.verdict == PASSES and free is not None and side.floor is not None:
        return said("supposed.spare", pages=free - side.floor)
    return side.verdict
