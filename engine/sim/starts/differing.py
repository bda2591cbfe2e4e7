"""What would be different if one kernel's machine went on by the rules of another.

The rules are those of `engine.rules`; what only a simulation needs stands in `data/later.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError, how_many
from mmplay.engine.rules.kernel import SIMULATED, Kernel
from mmplay.engine.rules.releases import version_of
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.tables import Table

RULES_OF = ("gate", "boost", "masks", "slab mask", "OOM score", "outcome")
"""Parts of the rules that a run asks; marks and reserves are taken as they were printed."""


class Later(NamedTuple):
    """What kernels have otherwise from a version on; a simulated one that has it stands beside."""

    short: str
    since: str
    says: str
    has_it: str = ""


def _row(values: Mapping[str, Any]) -> Later:
    return Later(**values)


LATER: Table[Later] = Table(_row, __package__, "later")


def differing(printed_by: Kernel, release: str, runs: Kernel) -> tuple[str, ...]:
    """Return what `printed_by` has otherwise than the kernel that runs, a sentence each.

    `release` is what the log's kernel calls itself; empty where it does not say.
    """
    if printed_by.name == runs.name:
        return ()
    said = [*_rules(printed_by, runs), *(one.says for one in _later(printed_by, release, runs))]
    return tuple(f"{printed_by.name}, not {runs.name}: {text}" for text in said)


def _rules(printed_by: Kernel, runs: Kernel) -> list[str]:
    own = {(rule.about, rule.says) for rule in runs.rules}
    return [
        rule.says
        for rule in printed_by.rules
        if rule.about in RULES_OF and (rule.about, rule.says) not in own
    ]


def _later(printed_by: Kernel, release: str, runs: Kernel) -> list[Later]:
    version = version_of(release) or version_of(printed_by.name) or (0, 0, 0)
    return [
        one
        for one in LATER.values()
        if version >= (version_of(one.since) or version) and one.has_it != runs.name
    ]


def check_simulated(printed_by: Kernel, release: str) -> None:
    """Raise InputError for a kernel that cannot be simulated: which can, and what would differ."""
    if printed_by.sim is not None:
        return
    near = KERNELS[SIMULATED[0]]
    others = [one.short for one in _later(printed_by, release, near)]
    count = len(_rules(printed_by, near))
    rules = how_many(count, "more rules" if others else "rules")
    others += [f"{rules}, which the run then lists"] if count else []
    name = release or printed_by.name
    by = "" if name == printed_by.name else f" (rules of {printed_by.name})"
    raise InputError(
        f"kernel {name} cannot be simulated; {' and '.join(SIMULATED)} can: "
        f"--kernel {near.name} goes on by its rules. Different in {name}{by}: "
        f"{'; '.join(others) or 'nothing that was read'}"
    )
