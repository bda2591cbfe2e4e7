"""Numbers that remember how they were made.

A rule of the kernel is written once, as ordinary arithmetic. Called with ints it returns an int,
fast; called with `Term`s it returns the same number together with the tree of its evaluation, so
that a screen can show the formula filled in. An explanation can therefore never disagree with the
engine: both come from the same lines of code.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TypeVar

GIVEN = "given"
"""Operation of a leaf: a number that was read or chosen, not computed."""

RULE = "rule"
"""Operation of a named result; its one operand is how the rule computed it."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One integer and how it came about.

    `name` is a key of the table of words (`engine.explain.words`) for a leaf or a rule, and empty
    for plain arithmetic. All arithmetic is the kernel's: whole numbers, division rounding down.
    """

    value: int
    op: str = GIVEN
    operands: tuple[Term, ...] = ()
    name: str = ""

    def __add__(self, other: Term | int) -> Term:
        right = as_term(other)
        return Term(self.value + right.value, "+", (self, right))

    def __sub__(self, other: Term | int) -> Term:
        right = as_term(other)
        return Term(self.value - right.value, "-", (self, right))

    def __mul__(self, other: Term | int) -> Term:
        right = as_term(other)
        return Term(self.value * right.value, "*", (self, right))

    def __floordiv__(self, other: Term | int) -> Term:
        right = as_term(other)
        return Term(self.value // right.value, "/", (self, right))

    def __gt__(self, other: Term | int) -> bool:
        return self.value > as_term(other).value

    def __xor__(self, other: Term | int) -> Term:
        right = as_term(other)
        return Term(self.value ^ right.value, "XOR", (self, right))


N = TypeVar("N", int, Term)
"""A rule works on ints or on Terms, and returns what it was given."""


def as_term(value: Term | int) -> Term:
    """Return `value` as a Term; a bare int is a constant of the formula."""
    return value if isinstance(value, Term) else Term(value)


def given(name: str, value: int) -> Term:
    """Return a leaf: the number `value` that the words table knows as `name`."""
    return Term(value, GIVEN, (), name)


def rule(name: str, value: N) -> N:
    """Mark `value` as the result of the rule `name`; ints pass through unchanged."""
    if isinstance(value, Term):
        return Term(value.value, RULE, (value,), name)
    return value


def constant(like: N, value: int) -> N:
    """Return the constant `value` as the same kind of number as `like`."""
    if isinstance(like, Term):
        return Term(value)
    return value


def named(like: N, name: str, value: int) -> N:
    """Return the leaf `name` of this value as the same kind of number as `like`."""
    if isinstance(like, Term):
        return given(name, value)
    return value


def larger(a: N, b: N) -> N:
    """Return the larger of two numbers, as the kernel's max()."""
    if isinstance(a, Term) and isinstance(b, Term):
        return Term(max(a.value, b.value), "max", (a, b))
    return a if a > b else b


def smaller(a: N, b: N) -> N:
    """Return the smaller of two numbers, as the kernel's min()."""
    if isinstance(a, Term) and isinstance(b, Term):
        return Term(min(a.value, b.value), "min", (a, b))
    return a if a < b else b


def square_root(a: N) -> N:
    """Return the whole part of the square root, as the kernel's int_sqrt()."""
    if isinstance(a, Term):
        return Term(isqrt(a.value), "isqrt", (a,))
    return isqrt(a)
