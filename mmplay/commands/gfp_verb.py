"""`mmplay gfp`: what a mask means, what it allows, and which floor follows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

from mmplay.commands.arguments import add_json, add_kernel
from mmplay.commands.output import print_json, tell
from mmplay.engine.errors import InputError
from mmplay.engine.explain.caller import abilities, phrases
from mmplay.engine.explain.finding import symbolic
from mmplay.engine.explain.words import WORDS
from mmplay.engine.rules.alloc_flags import Context, flag_names
from mmplay.engine.rules.floors import floor
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.versions import KERNELS, Kernel, layout_named
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
    add_kernel(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the mask; raises InputError for an unknown name or kernel."""
    layout = layout_named(args.kernel)
    mask = layout.encode(args.mask)
    kernel = KERNELS.get(args.kernel)
    asked = mask
    if args.slab:
        mask = _through_slab(kernel, args.kernel, mask)
    if args.json:
        print_json(_as_json(args.kernel, layout, kernel, mask, asked))
    else:
        _print_text(args.kernel, layout, kernel, mask, asked)
    return 0


def _through_slab(kernel: Kernel | None, name: str, mask: int) -> int:
    if kernel is None:
        known = ", ".join(KERNELS)
        raise InputError(f"SLUB's mask is not known for kernel {name}, only for {known}")
    return kernel.slab.page_mask(mask)


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


def _as_json(
    name: str, layout: GfpLayout, kernel: Kernel | None, mask: int, asked: int
) -> dict[str, object]:
    return {
        "kernel": name,
        "asked": asked,
        "mask": mask,
        "names": layout.format(mask),
        "bits": layout.single_bits(mask),
        "lost": layout.single_bits(asked & ~mask),
        "allows": abilities(layout, mask)._asdict(),
        "floors": [row._asdict() for row in floors_by_context(kernel, mask)] if kernel else None,
    }


def _print_text(name: str, layout: GfpLayout, kernel: Kernel | None, mask: int, asked: int) -> None:
    if mask != asked:
        lost = ", ".join(layout.single_bits(asked & ~mask)) or "nothing"
        tell(f"asked    {asked:#x} = {layout.format(asked)}")
        tell(f"lost     {lost}")
    tell(f"mask     {mask:#x} = {layout.format(mask) or 'no flags'}")
    tell(f"bits     {' '.join(layout.single_bits(mask)) or 'none'}")
    tell(f"kernel   {name} (bits of {layout.covers})")
    tell(f"allows   {', '.join(phrases(abilities(layout, mask)))}")
    if kernel is None:
        tell(f"floors   the rules of {name} are not known, only its bits")
        return
    tell("floors   refused when free <= floor")
    for row in floors_by_context(kernel, mask):
        tell(f"  {row.context:<17}{row.caller:<23}{row.floor}")
