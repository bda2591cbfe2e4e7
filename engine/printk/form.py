"""A line form: one template that compiles to a renderer and to a parser, and its kinds of field.

A template is the kernel's own format with `{name:kind}` for each value, for example
`free:{free:kb}`. A printk with several lines is one template with newlines; its parts can also be
read one at a time, since a log may have lost some of them. A field's value is an int, a str, a bool
or a list of such, so that it can be stored in a trace. Rendering what was parsed gives the same
text: patterns only accept what the kernel would print. The templates lie in `data`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from mmplay.engine.tables import read_data

U64_MAX = (1 << 64) - 1
S64_MIN = -(1 << 63)
MAX_ORDER = 63
"""No kernel has a block of more pages than this power of two; -1 asks for an OOM kill (SysRq f)."""

_DECIMAL = r"(?:0|[1-9][0-9]{0,19})"


class FieldKind(NamedTuple):
    """One kind of field: `pattern` has no groups; `read` raises ValueError on what cannot be.

    `valid` tells, without any text, whether a value is one that `read` could have returned.
    """

    pattern: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    valid: Callable[[Any], bool]


def _is_unsigned(value: Any) -> bool:
    return type(value) is int and 0 <= value <= U64_MAX


def _is_signed(value: Any) -> bool:
    return type(value) is int and S64_MIN <= value <= U64_MAX


def _is_order(value: Any) -> bool:
    return type(value) is int and -1 <= value <= MAX_ORDER


def _read_order(text: str) -> int:
    value = int(text)
    if not _is_order(value):
        raise ValueError("no block is so large")
    return value


def _is_text(value: Any) -> bool:
    return type(value) is str and "\n" not in value


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _rows_of(*checks: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A list of rows whose cells pass these checks."""

    def check(value: Any) -> bool:
        return type(value) is list and all(
            type(row) is list
            and len(row) == len(checks)
            and all(test(cell) for test, cell in zip(checks, row, strict=True))
            for row in value
        )

    return check


def _is_list(value: Any) -> bool:
    return type(value) is list and all(_is_signed(item) for item in value)


def _bounded(text: str) -> int:
    value = int(text)
    if not S64_MIN <= value <= U64_MAX:
        raise ValueError("beyond 64 bits")
    return value


def _read_list(text: str) -> list[int]:
    return [_bounded(part) for part in text.split()]


def _write_list(values: list[int]) -> str:
    return "".join(f" {value}" for value in values)


_BLOCK = re.compile(r"([0-9]+)\*([0-9]+)kB(?: \(([A-Z]+)\))? ")


def _read_blocks(text: str) -> list[list[Any]]:
    return [
        [_bounded(count), _bounded(size_kb), letters or ""]
        for count, size_kb, letters in _BLOCK.findall(text)
    ]


def _write_blocks(blocks: list[list[Any]]) -> str:
    return "".join(
        f"{count}*{size_kb}kB ({letters}) " if letters else f"{count}*{size_kb}kB "
        for count, size_kb, letters in blocks
    )


_PAIR = re.compile(r" ([^ :]+):( ?)([0-9]+)(kB|KB|)(?= |$)")


def _read_pairs(text: str) -> list[list[Any]]:
    return [
        [name, _bounded(number), f"{blank}{unit}"]
        for name, blank, number, unit in _PAIR.findall(text)
    ]


def _write_pairs(pairs: list[list[Any]]) -> str:
    return "".join(
        f" {name}:{' ' if unit.startswith(' ') else ''}{value}{unit.lstrip()}"
        for name, value, unit in pairs
    )


def _padded(width: int) -> FieldKind:
    return FieldKind(
        rf" {{0,{width}}}-?[0-9]{{1,20}}", _bounded, lambda value: f"{value:{width}d}", _is_signed
    )


def _text(pattern: str) -> FieldKind:
    return FieldKind(pattern, str, str, _is_text)


def _prefixed(name: str, before: str, after: str) -> FieldKind:
    """A word that is either absent (empty value) or stands between fixed characters."""
    return FieldKind(
        rf"(?:{re.escape(before)}{name}{re.escape(after)})?",
        lambda text: text[len(before) : len(text) - len(after)],
        lambda value: f"{before}{value}{after}" if value else "",
        _is_text,
    )


FIELD_KINDS: dict[str, FieldKind] = {
    "u": FieldKind(_DECIMAL, _bounded, str, _is_unsigned),
    "d": FieldKind(rf"-?{_DECIMAL}", _bounded, str, _is_signed),
    "order": FieldKind(r"(?:-1|[0-9]{1,2})", _read_order, str, _is_order),
    "kb": FieldKind(
        rf"{_DECIMAL}kB", lambda text: _bounded(text[:-2]), lambda value: f"{value}kB", _is_unsigned
    ),
    "x": FieldKind(
        r"0x(?:0|[1-9a-f][0-9a-f]{0,15})",
        lambda text: int(text, 16),
        lambda value: f"{value:#x}",
        _is_unsigned,
    ),
    "pointer": FieldKind(
        r"[0-9a-f]{16}", lambda text: int(text, 16), lambda value: f"{value:016x}", _is_unsigned
    ),
    "word": _text(r"[^ ]+"),
    "text": _text(r".*"),
    "comm": _text(r"(?:(?!: ).){0,31}?."),
    "phrase": _text(r".+?"),
    "reason": _text(r"(?:Memory cgroup out|Out) of memory(?: \([a-z_]+\))?"),
    "release": _text(r"[0-9][^ ]*"),
    "names": _text(r"[A-Za-z0-9_|]*"),
    "symbol": _text(r"[^ +\[\]]+"),
    "zone": _text(r"[A-Za-z0-9]+"),
    "taint": _text(r"(?:Kdump: loaded )?(?:Not tainted|Tainted: [A-Z -]+)"),
    "yes": FieldKind(
        r"(?:yes|no)", lambda text: text == "yes", lambda value: "yes" if value else "no", _is_bool
    ),
    "list": FieldKind(r"(?: -?[0-9]{1,20})*", _read_list, _write_list, _is_list),
    "blocks": FieldKind(
        r"(?:[0-9]{1,20}\*[0-9]{1,20}kB (?:\([A-Z]+\) )?)+",
        _read_blocks,
        _write_blocks,
        _rows_of(_is_unsigned, _is_unsigned, _is_text),
    ),
    "pairs": FieldKind(
        r"(?: [^ :]+: ?[0-9]{1,20}(?:kB|KB|))*",
        _read_pairs,
        _write_pairs,
        _rows_of(_is_text, _is_unsigned, _is_text),
    ),
    "mark": _prefixed("(?:IRQ|EOI|NMI|TASK|ENTRY_TRAMPOLINE|#DF)", "<", ">  "),
    "guess": _prefixed(r"\?", "", " "),
    "module": _prefixed(r"[^ \[\]]+", " [", "]"),
    "p5": _padded(5),
    "p7": _padded(7),
    "p8": _padded(8),
    "p9": _padded(9),
}
"""Every kind by the name that templates use."""


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
    pattern that its first line surely contains: `engine.printk.reader` says what for.
    """

    __slots__ = ("_kinds", "_names", "_parts", "clue", "name", "role", "size", "template")

    def __init__(self, name: str, template: str, clue: str = "") -> None:
        self.name = name
        self.role = name.rsplit("/", 1)[0]
        self.template = template
        self.clue = clue
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
    def starts_fixed(self) -> bool:
        """Tell whether its first line starts with a text, not with a value."""
        return not self.template.startswith("{")

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
CLUES = {
    "words/4.5": r"\n(?:(?<=[0-9a-f]{16}\n)|(?<=[0-9a-f]{16}\r\n))",
    **dict.fromkeys(("entry/4.5", "entry/4.19"), ENTRY_CLUE),
    **dict.fromkeys(("blocks/4.5", "blocks/nonuma"), r"\*[0-9]+kB "),
    **dict.fromkeys(("task/4.5", "task/4.19", "task/6.8"), TASK_CLUE),
}
"""Clues of forms whose fixed texts are too short, or too common in other lines, to be one."""


@cache
def forms() -> dict[str, LineForm]:
    """Return every form by the name that traces store, the exact before the general.

    A reader takes the first that fits. Names end in the kernel that the wording was first read
    from; `any` reads key:value pairs by name and so survives versions that we have not read.
    """
    templates = read_data(__package__, "forms")
    return {name: form(name, text, CLUES.get(name, "")) for name, text in templates.items()}
