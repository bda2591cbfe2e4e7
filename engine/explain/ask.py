"""The one way to ask, and all answers but those about a zone.

Every kind of question is answered from a frame and its diagnosis: totals, closing lines, the
request, its slab and the OOM kill; what a simulated turn decided and counted.
"""

from __future__ import annotations

from mmplay.engine.explain import answer_zone
from mmplay.engine.explain.answer import (
    UNKNOWN,
    Answer,
    Answerer,
    Scene,
    both,
    field_answer,
    joined,
    source_of,
)
from mmplay.engine.explain.dumps import objects_per_page
from mmplay.engine.explain.event import victim_findings, who
from mmplay.engine.explain.finding import said, sentence
from mmplay.engine.explain.words import MEANING, WORDS
from mmplay.engine.frame import Ask
from mmplay.engine.report import MemDump, Request
from mmplay.engine.rules import memory


def total(scene: Scene, ask: Ask) -> Answer:
    """Answer for one total of the dump: (field,)."""
    name = str(ask.names[0])
    dump = scene.frame.shown.dump if scene.frame.shown else None
    pages = dump.totals.get(name) if dump else None
    if dump is None or pages is None:
        return UNKNOWN
    answer = field_answer(scene, name, name, said("answer.total", name=name, size=both(pages)))
    links = tuple(
        (zone.name, Ask("zone", (zone.node, zone.name, name)))
        for zone in dump.zones
        if zone.pages(name) is not None
    )
    return answer._replace(
        numbers=_sum(dump, name, pages),
        consequence=_consequence(dump, name, pages),
        change=_delta(scene, name, pages),
        links=links,
    )


def _sum(dump: MemDump, name: str, pages: int) -> str:
    parts = [(zone.name, zone.pages(name)) for zone in dump.zones]
    known = [(zone, part) for zone, part in parts if part is not None]
    if not known:
        return ""
    added = sum(part for _, part in known)
    text = " + ".join(f"{zone} {part}" for zone, part in known)
    if added == pages:
        return f"{text} = {pages}"
    return said("answer.sum_differs", text=text, added=added, pages=pages)


def _consequence(dump: MemDump, name: str, pages: int) -> str:
    file_pages = dump.totals.get("active_file", 0) + dump.totals.get("inactive_file", 0)
    if name in ("dirty", "writeback") and file_pages:
        percent = (pages * 200 + file_pages) // (2 * file_pages)
        return said("answer.share_of_cache", pages=pages, file_pages=file_pages, percent=percent)
    return ""


def _delta(scene: Scene, name: str, pages: int) -> str:
    before = scene.frame.before.totals.get(name) if scene.frame.before else None
    if before is None or (scene.frame.shown and not scene.frame.shown.own):
        return ""
    return said("answer.dump_before", before=before, change=pages - before)


def tail(scene: Scene, ask: Ask) -> Answer:
    """Answer for a closing line of the dump: (field,)."""
    name = str(ask.names[0])
    dump = scene.frame.shown.dump if scene.frame.shown else None
    value = dump.tail.get(name) if dump else None
    if value is None:
        return UNKNOWN
    unit = "kB" if name.endswith("_kb") else "pages"
    title = WORDS[name].title if name in WORDS else name
    return field_answer(scene, name, title, f"{title}: {value} {unit}.")


def mode(scene: Scene, ask: Ask) -> Answer:
    """Answer for the request's GFP mask."""
    request = _request(scene)
    if request is None or request.mode is None:
        return UNKNOWN
    about = scene.diagnosis.about_caller
    first = joined(about[:1]) if about else f"mode {request.mode:#x}"
    words = WORDS["alloc.high"]
    return Answer(
        f"mode {request.mode:#x}",
        what=first,
        rule=joined(one for one in about[1:] if one.code != "caller.slab_lost"),
        consequence=joined(one for one in about if one.code == "caller.slab_lost"),
        change=joined(one for one in scene.diagnosis.would_pass if one.code != "pass.pages"),
        source=source_of(scene, words),
    )


def slub(scene: Scene, ask: Ask) -> Answer:
    """Answer for SLUB's own mask, slabs, objects or free objects: (field,)."""
    request = _request(scene)
    report = request.slub if request else None
    if report is None:
        return UNKNOWN
    name = str(ask.names[0])
    if name == "gfp":
        about = [one for one in scene.diagnosis.about_caller if one.code.startswith("caller.slab")]
        words = WORDS["slab_mask"]
        return Answer(
            f"SLUB gfp {report.gfp:#x}",
            what=said("answer.slub_mask", gfp=report.gfp),
            rule=words.text,
            numbers=joined(about),
            change=joined(one for one in scene.diagnosis.would_pass if one.code == "pass.kept"),
            source=source_of(scene, words),
        )
    return _slub_count(scene, name)


def _slub_count(scene: Scene, name: str) -> Answer:
    request = _request(scene)
    report = request.slub if request else None
    if report is None or not report.nodes:
        return UNKNOWN
    slabs, objs, free = (sum(node[at] for node in report.nodes) for at in (1, 2, 3))
    value = {"slabs": slabs, "objs": objs, "slab_free": free}[name]
    each = objects_per_page(report)
    numbers = (
        said("answer.slub_objects", slabs=slabs, each=objs // slabs, objs=objs) if slabs else ""
    )
    cache, title = report.cache or "the cache", WORDS[name].title
    answer = field_answer(
        scene,
        name,
        f"{cache}: {title}",
        said("answer.slub_count", cache=cache, value=value, title=title),
    )
    return answer._replace(
        numbers=numbers, consequence=said("answer.slab_of_a_page", each=each) if each else ""
    )


def victim(scene: Scene, ask: Ask) -> Answer:
    """Answer for the task that was killed: what it held, and why it was chosen."""
    report = scene.frame.report
    if report is None or report.kill is None:
        return UNKNOWN
    first, *more = victim_findings(report, scene.frame.kernel)
    return Answer(
        who(report.kill.comm, report.kill.pid),
        what=f"{sentence(first)}.",
        consequence=joined(more),
        source=source_of(scene, WORDS["score"]),
    )


def score(scene: Scene, ask: Ask) -> Answer:
    """Answer for the OOM killer's score: points per thousand of RAM."""
    report = scene.frame.report
    kill = report.kill if report else None
    if report is None or kill is None or kill.score is None:
        return UNKNOWN
    answer = Answer(
        f"score {kill.score}",
        what=said("answer.score", comm=kill.comm, pid=kill.pid, score=kill.score),
        rule=said("answer.score_rule"),
        source=source_of(scene, WORDS["score"]),
    )
    dump = report.memory
    ram, reserved = (dump.tail.get(n) if dump else None for n in ("ram_pages", "reserved_pages"))
    sizes = (kill.anon_rss_kb, kill.file_rss_kb, kill.shmem_rss_kb)
    if ram is None or reserved is None or None in sizes:
        return answer
    pages, total_pages = sum(size or 0 for size in sizes) // 4, ram - reserved
    per_adj = total_pages // memory.ADJ_SCALE
    full, own = (
        memory.score(memory.points(pages, adj, total_pages), total_pages) for adj in (1000, 0)
    )
    return answer._replace(
        numbers=said(
            "answer.score_numbers",
            per_adj=per_adj,
            pages=pages,
            total=total_pages,
            full=full,
            own=own,
        ),
        consequence=said("answer.score_by_adj") if full == kill.score else "",
    )


def entry(scene: Scene, ask: Ask) -> Answer:
    """Answer for one line of the call trace: (position,)."""
    request = _request(scene)
    at = int(ask.names[0])
    if request is None or at >= len(request.stack):
        return UNKNOWN
    one = request.stack[at]
    module = f" of module {one.module}" if one.module else ""
    return Answer(
        one.symbol,
        what=said(
            "answer.entry", symbol=one.symbol, module=module, offset=one.offset, size=one.size
        ),
        rule=said("answer.entry_guessed") if one.guess else said("answer.entry_caller"),
        numbers=joined(
            found
            for found in scene.diagnosis.about_caller
            if found.operands.get("symbol") == one.symbol and not one.guess
        ),
    )


def _request(scene: Scene) -> Request | None:
    return scene.frame.report.request if scene.frame.report else None


VMSTAT = "counts up, as in /proc/vmstat"


def decision(scene: Scene, ask: Ask) -> Answer:
    """Return what one decision of the turn was, who made it, and on what way."""
    facts = scene.frame.facts
    number = ask.names[0]
    if facts is None or not isinstance(number, int) or number >= len(facts.decisions):
        return UNKNOWN
    one = facts.decisions[number]
    version = scene.frame.kernel.source if scene.frame.kernel else ""
    verdict = said("answer.decision_no") if one.refused else ""
    return Answer(
        one.function,
        what=one.text,
        rule=said("answer.decision_way", actor=facts.actor, way=" < ".join(one.stack))
        if one.stack
        else "",
        consequence=verdict,
        source=f"{one.function}  {one.path}  {version}" if one.path else "",
    )


def counter(scene: Scene, ask: Ask) -> Answer:
    """Return what a counter of the run counts, and what this turn added."""
    facts = scene.frame.facts
    name = str(ask.names[0])
    if facts is None or name not in facts.counters:
        return UNKNOWN
    now, before = facts.counters[name], facts.counters_before.get(name, 0)
    words = WORDS.get(name)
    meaning = MEANING.get(name) or (words.text if words is not None else VMSTAT)
    return Answer(
        name,
        what=said("answer.counter", name=name, now=now),
        rule=meaning,
        numbers=f"{before} + {now - before} = {now}" if now != before else "",
        consequence="" if now != before else said("answer.counter_same"),
    )


ANSWERERS: dict[str, Answerer] = {
    "zone": answer_zone.zone_field,
    "reserve": answer_zone.reserve,
    "floor": answer_zone.floor_of_class,
    "blocks": answer_zone.blocks,
    "total": total,
    "tail": tail,
    "mode": mode,
    "slub": slub,
    "score": score,
    "victim": victim,
    "entry": entry,
    "decision": decision,
    "counter": counter,
}
"""Who answers which kind of question."""


def answer(scene: Scene, ask: Ask) -> Answer:
    """Return the answer to a question about a number of this scene."""
    answerer = ANSWERERS.get(ask.kind)
    return UNKNOWN if answerer is None else answerer(scene, ask)
