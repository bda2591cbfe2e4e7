"""A finding, one thing that a rule concluded, as a code and its operands; and its sentence.

The sentences lie in `data`: one template for each finding, filled with its operands. JSON carries
the code and the operands beside the sentence, so that a program need not read English. Format specs
of our own: `pages` counts ("1 page", "22 pages"), `seconds` turns microseconds into seconds, `size`
turns kB into the unit people read, `hex` prints a mask.

A Term operand is written as its formula, the tree of an evaluation, in names or filled in with
numbers. `1300 - 1300/2 = 650`: a division that comes out even is shown, one that the kernel rounded
down is shown as its result (`11 - 5`), since a reader would otherwise compute another number.
Adding nothing is left out of the filled form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from mmplay.engine.errors import how_many
from mmplay.engine.explain.words import WORDS
from mmplay.engine.tables import folded, read_data
from mmplay.engine.terms import GIVEN, RULE, Term

_RANK = {"XOR": 0, "+": 1, "-": 1, "*": 2, "/": 2}
_DIVIDEND = 3
"""A product that is divided stands in parentheses: in whole numbers the order matters."""

_FUNCTIONS = {"max", "min", "isqrt"}

SMALL = {"kswapd", "kmalloc", "kfree", "min", "low", "high"}
"""Names of the kernel that no sentence begins with a capital for."""


def symbolic(term: Term) -> str:
    """Return the formula in names, for example `min - min/2 + lowmem_reserve`.

    The outermost rule is opened; a rule inside it stands as its name.
    """
    body = term.operands[0] if term.op == RULE else term
    return _symbols(body, 0)


def _symbols(term: Term, rank: int) -> str:
    if term.op in (GIVEN, RULE):
        return WORDS[term.name].symbol if term.name else str(term.value)
    if term.op in _FUNCTIONS:
        return f"{term.op}({', '.join(_symbols(operand, 0) for operand in term.operands)})"
    left, right = term.operands
    own = _RANK[term.op]
    text = f"{_symbols(left, _left_rank(term.op))}{_operator(term.op)}{_symbols(right, own + 1)}"
    return f"({text})" if own < rank else text


def filled(term: Term) -> str:
    """Return the formula with its numbers, for example `1300 - 1300/2`."""
    body = term.operands[0] if term.op == RULE else term
    if body.op == "/":
        left, right = body.operands
        return f"{_numbers(left, _DIVIDEND)}/{_numbers(right, _DIVIDEND)}"
    return _numbers(body, 0)


def _numbers(term: Term, rank: int) -> str:
    if term.op in (GIVEN, RULE):
        return str(term.value)
    if term.op in _FUNCTIONS:
        return f"{term.op}({', '.join(_numbers(operand, 0) for operand in term.operands)})"
    left, right = term.operands
    if term.op == "/":
        return f"{left.value}/{right.value}" if _comes_out_even(left, right) else str(term.value)
    if term.op in "+-" and right.value == 0:
        return _numbers(left, rank)
    own = _RANK[term.op]
    text = f"{_numbers(left, own)}{_operator(term.op)}{_numbers(right, own + 1)}"
    return f"({text})" if own < rank else text


def _operator(op: str) -> str:
    return "/" if op == "/" else f" {op} "


def _left_rank(op: str) -> int:
    return _DIVIDEND if op == "/" else _RANK[op]


def _comes_out_even(left: Term, right: Term) -> bool:
    return right.value != 0 and left.value % right.value == 0


def equation(term: Term) -> str:
    """Return `filled = result`, or the bare number where there is nothing to compute."""
    text = filled(term)
    return text if text == str(term.value) else f"{text} = {term.value}"


def tree(term: Term) -> dict[str, object]:
    """Return the evaluation as plain data for JSON: name, op, value and operands."""
    node: dict[str, object] = {"op": term.op, "value": term.value}
    if term.name:
        node["name"] = term.name
    if term.operands:
        node["operands"] = [tree(operand) for operand in term.operands]
    return node


Operand = int | str | None | list[str] | Term


class Finding(NamedTuple):
    """`code` is a key of the table of sentences, `operands` what its template names."""

    code: str
    operands: dict[str, Operand]

    def as_json(self) -> dict[str, object]:
        """Return code and operands as plain data; a Term becomes its result, formula and tree."""
        return {"code": self.code} | {
            name: term_json(value) if isinstance(value, Term) else value
            for name, value in self.operands.items()
        }


def finding(code: str, **operands: Operand) -> Finding:
    """Return a Finding; a shorthand that reads like the sentence it stands for."""
    return Finding(code, operands)


def term_json(term: Term) -> dict[str, object]:
    """Return a Term as plain data: value, formula in names, formula filled in, tree."""
    return {
        "value": term.value,
        "formula": symbolic(term),
        "filled": equation(term),
        "tree": tree(term),
    }


def _flat(groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{group}.{name}": folded(text)
        for group, templates in groups.items()
        for name, text in templates.items()
    }


FILES = (
    *("sentences", "sentences_asked", "answers", "headlines", "events", "what_if"),
    "futures",
)
"""Where the templates lie; a code stands in one of them."""


@cache
def templates() -> dict[str, str]:
    """Return every finding's template by its code; they are read when first asked for."""
    files = (read_data(__package__, name) for name in FILES)
    return _flat({group: texts for file in files for group, texts in file.items()})


COUNTED = ("pages", "objects", "tasks", "times", "free blocks", "rule sets")


class Number(int):
    """An integer that knows the specs of the templates."""

    def __format__(self, spec: str) -> str:
        if spec in COUNTED:
            return how_many(int(self), spec)
        if spec == "hex":
            return f"{int(self):#x}"
        if spec == "seconds":
            return seconds(int(self))
        if spec == "size":
            return size(int(self))
        return format(int(self), spec)


def seconds(time_us: int) -> str:
    """Return microseconds as seconds with all six decimals, as printk prints them."""
    sign, time_us = ("-", -time_us) if time_us < 0 else ("", time_us)
    return f"{sign}{time_us // 1_000_000}.{time_us % 1_000_000:06d} s"


UNITS = ("kB", "MiB", "GiB", "TiB")


def size(kb: int) -> str:
    """Return kB in the unit that people read, with one decimal from MiB on: `21.0 GiB`."""
    rank = max(0, min(len(UNITS) - 1, (abs(kb).bit_length() - 1) // 10))
    if rank == 0:
        return f"{kb} kB"
    unit = 1 << (10 * rank)
    tenths = (abs(kb) * 10 + unit // 2) // unit
    return f"{'-' if kb < 0 else ''}{tenths // 10}.{tenths % 10} {UNITS[rank]}"


def sentence(one: Finding) -> str:
    """Return the finding in words."""
    return templates()[one.code].format(**{k: _shown(v) for k, v in one.operands.items()})


def said(code: str, **operands: Operand) -> str:
    """Return a sentence that is no finding, from its code and operands."""
    return sentence(Finding(code, operands))


def as_sentence(text: str) -> str:
    """Return words as a whole sentence; a name that the kernel writes small stays as it is."""
    if not text:
        return ""
    word = text.split(" ", 1)[0]
    first = text[:1] if word in SMALL or not word.isalpha() else text[:1].upper()
    return f"{first}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def _shown(value: Operand) -> object:
    if isinstance(value, Term):
        return equation(value)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, int):
        return Number(value)
    return "unknown" if value is None else value
