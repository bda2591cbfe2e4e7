"""The blocks of a zone as they are read: its tiles, and those that the question is about."""

from __future__ import annotations

from contextlib import suppress

from mmplay.engine.errors import InputError
from mmplay.engine.sim.log.view import FREE as FREE_BLOCK
from mmplay.engine.sim.log.view import HELD as HELD_BLOCK
from mmplay.engine.sim.log.view import blocks_of
from mmplay.levels.truth.subject import number_in
from mmplay.tui.views.pictures.blocks import FREE, HELD, RULED, USED, Blocks, Shelf, Tile
from mmplay.tui.views.pictures.sight import Sight

TOY_PAGES = 64
"""Zones up to this size show their pages one by one."""


def blocks_still(sight: Sight) -> Blocks:
    """Return the blocks of the picture's zone: tiles of a small one, shelves of a large one."""
    zone = next(
        (one for one in sight.machine.state.zones if one.name == sight.picture.zone),
        sight.machine.state.zones[-1],
    )
    wanted = sight.order_asked
    if zone.managed <= TOY_PAGES:
        kinds = {FREE_BLOCK: FREE, HELD_BLOCK: HELD}
        tiles = tuple(
            Tile(one.first, one.last, kinds.get(one.what, USED))
            for one in blocks_of(sight.machine, zone)
        )
        if sight.words[:1] == ["buddy"]:
            tiles = ruled(zone.managed, numbers_in(sight.words)[1])
        return framed(Blocks(zone.name, zone.managed, tiles, wanted=wanted), sight)
    lists = sight.zone(zone.name).blocks or ()
    shelves = tuple(Shelf(one.order, one.count, one.types or "") for one in lists)
    return Blocks(zone.name, zone.managed, (), shelves, wanted)


def ruled(pages: int, order: int) -> tuple[Tile, ...]:
    """Return where blocks of an order lie in a zone, whoever has their pages."""
    size = 1 << order
    return tuple(Tile(one, one + size - 1, RULED) for one in range(0, pages, size))


def framed(blocks: Blocks, sight: Sight) -> Blocks:
    """Return the tiles with those framed that the question is about, and the answer once told."""
    found = [(one, one + (1 << order) - 1) for one, order in _asked_blocks(sight)]
    tiles = tuple(tile._replace(asked=(tile.first, tile.last) in found) for tile in blocks.tiles)
    there = [(tile.first, tile.last) for tile in tiles]
    ghosts = tuple(Tile(*one, FREE, asked=True) for one in found if one not in there)
    return blocks._replace(tiles=tiles, ghosts=ghosts)


def _asked_blocks(sight: Sight) -> list[tuple[int, int]]:
    """Return the blocks that a question names, by first page and order, and its answer if told."""
    words, told = sight.words, sight.told.value if sight.told is not None else None
    numbers = numbers_in(words)
    if words[:1] == ["buddy"]:
        answer = [(told, numbers[1])] if isinstance(told, int) else []
        return [(numbers[0], numbers[1]), *answer]
    if words[:1] == ["split_block"] and isinstance(told, int):
        return [(told, numbers[0])]
    if words[:1] != ["merged_order"]:
        return []
    block, order = numbers[0], told if isinstance(told, int) else numbers[1]
    return [(block & -(1 << order), order)]


def numbers_in(words: list[str]) -> list[int]:
    """Return the numbers among the words of a question."""
    found = []
    for word in words[1:]:
        with suppress(InputError):
            found.append(number_in(word, "NUMBER"))
    return found
