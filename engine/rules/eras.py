"""The rules of a version, put together from the chain of what changed when (`data/eras.toml`).

A step that came between two versions that were read leaves those between open: such a version
may have the rules of either, so it has several candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from mmplay.engine.rules.gates import GATES
from mmplay.engine.rules.gfp import GFP_LAYOUTS, GfpLayout
from mmplay.engine.rules.kernel import Kernel, RuleRead, SlabMask
from mmplay.engine.rules.memory import PointsRule
from mmplay.engine.rules.releases import Span, Version, last_of, version_of
from mmplay.engine.rules.watermarks import MinFreeRule, ReserveRule, quarter_gaps, scaled_gaps
from mmplay.engine.tables import read_data

DECIDING = frozenset(("gate", "layout", "slab_keeps_atomic"))
"""Facts that a verdict on a printed report depends on; marks and reserves are printed."""

MANY_OPEN = 4
"""With more open steps than these only those are tried that came one after the other."""

_SLAB_NAMES = (
    *("WAIT", "DIRECT_RECLAIM", "KSWAPD_RECLAIM", "HIGH", "IO", "FS", "NOWARN", "REPEAT"),
    *("RETRY_MAYFAIL", "NOFAIL", "NORETRY", "MEMALLOC", "NOMEMALLOC", "HARDWALL", "THISNODE"),
)
"""What GFP_RECLAIM_MASK and GFP_CONSTRAINT_MASK hold of the bits that a version has."""

_CACHE_NAMES = ("COMP", "DMA", "DMA32", "RECLAIMABLE")
"""What a cache adds to the masks of its callers (allocflags, mm/slub.c)."""

_GAPS = {"quarter": quarter_gaps, "scaled": scaled_gaps}
_SCALE = 10
"""vm.watermark_scale_factor at boot."""


class Backport(NamedTuple):
    """From when on a branch or a distribution has a step that it took over.

    `builds` names the distribution; then `first` and `after` hold a build's number alone.
    """

    builds: str
    first: Version
    after: Version

    def holds(self, span: Span) -> bool | None:
        """Tell whether a span has the step, None if it is open."""
        if self.builds:
            low = high = (0, 0, span.build)
        else:
            low, high = span.low, span.high
        return _between(low, high, self.first, self.after)

    def is_for(self, span: Span) -> bool:
        """Tell whether this is about the branch or the distribution of a span."""
        if self.builds or span.builds:
            return self.builds == span.builds
        return span.low[:2] == self.first[:2] == span.high[:2]


class Step(NamedTuple):
    """One step of the chain; `first` is None for what only backports have."""

    id: str
    about: str
    says: str
    where: str
    read: str
    first: Version | None
    after: Version
    backports: tuple[Backport, ...]
    replaces: tuple[str, ...]
    facts: Mapping[str, Any]
    forms: Mapping[str, str]

    def holds(self, span: Span) -> bool | None:
        """Tell whether a span has this step, None if that is open."""
        for backport in self.backports:
            if backport.is_for(span):
                return backport.holds(span)
        if self.first is None:
            return False
        return _between(span.low, span.high, self.first, self.after)

    def since(self, span: Span) -> str:
        """Return the version or build with which a span got this step."""
        for backport in self.backports:
            if backport.is_for(span):
                return (
                    f"{backport.builds}-{backport.first[2]}"
                    if backport.builds
                    else _dotted(backport.first)
                )
        return "" if self.first is None else _dotted(self.first)


def _between(low: Version, high: Version, first: Version, after: Version) -> bool | None:
    """Tell whether what came after `after` and not later than `first` is there in a span."""
    if low >= first:
        return True
    return False if high <= after else None


def _dotted(version: Version) -> str:
    major, minor, patch = version
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


@cache
def steps() -> tuple[Step, ...]:
    """Return the chain, oldest step first."""
    return tuple(_step(row) for row in read_data(__package__, "eras")["step"])


def _step(row: dict[str, Any]) -> Step:
    first = version_of(row["from"]) if "from" in row else None
    after = last_of(row["after"]) if "after" in row else _just_before(first)
    return Step(
        *(row["id"], row["about"], row["says"], row["where"], row["read"]),
        *(first, after, tuple(_backport(text) for text in row.get("backports", ()))),
        *(tuple(row.get("replaces", ())), row["facts"], row.get("forms", {})),
    )


def _just_before(first: Version | None) -> Version:
    """Return the last version before one; a development tree of it has the step already."""
    major, minor, patch = first or (0, 0, 0)
    return major, minor, patch - 1


def _backport(text: str) -> Backport:
    words = text.split()
    builds = words.pop(0) if words[0].startswith("el") else ""
    if builds:
        numbers = [(0, 0, int(word)) for word in words[::2]]
    else:
        numbers = [last_of(word) for word in words[::2]]
    first = numbers[0]
    return Backport(builds, first, numbers[1] if len(numbers) > 1 else _just_before(first))


def eras_of(span: Span) -> list[Kernel]:
    """Return the kernels whose rules a span may follow, those with the most steps last.

    An open step that no verdict depends on is taken as there, and marked as open.
    """
    known = [step for step in steps() if step.holds(span) is not False]
    open_steps = [step for step in known if step.holds(span) is None]
    deciding = [step for step in open_steps if DECIDING & set(step.facts)]
    found = []
    for chosen in _choices(deciding):
        held = tuple(step for step in known if step in chosen or step not in deciding)
        found.append(_kernel(held, span, open_steps))
    return found


def _choices(open_steps: list[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield what may be there of the open steps, from none to all."""
    if len(open_steps) > MANY_OPEN:
        for count in range(len(open_steps) + 1):
            yield tuple(open_steps[:count])
        return
    for mask in sorted(product((False, True), repeat=len(open_steps)), key=sum):
        yield tuple(step for step, there in zip(open_steps, mask, strict=True) if there)


def _kernel(held: tuple[Step, ...], span: Span, open_steps: list[Step]) -> Kernel:
    facts: dict[str, Any] = {}
    forms: dict[str, str] = {}
    prints: set[str] = set()
    for step in held:
        facts |= step.facts
        forms |= step.forms
        prints.update(step.facts.get("prints", ()))
    layout = GFP_LAYOUTS[facts["layout"]]
    return Kernel(
        name=_name(held, span, open_steps),
        source=held[-1].read,
        gfp=layout,
        slab=_slab_mask(layout, keeps_atomic=facts["slab_keeps_atomic"]),
        gate=GATES[facts["gate"]],
        gaps=_GAPS[facts["gaps"]],
        lowmem_reserve_ratio=(256, 256, 32) if facts["least_ratio"] else (256, 256, 32, 0),
        watermark_scale_factor=_SCALE if facts["gaps"] == "scaled" else None,
        capped_zones=tuple(facts["capped"]),
        basis=facts["basis"],
        reserve=ReserveRule(*(facts[name] for name in ReserveRule._fields)),
        min_free=MinFreeRule(*(facts[name] for name in MinFreeRule._fields)),
        oom=_points(facts),
        scanned_unit=facts["scanned"],
        prints=frozenset(prints),
        forms=forms,
        rules=tuple(_rules(held, span, open_steps)),
    )


def _slab_mask(layout: GfpLayout, *, keeps_atomic: bool) -> SlabMask:
    names = (*_SLAB_NAMES, "ATOMIC") if keeps_atomic else _SLAB_NAMES
    keeps = sum(layout.bits.get(f"__GFP_{name}", 0) for name in names)
    of_cache = sum(layout.bits.get(f"__GFP_{name}", 0) for name in _CACHE_NAMES)
    return SlabMask(keeps, layout.bits.get("__GFP_NOTRACK", 0), of_cache)


def _points(facts: Mapping[str, Any]) -> PointsRule:
    least = None if facts["oom_unbounded"] else 1
    return PointsRule(
        *(facts["oom_page_tables"], facts["oom_root"], least),
        *(facts["oom_scaled"], facts["oom_covered"]),
    )


def _rules(held: tuple[Step, ...], span: Span, open_steps: list[Step]) -> Iterator[RuleRead]:
    """Yield the rules that still hold: a layout replaces the one before."""
    gone = {one for step in held for one in step.replaces}
    layouts = [step.id for step in held if step.about == "masks"]
    gone.update(layouts[:-1])
    for step in held:
        if step.id not in gone:
            yield RuleRead(
                *(step.about, step.says, step.where, step.read),
                *(step.since(span), step in open_steps),
            )


def _name(held: tuple[Step, ...], span: Span, open_steps: list[Step]) -> str:
    """Return the version of the last step, and which open ones before it are left out.

    Steps without facts name nothing, nor does an open one that is only taken along.
    """
    named = [step for step in held if step.facts]
    sure = [step for step in named if step not in open_steps or DECIDING & set(step.facts)]
    last = max(sure, key=lambda step: _place(step, span))
    before = _place(last, span)
    missing = [s.id for s in open_steps if s not in held and _place(s, span) <= before]
    name = last.since(span)
    if span.builds and name.startswith(span.builds):
        name = f"{_dotted(span.low)}.{name}"
    return f"{name} without {', '.join(missing)}" if missing else name


def _place(step: Step, span: Span) -> tuple[int, Version]:
    for backport in step.backports:
        if backport.is_for(span):
            return int(bool(backport.builds)), backport.first
    return 0, step.first or (0, 0, 0)
