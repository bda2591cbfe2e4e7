"""A finding: one thing that a rule concluded, as a code and its operands.

The words stand in `engine.explain.sentences`; JSON carries the code and the operands beside the
sentence, so that a program need not read English.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.explain.formula import equation, symbolic, tree
from mmplay.engine.terms import Term

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
