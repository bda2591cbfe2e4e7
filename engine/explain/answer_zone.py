"""Answers about a zone: its marks, reserve, floors, lists and fields."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.explain.answer import (
    UNKNOWN,
    Answer,
    Scene,
    both,
    class_zone_of,
    field_answer,
    free_pages,
    label_of,
    mark_links,
    source_of,
    with_formula,
    zone_of,
)
from mmplay.engine.explain.counts import boost_of, counted_free
from mmplay.engine.explain.dumps import mark_spans
from mmplay.engine.explain.finding import said
from mmplay.engine.explain.gate import (
    zone_floor,
)
from mmplay.engine.explain.remedy import managed_above, min_free_span
from mmplay.engine.explain.words import CALLERS, WORDS
from mmplay.engine.frame import Ask
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.floors import spare
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES, zone_min
from mmplay.engine.terms import Term, given, rule

FieldAnswerer = Callable[[Scene, ZoneDump, int], Answer]
"""Answers for one field, given the zone and the field's value in pages."""


def zone_field(scene: Scene, ask: Ask) -> Answer:
    """Answer for one field of a zone: (node, zone, field)."""
    zone = zone_of(scene, ask)
    name = str(ask.names[2])
    pages = zone.pages(name) if zone else None
    if zone is None or pages is None:
        return UNKNOWN
    special = SPECIAL_FIELDS.get(name)
    if special is not None:
        return special(scene, zone, pages)
    title = f"{label_of(scene, zone)} {name}"
    return field_answer(
        scene,
        name,
        title,
        said("answer.zone_field", name=name, zone=label_of(scene, zone), size=both(pages)),
    )


def _minimum(scene: Scene, zone: ZoneDump, pages: int) -> Answer:
    answer = field_answer(
        scene,
        "min",
        f"{label_of(scene, zone)} min",
        said("answer.mark", name="min", zone=label_of(scene, zone), size=both(pages)),
    )
    dump = scene.frame.shown.dump if scene.frame.shown else None
    capped = scene.frame.kernel.capped_zones if scene.frame.kernel else ()
    span = min_free_span(dump, capped) if dump else None
    managed = zone.pages("managed")
    if dump is None or span is None or managed is None or zone.name in capped:
        return answer
    lowmem_pages = sum(other.pages("managed") or 0 for other in _sharing(dump, capped))
    term = zone_min(
        given("min_free_kbytes", span[0]),
        given("managed", managed),
        given("lowmem_pages", lowmem_pages),
    )
    if boost_of(zone):
        term = rule("boosted", term + given("boost", boost_of(zone)))
    words = WORDS["zone_min"]
    return answer._replace(
        rule=words.text,
        numbers=said("answer.min_numbers", formula=with_formula(term), page_kb=PAGE_KB),
        consequence=said("answer.min_span", first=span[0], last=span[1]),
        change=said("answer.min_change"),
        source=source_of(scene, words),
        term=term,
        links=(("managed", Ask("zone", (zone.node, zone.name, "managed"))),),
    )


def _sharing(dump: MemDump, capped: tuple[str, ...]) -> list[ZoneDump]:
    """Return the zones that share vm.min_free_kbytes."""
    return [zone for zone in dump.zones if zone.name not in capped]


def _gap_mark(name: str, at: int) -> FieldAnswerer:
    def answerer(scene: Scene, zone: ZoneDump, pages: int) -> Answer:
        """Answer for a mark that is min and a gap, if the printed one fits the rule."""
        what = said("answer.mark", name=name, zone=label_of(scene, zone), size=both(pages))
        answer = field_answer(scene, name, f"{label_of(scene, zone)} {name}", what)
        term = _gap_terms(scene.frame.kernel, zone)[at] if scene.frame.kernel else None
        if term is None:
            return answer
        fits = "" if term.value == pages else _misfit(scene.frame.kernel, zone, name, pages)
        return answer._replace(
            numbers=with_formula(term) + fits,
            change=said("answer.gap_change"),
            term=term,
            links=(
                ("min", Ask("zone", (zone.node, zone.name, "min"))),
                ("managed", Ask("zone", (zone.node, zone.name, "managed"))),
            ),
        )

    return answerer


def _misfit(kernel: Kernel | None, zone: ZoneDump, name: str, printed: int) -> str:
    if kernel is None:
        return ""
    for mark, earliest, latest in mark_spans(kernel, zone):
        if mark == name and earliest <= printed <= latest:
            return ". " + said("answer.mark_of_boot", printed=printed)
    return ". " + said("answer.mark_misfit", printed=printed)


def _gap_terms(kernel: Kernel | None, zone: ZoneDump) -> tuple[Term | None, Term | None]:
    minimum, managed = zone.pages("min"), zone.pages("managed")
    if kernel is None or minimum is None or managed is None or zone.name in kernel.capped_zones:
        return None, None
    scale = given("watermark_scale_factor", kernel.watermark_scale_factor or 0)
    boost = given("boost", boost_of(zone))
    if not boost.value:
        return kernel.gaps(given("min", minimum), given("managed", managed), scale)
    unboosted = rule("unboosted", given("min", minimum) - boost)
    low, high = kernel.gaps(unboosted, given("managed", managed), scale)
    return rule("boosted", low + boost), rule("boosted", high + boost)


def _managed(scene: Scene, zone: ZoneDump, pages: int) -> Answer:
    what = said("answer.managed", zone=label_of(scene, zone), size=both(pages))
    answer = field_answer(scene, "managed", f"{label_of(scene, zone)} managed", what)
    present = zone.pages("present")
    if present is None:
        return answer
    kept = said("answer.kept_by_boot", present=present, pages=pages, kept=present - pages)
    return answer._replace(numbers=kept)


def _scanned(scene: Scene, zone: ZoneDump, pages: int) -> Answer:
    what = said("answer.scanned", pages=pages, zone=label_of(scene, zone))
    answer = field_answer(scene, "pages_scanned", f"{label_of(scene, zone)} pages_scanned", what)
    kernel, reclaimable = scene.frame.kernel, zone.reclaimable_pages()
    factor = kernel.unreclaimable_factor if kernel else None
    if factor is None or reclaimable is None:
        return answer
    limit = factor * reclaimable
    sign, word = (">=", "yes") if pages >= limit else ("<", "no")
    return answer._replace(
        rule=WORDS["all_unreclaimable"].text,
        numbers=f"{pages} {sign} {factor} x {reclaimable} = {limit}: {word}",
        consequence=said("answer.scanned_limit"),
        change=said("answer.scanned_change"),
    )


SPECIAL_FIELDS: dict[str, FieldAnswerer] = {
    "free": free_pages,
    "min": _minimum,
    "low": _gap_mark("low", 0),
    "high": _gap_mark("high", 1),
    "managed": _managed,
    "pages_scanned": _scanned,
}
"""Fields with a rule of their own."""


def reserve(scene: Scene, ask: Ask) -> Answer:
    """Answer for lowmem_reserve[class zone]: (node, zone, class zone index)."""
    zone = zone_of(scene, ask)
    class_index = int(ask.names[2])
    kept = zone.reserve_for(class_index) if zone else None
    if zone is None or kept is None:
        return UNKNOWN
    words = WORDS["lowmem_reserve"]
    columns = scene.frame.shown.dump.columns() if scene.frame.shown else ZONES
    name = columns[class_index] if class_index < len(columns) else f"class {class_index}"
    answer = Answer(
        f"{label_of(scene, zone)} lowmem_reserve[{name}]",
        what=said("answer.reserve", zone=label_of(scene, zone), size=both(kept), name=name),
        rule=words.text,
        source=source_of(scene, words),
        change=said("answer.reserve_change"),
    )
    numbers = _reserve_numbers(scene, zone, class_index, kept)
    return answer._replace(numbers=numbers) if numbers else answer


def _reserve_numbers(scene: Scene, zone: ZoneDump, class_index: int, kept: int) -> str:
    kernel = scene.frame.kernel
    dump = scene.frame.shown.dump if scene.frame.shown else None
    ratios = dict(zip(ZONES, kernel.lowmem_reserve_ratio, strict=False)) if kernel else {}
    ratio = ratios.get(zone.name, 0)
    if dump is None or ratio == 0 or kept == 0 or zone.name not in dump.columns():
        return ""
    above = managed_above(dump, zone, class_index) or 0
    if above // ratio == kept:
        return said("answer.reserve_numbers", above=above, ratio=ratio, kept=kept)
    return said(
        "answer.reserve_of_boot",
        kept=kept,
        first=kept * ratio,
        last=kept * ratio + ratio - 1,
        ratio=ratio,
        above=above,
        now=above // ratio,
    )


def floor_of_class(scene: Scene, ask: Ask) -> Answer:
    """Answer for the floor of one class in a zone: (node, zone, class name)."""
    zone, kernel = zone_of(scene, ask), scene.frame.kernel
    if zone is None or kernel is None:
        return UNKNOWN
    caller = next((one for one in kernel.gate.classes if one.name == ask.names[2]), None)
    if caller is None:
        return UNKNOWN
    class_index = class_zone_of(scene, zone)
    term = zone_floor(kernel, zone, caller, class_index)
    if term is None:
        return UNKNOWN
    words = WORDS["floor"]
    free = counted_free(kernel.gate, zone, caller.flags, 0)
    verdict = "" if free is None else _verdict(free, term)
    return Answer(
        f"{label_of(scene, zone)} floor of {caller.name}",
        what=said(
            "answer.floor",
            who=CALLERS[caller.name].who,
            zone=label_of(scene, zone),
            floor=term.value,
        ),
        rule=words.text,
        numbers=with_formula(term),
        consequence=verdict,
        source=source_of(scene, words),
        term=term,
        links=mark_links(zone, "min", class_index),
    )


def _verdict(free: Term, term: Term) -> str:
    if spare(free, term) <= 0:
        return said("answer.refused_now", free=free, floor=term)
    return said("answer.passes_now", free=free, floor=term)


def blocks(scene: Scene, ask: Ask) -> Answer:
    """Answer for the free blocks of one order: (node, zone, order)."""
    zone = zone_of(scene, ask)
    order = int(ask.names[2])
    if zone is None or zone.blocks is None or order >= len(zone.blocks):
        return UNKNOWN
    one = zone.blocks[order]
    pages = one.count << order
    listed = zone.listed_pages() or 0
    letters = f" of types {one.types}" if one.types else ""
    what = said(
        "answer.blocks",
        zone=label_of(scene, zone),
        count=one.count,
        size_kb=one.size_kb,
        letters=letters,
    )
    answer = field_answer(scene, "blocks", f"{label_of(scene, zone)} order {order}", what)
    return answer._replace(
        numbers=said(
            "answer.blocks_numbers", count=one.count, order=order, pages=pages, listed=listed
        )
    )
