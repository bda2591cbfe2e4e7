"""What a question is asked of: a kernel's rules, perhaps a machine, perhaps its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from mmplay.engine.errors import no_such
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.floors import CallerClass
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import Kernel, SlabMask
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.asks import WB_VARIANTS, make_masks
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.requests import CONTEXTS, SLAB
from mmplay.engine.sim.state.zone import Zone
from mmplay.levels.truth.truths import TruthError

NORMAL = ZONES.index("Normal")
WB = "wb:"


MAX_NUMBER = 1 << 50


class MetricReader(Protocol):
    """Reads one number of a running machine by its dotted name; raises InputError."""

    def __call__(self, machine: Machine, name: str, /) -> int:
        """Return the number."""
        ...


class Who(NamedTuple):
    """A caller as a question names it: its class, and its mask and context if it has them."""

    caller: CallerClass
    mask: int | None = None
    context: Context = Context.TASK


class Subject(NamedTuple):
    """See the module.

    `chosen` are the question's options.
    """

    layout: GfpLayout
    kernel: Kernel
    state: Machine | None
    metrics: MetricReader
    chosen: Mapping[str, str] = MappingProxyType({})

    @property
    def machine(self) -> Machine:
        """The machine; raises TruthError if the question is asked without one."""
        if self.state is None:
            raise TruthError("this needs a machine, and there is none")
        return self.state

    @property
    def slab(self) -> SlabMask:
        """What SLUB lets through: on a machine it may have been told to keep __GFP_ATOMIC."""
        same = self.state is not None and self.state.kernel is self.kernel
        return self.state.slab_mask if same and self.state is not None else self.kernel.slab

    def zone(self, name: str) -> Zone:
        """Return a zone of the machine; raises TruthError."""
        zones = {zone.name: zone for zone in self.machine.state.zones}
        if name not in zones:
            raise TruthError(no_such("zone of this machine", name, zones))
        return zones[name]

    def class_zone(self, zone: Zone, who: Who, name: str | None) -> int:
        """Return the class zone of a request: named, or by the mask, or the highest with pages."""
        populated = [one.index for one in self.machine.state.zones]
        if name is not None:
            index = zone_index(name)
            if index < zone.index:
                raise TruthError(f"a request for {name} never comes to {zone.name}")
            return index
        highest = NORMAL if who.mask is None else highest_zone(self.layout, who.mask)
        found = class_zone(highest, populated)
        if found is None or found < zone.index:
            raise TruthError(f"a request with this mask never comes to {zone.name}")
        return found

    def who(self, word: str) -> Who:
        """Return a caller: a class, or `MASK[:slab][:CONTEXT]`, or `wb:VARIANT`.

        Raises TruthError, or GfpError for an unknown flag.
        """
        for caller in self.kernel.gate.classes:
            if word.casefold() == caller.name.casefold():
                return Who(caller)
        if word.startswith(WB):
            return self._writeback(word.removeprefix(WB))
        mask_text, *marks = word.split(":")
        if not looks_like_mask(mask_text):
            names = [*(caller.name for caller in self.kernel.gate.classes), *self.layout.composites]
            raise TruthError(no_such("caller", word, names))
        mask, context = self.layout.encode(mask_text), Context.TASK
        for mark in marks:
            if mark == SLAB:
                mask = self.slab.page_mask(mask)
            elif mark in CONTEXTS:
                context |= CONTEXTS[mark]
            else:
                raise TruthError(no_such("context", mark, (SLAB, *CONTEXTS)))
        return self._by_flags(mask, context)

    def _by_flags(self, mask: int, context: Context) -> Who:
        return Who(self.kernel.class_of(self.kernel.alloc_flags(mask, context)), mask, context)

    def _writeback(self, variant: str) -> Who:
        """Return wb_start_writeback below reclaim: a slab request with PF_MEMALLOC."""
        names = [name for name, gfp in WB_VARIANTS if gfp]
        if variant not in names:
            raise TruthError(
                no_such("variant of wb_start_writeback that allocates", variant, names)
            )
        number = [name for name, _ in WB_VARIANTS].index(variant)
        mask = self.slab.page_mask(make_masks(self.kernel).wb[number])
        return self._by_flags(mask, Context.PF_MEMALLOC)


def looks_like_mask(word: str) -> bool:
    """Tell whether a word is meant as a GFP mask."""
    return word[:1].isdigit() or "GFP_" in word


def zone_index(name: str) -> int:
    """Return the index of a zone of x86_64; raises TruthError."""
    if name not in ZONES:
        raise TruthError(no_such("zone", name, ZONES))
    return ZONES.index(name)


def number_in(word: str, what: str) -> int:
    """Return a number of a question, decimal or 0x; raises TruthError."""
    text = word.replace("_", "")
    base = 16 if text.casefold().startswith("0x") else 10
    try:
        number = int(text, base) if len(text) <= 20 else MAX_NUMBER
    except ValueError:
        raise TruthError(f"{what}: {word[:40]!r} is no number") from None
    if abs(number) >= MAX_NUMBER:
        raise TruthError(f"{what}: {word[:40]} is too large")
    return number


def options(words: list[str], names: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Return the words before the options, and the options by name; raises TruthError.

    An option is its name and one word: `order 3`.
    """
    at = next((n for n, word in enumerate(words) if word in names), len(words))
    rest = words[at:]
    found: dict[str, str] = {}
    if len(rest) % 2:
        raise TruthError(f"{rest[-1]!r} needs a value")
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        if name not in names:
            raise TruthError(no_such("option here", name, names))
        if name in found:
            raise TruthError(f"{name} stands there twice")
        found[name] = value
    return words[:at], found


def counted(
    words: list[str], names: tuple[str, ...], least: int, most: int
) -> tuple[list[str], dict[str, str]]:
    """Return positional words and options; raises TruthError for too few or too many words."""
    positional, chosen = options(words, names)
    if not least <= len(positional) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise TruthError(f"{len(positional)} words, {count} expected")
    return positional, chosen


def order_of(word: str) -> int:
    """Return an order, 0 to 10; raises TruthError."""
    order = number_in(word, "order")
    if not 0 <= order <= 10:
        raise TruthError(f"order {order}: orders are 0 to 10")
    return order
