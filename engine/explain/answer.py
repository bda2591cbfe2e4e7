"""A question about a number on the screen.

Questions about a number on the screen, and their answers.

An answer has up to five parts, always in this order: what it is, the rule in words, the rule with
the numbers, what follows, what would change it. Its links lead to the numbers that it used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.finding import Finding, equation, sentence, size, symbolic
from mmplay.engine.explain.words import WORDS, Words
from mmplay.engine.frame import Ask, Frame
from mmplay.engine.rules.watermarks import PAGE_KB
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
    word = "page" if pages == 1 else "pages"
    return f"{pages} {word} ({size(pages * PAGE_KB)})"


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
