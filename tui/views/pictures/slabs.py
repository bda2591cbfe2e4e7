"""The slabs of a cache: each a bar of its objects, in use or free, and where it hangs."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from mmplay.levels.play.showing import UNKNOWN
from mmplay.tui.views.pictures.canvas import Canvas, Picture

LABEL = 11
"""Columns of what stands before a bar."""

SAID = {
    "cpu": "{} slab{} of a CPU",
    "partial": "{} slab{} on the partial list",
    "full": "{} full slab{}",
}
"""Slabs by where they hang."""


class Slab(NamedTuple):
    """One slab, or a run of `slabs` that are alike: where it is, how many objects are in use."""

    where: str
    slabs: int
    in_use: int
    objects: int


class Slabs(NamedTuple):
    """What the picture shows of a cache; how many slabs are alike is not told if it is asked."""

    cache: str
    slabs: tuple[Slab, ...]
    counted: bool = True

    def label(self, one: Slab) -> str:
        """Return what stands before a bar."""
        count = str(one.slabs) if self.counted else UNKNOWN
        return f"{count} {one.where}" if one.slabs > 1 else one.where

    def told(self) -> str:
        """Return how many objects are in use in how many slabs."""
        objects = sum(one.slabs * one.in_use for one in self.slabs)
        slabs = sum(one.slabs for one in self.slabs) if self.counted else UNKNOWN
        return f"{objects} objects in {slabs} slabs"


@Picture
def slabs_rows(sheet: Canvas, shown: Slabs, past: Slabs) -> None:
    """Draw the slabs, whose bars grow and shrink from what they were in `past`."""
    glyphs = sheet.glyphs
    gap = 2 if sheet.height >= 2 * len(shown.slabs) + 1 else 1
    room = max(8, sheet.width - LABEL - 12)
    for n, one in enumerate(shown.slabs):
        before = past.slabs[n].in_use if n < len(past.slabs) else one.in_use
        used = sheet.moved(before, one.in_use)
        cells = used * room // max(1, one.objects)
        cells = max(cells, 1) if used else 0
        y = n * gap
        sheet.put(0, y, shown.label(one), "label")
        sheet.put(LABEL, y, glyphs.fine * cells, "fine" if used < one.objects else "below_low")
        sheet.put(LABEL + cells, y, glyphs.rest * (room - cells), "dim")
        sheet.put(LABEL + room + 1, y, f"{used}/{one.objects}", "number")
    sheet.put(0, len(shown.slabs) * gap, shown.told(), "dim")


def slabs_words(shown: Slabs) -> str:
    """Return what is in which slab, in one sentence; slabs that are alike are counted."""
    if not shown.counted:
        return f"{shown.cache}: {shown.told()}."
    alike = Counter[tuple[str, int, int]]()
    for one in shown.slabs:
        alike[one.where, one.in_use, one.objects] += one.slabs
    each = [
        f"{SAID[where].format(count, '' if count == 1 else 's')} with {in_use} of {objects} "
        f"objects in use{' each' if count > 1 else ''}"
        for (where, in_use, objects), count in alike.items()
    ]
    return f"{shown.cache}: {'; '.join(each) or 'no slab'}."
