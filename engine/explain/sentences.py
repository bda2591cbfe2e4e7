"""The sentences: one template for each finding, filled with the finding's operands.

A Term operand is written as its filled-in equation. Format specs of our own: `pages` counts
("1 page", "22 pages"), `seconds` turns microseconds into seconds, `hex` prints a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mmplay.engine.explain.finding import Finding, Operand, equation
from mmplay.engine.tables import folded, read_data
from mmplay.engine.terms import Term


def _flat(groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{group}.{name}": folded(text)
        for group, templates in groups.items()
        for name, text in templates.items()
    }


@cache
def templates() -> dict[str, str]:
    """Return every finding's template by its code; they are read when first asked for."""
    files = (read_data(__package__, name) for name in ("sentences", "sentences_asked", "answers"))
    return _flat({group: texts for file in files for group, texts in file.items()})


COUNTED = ("pages", "objects", "times")


class Number(int):
    """An integer that knows the specs of the templates."""

    def __format__(self, spec: str) -> str:
        if spec in COUNTED:
            return f"{int(self)} {spec[:-1] if self == 1 else spec}"
        if spec == "hex":
            return f"{int(self):#x}"
        if spec == "seconds":
            return seconds(int(self))
        return format(int(self), spec)


def seconds(time_us: int) -> str:
    """Return microseconds as seconds with all six decimals, as printk prints them."""
    sign, time_us = ("-", -time_us) if time_us < 0 else ("", time_us)
    return f"{sign}{time_us // 1_000_000}.{time_us % 1_000_000:06d} s"


def sentence(one: Finding) -> str:
    """Return the finding in words."""
    return templates()[one.code].format(**{k: _shown(v) for k, v in one.operands.items()})


def said(code: str, **operands: Operand) -> str:
    """Return a sentence that is no finding, from its code and operands."""
    return sentence(Finding(code, operands))


def _shown(value: Operand) -> object:
    if isinstance(value, Term):
        return equation(value)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, int):
        return Number(value)
    return "unknown" if value is None else value
