"""GFP masks: a layout of bits, its names, the order in which printk prints them; all that we know.

The layouts are data (`data/layouts.toml`, read when the first is asked for), each with the versions
whose include/linux/gfp.h was read. The printing order is that of include/trace/events/mmflags.h
and lib/vsprintf.c:format_flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from mmplay.engine.errors import InputError
from mmplay.engine.tables import read_data

U32_MAX = (1 << 32) - 1


class GfpError(InputError):
    """A mask or a name that this layout does not have; the message says which."""


@dataclass(frozen=True, slots=True)
class GfpLayout:
    """The GFP bits of a range of kernels.

    `bits` and `composites` map names to values; `print_order` lists the names as `%pGg` walks
    them. `uncertain` are bits whose meaning depends on the kernel's configuration; we never name
    them.
    """

    name: str
    covers: str
    bits: dict[str, int]
    composites: dict[str, int]
    print_order: tuple[str, ...]
    uncertain: int = 0
    source: str = ""
    _values: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", {**self.bits, **self.composites})

    def value(self, name: str) -> int:
        """Return the value of one flag name; raises GfpError for a name it does not have."""
        if name in self._values:
            return self._values[name]
        near = get_close_matches(name, self._values, 1, 0.6) or get_close_matches(
            f"__GFP_{name}", self._values, 1, 0.6
        )
        hint = f"; did you mean {near[0]}?" if near else ""
        raise GfpError(f"{name!r} is not a GFP flag of kernel {self.name}{hint}")

    def mask(self, names: Iterable[str]) -> int:
        """Return the union of the named flags; raises GfpError for an unknown name."""
        total = 0
        for name in names:
            total |= self.value(name)
        return total

    def has(self, mask: int, name: str) -> bool:
        """Tell whether all bits of the flag `name` are set; False if this layout lacks it."""
        bits = self._values.get(name, 0)
        return bits != 0 and mask & bits == bits

    def encode(self, text: str) -> int:
        """Return the mask for `0x2200020`, `GFP_ATOMIC|__GFP_ZERO` or a mix of both.

        Raises GfpError for an unknown name or a number beyond 32 bits.
        """
        mask = 0
        for part in (piece.strip() for piece in text.split("|")):
            mask |= self._encode_part(part)
        return mask

    def _encode_part(self, part: str) -> int:
        if not part:
            raise GfpError("empty flag name; write for example GFP_ATOMIC|__GFP_ZERO or 0x2088020")
        if not part[0].isdigit():
            return self.value(part)
        try:
            mask = int(part, 16)
        except ValueError:
            raise GfpError(f"{part!r} is not a hexadecimal mask") from None
        if mask > U32_MAX:
            raise GfpError(f"{part[:40]} does not fit in 32 bits")
        return mask

    def format(self, mask: int) -> str:
        """Return the names as printk's %pGg writes them; empty for a mask of 0.

        Each table entry whose bits are all still unnamed-for is printed and cleared; what is
        left is printed in hex. Source: lib/vsprintf.c:format_flags (4.6).
        """
        parts: list[str] = []
        for name in self.print_order:
            bits = self._values[name]
            if bits and mask & bits == bits:
                parts.append(name)
                mask &= ~bits
        if mask:
            parts.append(f"{mask:#x}")
        return "|".join(parts)

    def agrees(self, mask: int, printed: str) -> bool:
        """Tell whether a kernel of this layout could have printed these names for `mask`.

        Bits that depend on the configuration may be part of any composite.
        """
        return printed in (self.format(mask), self.format(mask & ~self.uncertain))

    def single_bits(self, mask: int) -> list[str]:
        """Return the name of every set bit, lowest first; a bit without a name as hex."""
        by_value = {value: name for name, value in self.bits.items()}
        set_bits = [1 << n for n in range(mask.bit_length()) if mask >> n & 1]
        return [by_value.get(bit, f"{bit:#x}") for bit in set_bits]


_COMPOSITES = (
    *("GFP_TRANSHUGE", "GFP_TRANSHUGE_LIGHT", "GFP_HIGHUSER_MOVABLE", "GFP_HIGHUSER", "GFP_USER"),
    *("GFP_TEMPORARY", "GFP_KERNEL_ACCOUNT", "GFP_KERNEL", "GFP_NOFS", "GFP_ATOMIC", "GFP_NOIO"),
    *("GFP_NOWAIT", "GFP_DMA"),
)
_LISTED = (
    *("HIGH", "ATOMIC", "IO", "FS", "COLD", "NOWARN", "REPEAT", "RETRY_MAYFAIL", "NOFAIL"),
    *("NORETRY", "COMP", "ZERO", "NOMEMALLOC", "MEMALLOC", "HARDWALL", "THISNODE", "RECLAIMABLE"),
    *("MOVABLE", "ACCOUNT", "NOTRACK", "WRITE", "RECLAIM", "DIRECT_RECLAIM", "KSWAPD_RECLAIM"),
    "OTHER_NODE",
)
ORDERS: dict[str, tuple[str, ...]] = {
    "listed": (
        *(*_COMPOSITES, "__GFP_HIGHMEM", "GFP_DMA32"),
        *(f"__GFP_{name}" for name in _LISTED),
    ),
    "bits": (*_COMPOSITES, "GFP_DMA32", "__GFP_RECLAIM"),
}
"""How %pGg walks the names: listed by hand up to 6.14; from 6.15 or 6.16 on the composites, then
the bits from the lowest up. Bits that are not listed come last, the lowest first."""

_NEVER_PRINTED = frozenset(("__GFP_DMA", "__GFP_DMA32", "__GFP_NOACCOUNT"))
"""Bits that have another name in the table, or none."""


def _flag(name: str) -> str:
    return f"__GFP_{name}"


def _places(text: str) -> dict[str, int]:
    """Return the bits that a list names from bit 0 upwards; - leaves its bit unnamed."""
    return {_flag(name): 1 << n for n, name in enumerate(text.split()) if name != "-"}


class _Chain:
    """The layouts, each made from the one before it."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._made_of: dict[str, str] = {}
        self._kept: dict[str, Any] = {"uncertain": 0}

    def next(self, row: dict[str, Any]) -> GfpLayout:
        """Return the layout of a row of the data."""
        self._kept |= {key: row[key] for key in ("order", "uncertain") if key in row}
        gone = {_flag(name) for name in row.get("drop", "").split()}
        before = _places(row["bits"]) if "bits" in row else self._bits
        kept = {name: bit for name, bit in before.items() if name not in gone}
        come = {_flag(name): bit for name, bit in row.get("set", {}).items()}
        self._bits = dict(sorted({**kept, **come}.items(), key=lambda item: item[1]))
        self._made_of |= row.get("composites", {})
        for name in row.get("without", "").split():
            del self._made_of[name]
        return self._layout(row)

    def _layout(self, row: dict[str, Any]) -> GfpLayout:
        composites = {
            name: sum(self._bits[flag] for flag in map(_flag, parts.split()))
            for name, parts in self._made_of.items()
            if all(_flag(part) in self._bits for part in parts.split())
        }
        values = {**self._bits, **composites}
        listed = [name for name in ORDERS[self._kept["order"]] if name in values]
        rest = [n for n in self._bits if n not in listed and n not in _NEVER_PRINTED]
        return GfpLayout(
            *(row["name"], row["covers"], self._bits, composites, (*listed, *rest)),
            uncertain=self._kept["uncertain"],
            source=row["read"],
        )


def span(covers: Sequence[str]) -> str:
    """Return in words the kernels from the first range to the last, which lie side by side."""
    first, last = covers[0], covers[-1]
    if len(covers) == 1:
        return first
    end = last.removesuffix(" and later").split(" to ")[-1].split(" and ")[-1]
    later = " and later" if last.endswith("and later") else ""
    begin = first.split(" to ")[0].split(" and ")[0]
    return f"{begin} and later" if later else f"{begin} to {end}"


class Layouts(Mapping[str, GfpLayout]):
    """Every layout by its name, oldest first; no data is read before one is asked for."""

    @cached_property
    def _all(self) -> dict[str, GfpLayout]:
        chain = _Chain()
        rows: list[dict[str, Any]] = read_data(__package__, "layouts")["layout"]
        return {row["name"]: chain.next(row) for row in rows}

    def __getitem__(self, name: str) -> GfpLayout:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


GFP_LAYOUTS: Mapping[str, GfpLayout] = Layouts()
"""Every layout by the name of the kernel it was read from."""
