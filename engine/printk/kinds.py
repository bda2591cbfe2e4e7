"""The kinds of field that a line form may have: what a value looks like, and how it is written.

A field's value is an int, a str, a bool or a list of such, so that it can be stored in a trace.
Patterns only accept what the kernel would print.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

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


def _is_u32(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 32


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
        """Tell whether a value is such a list."""
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


MEMCG_COUNTERS = (
    *(r"anon(?:_thp)?", r"file(?:_mapped|_dirty|_writeback|_thp)?", r"kernel(?:_stack)?"),
    *(r"(?:sec_)?pagetables", "percpu", "sock", "vmalloc", r"shmem(?:_thp)?", r"zswap(?:ped)?"),
    *("swapcached", r"(?:in)?active_(?:anon|file)", "unevictable"),
    *(r"slab(?:_reclaimable|_unreclaimable)?", r"workingset_[a-z_]+", r"pg[a-z_]+"),
    *(r"zsw[a-z_]+", r"swp[a-z_]+", r"thp_[a-z_]+", r"numa_[a-z_]+", "hugetlb", "cache"),
    *(r"rss(?:_huge)?", "mapped_file", "dirty", "writeback", "swap", r"total_[a-z_]+"),
    *(r"hierarchical_[a-z_]+",),
)
"""Names of memory.stat that an OOM report prints a line each (memcg v1 and v2, 5.3 to 6.17)."""


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
    "comm": _text(r"(?:tmux: (?:client|server)|(?:(?!: ).){0,31}?.)"),
    "task": _text(r".{1,32}?"),
    "phrase": _text(r".+?"),
    "reason": _text(
        r"(?:(?:Memory cgroup out|Out) of [mM]emory(?: \([a-z_]+\))?"
        r"|No available memory \([^)]{1,32}\))"
    ),
    "what": _text(r"(?:dirty|writeback|mapped|slab|pagetables)"),
    "p11": _padded(11),
    "p6": _padded(6),
    "release": _text(r"[0-9][^ ]*"),
    "names": _text(r"[A-Za-z0-9_|]*"),
    "symbol": _text(r"[^ +\[\]]+"),
    "zone": _text(r"[A-Za-z0-9]+"),
    "taint": _text(r"(?:Kdump: loaded )?(?:Not tainted(?: *-+(?: [A-Z]+)? *)?|Tainted: [A-Z -]+)"),
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
    "module": _prefixed(r"[^ \[\]]+(?: [0-9a-f]{16,64})?", " [", "]"),
    "stack": _text(r"(?:(?: +[0-9a-f]{16}){1,4}|(?: +[0-9a-f]{8}){1,8}) ?"),
    "dots": _text(r" +\.\.\. ?"),
    "died": _text(
        r"(?:, UID:[0-9]{1,10}(?: pgtables:[0-9]{1,19}kB)?(?: oom_score_adj:-?[0-9]{1,4})?)?"
    ),
    "pointer32": FieldKind(
        r"[0-9a-f]{8}", lambda text: int(text, 16), lambda value: f"{value:08x}", _is_u32
    ),
    "registers": _text(r"(?:[A-Z0-9_]{2,8}: [0-9a-f:]{1,33}(?: |$)){1,8}"),
    "place": _text(r"[^ :]+\.[a-zA-Z]+:[0-9]+(?: \(discriminator [0-9]+\))?"),
    "counter": _text("|".join(MEMCG_COUNTERS)),
    "nodes": _text(r"\(null\)|[0-9,-]*"),
    "group": _text(r"[^,]+"),
    "limited": _text(r"memory\+swap|memory|swap|kmem"),
    "hex": FieldKind(
        r"(?:0|[1-9a-f][0-9a-f]{0,15})",
        lambda text: int(text, 16),
        lambda value: f"{value:x}",
        _is_unsigned,
    ),
    "p12": _padded(12),
    "s12": FieldKind(
        r" *[0-9][0-9.]* (?:[KMGTPE]i)?B", str.lstrip, lambda value: f"{value:>12}", _is_text
    ),
    "p4": _padded(4),
    "p3": _padded(3),
    "p10": _padded(10),
    "cache": FieldKind(r"[^ ]{1,64} *", str.rstrip, lambda value: f"{value:<17}", _is_text),
    "p5": _padded(5),
    "p7": _padded(7),
    "p8": _padded(8),
    "p9": _padded(9),
}
"""Every kind by the name that templates use."""
