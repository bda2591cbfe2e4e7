"""Formulas of the rules in the kernel's names, as the rules themselves compute them."""

from __future__ import annotations

from contextlib import suppress

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import symbolic
from mmplay.engine.rules.versions import KERNELS
from mmplay.levels.truth.compute import MANY, RULES

SAMPLE = 1
"""Any number will do: only the names are shown."""


def formulas_of(rule: str) -> tuple[str, ...]:
    """Return the formula of a rule of `compute`; where kernels differ, one line for those alike.

    A name that a rule computes by itself stands as its name; kernels without the rule are left out.
    """
    one = RULES[rule]
    numbers = [SAMPLE for name in one.names if name != MANY and not name.startswith("[")]
    alike: dict[str, list[str]] = {}
    for name, kernel in KERNELS.items():
        with suppress(InputError):
            alike.setdefault(symbolic(one.term(kernel, numbers)), []).append(name)
    if len(alike) == 1:
        text = next(iter(alike))
        return () if text == str(SAMPLE) else (text,)
    return tuple(f"{', '.join(names)}: {text}" for text, names in alike.items())
