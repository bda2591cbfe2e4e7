"""A line form: one template that compiles to a renderer and to a parser.

A template is the kernel's own format with `{name:kind}` for each value, for example
`free:{free:kb}`. A printk with several lines is one template with newlines; its parts can also be
read one at a time, since a log may have lost some of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mmplay.engine.printk.fields import FIELD_KINDS, FieldKind

_SLOT = re.compile(r"\{(\w+):(\w+)\}")

Values = dict[str, Any]
"""Field names to values, in the order of the template."""


@dataclass(frozen=True, slots=True)
class LinePart:
    """One line of a form."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[FieldKind, ...]
    pattern: re.Pattern[str]

    def parse(self, text: str) -> Values | None:
        """Return the values of one line without its time stamp, or None if it is another line.

        What is returned renders to exactly `text`.
        """
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        try:
            values = {
                name: kind.read(group)
                for name, kind, group in zip(self.names, self.kinds, found.groups(), strict=True)
            }
        except ValueError:
            return None
        return values if self.render(values) == text else None

    def render(self, values: Values) -> str:
        """Return the line for these values; raises KeyError if one is missing."""
        pieces = [self.literals[0]]
        for name, kind, literal in zip(self.names, self.kinds, self.literals[1:], strict=True):
            pieces.append(kind.write(values[name]))
            pieces.append(literal)
        return "".join(pieces)


def _compile(template: str) -> LinePart:
    pieces = _SLOT.split(template)
    literals, names = tuple(pieces[0::3]), tuple(pieces[1::3])
    kinds = tuple(FIELD_KINDS[kind] for kind in pieces[2::3])
    pattern = re.escape(literals[0]) + "".join(
        f"({kind.pattern}){re.escape(literal)}"
        for kind, literal in zip(kinds, literals[1:], strict=True)
    )
    return LinePart(literals, names, kinds, re.compile(pattern, re.DOTALL))


@dataclass(frozen=True, slots=True)
class LineForm:
    """The description of one printk: a stable name, what it means, and its lines.

    `role` says what a report does with the values (`zone`, `failure`, ...); `name` is stored in
    traces and is never given to another template.
    """

    name: str
    role: str
    template: str
    parts: tuple[LinePart, ...]

    def render(self, values: Values) -> list[str]:
        """Return all lines of this printk; raises KeyError if a value is missing."""
        return [part.render(values) for part in self.parts]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the order of the template."""
        return tuple(name for part in self.parts for name in part.names)


def form(name: str, template: str) -> LineForm:
    """Return the compiled form of `template`; the role is the name up to its last slash."""
    parts = tuple(_compile(line) for line in template.split("\n"))
    return LineForm(name, name.rsplit("/", 1)[0], template, parts)
