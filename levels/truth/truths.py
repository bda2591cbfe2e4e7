"""A truth: the right answer to a question, why it is right, and what a wrong one would need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import (
    Finding,
    Operand,
    filled,
    finding,
    sentence,
    symbolic,
    term_json,
)
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.terms import Term

Value = int | bool | str | tuple[str, ...]

NUMBER, YES_NO, NAME, ORDER, MASK, FLAGS = "number", "yes/no", "name", "order", "mask", "flags"
"""Kinds: how an answer is read. ORDER are names in order; MASK is a number and FLAGS names, and
both may be answered in hex or in names."""

OF_BITS, COUNTED = (MASK, FLAGS), (NUMBER, ORDER)
"""Kinds that are read by a kernel's GFP bits, and those that may have a unit."""

PAGES, KB = "pages", "kB"

YES_WORDS = {"yes": True, "y": True, "no": False, "n": False}
MAX_ANSWER = 400


class TruthError(InputError):
    """A question or an answer that cannot be read; the message says what is allowed."""


class Other(NamedTuple):
    """A rule that does not hold here, by the value that it would give."""

    value: Value
    why: Finding


class Truth(NamedTuple):
    """The answer to the question `text`.

    `findings` say why, `term` is the evaluation where the answer was computed, `rule` the rule in
    words, `source` the kernel function, file and version. `others` are the rules by which wrong
    answers come about, the likeliest first.
    """

    text: str
    value: Value
    kind: str
    findings: tuple[Finding, ...]
    rule: str = ""
    source: str = ""
    unit: str = ""
    term: Term | None = None
    others: tuple[Other, ...] = ()
    layout: GfpLayout | None = None

    def explanation(self) -> list[str]:
        """Return why this is the answer, one sentence each."""
        return [sentence(one) for one in self.findings]

    def hints(self) -> tuple[str, ...]:
        """Return hints, each saying more than the one before: rule, formula, formula filled in.

        None of them is the answer itself.
        """
        found = [self.rule] if self.rule else []
        if self.term is not None and filled(self.term) != str(self.term.value):
            found += [symbolic(self.term), filled(self.term)]
        return tuple(found)

    def shown(self) -> str:
        """Return the answer as text."""
        return shown(self.value, self.kind)

    def accepts(self, answer: str, tolerance: int = 0) -> bool:
        """Tell whether an answer is right, a number up to `tolerance`; raises TruthError."""
        given = self.read(answer)
        if self.kind == NUMBER and isinstance(given, int) and isinstance(self.value, int):
            return abs(given - self.value) <= tolerance
        return given == self.comparable()

    def read(self, answer: str) -> Value:
        """Return an answer as this kind of value; raises TruthError."""
        return read_answer(answer, self.kind, self.layout)

    def comparable(self) -> Value:
        """Return the value as an answer is compared with it: flags by their mask."""
        if self.kind == FLAGS and isinstance(self.value, tuple) and self.layout is not None:
            return self.layout.encode("|".join(self.value)) if self.value else 0
        return _folded(self.value)

    def wrong(self, answer: str) -> str:
        """Return which rule a wrong answer would need; empty if it is right. Raises TruthError."""
        found = self.slip(answer)
        return sentence(found) if found is not None else ""

    def slip(self, answer: str) -> Finding | None:
        """Return the finding behind `wrong`; its code names the slip."""
        given = self.read(answer)
        if given == self.comparable():
            return None
        for other in (*self.others, *self._units()):
            if _folded(other.value) == given and type(other.value) is type(given):
                return other.why
        return self._unexplained(given)

    def _units(self) -> list[Other]:
        """Return the answers in the other unit."""
        if self.kind != NUMBER or not isinstance(self.value, int) or not self.value:
            return []
        if self.unit == PAGES:
            kb = self.value * PAGE_KB
            return [Other(kb, finding("wrong.kb", answer=kb))]
        if self.unit == KB:
            pages = self.value // PAGE_KB
            return [Other(pages, finding("wrong.in_pages", answer=pages))]
        return []

    def _unexplained(self, given: Value) -> Finding:
        if self.kind in OF_BITS and self.layout is not None and isinstance(given, int):
            return self._other_flags(self.layout, given)
        if self.kind == ORDER and isinstance(given, tuple) and isinstance(self.value, tuple):
            return _first_difference(given, self.value)
        code = "wrong.number" if self.kind == NUMBER else "wrong.other"
        return finding(code, answer=shown(given, self.kind), right="; ".join(self.explanation()))

    def _other_flags(self, layout: GfpLayout, given: int) -> Finding:
        """Return which flags an answer has too many, and which it lacks."""
        right = self.comparable()
        mask = right if isinstance(right, int) else 0
        more, less = (layout.single_bits(one) for one in (given & ~mask, mask & ~given))
        answer = layout.format(given) or "none"
        if more and not given & mask:
            return finding("wrong.not_in_it", answer=answer)
        problems = [f"also has {' and '.join(more)}"] if more else []
        problems += [f"lacks {' and '.join(less)}"] if less else []
        return finding("wrong.flags", answer=answer, problems=" and ".join(problems))

    def as_json(self) -> dict[str, object]:
        """Return the truth as plain data."""
        return {
            "question": self.text,
            "value": list(self.value) if isinstance(self.value, tuple) else self.value,
            "kind": self.kind,
            "unit": self.unit,
            "why": [{**one.as_json(), "text": sentence(one)} for one in self.findings],
            "term": term_json(self.term) if self.term is not None else None,
            "rule": self.rule,
            "source": self.source,
        }


KINDS: dict[type, str] = {bool: YES_NO, int: NUMBER, str: NAME, tuple: ORDER}
"""How an answer is read, by what it is."""


def told(
    value: Value | Term,
    why: Finding | tuple[Finding, ...],
    others: Iterable[Other] = (),
    *,
    term: Term | None = None,
    kind: str = "",
) -> Truth:
    """Return an answer and why it is right; a Term is the answer and its evaluation at once."""
    if isinstance(value, Term):
        term = value
        value = term.value
    findings = (why,) if isinstance(why, Finding) else why
    return Truth("", value, kind or KINDS[type(value)], findings, term=term, others=tuple(others))


def slip(value: int | str, code: str, **operands: Operand) -> Other:
    """Return a wrong answer with the sentence of this code: by which rule it would be right."""
    return Other(value, finding(code, answer=value, **operands))


def opposite(value: bool, need: str) -> Other:
    """Return the other of yes and no, and what it would need."""
    return Other(not value, finding("wrong.need", answer="no" if value else "yes", need=need))


def shown(value: Value, kind: str) -> str:
    """Return a value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ("|" if kind == FLAGS else ", ").join(value) or "none"
    if kind in OF_BITS and isinstance(value, int):
        return f"{value:#x}"
    return str(value)


def _folded(value: Value) -> Value:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, tuple):
        return tuple(name.casefold() for name in value)
    return value


def read_answer(answer: str, kind: str, layout: GfpLayout | None) -> Value:
    """Return a typed answer as a value of this kind; raises TruthError saying what is allowed."""
    text = answer.strip()
    if not text or len(text) > MAX_ANSWER:
        raise TruthError("an answer is needed" if not text else "the answer is too long")
    if kind == YES_NO:
        return _yes_no(text)
    if kind == NUMBER:
        return _number(text)
    if kind in OF_BITS and layout is not None:
        return 0 if text == "none" else layout.encode(text)
    if kind == ORDER:
        return tuple(part.strip().casefold() for part in text.split(",") if part.strip())
    return text.casefold()


def _yes_no(text: str) -> bool:
    if text.casefold() not in YES_WORDS:
        raise TruthError(f"{text[:40]!r}: answer yes or no")
    return YES_WORDS[text.casefold()]


def _number(text: str) -> int:
    digits = text.replace(" ", "").replace("_", "").replace(",", "")
    base = 16 if digits.casefold().startswith("0x") else 10
    try:
        return int(digits, base)
    except ValueError:
        raise TruthError(f"{text[:40]!r}: answer a whole number") from None


def _first_difference(given: tuple[str, ...], right: tuple[str, ...]) -> Finding:
    places = [name.casefold() for name in right]
    for place, name in enumerate(given):
        if name not in places:
            return finding("wrong.stranger", given=place + 1, names=sorted(right))
        own = places.index(name)
        if own != place:
            return finding("wrong.place", answer=right[own], place=own + 1, given=place + 1)
    return finding("wrong.short", answer=len(given), names=len(right))
