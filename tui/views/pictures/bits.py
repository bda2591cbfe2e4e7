"""The bits: a mask as switches with names, in groups by what they decide."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.gfp import GfpLayout
from mmplay.tui.views.pictures.canvas import Canvas, Picture

PREFIX = "__GFP_"
COLUMN = 21
TRACK = 4

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("what may it do?", ("WAIT", "DIRECT_RECLAIM", "KSWAPD_RECLAIM", "IO", "FS")),
    ("which reserves?", ("HIGH", "ATOMIC", "MEMALLOC", "NOMEMALLOC")),
    ("which zone?", ("DMA", "HIGHMEM", "DMA32", "MOVABLE")),
    ("may it fail?", ("NOWARN", "REPEAT", "RETRY_MAYFAIL", "NOFAIL", "NORETRY")),
)
"""What each group decides, and its flags; a kernel has some of them."""

OTHERS = "besides"
"""The group of all other bits: only those that are set are drawn."""


class Switch(NamedTuple):
    """One bit of the mask; `on` is None until it may be known."""

    name: str
    on: bool | None


class Bits(NamedTuple):
    """What the picture shows of a mask: switches by group, the mask, whose bits these are.

    `line` says in words what the switches mean for the caller; the mask is None while its number
    is asked for, and `numbered` tells whether the question is about a number at all.
    """

    mask: int | None
    kernel: str
    groups: tuple[tuple[str, tuple[Switch, ...]], ...]
    line: str = ""
    numbered: bool = True


def bits_of(
    mask: int,
    layout: GfpLayout,
    kernel: str,
    known: bool,
    line: str = "",
    taught: frozenset[str] | None = None,
) -> Bits:
    """Return the still of a mask under a kernel's layout; nothing is on or off unless `known`.

    Of the flags that are not `taught` (None: all are) only those are there that are known to be on.
    """
    left = dict.fromkeys(layout.bits)
    groups = []
    for title, names in GROUPS:
        there = [f"{PREFIX}{name}" for name in names if f"{PREFIX}{name}" in left]
        for name in there:
            del left[name]
        there = [
            name
            for name in there
            if taught is None
            or name.removeprefix(PREFIX) in taught
            or (known and mask & layout.bits[name])
        ]
        groups.append((title, tuple(_switch(name, mask, layout, known) for name in there)))
    rest = tuple(_switch(name, mask, layout, known) for name in left if mask & layout.bits[name])
    if rest and known:
        groups.append((OTHERS, rest))
    return Bits(mask, kernel, tuple(groups), line)


def _switch(name: str, mask: int, layout: GfpLayout, known: bool) -> Switch:
    return Switch(name.removeprefix(PREFIX), bool(mask & layout.bits[name]) if known else None)


@Picture
def bits_rows(sheet: Canvas, bits: Bits, past: Bits) -> None:
    """Draw the switches on their way from `past`, in as many columns as there is room for."""
    width, height = sheet.width, sheet.height
    before = {one.name: one for _, group in past.groups for one in group}
    columns = max(1, min(3, width // COLUMN))
    ends = [0] * columns
    groups = [(title, group) for title, group in bits.groups if group]
    deep = -(-len(groups) // columns)
    gap = 2 if sum(len(group) + 2 for _, group in groups) // columns + deep < height else 1
    foot = height - 1 - bool(bits.line)
    for title, group in groups:
        at = ends.index(min(ends))
        group = _fitting(group, foot - ends[at] - 1)
        if not group:
            continue
        x, y = at * (width // columns), ends[at]
        sheet.put(x + 1, y, title, "label")
        for n, one in enumerate(group, 1):
            _draw(sheet, x + 2, y + n, one, before.get(one.name, one))
        ends[at] = y + len(group) + gap
    if max(ends) < foot:
        known = not any(one.on is None for _, group in groups for one in group)
        _legend(sheet, foot - 1, known)
    sheet.put(1, foot, _said(bits), "dim")
    sheet.put(1, foot + 1, bits.line, "number")


def _fitting(group: tuple[Switch, ...], rows: int) -> tuple[Switch, ...]:
    """Return a group's switches that so many rows hold: of too many first those that are off go."""
    if rows >= len(group):
        return group
    on = [one for one in group if one.on]
    kept = [*on, *(one for one in group if not one.on)][: max(0, rows)]
    return tuple(one for one in group if one in kept)


def _legend(sheet: Canvas, y: int, known: bool) -> None:
    """Say what a switch looks like."""
    glyphs = sheet.glyphs
    if not known:
        knob = TRACK // 2
        track = f"{glyphs.line * knob}{glyphs.hole}{glyphs.line * (TRACK - knob - 1)}"
        sheet.put(2, y, f"{track} on or off?", "dim")
        return
    right = f"{glyphs.lid * (TRACK - 1)}{glyphs.ball} on"
    sheet.put(2, y, f"{right}   {glyphs.hole}{glyphs.line * (TRACK - 1)} off", "dim")


def _said(bits: Bits) -> str:
    if not bits.numbered:
        return f"bits of {bits.kernel}"
    number = "?" if bits.mask is None else f"{bits.mask:#x}"
    return f"mask {number}, bits of {bits.kernel}"


def _draw(sheet: Canvas, x: int, y: int, now: Switch, before: Switch) -> None:
    """Draw a switch: its knob at the right is on, at the left off, in the middle not known."""
    knob, glyphs = sheet.moved(_place(before), _place(now)), sheet.glyphs
    role = "changed" if now.on else "dim"
    sheet.put(x, y, glyphs.line * TRACK, "dim")
    if now.on:
        sheet.put(x, y, glyphs.lid * knob, "fine")
    sheet.put(x + knob, y, glyphs.ball if now.on else glyphs.hole, "fine" if now.on else "dim")
    sheet.put(x + TRACK + 1, y, now.name, role)


def _place(one: Switch) -> int:
    return TRACK // 2 if one.on is None else (TRACK - 1) * one.on


def bits_words(bits: Bits) -> str:
    """Return which switches are on, in one or two sentences."""
    on = [one.name for _, group in bits.groups for one in group if one.on]
    hidden = any(one.on is None for _, group in bits.groups for one in group)
    said = _said(bits)
    if hidden:
        return f"{said}: the switches are not shown until you have answered."
    line = f" {bits.line[:1].upper()}{bits.line[1:]}." if bits.line else ""
    return f"{said}: {', '.join(on) or 'nothing'} on.{line}"
