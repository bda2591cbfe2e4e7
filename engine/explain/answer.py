"""A question about a number on the screen: what an answer is, and that about free pages.

An answer has up to five parts, always in this order: what it is, the rule in words, the rule with
the numbers, what follows, what would change it. Its links lead to the numbers that it used. Of a
zone's free pages it is the test that decided there, and where they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mmplay.engine.errors import how_many
from mmplay.engine.explain.diagnose import Diagnosis, stop_finding
from mmplay.engine.explain.finding import (
    Finding,
    equation,
    finding,
    said,
    seconds,
    sentence,
    size,
    symbolic,
)
from mmplay.engine.explain.gate import (
    Caller,
    Rung,
    ZoneTest,
    distances,
    ladder,
    ordinary_class,
    stop_of,
)
from mmplay.engine.explain.words import WORDS, Words
from mmplay.engine.frame import Ask, Frame
from mmplay.engine.report import ZoneDump
from mmplay.engine.rules.floors import NO_WATERMARKS
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES
from mmplay.engine.terms import Term


class Answer(NamedTuple):
    """The answer; a part with nothing to say is empty. `source` names function, file, version."""

    title: str
    what: str = ""
    rule: str = ""
    numbers: str = ""
    consequence: str = ""
    change: str = ""
    source: str = ""
    term: Term | None = None
    links: tuple[tuple[str, Ask], ...] = ()

    def parts(self) -> list[tuple[str, str]]:
        """Return the parts that say something, each with its label."""
        rows = (
            ("what", self.what),
            ("rule", self.rule),
            ("numbers", self.numbers),
            ("so", self.consequence),
            ("change", self.change),
        )
        return [(label, text) for label, text in rows if text]


class Scene(NamedTuple):
    """What an answer is drawn from: the frame and what the rules say of it."""

    frame: Frame
    diagnosis: Diagnosis


UNKNOWN = Answer("unknown", what="No dump has said this yet: the value is not known.")

Answerer = Callable[[Scene, Ask], Answer]


def both(pages: int) -> str:
    """Return a page count with its size: `629 pages (2.5 MiB)`."""
    return f"{how_many(pages, 'pages')} ({size(pages * PAGE_KB)})"


def source_of(scene: Scene, words: Words) -> str:
    """Return where the number is made: function, file, and what kernel source was read."""
    version = scene.frame.kernel.source if scene.frame.kernel else scene.frame.release or "kernel"
    return f"{words.function}  {words.path}  {version}"


def with_formula(term: Term) -> str:
    """Return `names = numbers = result`."""
    text = equation(term)
    names = symbolic(term)
    return text if names == str(term.value) else f"{names} = {text}"


def joined(findings: Iterable[Finding]) -> str:
    """Return several findings as one line."""
    return " · ".join(sentence(one) for one in findings)


def field_answer(scene: Scene, name: str, title: str, what: str) -> Answer:
    """Return an answer whose words come from the table entry `name`."""
    words = WORDS.get(name)
    if words is None:
        return Answer(title, what=what)
    return Answer(title, what=what, rule=words.text, source=source_of(scene, words))


LAST_LOOK_MARK = "high"
"""What __alloc_pages_may_oom looks at once more before it kills."""


def zone_of(scene: Scene, ask: Ask) -> ZoneDump | None:
    """Return the zone that a question names: (node, zone, ...)."""
    dump = scene.frame.shown.dump if scene.frame.shown else None
    node, name, *_ = ask.names
    return dump.zone(str(name), int(node)) if dump else None


def label_of(scene: Scene, zone: ZoneDump) -> str:
    """Return what a zone is called: with its node, where there are several."""
    return scene.frame.shown.dump.label(zone) if scene.frame.shown else zone.name


def class_zone_of(scene: Scene, zone: ZoneDump) -> int:
    """Return the class zone that counts here: the caller's, or else that of an ordinary one."""
    caller = scene.diagnosis.caller
    if caller is not None:
        return caller.class_zone
    ordinary = ordinary_class(scene.frame.shown.dump) if scene.frame.shown else None
    return (zone.index or 0) if ordinary is None else ordinary


def free_pages(scene: Scene, zone: ZoneDump, pages: int) -> Answer:
    """Answer for free pages of a zone: what decided there, where they stand, what would help."""
    answer = field_answer(
        scene,
        "free",
        f"{label_of(scene, zone)} free",
        said("answer.free", zone=label_of(scene, zone), size=both(pages)),
    )
    kernel, decided = scene.frame.kernel, deciding_test(scene.diagnosis, zone)
    shown = scene.frame.shown
    if not_asked(scene, zone):
        no = said("answer.not_asked", zone=label_of(scene, zone))
        return answer._replace(consequence=no)
    if shown is not None and not shown.own:
        answer = answer._replace(what=f"{answer.what} {_old(scene, zone)}")
    class_index = class_zone_of(scene, zone)
    rungs = ladder(kernel, zone, class_index) if kernel is not None else []
    answer = answer._replace(consequence=_stop(rungs, zone, pages))
    if decided is None or decided[1].floor is None or decided[1].free is None:
        if kernel is None:
            return answer
        columns = shown.dump.columns() if shown is not None else ZONES
        apart = joined(distances(kernel, zone, class_index, columns))
        rule_text = WORDS["floor"].text if apart else answer.rule
        return answer._replace(rule=rule_text, numbers=apart)
    return _decided(scene, answer, *decided, class_index)


def _decided(
    scene: Scene, answer: Answer, caller: Caller, test: ZoneTest, class_index: int
) -> Answer:
    """Add the test of the request itself: all rules that may apply agree on it."""
    words = WORDS["floor_block" if caller.order > 0 else "floor"]
    verdict = finding(f"gate.{test.verdict}", free=test.free, floor=test.floor, short=test.short_by)
    numbers = sentence(verdict)
    if caller.mark == LAST_LOOK_MARK:
        numbers = said("answer.last_look", mark=caller.mark, verdict=numbers)
    return answer._replace(
        rule=words.text,
        numbers=numbers,
        change=joined(scene.diagnosis.would_pass),
        source=source_of(scene, words),
        term=test.floor,
        links=mark_links(test.zone, caller.mark, class_index),
    )


def _stop(rungs: list[Rung], zone: ZoneDump, pages: int) -> str:
    """Say where free pages stand among the floors; nothing where no floor is known, or no page."""
    told = any(rung.caller is not NO_WATERMARKS for rung in rungs)
    if not told or zone.pages("managed") == 0:
        return ""
    return sentence(stop_finding(pages, stop_of(rungs, pages)))


def not_asked(scene: Scene, zone: ZoneDump) -> bool:
    """Tell whether the request that was judged could not use this zone at all."""
    shown, caller = scene.frame.shown, scene.diagnosis.caller
    if shown is None or caller is None or not scene.diagnosis.asks:
        return False
    return not caller.asks(shown.dump, zone)


def deciding_test(diagnosis: Diagnosis, zone: ZoneDump) -> tuple[Caller, ZoneTest] | None:
    """Return the test in `zone` that decided: that of the last look.

    None if the verdict was not made by this zone's dump but by another one.
    """
    asks = diagnosis.asks
    if not asks:
        return None
    caller, tests = asks[-1]
    for test in tests:
        if test.zone is zone:
            return caller, test
    return None


def _old(scene: Scene, zone: ZoneDump) -> str:
    """Say that a number is carried on from an earlier dump, and what the judged dump has."""
    shown = scene.frame.shown
    age = "" if shown is None or shown.age_us is None else f" ({seconds(abs(shown.age_us))} ago)"
    text = said("answer.old", age=age)
    for _, tests in scene.diagnosis.asks[-1:]:
        for test in tests:
            if test.zone is not zone and test.zone.name == zone.name and test.free is not None:
                text += " " + said("answer.old_judged", free=test.free.value)
    return text


def mark_links(zone: ZoneDump, mark: str, class_index: int) -> tuple[tuple[str, Ask], ...]:
    """Return links to a zone's mark and to its reserve for a class zone."""
    return (
        (mark, Ask("zone", (zone.node, zone.name, mark))),
        ("lowmem_reserve", Ask("reserve", (zone.node, zone.name, class_index))),
    )
