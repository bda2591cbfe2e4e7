"""Questions about a machine's marks and reserves."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import equation, finding
from mmplay.engine.rules.versions import KERNELS, Kernel
from mmplay.engine.rules.watermarks import (
    MARKS,
    MIN_FREE_KBYTES_FLOOR,
    PAGE_KB,
    ZONES,
    default_min_free_kbytes,
    lowmem_reserve,
    total_reserve,
    zone_min,
)
from mmplay.engine.sim.state.zone import Zone
from mmplay.engine.terms import Term, given
from mmplay.levels.truth.subject import Subject, zone_index
from mmplay.levels.truth.truths import Other, Truth, TruthError, slip, told
from mmplay.levels.truth.wording import by_rule, mark_steps

ALL = "all"

MARK_RULES = {"min": "zone_min", "low": "low", "high": "high"}
"""The key of the rule that gives a mark."""


def marks(subject: Subject, words: list[str]) -> Truth:
    """`marks ZONE min|low|high`: a watermark of the machine."""
    zone, mark = subject.zone(words[0]), words[1]
    if mark not in MARKS:
        raise TruthError(no_such("mark", mark, MARKS))
    value: int = getattr(zone, mark)
    term = mark_term(subject, zone, mark)
    others = [
        slip(getattr(zone, one), "wrong.other_mark", other=one, mark=mark)
        for one in MARKS
        if one != mark
    ]
    others += other_kernels(subject.kernel, zone.min, zone.managed, mark, value)
    others += [*_without_thp(subject, zone, mark), slip(value + 1, "wrong.first_above", mark=mark)]
    pages = _steps(subject, zone, mark, term)
    why = finding("truth.mark", mark=mark, zone=zone.name, pages=pages)
    return by_rule(told(value, why, others, term=term), subject, MARK_RULES[mark])


def _steps(subject: Subject, zone: Zone, mark: str, term: Term) -> str:
    """Return how a mark came about, step by step, as far as today's settings give it."""
    if mark == "min" or not term.name:
        return equation(term)
    scale = subject.machine.state.watermark_scale_factor
    return mark_steps(subject.kernel, mark, zone.min, zone.managed, scale)


def mark_term(subject: Subject, zone: Zone, mark: str) -> Term:
    """Return how a mark came about; the bare number where today's settings do not give it."""
    state = subject.machine.state
    value: int = getattr(zone, mark)
    managed = given("managed", zone.managed)
    if mark == "min":
        lowmem = sum(one.managed for one in state.zones)
        kbytes = given("min_free_kbytes", state.min_free_kbytes)
        term = zone_min(kbytes, managed, given("lowmem_pages", lowmem))
    else:
        scale = given("watermark_scale_factor", state.watermark_scale_factor)
        low, high = subject.kernel.gaps(given("min", zone.min), managed, scale)
        term = low if mark == "low" else high
    return term if term.value == value else given(mark, value)


def _without_thp(subject: Subject, zone: Zone, mark: str) -> list[Other]:
    """Return the min mark that the boot formula gives without transparent huge pages.

    The pages of boot were fewer than today's; what lowmem_reserve was computed from tells them.
    """
    if mark != "min":
        return []
    state = subject.machine.state
    lowest = state.zones[0]
    lowmem = sum(one.managed for one in state.zones)
    of_boot = lowest.managed + max(lowest.reserve) * state.lowmem_reserve_ratio[0]
    return [_plain_min(subject.machine.kernel, zone, lowmem, boot) for boot in (of_boot, lowmem)]


def _plain_min(kernel: Kernel, zone: Zone, lowmem: int, boot: int) -> Other:
    least, most = MIN_FREE_KBYTES_FLOOR, kernel.min_free.ceiling
    term = zone_min(
        given("min_free_kbytes", default_min_free_kbytes(boot * PAGE_KB, least, most)),
        given("managed", zone.managed),
        given("lowmem_pages", lowmem),
    )
    return slip(term.value, "wrong.no_thp", result=term)


def other_kernels(kernel: Kernel, minimum: int, managed: int, mark: str, value: int) -> list[Other]:
    """Return what low or high would be on the other kernels."""
    if mark == "min":
        return []
    found: list[Other] = []
    for other in KERNELS.values():
        scale = given("watermark_scale_factor", other.watermark_scale_factor or 0)
        low, high = other.gaps(given("min", minimum), given("managed", managed), scale)
        term = low if mark == "low" else high
        known = {value, *(one.value for one in found)}
        if other.name != kernel.name and term.value not in known:
            why = finding("wrong.kernel", answer=term.value, kernel=other.name, result=term)
            found.append(Other(term.value, why))
    return found


def reserve_of(subject: Subject, words: list[str]) -> Truth:
    """`reserve ZONE CLASSZONE`: lowmem_reserve of a zone for callers of a class zone."""
    zone, index = subject.zone(words[0]), zone_index(words[1])
    value = zone.reserve[index]
    zones = subject.machine.state.zones
    above = sum(one.managed for one in zones if zone.index < one.index <= index)
    ratios = subject.machine.state.lowmem_reserve_ratio
    term = given("lowmem_reserve", value)
    others = []
    if index > zone.index and zone.index < len(ratios):
        today = lowmem_reserve(
            given("above", above), given("lowmem_reserve_ratio", ratios[zone.index])
        )
        if today.value == value:
            term = today
            others += [slip(value + 1, "wrong.rounded_up")] * (above % ratios[zone.index] > 0)
        else:
            why = finding("wrong.today", answer=today.value, result=today)
            others.append(Other(today.value, why))
    why = finding("truth.reserve", zone=zone.name, pages=term, class_zone=ZONES[index])
    return told(value, why, others, term=term)


def managed(subject: Subject, words: list[str]) -> Truth:
    """`managed ZONE|all`: pages handed to the page allocator."""
    zones = subject.machine.state.zones
    if words[0] != ALL:
        zones = [subject.zone(words[0])]
    term = given("managed", zones[0].managed)
    for zone in zones[1:]:
        term = term + given("managed", zone.managed)
    present = sum(zone.present for zone in zones)
    why = finding("truth.managed", kb=term.value * PAGE_KB, pages=term.value)
    if words[0] == ALL:
        kept = present - term.value
        why = finding("truth.managed_all", present=present, kept=kept, pages=term.value)
    others = (slip(present, "wrong.present"),)
    return told(term, why, others)


def set_aside(subject: Subject, words: list[str]) -> Truth:
    """`total_reserve ZONE|all`: pages that page cache does not count on (totalreserve_pages)."""
    zones = subject.machine.state.zones
    if words[0] != ALL:
        zones = [subject.zone(words[0])]
    parts = [
        total_reserve(
            given("zone_managed", zone.managed),
            given("largest_reserve", max(zone.reserve)),
            given("high", zone.high),
        )
        for zone in zones
    ]
    term = parts[0]
    for part in parts[1:]:
        term = term + part
    text = ", ".join(
        f"{zone.name} {equation(part)}" for zone, part in zip(zones, parts, strict=True)
    )
    high = sum(zone.high for zone in zones)
    others = (slip(high, "wrong.only_high"),)
    why = finding("truth.aside", result=text, sum=term.value)
    return told(term, why if parts[1:] else finding("truth.computed", result=text), others)
