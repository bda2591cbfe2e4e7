"""`mmplay gfp`: what a mask means, what it allows, and which floor follows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

from mmplay.commands.arguments import add_json, add_kernel
from mmplay.commands.output import print_json, tell
from mmplay.engine.explain.caller import abilities, phrases
from mmplay.engine.explain.finding import symbolic
from mmplay.engine.explain.words import WORDS
from mmplay.engine.rules.alloc_flags import Context, flag_names
from mmplay.engine.rules.floors import floor
from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.versions import (
    DEFAULT_KERNEL,
    KERNELS,
    Kernel,
    candidates_of,
    kernel_named,
)
from mmplay.engine.terms import given

CONTEXTS: tuple[tuple[str, Context], ...] = (
    ("task", Context.TASK),
    ("softirq", Context.SOFTIRQ),
    ("realtime task", Context.RT_TASK),
    ("PF_MEMALLOC task", Context.PF_MEMALLOC),
    ("TIF_MEMDIE task", Context.TIF_MEMDIE),
)
"""The contexts in which the same mask may meet another floor."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "mask", metavar="HEX|NAMES", help="a mask: 0x2200020 or 'GFP_ATOMIC|__GFP_ZERO'"
    )
    parser.add_argument(
        "--slab", action="store_true", help="show what SLUB passes on to the page allocator"
    )
    add_kernel(parser, DEFAULT_KERNEL)
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the mask; raises InputError for an unknown name or kernel."""
    kernel = kernel_named(args.kernel or DEFAULT_KERNEL)
    asked = kernel.gfp.encode(args.mask)
    mask = kernel.slab.page_mask(asked) if args.slab else asked
    others = simpler_readings(kernel, mask)
    if args.kernel is not None:
        others = other_readings(args.kernel, kernel, mask)
    if args.json:
        print_json({**_as_json(kernel, mask, asked), "others": [one._asdict() for one in others]})
    else:
        _print_text(kernel, mask, asked)
        for one in others:
            whose = ", ".join(one.kernels)
            kind = "bits" if args.kernel is None else "rules"
            tell(f"or       {mask:#x} = {one.names or 'no flags'} ({kind} of {whose})")
        if others and args.kernel is None:
            tell("         The log's release tells which is meant: give it as --kernel.")
    return 0


class Reading(NamedTuple):
    """The names that a mask has by the bits of these kernels."""

    names: str
    kernels: list[str]


def other_readings(name: str, kernel: Kernel, mask: int) -> list[Reading]:
    """Return how the mask reads by other rules that a release may follow, where it differs."""
    found: dict[str, list[str]] = {}
    for one in () if name in KERNELS else candidates_of(name).kernels:
        found.setdefault(one.gfp.format(mask), []).append(one.name)
    found.pop(kernel.gfp.format(mask), None)
    return [Reading(names, kernels) for names, kernels in found.items()]


def simpler_readings(kernel: Kernel, mask: int) -> list[Reading]:
    """Return how the mask reads in fewer names by the bits of other kernels, the fewest first.

    Masks are written as one or two names: many bits are a sign that another kernel printed it.
    """
    found: dict[str, list[str]] = {}
    for layout in GFP_LAYOUTS.values():
        names = layout.format(mask)
        if "0x" not in names:
            found.setdefault(names, []).append(layout.covers)
    own = len(kernel.gfp.format(mask).split("|"))
    simpler = sorted(found, key=lambda names: len(names.split("|")))
    return [Reading(names, found[names]) for names in simpler if len(names.split("|")) < own][:3]


class FloorIn(NamedTuple):
    """The floor that a mask meets in one context."""

    context: str
    caller: str
    alloc_flags: list[str]
    why: list[str]
    floor: str


def floors_by_context(kernel: Kernel, mask: int) -> list[FloorIn]:
    """Return the floor in each context, as a formula over min and lowmem_reserve."""
    rows = []
    for name, context in CONTEXTS:
        fired = kernel.fired(mask, context)
        flags = kernel.alloc_flags(mask, context)
        caller = kernel.class_of(flags)
        minimum, kept = given("min", 1), given("lowmem_reserve", 1)
        term = floor(kernel.gate.reductions, minimum, kept, caller.flags)
        rows.append(
            FloorIn(
                name,
                caller.name,
                flag_names(flags),
                [WORDS[one.name].title for one in fired],
                symbolic(term),
            )
        )
    return rows


def _as_json(kernel: Kernel, mask: int, asked: int) -> dict[str, object]:
    layout = kernel.gfp
    return {
        "kernel": kernel.name,
        "asked": asked,
        "mask": mask,
        "names": layout.format(mask),
        "bits": layout.single_bits(mask),
        "lost": layout.single_bits(asked & ~mask),
        "allows": abilities(layout, mask)._asdict(),
        "floors": [row._asdict() for row in floors_by_context(kernel, mask)],
    }


def _print_text(kernel: Kernel, mask: int, asked: int) -> None:
    layout = kernel.gfp
    if mask != asked:
        lost = ", ".join(layout.single_bits(asked & ~mask)) or "nothing"
        tell(f"asked    {asked:#x} = {layout.format(asked)}")
        tell(f"lost     {lost}")
    tell(f"mask     {mask:#x} = {layout.format(mask) or 'no flags'}")
    tell(f"bits     {' '.join(layout.single_bits(mask)) or 'none'}")
    tell(f"kernel   {kernel.name} (bits of {layout.covers})")
    tell(f"allows   {', '.join(phrases(abilities(layout, mask)))}")
    tell("floors   refused when free <= floor")
    for row in floors_by_context(kernel, mask):
        tell(f"  {row.context:<17}{row.caller:<23}{row.floor}")
