"""GFP masks: a layout of bits, its names, the order in which printk prints them; all that we know.

Bits were read from include/linux/gfp.h of 2.6.32.2, 3.10.4, 4.4.60, 4.5.0, 4.8.15, 4.19.0, 5.4.0,
6.1.192, 6.6.80 and 6.12.0; the 4.11 and 4.13 layouts follow from hex-and-name pairs printed by
4.11.0-rc3 and 4.13.11 and from commit 41b6167e8f74. The printing order is that of
include/trace/events/mmflags.h and lib/vsprintf.c:format_flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from mmplay.engine.errors import InputError

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


ALLOC_ATOMIC = ("HIGH", "ATOMIC", "KSWAPD_RECLAIM")

_LOW = ("DMA", "HIGHMEM", "DMA32", "MOVABLE")
_PRE_44 = (*_LOW, "WAIT", "HIGH", "IO", "FS", "COLD", "NOWARN", "REPEAT", "NOFAIL", "NORETRY")
_FROM_44 = (*_LOW, "RECLAIMABLE", *_PRE_44[5:], "MEMALLOC", "COMP", "ZERO", "NOMEMALLOC")
_FROM_419 = (
    *_FROM_44[:8],
    *("WRITE", "NOWARN", "RETRY_MAYFAIL", "NOFAIL", "NORETRY", "MEMALLOC", "COMP", "ZERO"),
    *("NOMEMALLOC", "HARDWALL", "THISNODE", "ATOMIC", "ACCOUNT"),
    *("DIRECT_RECLAIM", "KSWAPD_RECLAIM"),
)
_FROM_52 = (
    *_FROM_44[:8],
    *("ZERO", "ATOMIC", "DIRECT_RECLAIM", "KSWAPD_RECLAIM", "WRITE", "NOWARN", "RETRY_MAYFAIL"),
    *("NOFAIL", "NORETRY", "MEMALLOC", "COMP", "NOMEMALLOC", "HARDWALL", "THISNODE", "ACCOUNT"),
)


def _ascending(*names: str) -> dict[str, int]:
    """Number the names from bit 0 upwards; an empty name leaves its bit unnamed."""
    return {f"__GFP_{name}": 1 << n for n, name in enumerate(names) if name}


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"__GFP_{name}" for name in names)


_RECLAIM = ("DIRECT_RECLAIM", "KSWAPD_RECLAIM")
_KERNEL = (*_RECLAIM, "IO", "FS")
_HIGHUSER_MOVABLE = (*_KERNEL, "HARDWALL", "HIGHMEM", "MOVABLE")

Groups = Mapping[str, tuple[str, ...]]
"""Names of composites and the bits that each is made of."""

_COMMON: Groups = {
    "__GFP_RECLAIM": _RECLAIM,
    "GFP_ATOMIC": ALLOC_ATOMIC,
    "GFP_NOWAIT": ("KSWAPD_RECLAIM",),
    "GFP_NOIO": _RECLAIM,
    "GFP_NOFS": (*_RECLAIM, "IO"),
    "GFP_KERNEL": _KERNEL,
    "GFP_KERNEL_ACCOUNT": (*_KERNEL, "ACCOUNT"),
    "GFP_USER": (*_KERNEL, "HARDWALL"),
    "GFP_HIGHUSER": (*_KERNEL, "HARDWALL", "HIGHMEM"),
    "GFP_HIGHUSER_MOVABLE": _HIGHUSER_MOVABLE,
    "GFP_DMA": ("DMA",),
    "GFP_DMA32": ("DMA32",),
}
"""Composites whose definition holds from 4.4 on."""

_TEMPORARY = {"GFP_TEMPORARY": (*_KERNEL, "RECLAIMABLE")}
_HUGE_LIGHT = ("HARDWALL", "HIGHMEM", "MOVABLE", "IO", "FS", "COMP", "NOMEMALLOC", "NOWARN")
_THP_44 = {"GFP_TRANSHUGE": (*_HUGE_LIGHT, "NORETRY", "DIRECT_RECLAIM")}
_THP_48 = {"GFP_TRANSHUGE": (*_HUGE_LIGHT, "DIRECT_RECLAIM"), "GFP_TRANSHUGE_LIGHT": _HUGE_LIGHT}


def _composites(bits: dict[str, int], *groups: Groups) -> dict[str, int]:
    return {
        name: sum(bits[flag] for flag in _plain(parts))
        for group in groups
        for name, parts in group.items()
        if all(flag in bits for flag in _plain(parts))
    }


_HEAD_44 = (
    *("GFP_TRANSHUGE", "GFP_HIGHUSER_MOVABLE", "GFP_HIGHUSER", "GFP_USER", "GFP_TEMPORARY"),
    *("GFP_KERNEL_ACCOUNT", "GFP_KERNEL", "GFP_NOFS", "GFP_ATOMIC", "GFP_NOIO", "GFP_NOWAIT"),
    *("GFP_DMA", "__GFP_HIGHMEM", "GFP_DMA32"),
)
_HEAD_48 = (_HEAD_44[0], "GFP_TRANSHUGE_LIGHT", *_HEAD_44[1:])
_TAIL_44 = _plain(
    (
        *("HIGH", "ATOMIC", "IO", "FS", "COLD", "NOWARN", "REPEAT", "NOFAIL", "NORETRY", "COMP"),
        *("ZERO", "NOMEMALLOC", "MEMALLOC", "HARDWALL", "THISNODE", "RECLAIMABLE", "MOVABLE"),
        *("ACCOUNT", "NOTRACK", "WRITE", "RECLAIM", "DIRECT_RECLAIM", "KSWAPD_RECLAIM"),
        "OTHER_NODE",
    )
)
_RENAMED = {"__GFP_REPEAT": "__GFP_RETRY_MAYFAIL"}


def _order(head: tuple[str, ...], values: dict[str, int]) -> tuple[str, ...]:
    """Return the names of `head` and of 4.6's tail that this layout has, later additions last."""
    tail = tuple(name if name in values else _RENAMED.get(name, name) for name in _TAIL_44)
    listed = tuple(name for name in (*head, *tail) if name in values)
    hidden = {"__GFP_DMA", "__GFP_DMA32", "__GFP_NOACCOUNT"}
    return listed + tuple(n for n in values if n not in listed and n not in hidden)


def _layout(
    name: str,
    covers: str,
    bits: dict[str, int],
    head: tuple[str, ...],
    *groups: Groups,
    uncertain: int = 0,
) -> GfpLayout:
    composites = _composites(bits, *groups)
    order = _order(head, {**bits, **composites})
    return GfpLayout(name, covers, bits, composites, order, uncertain)


_OLD: Groups = {
    "GFP_NOIO": ("WAIT",),
    "GFP_NOFS": ("WAIT", "IO"),
    "GFP_KERNEL": ("WAIT", "IO", "FS"),
    "GFP_TEMPORARY": ("WAIT", "IO", "FS", "RECLAIMABLE"),
    "GFP_USER": ("WAIT", "IO", "FS", "HARDWALL"),
    "GFP_HIGHUSER": ("WAIT", "IO", "FS", "HARDWALL", "HIGHMEM"),
    "GFP_HIGHUSER_MOVABLE": ("WAIT", "IO", "FS", "HARDWALL", "HIGHMEM", "MOVABLE"),
    "GFP_ATOMIC": ("HIGH",),
    "GFP_DMA": ("DMA",),
    "GFP_DMA32": ("DMA32",),
}

_BITS_2632 = _ascending(
    *_PRE_44, "", "COMP", "ZERO", "NOMEMALLOC", "HARDWALL", "THISNODE", "RECLAIMABLE", "", "NOTRACK"
)
_BITS_310 = _BITS_2632 | {
    "__GFP_MEMALLOC": 0x2000,
    "__GFP_KMEMCG": 0x100000,
    "__GFP_NO_KSWAPD": 0x400000,
    "__GFP_OTHER_NODE": 0x800000,
    "__GFP_WRITE": 0x1000000,
}
_MID_44 = (*_FROM_44, "HARDWALL", "THISNODE", "ATOMIC")
_BITS_44 = _ascending(
    *_MID_44, "NOACCOUNT", "NOTRACK", "DIRECT_RECLAIM", "OTHER_NODE", "WRITE", "KSWAPD_RECLAIM"
)
_BITS_45 = _ascending(
    *_MID_44, "ACCOUNT", "NOTRACK", "DIRECT_RECLAIM", "OTHER_NODE", "WRITE", "KSWAPD_RECLAIM"
)
_BITS_411 = _ascending(*_MID_44, "ACCOUNT", "NOTRACK", "DIRECT_RECLAIM", "WRITE", "KSWAPD_RECLAIM")
_BITS_413 = {_RENAMED.get(name, name): value for name, value in _BITS_411.items()}
_BITS_52 = _ascending(*_FROM_52)
_BITS_61 = _BITS_52 | {"__GFP_ZEROTAGS": 0x800000}
_BITS_66 = {name: value for name, value in _BITS_61.items() if name != "__GFP_ATOMIC"}

_ATOMIC_66 = {"GFP_ATOMIC": ("HIGH", "KSWAPD_RECLAIM")}
_NOWAIT_612 = {"GFP_NOWAIT": ("KSWAPD_RECLAIM", "NOWARN")}

GFP_LAYOUTS: dict[str, GfpLayout] = {
    layout.name: layout
    for layout in (
        _layout("2.6.32", "2.6.32 to 3.9", _BITS_2632, _HEAD_44, _OLD),
        _layout("3.10", "3.10 to 4.3", _BITS_310, _HEAD_44, _OLD),
        _layout("4.4", "4.4", _BITS_44, _HEAD_44, _COMMON, _TEMPORARY, _THP_44),
        _layout("4.5", "4.5 to 4.7", _BITS_45, _HEAD_44, _COMMON, _TEMPORARY, _THP_44),
        _layout("4.8", "4.8 and 4.9", _BITS_45, _HEAD_48, _COMMON, _TEMPORARY, _THP_48),
        _layout("4.11", "4.11 and 4.12", _BITS_411, _HEAD_48, _COMMON, _TEMPORARY, _THP_48),
        _layout("4.13", "4.13 to 4.18", _BITS_413, _HEAD_48, _COMMON, _TEMPORARY, _THP_48),
        _layout("4.19", "4.19 to 5.1", _ascending(*_FROM_419), _HEAD_48, _COMMON, _THP_48),
        _layout("5.4", "5.2 to 6.0", _BITS_52, _HEAD_48, _COMMON, _THP_48, uncertain=0x1800000),
        _layout("6.1", "6.1 to 6.2", _BITS_61, _HEAD_48, _COMMON, _THP_48, uncertain=0xF000000),
        _layout(
            *("6.6", "6.6 to 6.11", _BITS_66, _HEAD_48),
            *(_COMMON, _THP_48, _ATOMIC_66),
            uncertain=0xF000000,
        ),
        _layout(
            *("6.12", "6.12 and later", _BITS_66, _HEAD_48),
            *(_COMMON, _THP_48, _ATOMIC_66, _NOWAIT_612),
            uncertain=0xFF000000,
        ),
    )
}
"""Every layout by the name of the kernel it was read from."""
