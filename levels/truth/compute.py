"""Questions with all their numbers in them: `compute RULE NUMBER...`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import isqrt
from operator import mul, sub
from typing import NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.finding import Finding, finding, symbolic
from mmplay.engine.rules import memory, watermarks
from mmplay.engine.rules.versions import KERNELS, Kernel
from mmplay.engine.sim.mm.pcp import batch_size
from mmplay.engine.terms import Term, given
from mmplay.levels.truth.on_marks import other_kernels
from mmplay.levels.truth.subject import Subject, number_in
from mmplay.levels.truth.truths import KB, PAGES, Other, Truth, TruthError, slip, told
from mmplay.levels.truth.wording import by_rule, mark_steps

Numbers = list[int]


class Rule(NamedTuple):
    """One rule: the names of its numbers (a last `...` takes any number of them), and its Term.

    `words` is the key of the table of words that says what it is.
    """

    names: str
    words: str
    term: Callable[[Kernel, Numbers], Term]
    unit: str = PAGES
    others: Callable[[Kernel, Numbers, int], list[Other]] = lambda kernel, numbers, value: []


MANY = "..."
SAMPLE = 1
"""A number where only the names are shown: any will do."""


def _terms(names: str, numbers: Numbers) -> list[Term]:
    return [given(name, number) for name, number in zip(names.split(), numbers, strict=False)]


def _of(names: str, rule: Callable[..., Term]) -> Callable[[Kernel, Numbers], Term]:
    """Return a rule that is the same on every kernel, of the terms of these names."""
    return lambda kernel, numbers: rule(*_terms(names, numbers))


def _min_others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
    whole_min = watermarks.pages_min(n[0])
    return [slip(whole_min, "wrong.unshared")]


def _gap_mark(at: int) -> Callable[[Kernel, Numbers], Term]:
    def term(kernel: Kernel, n: Numbers) -> Term:
        """Return min and the gap, in pages: (min, managed[, watermark_scale_factor])."""
        scale = n[2] if len(n) > 2 else kernel.watermark_scale_factor or 0
        terms = _terms("min managed watermark_scale_factor", [*n[:2], scale])
        return kernel.gaps(*terms)[at]

    return term


def _step(kernel: Kernel, n: Numbers) -> Term:
    return _gap_mark(0)(kernel, n) - given("min", n[0])


def _step_others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
    found = {
        term.value: finding("wrong.kernel_alone", answer=term.value, kernel=other.name)
        for other in reversed(list(KERNELS.values()))
        for term in (_step(other, n),)
    }
    scale = n[2] if len(n) > 2 else kernel.watermark_scale_factor or 0
    rounded = (n[1] * scale + watermarks.SCALE_BASE // 2) // watermarks.SCALE_BASE
    if rounded == value + 1:
        found[rounded] = finding("wrong.no_round", answer=rounded)
    low = value + n[0]
    found[low] = finding("wrong.step", answer=low)
    return [Other(*one) for one in found.items()]


def _gap_others(mark: str) -> Callable[[Kernel, Numbers, int], list[Other]]:
    def others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
        """Return the other mark, other kernels' gaps, and the sum of both gaps."""
        other = "high" if mark == "low" else "low"
        there = _gap_mark(int(other == "high"))(kernel, n).value
        why = finding("wrong.other_mark", answer=there, other=other, mark=mark)
        found = [*other_kernels(kernel, n[0], n[1], mark, value), Other(there, why)]
        return [*found, *_sum_of_gaps(kernel, n, mark)]

    return others


def _sum_of_gaps(kernel: Kernel, n: Numbers, mark: str) -> list[Other]:
    """Return the mark if both parts of the gap were added, where the larger one counts."""
    scale = n[2] if len(n) > 2 else kernel.watermark_scale_factor
    if scale is None:
        return []
    parts = n[0] // 4, n[1] * scale // watermarks.SCALE_BASE
    value = n[0] + sum(parts) * (2 if mark == "high" else 1)
    return [slip(value, "wrong.sum", parts=" and ".join(map(str, parts)))]


def _boot(kernel: Kernel, n: Numbers) -> Term:
    if kernel.min_free.thp_kept:
        raise TruthError(f"kernel {kernel.name} keeps what transparent huge pages ask for")
    scale = kernel.watermark_scale_factor or 0
    return watermarks.boot_min_free_kbytes(kernel.gaps, tuple(n), scale)


def _boot_others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
    lowmem = given("lowmem_kbytes", sum(n) * watermarks.PAGE_KB)
    plain = _clamped(kernel, lowmem)
    raised = watermarks.thp_min_free_kbytes(tuple(n))
    return [
        slip(plain.value, "wrong.no_thp", result=plain),
        slip(raised, "wrong.thp_stays"),
    ]


def _clamped(kernel: Kernel, lowmem: Term) -> Term:
    least, most = Term(watermarks.MIN_FREE_KBYTES_FLOOR), Term(kernel.min_free.ceiling)
    return watermarks.default_min_free_kbytes(lowmem, least, most)


def _default(kernel: Kernel, n: Numbers) -> Term:
    return _clamped(kernel, *_terms("lowmem_kbytes", n))


def _default_others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
    bare = isqrt(n[0])
    return [slip(bare, "wrong.no_factor")]


POINTS = _of("task_pages oom_score_adj total_pages", memory.points)


def _score(kernel: Kernel, n: Numbers) -> Term:
    return memory.score(POINTS(kernel, n), given("total_pages", n[2]))


def _score_others(kernel: Kernel, n: Numbers, value: int) -> list[Other]:
    plain = _score(kernel, [n[0], 0, n[2]]).value
    rounded = (n[0] * memory.ADJ_SCALE + n[1] * n[2]) // n[2] if n[2] else 0
    return [
        slip(plain, "wrong.no_adj"),
        slip(rounded, "wrong.no_round"),
    ]


def _pcp_batch(kernel: Kernel, n: Numbers) -> Term:
    return Term(max(1, batch_size(n[0])))


def _unreclaimable(kernel: Kernel, n: Numbers) -> Term:
    return given("reclaimable_pages", n[0]) * kernel.simulated().unreclaimable_factor


RULES: dict[str, Rule] = {
    "min": Rule(
        "MIN_FREE_KBYTES MANAGED LOWMEM",
        "zone_min",
        _of("min_free_kbytes managed lowmem_pages", watermarks.zone_min),
        others=_min_others,
    ),
    "low": Rule("MIN MANAGED [SCALE]", "low", _gap_mark(0), others=_gap_others("low")),
    "high": Rule("MIN MANAGED [SCALE]", "high", _gap_mark(1), others=_gap_others("high")),
    "step": Rule("MIN MANAGED [SCALE]", "step", _step, others=_step_others),
    "lowmem_reserve": Rule(
        "ABOVE RATIO",
        "lowmem_reserve",
        _of("above lowmem_reserve_ratio", watermarks.lowmem_reserve),
    ),
    "min_free_kbytes": Rule("LOWMEM_KB", "min_free_kbytes", _default, KB, _default_others),
    "boot_min_free_kbytes": Rule("MANAGED ...", "boot_min_free_kbytes", _boot, KB, _boot_others),
    "managed": Rule("PRESENT RESERVED", "managed", _of("present reserved_pages", sub)),
    "total_reserve": Rule(
        "MANAGED RESERVE HIGH",
        "total_reserve",
        _of("zone_managed largest_reserve high", watermarks.total_reserve),
    ),
    "dirtyable": Rule("FREE KEPT FILE", "dirtyable", _of("free kept file_pages", memory.dirtyable)),
    "dirty_limit": Rule(
        "DIRTYABLE RATIO", "dirty_limit", _of("dirtyable dirty_ratio", memory.dirty_limit)
    ),
    "points": Rule("PAGES ADJ TOTAL", "points", POINTS),
    "score": Rule("PAGES ADJ TOTAL", "score", _score, "", _score_others),
    "objects": Rule("SLABS PER_SLAB", "objs", _of("slabs objects_per_slab", mul), "objects"),
    "pcp_batch": Rule("MANAGED", "pcp_batch", _pcp_batch),
    "unreclaimable_limit": Rule("RECLAIMABLE", "unreclaimable_limit", _unreclaimable),
}
"""By name; a name in brackets may be left out."""


def compute(subject: Subject, words: list[str]) -> Truth:
    """`compute RULE NUMBER...`: a rule of the kernel on given numbers."""
    if not words or words[0] not in RULES:
        raise TruthError(no_such("rule to compute", words[0] if words else "", RULES))
    rule = RULES[words[0]]
    numbers = [number_in(word, "compute") for word in words[1:]]
    _check(words[0], rule, numbers)
    term = rule.term(subject.kernel, numbers)
    others = rule.others(subject.kernel, numbers, term.value)
    why = _why(subject.kernel, words[0], numbers, term)
    found = told(term, why, others)._replace(unit=rule.unit)
    return by_rule(found, subject, rule.words)


def _why(kernel: Kernel, name: str, n: Numbers, term: Term) -> Finding:
    """Return the computation, step by step where a mark is asked for."""
    if name.startswith("boot"):
        return finding("truth.boot", result=term)
    if name not in ("low", "high", "step"):
        return finding("truth.computed", result=term)
    scale = n[2] if len(n) > 2 else kernel.watermark_scale_factor or 0
    steps = mark_steps(kernel, "high" if name == "high" else "low", n[0], n[1], scale)
    if name == "step":
        return finding("truth.step", steps=steps, above=term.value)
    return finding("truth.computed", result=f"{name} is {steps}")


def _check(name: str, rule: Rule, numbers: Numbers) -> None:
    """Raise TruthError unless the numbers are as many as the rule takes, and usable."""
    named = [one for one in rule.names.split() if one != MANY]
    least = sum(not one.startswith("[") for one in named)
    if len(numbers) < least or (MANY not in rule.names and len(numbers) > len(named)):
        raise TruthError(f"compute {name} {rule.names}: {len(numbers)} numbers given")
    for one, number in zip(named, numbers, strict=False):
        if number < 0 and one != "ADJ":
            raise TruthError(f"compute {name}: {one} {number} is negative")
        if number == 0 and one in ("LOWMEM", "RATIO", "TOTAL") and name != "dirty_limit":
            raise TruthError(f"compute {name}: {one} is 0")


def formulas_of(rule: str) -> tuple[str, ...]:
    """Return the formula of a rule of `compute`; where kernels differ, one line for those alike.

    A name that a rule computes by itself stands as its name; kernels without the rule are left out.
    """
    one = RULES[rule]
    numbers = [SAMPLE for name in one.names.split() if name != MANY and not name.startswith("[")]
    alike: dict[str, list[str]] = {}
    for name, kernel in KERNELS.items():
        with suppress(InputError):
            alike.setdefault(symbolic(one.term(kernel, numbers)), []).append(name)
    if len(alike) == 1:
        text = next(iter(alike))
        return () if text == str(SAMPLE) else (text,)
    return tuple(f"{', '.join(names)}: {text}" for text, names in alike.items())
