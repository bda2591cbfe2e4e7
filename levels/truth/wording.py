"""The words of right answers: their rules, what a number counts, the steps that lead to it.

Rules stand in the table of words; those that only questions need in data/rules.toml. A number is
never called by its internal name, and with its steps every number says what it is:
`min 1300 - 650 (half, for __GFP_HIGH) = 650`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from mmplay.engine.explain.finding import said
from mmplay.engine.explain.words import WORDS
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import PLAIN, CallerClass, Reduction, discounts
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.tables import Table, folded, read_data
from mmplay.levels.truth.subject import Subject
from mmplay.levels.truth.truths import Truth


class Said(NamedTuple):
    """A rule in words, and where it stands: function and file, or a key of the table of words.

    A rule `of_bits` is read off the GFP bits, which are known of more kernels than the rules.
    """

    text: str
    where: str
    of_bits: bool


def _said(row: dict[str, Any]) -> Said:
    text = folded(row["text"]) if "text" in row else WORDS[row["words"]].text
    return Said(text, row["where"], row.get("of_bits", False))


ASKED: Table[Said] = Table(_said, "mmplay.levels.truth", "rules")


def source(kernel: Kernel, name: str) -> str:
    """Return where the rule of a table key stands: function, file, what was read."""
    words = WORDS[name]
    return f"{words.function}  {words.path}  {kernel.source}"


def by_rule(found: Truth, subject: Subject, key: str) -> Truth:
    """Return an answer with the words and the source of its rule, here or in the table of words.

    Raises TruthError if the kernel's rules are not known and this one is none of bits.
    """
    if key not in ASKED:
        return found._replace(rule=WORDS[key].text, source=source(subject.kernel, key))
    text, where, of_bits = ASKED[key]
    if where in WORDS:
        return found._replace(rule=text, source=source(subject.kernel, where))
    return found._replace(
        rule=text, source=f"{where}  {subject.layout.name if of_bits else subject.kernel.source}"
    )


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = read_data("mmplay.levels.truth", "counted")
    return tables


def spoken(name: str) -> str:
    """Return what a number counts, in words."""
    tables = _tables()
    if name in tables["one"]:
        return tables["one"][name]
    rest, _, part = name.rpartition(".")
    owner = rest.partition(".")[2]
    if owner and part in tables["part"]:
        return tables["part"][part].replace("{owner}", owner)
    return f"{part.replace('_', ' ')} of {owner}" if owner else name.replace("_", " ")


def bound_in_words(operator: str, value: int) -> str:
    """Return what a number must be: `at most 5`."""
    return f"{_tables()['sign'][operator]} {value}"


FLAG_NAMES = {
    AllocFlag.HIGH: "__GFP_HIGH",
    AllocFlag.HARDER: "ALLOC_HARDER",
    AllocFlag.OOM: "ALLOC_OOM",
    AllocFlag.MIN_RESERVE: "ALLOC_MIN_RESERVE",
}
"""What a discount is called that one flag gives."""

NON_BLOCK = "ALLOC_NON_BLOCK"
"""What the quarter is called that takes two flags since 6.3: the half has the other one's name."""

HALF = 2


def line_steps(
    reductions: tuple[Reduction, ...], mark: str, pages: int, flags: AllocFlag, reserve: int
) -> str:
    """Return how many free pages are too few for a caller, step by step; `mark` is its name."""
    parts: list[str] = []
    left = pages
    for one, taken in discounts(reductions, pages, flags):
        name = FLAG_NAMES.get(one.flag, NON_BLOCK)
        code = "half" if one.divisor == HALF else "quarter_of_rest" if parts else "quarter"
        parts.append(said(f"steps.{code}", pages=taken, flag=name))
        left -= taken
    if reserve:
        parts.append(said("steps.reserve", pages=reserve))
    if not parts:
        return f"{mark} is {pages}"
    return f"{mark} {pages} {' '.join(parts)} = {left + reserve}"


def asker(caller: CallerClass, mark: str) -> str:
    """Return who is held against a mark: whoever comes without a discount has a name there."""
    return said(f"asker.{mark}" if caller.name == PLAIN.name else "asker.other")


def seen_steps(free: int, order: int, kept: int) -> str:
    """Return which of the free pages the test counts, step by step."""
    rest = (1 << order) - 1
    parts = [said("steps.rest", pages=rest)] if rest else []
    parts += [said("steps.kept", pages=kept)] if kept else []
    return f"{free} {' '.join(parts)} = {free - rest - kept}" if parts else str(free)


def mark_steps(kernel: Kernel, mark: str, minimum: int, managed: int, scale: int) -> str:
    """Return how low or high comes from min, step by step; `scale` counts since 4.6 only."""
    low, high = kernel.gaps(minimum, managed, scale)
    value = high if mark == "high" else low
    if kernel.watermark_scale_factor is None:
        code = "steps.min_quarter" if mark == "low" else "steps.min_half"
        return f"{minimum} + {said(code, pages=value - minimum)} = {value}"
    gap, times = low - minimum, "2 * " if mark == "high" else ""
    code = "steps.min_quarter" if gap == minimum // 4 else "steps.share"
    step = said(code, pages=gap, scale=scale, managed=managed)
    return f"{minimum} + {times}{step} = {value}"
