"""Formulas of the rules in the kernel's names, as the rules themselves compute them."""

from __future__ import annotations

from mmplay.engine.explain.formula import symbolic
from mmplay.engine.kernel.versions import KERNELS
from mmplay.levels.truth.compute import MANY, RULES

SAMPLE = 1
"""Any number will do: only the names are shown."""


def formulas_of(rule: str) -> tuple[str, ...]:
    """Return the formula of a rule of `compute`; one line a kernel where they differ.

    A name that a rule computes by itself stands as its name.
    """
    one = RULES[rule]
    numbers = [SAMPLE for name in one.names if name != MANY and not name.startswith("[")]
    texts = {name: symbolic(one.term(kernel, numbers)) for name, kernel in KERNELS.items()}
    if len(set(texts.values())) == 1:
        text = next(iter(texts.values()))
        return () if text == str(SAMPLE) else (text,)
    return tuple(f"{name}: {text}" for name, text in texts.items())
