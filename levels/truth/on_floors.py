"""Questions about floors: who is refused where, who got the last page, in which order they fall."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import Finding, as_sentence, finding, sentence
from mmplay.engine.explain.words import CALLERS, WORDS
from mmplay.engine.rules.floors import (
    NO_WATERMARKS,
    PLAIN,
    CallerClass,
    discounts,
    floor,
    hidden,
    seen_free,
    spare,
)
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import MARKS, ZONES
from mmplay.engine.sim.state.buddy import LETTERS
from mmplay.engine.sim.state.zone import Zone
from mmplay.engine.terms import Term, given
from mmplay.levels.truth.subject import Subject, Who, number_in, order_of
from mmplay.levels.truth.truths import Other, Truth, TruthError, slip, told
from mmplay.levels.truth.wording import asker, by_rule, line_steps, seen_steps, source

NOW = "now"
NO_REQUEST = "wb:none"
QUARTER = 4


def mark_of(kernel: Kernel, words: list[str], caller: CallerClass) -> str:
    """Return the mark that a question names, min if none; raises TruthError."""
    mark = words[0] if words else "min"
    if mark not in MARKS:
        raise TruthError(no_such("mark", mark, MARKS))
    tested = {one.name for one in (*kernel.classes_at(mark), NO_WATERMARKS)}
    if caller.name not in tested:
        raise TruthError(f"class {caller.name} is tested at min only; at {mark} there is plain")
    return mark


class Gate:
    """One caller at one zone's door: everything that the floor is computed from."""

    def __init__(self, subject: Subject, zone: Zone, who: Who, mark: str, class_index: int) -> None:
        self.subject, self.zone, self.who, self.mark = subject, zone, who, mark
        self.class_index = class_index
        self.pages: int = getattr(zone, mark)
        self.reserve = zone.reserve[class_index]

    def floor_at(self, caller: CallerClass, mark: str | None = None) -> Term:
        """Return the floor of a class here, at this mark or another."""
        name = mark or self.mark
        pages = given(name, getattr(self.zone, name))
        kept = given("lowmem_reserve", self.reserve)
        return floor(self.subject.kernel.gate.reductions, pages, kept, caller.flags)

    @property
    def class_name(self) -> str:
        """The highest zone that the caller may have pages of, of those that the machine has."""
        names = [zone.name for zone in self.subject.machine.state.zones]
        return next(
            (one for one in reversed(ZONES[: self.class_index + 1]) if one in names),
            ZONES[self.class_index],
        )

    @property
    def floor(self) -> Term:
        """The caller's own floor."""
        return self.floor_at(self.who.caller)

    def why(self) -> Finding:
        """Return the sentence that says what the floor is."""
        caller = self.who.caller
        if caller is NO_WATERMARKS:
            return finding("truth.no_line", zone=self.zone.name)
        who, steps = asker(caller, self.mark), self.steps()
        return finding("truth.floor", who=who, steps=steps, floor=self.floor.value)

    def steps(self) -> str:
        """Return how the caller's floor comes about, step by step."""
        reductions = self.subject.kernel.gate.reductions
        flags = self.who.caller.flags
        return line_steps(reductions, self.mark, self.pages, flags, self.reserve)

    def rule(self) -> str:
        """Return the rule that holds for this caller here, in words."""
        if self.who.caller is NO_WATERMARKS:
            return as_sentence(sentence(finding("rule.no_line")))
        code = "rule.line_and_reserve" if self.reserve else "rule.line"
        because = CALLERS[self.who.caller.name].because
        said = finding(code, mark=self.mark, because=because, class_zone=self.class_name)
        return as_sentence(sentence(said))

    def goes_by(self, found: Truth, code: str = "") -> Truth:
        """Return an answer with the rule that it goes by, this caller's if none is named."""
        words = as_sentence(sentence(finding(code))) if code else self.rule()
        return found._replace(rule=words, source=source(self.subject.kernel, "floor"))

    def others(self, add: int = 0) -> list[Other]:
        """Return the floors that other rules give, `add` pages above them."""
        own = self.floor.value
        found = [*self._parts(add), *(self._class(other, add) for other in self._other_classes())]
        found += [self._mark(mark, add) for mark in MARKS if mark != self.mark]
        if self.who.caller is not NO_WATERMARKS:
            found += self._reserves(own, add)
        return [other for other in found if other.value != own + add]

    def _parts(self, add: int) -> list[Other]:
        """Return what comes off min, taken for what is left, and a quarter taken of min itself."""
        reductions = self.subject.kernel.gate.reductions
        off = discounts(reductions, self.pages, self.who.caller.flags)
        left = self.pages - sum(taken for _, taken in off)
        found = [slip(taken, "wrong.taken_off", left=left) for _, taken in off[-1:]]
        quarter = self.pages // QUARTER
        if len(off) > 1:
            rest = self.pages - off[0][1]
            at = rest - quarter + self.reserve + add
            return [slip(at, "wrong.quarter_of_min", rest=rest), *found]
        return [*found, slip(quarter, "wrong.quarter")] if off else []

    def _other_classes(self) -> list[CallerClass]:
        return [one for one in self.subject.kernel.classes_at(self.mark) if one != self.who.caller]

    def _class(self, other: CallerClass, add: int) -> Other:
        value = self.floor_at(other).value + add
        why = finding(
            "wrong.class",
            answer=value,
            premise=CALLERS[other.name].premise,
            because=CALLERS[self.who.caller.name].because,
        )
        return Other(value, why)

    def _mark(self, mark: str, add: int) -> Other:
        value = self.floor_at(PLAIN, mark).value + add
        return slip(value, "wrong.mark", other=mark, mark=self.mark)

    def _reserves(self, own: int, add: int) -> list[Other]:
        zone, class_name = self.zone.name, self.class_name
        if self.reserve:
            value = own - self.reserve + add
            why = finding(
                "wrong.own_zone",
                answer=value,
                zone=zone,
                class_zone=class_name,
                reserve=self.reserve,
            )
            return [Other(value, why)]
        return [
            slip(pages, "wrong.reserve_counts", zone=zone)
            for pages in sorted({own + kept + add for kept in self.zone.reserve if kept})
        ]


def gate_of(subject: Subject, words: list[str]) -> Gate:
    """Return the gate of `ZONE CALLER [MARK] [for ZONE]`."""
    zone, who = subject.zone(words[0]), subject.who(words[1])
    mark = mark_of(subject.kernel, words[2:], who.caller)
    return Gate(subject, zone, who, mark, subject.class_zone(zone, who, subject.chosen.get("for")))


def floor_of(subject: Subject, words: list[str]) -> Truth:
    """`floor ZONE CALLER [MARK] [for ZONE]`: the free count at which this caller is refused."""
    gate = gate_of(subject, words)
    value = gate.floor.value
    near = (slip(value + 1, "wrong.first_served"), slip(value - 1, "wrong.refused_too"))
    found = told(value, gate.why(), (*gate.others(), *near), term=gate.floor)
    return gate.goes_by(found)


def lowest_served(subject: Subject, words: list[str]) -> Truth:
    """`lowest_served ZONE CALLER [MARK] [highatomic N] [for ZONE]`: the lowest free that is served.

    Of `wb:none`, which asks for no page, the answer is the name `none`.
    """
    if words[1] == NO_REQUEST:
        return _asks_for_none(subject)
    gate = gate_of(subject, words)
    kept = _kept(gate)
    term = gate.floor + 1 if not kept.value else gate.floor + kept + 1
    itself = slip(term.value - 1, "wrong.one_more")
    bare = gate.floor.value + 1
    without = slip(bare, "wrong.no_highatomic", pages=kept.value)
    others = (itself, *([without] if kept.value else gate.others(1)))
    found = told(term, _lowest(gate, term.value, kept.value), others)
    return gate.goes_by(found, "rule.kept" if kept.value else "")


def _lowest(gate: Gate, free: int, kept: int) -> Finding:
    caller = gate.who.caller
    if caller is NO_WATERMARKS:
        return finding("truth.lowest_no_line", free=free)
    code = "truth.lowest_kept" if kept else "truth.lowest_served"
    who, steps = asker(caller, gate.mark), gate.steps()
    return finding(code, steps=steps, who=who, kept=kept, line=free - 1, free=free)


def kswapd_sleeps(subject: Subject, words: list[str]) -> Truth:
    """`kswapd_sleeps ZONE`: the lowest free count at which kswapd leaves a zone in peace."""
    zone = subject.zone(words[0])
    term = given("high", zone.high) + 1
    others = [slip(zone.high, "wrong.not_above", mark="high")]
    others += [
        slip(getattr(zone, mark) + one, "wrong.sleeps_at", mark=mark)
        for mark in ("low", "min")
        for one in (0, 1)
    ]
    why = finding("truth.kswapd_sleeps", high=zone.high, free=term.value)
    found = told(term, why, others)
    rule = as_sentence(sentence(finding("rule.sleeps")))
    where = "zone_balanced  mm/vmscan.c"
    return found._replace(rule=rule, source=f"{where}  {subject.kernel.source}")


def _kept(gate: Gate) -> Term:
    """Return the pages kept for high-order atomics that this caller does not see as free."""
    sees = gate.subject.kernel.gate.sees_highatomic
    kept = _reserved(gate)
    return given("reserved_highatomic", hidden(kept, gate.who.caller.flags, sees))


def _reserved(gate: Gate) -> int:
    """Return what the question says that the zone keeps, or else what it keeps now."""
    said = gate.subject.chosen.get("highatomic")
    return gate.zone.reserved_highatomic if said is None else number_in(said, "highatomic")


def _asks_for_none(subject: Subject) -> Truth:
    """Answer for a writeback that allocates nothing (commit 85009b4f5f03, 2017)."""
    return by_rule(told("none", finding("truth.asks_none")), subject, "asks_none")


def passes(subject: Subject, words: list[str]) -> Truth:
    """`passes ZONE CALLER FREE [MARK] [order N] [highatomic N] [for ZONE]`: the watermark test.

    FREE is a number, or `now`: the machine's own free count, and then also its free lists.
    """
    gate = gate_of(subject, [*words[:2], *words[3:]])
    order, now = order_of(subject.chosen.get("order", "0")), words[2] == NOW
    free, seen = _seen(gate, words[2], order)
    allowed = spare(seen, gate.floor) > 0
    findings: tuple[Finding, ...] = (_verdict(gate, free, order, seen),)
    other = Other(not allowed, _flip(gate, free, seen, allowed))
    if allowed and now and order and not gate.zone.buddy.has_block(order, _lists_of(gate)):
        allowed = False
        enough = finding(
            "truth.enough", free=_counted(gate, free, order, seen), floor=gate.floor.value
        )
        findings = (enough, finding("truth.fits_not", zone=gate.zone.name, order=order))
        other = Other(True, finding("wrong.crumbs", answer="yes", free=free, order=order))
    return gate.goes_by(told(allowed, findings, (other,), term=gate.floor))


def _seen(gate: Gate, word: str, order: int) -> tuple[int, Term]:
    """Return the free pages, a number or those of now, and those that the test counts."""
    free = gate.zone.free if word == NOW else number_in(word, "FREE")
    sees = gate.subject.kernel.gate.sees_highatomic
    kept = hidden(_reserved(gate), gate.who.caller.flags, sees)
    return free, seen_free(given("free", free), order, kept)


def _lists_of(gate: Gate) -> tuple[int, ...]:
    """Return the types of free lists on which the test looks for a block of this caller."""
    extra = gate.subject.kernel.gate.extra_above
    own = gate.who.caller.flags
    letters = "UME" + "".join(one.types for one in extra if own & one.flags == one.flags)
    return tuple(sorted({LETTERS.index(letter) for letter in letters}))


def seen(subject: Subject, words: list[str]) -> Truth:
    """`seen ZONE CALLER FREE|now [order N] [highatomic N]`: the free pages that the test counts."""
    gate = gate_of(subject, words[:2])
    order = order_of(subject.chosen.get("order", "0"))
    free, term = _seen(gate, words[2], order)
    why = finding("truth.seen", result=_counted(gate, free, order, term))
    others = [slip(free, "wrong.all_free", free=free, seen=term.value)]
    others += [slip(gate.floor.value, "wrong.is_floor")]
    rule = WORDS[term.name or "floor"].text
    return told(term, why, others)._replace(rule=rule, source=source(subject.kernel, "floor"))


def _verdict(gate: Gate, free: int, order: int, seen: Term) -> Finding:
    """Return the inequality, what it says, and how the number on the right comes about."""
    code = "passes" if spare(seen, gate.floor) > 0 else "refused"
    counted = _counted(gate, free, order, seen)
    if gate.who.caller is NO_WATERMARKS:
        return finding(f"truth.{code}_no_line", free=counted)
    plain = gate.who.caller.name == PLAIN.name and not gate.reserve
    kind = f"{code}_at_mark" if plain else code
    return finding(
        f"truth.{kind}",
        free=counted,
        floor=gate.floor.value,
        steps=gate.steps(),
        who=asker(gate.who.caller, gate.mark),
        mark=gate.mark,
    )


def _counted(gate: Gate, free: int, order: int, seen: Term) -> str:
    """Return which of the free pages the test counts, step by step."""
    rest = (1 << order) - 1
    return seen_steps(free, order, free - rest - seen.value)


def _flip(gate: Gate, free: int, seen: Term, allowed: bool) -> Finding:
    """Return the nearest rule under which the test would say the opposite."""
    answer = "no" if allowed else "yes"
    if not allowed and seen.value == gate.floor.value:
        return finding("wrong.last_page", floor=gate.floor.value)
    if gate.who.caller is not PLAIN and seen.value == gate.floor.value + 1:
        return finding("wrong.first_page", floor=free - 1)
    if not allowed and free > gate.floor.value:
        return finding("wrong.all_free", free=free, seen=seen.value)
    kept = _reserved(gate)
    if allowed and kept and spare(seen, gate.floor) <= kept and seen.value > free - kept:
        return finding("wrong.counts_too", answer=answer, pages=kept)
    by_class = _flip_by_class(gate, seen, allowed)
    reserve = _flip_by_reserve(gate, seen, allowed)
    if reserve is not None and (not allowed or by_class in (None, NO_WATERMARKS)):
        return reserve
    if by_class is not None:
        return _as_class(gate, by_class, answer)
    mark = _flip_by_mark(gate, seen) if allowed else None
    if mark is not None:
        return _at_mark(gate, mark, answer)
    code = "wrong.few_free" if allowed else "wrong.many_free"
    return finding(code, answer=answer, floor=gate.floor.value, seen=seen.value)


def _flip_by_class(gate: Gate, seen: Term, allowed: bool) -> CallerClass | None:
    """Return the nearest other class for which the test would say the opposite."""
    others = _by_floor(gate)[:: 1 if not allowed else -1] if gate.mark == "min" else ()
    for other in others:
        if other != gate.who.caller and (spare(seen, gate.floor_at(other)) > 0) is not allowed:
            return other
    return None


def _flip_by_mark(gate: Gate, seen: Term) -> str | None:
    """Return the mark, higher than the one that is tested, at which it would be refused."""
    others = (mark for mark in MARKS if getattr(gate.zone, mark) > gate.pages)
    own = gate.who.caller
    return next((mark for mark in others if spare(seen, gate.floor_at(own, mark)) <= 0), None)


def _at_mark(gate: Gate, mark: str, answer: str) -> Finding:
    return finding("wrong.test_mark", answer=answer, other=mark, mark=gate.mark)


def _as_class(gate: Gate, other: CallerClass, answer: str) -> Finding:
    because = CALLERS[gate.who.caller.name].because
    return finding(
        "wrong.test", answer=answer, premise=CALLERS[other.name].premise, because=because
    )


def _flip_by_reserve(gate: Gate, seen: Term, allowed: bool) -> Finding | None:
    """Return what lowmem_reserve would have to do for the opposite, None if it decides nothing."""
    zone, floor_pages = gate.zone, gate.floor.value
    if allowed and not gate.reserve and seen.value <= floor_pages + max(zone.reserve):
        return finding("wrong.reserve_counts", zone=zone.name)
    if allowed or not gate.reserve or seen.value <= floor_pages - gate.reserve:
        return None
    class_name = gate.class_name
    return finding("wrong.kept_from", zone=zone.name, class_zone=class_name, reserve=gate.reserve)


def _by_floor(gate: Gate) -> list[CallerClass]:
    """Return the classes, highest floor first; of equal floors the class that is listed first."""
    classes = gate.subject.kernel.gate.classes
    found = {gate.floor_at(one).value: one for one in reversed(classes)}
    return [found[value] for value in sorted(found, reverse=True)]
