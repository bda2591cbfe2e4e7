"""GFP masks: one layout of bits, its names, and the order in which printk prints them.

Source: include/linux/gfp.h and, for the printing order, include/trace/events/mmflags.h and
lib/vsprintf.c:format_flags, of each kernel named in `gfp_layouts`.
"""

from __future__ import annotations

from collections.abc import Iterable
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
