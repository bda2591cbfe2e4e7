"""A level's machine piece by piece: the blocks of toy zones, the slabs of a cache."""

from __future__ import annotations

from mmplay.engine.sim.log.view import FREE, SlabRow, blocks_of, slabs_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.levels.model import Level
from mmplay.tui.cells import Cell, Row, row, wrap

TOY_PAGES = 64
"""Zones up to this size show where their blocks lie."""

OBJECT_ACTS = ("kmalloc", "kfree")
"""Acts whose first word is a cache."""


def piece_rows(level: Level, m: Machine, width: int) -> list[Row]:
    """Return where blocks lie in toy zones, and the slabs of caches that a player may change."""
    lines = [*_block_lines(m), *_slab_lines(level, m)]
    return [row(Cell(line, "number")) for one in lines for line in wrap(one, width)]


def _block_lines(m: Machine) -> list[str]:
    return [
        f"pages, [free]:  {'  '.join(_block_word(*one) for one in blocks_of(m, zone))}"
        for zone in m.state.zones
        if zone.managed <= TOY_PAGES
    ]


def _block_word(first: int, last: int, what: str) -> str:
    pages = f"{first}-{last}" if last > first else str(first)
    return f"[{pages}]" if what == FREE else f"{pages} {what}"


def _slab_lines(level: Level, m: Machine) -> list[str]:
    words = [option.value.split() for option in level.choices]
    caches = dict.fromkeys(
        word[1] for word in words if word[0] in OBJECT_ACTS and word[0] in level.allow
    )
    return [
        f"slabs of {cache}:  {'  '.join(_slab_word(one) for one in slabs_of(m, cache))}"
        for cache in caches
        if cache in m.cache_numbers
    ]


def _slab_word(one: SlabRow) -> str:
    """Say what is in a slab: `cpu 32/64`, `partial 5/64`, `12 full`."""
    if one.in_use == one.objects:
        return f"{one.slabs} {one.where}"
    return f"{one.where} {one.in_use}/{one.objects}"
