"""A line form: one template that compiles to a renderer and to a parser, and its kinds of field.

A template is the kernel's own format with `{name:kind}` for each value, for example
`free:{free:kb}`. A printk with several lines is one template with newlines; its parts can also be
read one at a time, since a log may have lost some of them. A field's value is an int, a str, a bool
or a list of such, so that it can be stored in a trace. Rendering what was parsed gives the same
text: patterns only accept what the kernel would print. The templates lie in `data`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mmplay.engine.printk.kinds import FIELD_KINDS, FieldKind
from mmplay.engine.tables import read_data

_SLOT = re.compile(r"\{(\w+):(\w+)\}")

Values = dict[str, Any]
"""Field names to values, in the order of the template."""


class LinePart:
    """One line of a form. Its pattern is compiled when a line is first read with it."""

    __slots__ = ("_pattern", "kinds", "literals", "names")

    def __init__(self, template: str) -> None:
        pieces = _SLOT.split(template)
        self.literals = tuple(pieces[0::3])
        self.names = tuple(pieces[1::3])
        self.kinds: tuple[FieldKind, ...] = tuple(FIELD_KINDS[kind] for kind in pieces[2::3])
        self._pattern: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression with one group for each field."""
        if self._pattern is None:
            text = re.escape(self.literals[0]) + "".join(
                f"({kind.pattern}){re.escape(literal)}"
                for kind, literal in zip(self.kinds, self.literals[1:], strict=True)
            )
            self._pattern = re.compile(text, re.DOTALL)
        return self._pattern

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


class LineForm:
    """The description of one printk: a stable name, what it means, and its lines.

    `role` says what a report does with the values (`zone`, `failure`, ...); `name` is stored in
    traces and is never given to another template; `size` counts its lines. `clue` is a
    pattern that its first line surely contains: `engine.printk.reader` says what for. `follows`
    tells a line that has none, and is read only close behind another.
    """

    __slots__ = (
        "_kinds",
        "_names",
        "_parts",
        "clue",
        "follows",
        "name",
        "role",
        "size",
        "template",
    )

    def __init__(self, name: str, template: str, clue: str = "") -> None:
        self.name = name
        self.role = name.rsplit("/", 1)[0]
        self.template = template
        self.clue = clue
        self.follows = self.role in FOLLOWING_ROLES or name in FOLLOWING
        self.size = template.count("\n") + 1
        self._parts: tuple[LinePart, ...] | None = None
        self._names: tuple[str, ...] | None = None
        self._kinds: tuple[FieldKind, ...] = ()

    @property
    def parts(self) -> tuple[LinePart, ...]:
        """The lines of this printk, in order."""
        if self._parts is None:
            self._parts = tuple(LinePart(line) for line in self.template.split("\n"))
        return self._parts

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the order of the template."""
        if self._names is None:
            self._names = tuple(name for part in self.parts for name in part.names)
            self._kinds = tuple(kind for part in self.parts for kind in part.kinds)
        return self._names

    def render(self, values: Values) -> list[str]:
        """Return all lines of this printk; raises KeyError if a value is missing."""
        return [part.render(values) for part in self.parts]

    def holds(self, values: list[Any]) -> bool:
        """Tell whether these are values that a line of this form could have, in field order."""
        if len(values) != len(self.names):
            return False
        return all(kind.valid(value) for kind, value in zip(self._kinds, values, strict=True))


def form(name: str, template: str, clue: str = "") -> LineForm:
    """Return the form of `template`; the role is the name up to its last slash."""
    return LineForm(name, template, clue)


TASK_CLUE = r"\] +-?[0-9]+ +-?[0-9]+ +-?[0-9]+ "
ENTRY_CLUE = r"\+0x[0-9a-f]+/0x"
BLOCKS_CLUE = r"\*[0-9]+kB "
OOM_CLUE = r"oom-killer:"
"""Without what stands around it: a mailer may have folded the line there."""
KILL_CLUE = r"ill process "
ROLE_CLUES = {
    "entry": ENTRY_CLUE,
    "blocks": BLOCKS_CLUE,
    "task": TASK_CLUE,
    "oom": OOM_CLUE,
    "kill": KILL_CLUE,
}
CLUES = {
    "words/4.5": r"\n(?:(?<=[0-9a-f]{16}\n)|(?<=[0-9a-f]{16}\r\n))",
    "memcgusage/2.6.32": r"mit [0-9]+kB, failcnt ",
    "totals.Active/2.6.18": r"ctive:[0-9]+ inactive:",
    **dict.fromkeys(("cmabusy/4.5", "cmabusy/cma"), r"PFNs busy"),
}
"""Clues of forms whose fixed texts are too short, or too common in other lines, to be one."""

FOLLOWING_ROLES = frozenset(
    {"allocation", "inline", "lmkwhy", "memcgstat", "regs", "slabhead", "slabrow", "stackmark"}
)
FOLLOWING = frozenset(
    {"words/any", "words/head", "words/more", "freepages/arm", "slabpages/arm", "tasksstate/4.19"}
)
"""Lines that say nothing alone: they are read only close behind other lines of a report."""


@cache
def forms() -> dict[str, LineForm]:
    """Return every form by the name that traces store, the exact before the general.

    A reader takes the first that fits. Names end in the kernel that the wording was first read
    from; `any` reads key:value pairs by name and so survives versions that we have not read.
    """
    templates = read_data(__package__, "forms")
    return {name: form(name, text, _clue(name)) for name, text in templates.items()}


def _clue(name: str) -> str:
    return CLUES.get(name) or ROLE_CLUES.get(name.rsplit("/", 1)[0], "")
