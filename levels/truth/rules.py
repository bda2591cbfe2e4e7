"""The rules that answers go by: their words and their sources, and an answer by one of them.

Most stand in the table of words; those that only questions need stand here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding
from mmplay.engine.explain.words import WORDS
from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.terms import Term
from mmplay.levels.truth.answer import Other, Truth, Value, told
from mmplay.levels.truth.scene import Scene


class Said(NamedTuple):
    """A rule in words, and where it stands: function and file, or a key of the table of words.

    A rule `of_bits` is read off the GFP bits, which are known of more kernels than the rules.
    """

    text: str
    where: str
    of_bits: bool = False


GFP_H = "include/linux/gfp.h"

OWN: dict[str, Said] = {
    "first_zone": Said(
        "A request starts in the highest zone that its mask allows and that has pages.",
        f"gfp_zone  {GFP_H}",
        of_bits=True,
    ),
    "zone_order": Said(
        "From the highest zone that the mask allows and that has pages, downwards.",
        "build_zonelists_node  mm/page_alloc.c",
        of_bits=True,
    ),
    "class": Said(
        "The mask's flags and the caller's context decide which discounts a request has.",
        "alloc.high",
    ),
    "drain_order": Said(
        "A zone is used until its floor refuses the caller, then the next lower one.", "floor"
    ),
    "served": Said(
        "Every zone of the list is tested against the caller's own floor. If all refuse, "
        "PF_MEMALLOC asks them again without floors, unless the request has __GFP_NOMEMALLOC.",
        "floor",
    ),
    "asks_none": Said(WORDS["floor"].text, "wb_start_writeback  fs/fs-writeback.c"),
    "decode": Said(
        "The names are taken in the order of the kernel's table, composites first.",
        "format_flags  lib/vsprintf.c",
        of_bits=True,
    ),
    "encode": Said(
        "A mask is the sum of its flags' bits, and every kernel has bits of its own.",
        GFP_H,
        of_bits=True,
    ),
    "ability": Said(
        "A flag of the mask decides it, by the bits of its own kernel.", GFP_H, of_bits=True
    ),
    "uses_reserves": Said(
        "Below min may go who has a discount: by the mask's flags or by the task's own.",
        "alloc.high",
    ),
    "split_block": Said(
        "The smallest block of the right type that is large enough is taken, the head of its list.",
        "__rmqueue_smallest  mm/page_alloc.c",
    ),
    "merged_order": Said(WORDS["buddy"].text, "__free_one_page  mm/page_alloc.c"),
    "fits": Said(
        "Free pages do not add up to a block: they must lie together, aligned.",
        "__zone_watermark_ok  mm/page_alloc.c",
    ),
    "holds_key": Said(
        "__perform_reclaim sets PF_MEMALLOC before it reclaims and takes it back afterwards.",
        "alloc.pf_memalloc",
    ),
    "freed_by_exit": Said(
        "A task gives back its kernel stack and a few slab pages; memory that others share stays "
        "until the last of them is gone.",
        "do_exit  kernel/exit.c",
    ),
    "waits_for": Said(
        "No signal wakes who waits for a lock; a small request never fails; the killer waits for "
        "its victim to end.",
        "out_of_memory  mm/oom_kill.c",
    ),
    "explains": Said(
        "A number of a report is where somebody was refused, or a count of whole things.", "floor"
    ),
    "refused_first": Said(
        "With the key a request fails only at 0; who asks most often meets 0 first.",
        "warn_alloc_failed  mm/page_alloc.c",
    ),
    "wb_stops_at": Said("Free memory stops where its last consumer is refused.", "floor"),
}


def source(kernel: Kernel, name: str) -> str:
    """Return where the rule of a table key stands: function, file, what was read."""
    words = WORDS[name]
    return f"{words.function}  {words.path}  {kernel.source}"


def _said(scene: Scene, key: str) -> tuple[str, str]:
    """Return text and source of a rule."""
    if key not in OWN:
        return WORDS[key].text, source(scene.kernel, key)
    text, where, of_bits = OWN[key]
    if where in WORDS:
        return text, source(scene.kernel, where)
    return text, f"{where}  {scene.layout.name if of_bits else scene.kernel.source}"


def ruled(
    scene: Scene,
    key: str,
    value: Value | Term,
    why: Finding | tuple[Finding, ...],
    others: Iterable[Other] = (),
    *,
    unit: str = "",
    term: Term | None = None,
    kind: str = "",
    layout: GfpLayout | None = None,
) -> Truth:
    """Return an answer by a rule of OWN or of the table of words (see `told`)."""
    return told(
        *_said(scene, key), value, why, others, unit=unit, term=term, kind=kind, layout=layout
    )
