"""From a name or a release (`4.5.0-rc7+`) to the rules of that kernel.

Five kernels have a name of their own (`KERNELS`): the levels, the simulator and the shipped
recordings know them by it. Any other version leads to its rules by the chain of `eras`. Where it is
open which of several rules a release follows, it has several candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.eras import eras_of, steps
from mmplay.engine.rules.gates import ExtraBlocks, GateRules
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.kernel import (
    SIMULATED,
    Kernel,
    RuleRead,
    SimRules,
    SlabMask,
)
from mmplay.engine.rules.releases import Place, Span, Version, place_of, version_of
from mmplay.engine.rules.watermarks import scaled_gaps

__all__ = [
    "DEFAULT_KERNEL",
    "KERNELS",
    "NEWEST_READ",
    "Candidates",
    "Evidence",
    "ExtraBlocks",
    "GateRules",
    "Kernel",
    "RuleRead",
    "SimRules",
    "SlabMask",
    "UnknownKernelError",
    "candidates_of",
    "every_era",
    "kernel_named",
    "kernel_of_release",
    "layout_of_release",
]

DEFAULT_KERNEL = "4.5-rc7"
OLDEST: Version = (2, 6, 18)
NEWEST: Version = (6, 17, 9999)
NEWEST_READ = "6.17"
"""The newest branch that was read."""


def _only(version: Version) -> Kernel:
    return eras_of(Span(version, version))[-1]


def _rc7() -> Kernel:
    return _only((4, 5, 0))._replace(
        name="4.5-rc7",
        source="v4.5",
        sim=SimRules(
            release="4.5.0-rc7+",
            failure_form="failure/4.5",
            slub_form="slub/4.5",
            oom_form="oom/4.5",
            retry="zone_reclaimable",
            reclaimable_is_progress=True,
        ),
    )


def _next() -> Kernel:
    return _rc7()._replace(
        name="next-20160311",
        source="v4.6.2 and linux-mm, March 2016",
        gaps=scaled_gaps,
        watermark_scale_factor=10,
        sim=SimRules(
            release="4.5.0-rc7-next-20160311+",
            failure_form="failure/4.6",
            slub_form="slub/4.6",
            oom_form="oom/4.6",
            retry="should_reclaim_retry",
            reclaimable_is_progress=False,
        ),
    )


class NamedKernels(Mapping[str, Kernel]):
    """The kernels that have a name of their own; each is made when it is asked for."""

    def __init__(self, makers: dict[str, Callable[[], Kernel]]) -> None:
        """Take what makes each kernel."""
        self._makers = makers
        self._made: dict[str, Kernel] = {}

    def __getitem__(self, name: str) -> Kernel:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


KERNELS: Mapping[str, Kernel] = NamedKernels(
    {
        "4.5-rc7": _rc7,
        "next-20160311": _next,
        "6.1": lambda: _only((6, 1, 192))._replace(name="6.1", source="v6.1.176"),
        "6.6": lambda: _only((6, 6, 80))._replace(name="6.6", source="v6.6.80"),
        "6.12": lambda: _only((6, 12, 117))._replace(name="6.12", source="measured on 6.12.117"),
    }
)
"""Every kernel with a name of its own, by name."""

_NEXT_20160311 = re.compile(r"4\.5\.0-rc7-next-20160311\b")
_NAME_OF_ERA = {"4.5": "4.5-rc7", "6.1.116": "6.1", "6.6.80": "6.6", "6.12.117": "6.12"}
"""Eras that are known by another name; what these names mean for others gets a .0 behind it."""


class Evidence(NamedTuple):
    """What a report shows of the kernel that printed it.

    `pairs` are masks and the names beside them (None where it prints hex alone), `fields` the
    fields of its zone lines and totals; `whole` tells of what all fields are there: `zones`,
    `totals`. `forms` is how it words things, as `Kernel.forms` does.
    """

    pairs: tuple[tuple[int, str | None], ...] = ()
    fields: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    forms: frozenset[tuple[str, str]] = frozenset()


class Candidates(NamedTuple):
    """The kernels whose rules a report may follow, the likeliest last; none before 2.6.18.

    `sure` tells that they are the rules of this very version, as it was read. `why` is a code of
    the table of sentences: how the candidates were found.
    """

    kernels: tuple[Kernel, ...]
    sure: bool
    why: str
    place: Place | None = None


def _named(kernel: Kernel) -> Kernel:
    """Return a kernel of the chain under the name that it is known by."""
    if kernel.name in _NAME_OF_ERA:
        return KERNELS[_NAME_OF_ERA[kernel.name]]
    return kernel._replace(name=f"{kernel.name}.0") if kernel.name in KERNELS else kernel


@cache
def _kernels_of(spans: tuple[Span, ...]) -> tuple[Kernel, ...]:
    found = {one.name: one for span in spans for one in map(_named, eras_of(span))}
    return tuple(found.values())


@cache
def every_era() -> tuple[Kernel, ...]:
    """Return every set of rules of an upstream version or a distribution, oldest first."""
    telling = [step for step in steps() if step.facts]
    backports = [one for step in telling for one in step.backports]
    spans = {Span(step.first, step.first) for step in telling if step.first is not None}
    spans |= {Span(one.first, one.first) for one in backports if not one.builds}
    spans |= {
        Span(BUILT_FROM[one.builds], BUILT_FROM[one.builds], one.builds, one.first[2])
        for one in backports
        if one.builds
    }
    return _kernels_of(tuple(sorted(spans)))


BUILT_FROM: dict[str, Version] = {"el7": (3, 10, 0), "el8": (4, 18, 0)}
"""The version that a distribution's builds start from."""


NOTHING_SEEN = Evidence()


def candidates_of(release: str | None, seen: Evidence = NOTHING_SEEN) -> Candidates:
    """Return the kernels whose rules a report of this release may follow.

    Where several may apply, what the report shows (`seen`) leaves out those that would have
    printed it otherwise; if that leaves none, it says nothing. Without a release every era may.
    """
    if release is not None and _NEXT_20160311.match(release):
        return Candidates((KERNELS["next-20160311"],), sure=True, why="rules.version")
    place = place_of(release) if release else None
    if place is None and OLDER & seen.forms:
        return Candidates((), sure=False, why="rules.older")
    if place is None:
        return Candidates(_left(every_era(), seen), sure=False, why="rules.no_release")
    if place.spans[0].high < OLDEST:
        return Candidates((), sure=False, why="rules.older", place=place)
    kernels = _left(_kernels_of(place.spans), seen)
    if place.spans[0].low > NEWEST:
        return Candidates(kernels, sure=False, why="rules.newer", place=place)
    sure = len(kernels) == 1 and place.status in ("version", "read", "log")
    return Candidates(kernels, sure, f"rules.{place.status}", place)


def _left(kernels: tuple[Kernel, ...], seen: Evidence) -> tuple[Kernel, ...]:
    """Return the kernels that could have printed this; masks tell more than fields."""
    if len(kernels) == 1:
        return kernels
    worded = tuple(one for one in kernels if _could_say(one, seen)) or kernels
    named = tuple(one for one in worded if _could_name(one, seen)) or worded
    named = tuple(one for one in named if _names_exactly(one, seen)) or named
    named = tuple(one for one in named if _makes_sense(one, seen)) or named
    return tuple(one for one in named if _could_print(one, seen)) or named


def _could_say(kernel: Kernel, seen: Evidence) -> bool:
    return all(kernel.forms.get(what, how) == how for what, how in seen.forms)


def _could_name(kernel: Kernel, seen: Evidence) -> bool:
    for mask, names in seen.pairs:
        if (names is not None) != (NAMES in kernel.prints):
            return False
        if names is not None and not kernel.gfp.agrees(mask, names):
            return False
    return True


def _names_exactly(kernel: Kernel, seen: Evidence) -> bool:
    """Tell whether no bit that depends on the configuration is needed to explain the names."""
    return all(kernel.gfp.format(mask) == names for mask, names in seen.pairs if names is not None)


def _makes_sense(kernel: Kernel, seen: Evidence) -> bool:
    """Tell whether masks in hex alone have a meaning: every bit a name, and a composite among them.

    By the bits of another kernel a mask has bits that mean nothing, or none of the usual sets.
    """
    return all(
        _is_usual(kernel.gfp.format(mask).split("|"))
        for mask, names in seen.pairs
        if names is None and mask
    )


def _is_usual(names: list[str]) -> bool:
    bare = any(name.startswith("0x") for name in names)
    return not bare and any(name.startswith("GFP_") for name in names)


def _could_print(kernel: Kernel, seen: Evidence) -> bool:
    """Tell whether the kernel prints every field that is there, and no other where all are."""
    shown, printed = seen.fields & TELLING, kernel.prints & TELLING
    if not shown <= printed:
        return False
    if "managed" not in shown and shown - FIRST:
        return True
    there: frozenset[str] = frozenset()
    there = there.union(*(TELLING_OF[part] for part in seen.whole))
    return printed & there <= shown


OLDER = frozenset((("oom", "older"),))
"""How only kernels word things that are older than all that were read."""

NAMES = "names"
"""What a kernel prints that writes the names of a mask beside it (4.6 and later)."""

TELLING_OF: dict[str, frozenset[str]] = {
    "zones": frozenset(
        (
            *("managed", "free_pcp", "writepending", "reserved_highatomic"),
            *("boost", "free_highatomic"),
        )
    ),
    "totals": frozenset(("isolated_anon", "free_pcp", "kernel_misc_reclaimable", "sec_pagetables")),
}
"""Fields that tell versions from each other, by where they stand."""

TELLING = TELLING_OF["zones"] | TELLING_OF["totals"]
FIRST = frozenset(("isolated_anon",))
"""What came before managed: without managed, but with another field, lines were cut."""


class UnknownKernelError(InputError):
    """A kernel name that nothing is known about; the message lists the known ones."""


def kernel_named(name: str) -> Kernel:
    """Return the Kernel of a name, a version or a release; raises UnknownKernelError."""
    if name in KERNELS:
        return KERNELS[name]
    kernel = kernel_of_release(name) if _is_version(name) else None
    if kernel is None:
        raise UnknownKernelError(_unknown(name))
    return kernel


def simulated_kernel(name: str) -> Kernel:
    """Return a Kernel as `kernel_named` does; raises InputError if it cannot be simulated."""
    try:
        kernel = kernel_named(name)
    except UnknownKernelError:
        some = ", ".join(SIMULATED)
        raise UnknownKernelError(
            f"the rules of kernel {name[:60]!r} are not known; simulated are {some}"
        ) from None
    try:
        kernel.simulated()
    except InputError as error:
        whose = "" if kernel.name == name else f"{name} follows the rules of {kernel.name}; "
        raise InputError(f"{whose}{error}") from None
    return kernel


def _is_version(name: str) -> bool:
    """Tell whether a name is a version from 2.6.18 on, however much newer than those read."""
    version = version_of(name)
    return version is not None and OLDEST <= version < (100, 0, 0)


def _unknown(name: str) -> str:
    near = get_close_matches(name, KERNELS, 1)
    hint = f" did you mean {near[0]}?" if near else ""
    return (
        f"the rules of kernel {name[:60]!r} are not known;{hint} write a version from 2.6.18 on, a "
        f"release such as 5.14.0-427.el9, or {', '.join(KERNELS)}"
    )


def kernel_of_release(release: str) -> Kernel | None:
    """Return the likeliest rules of a release, or None if it begins with no version from 2.6.18."""
    return candidates_of(release).kernels[-1] if _is_version(release) else None


def layout_of_release(release: str) -> GfpLayout | None:
    """Return the likeliest GFP bits of a release, or None if it begins with no known version."""
    kernel = kernel_of_release(release)
    return None if kernel is None else kernel.gfp
