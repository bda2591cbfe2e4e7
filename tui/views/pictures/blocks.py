"""The blocks: a small zone's pages as tiles, in a row for each order; a large zone's as counts.

They are read off a machine, with those that the question is about. A split opens a tile into its
halves, which sink to the row below; a merge lifts two together.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import zip_longest
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.log.view import FREE as FREE_BLOCK
from mmplay.engine.sim.log.view import HELD as HELD_BLOCK
from mmplay.engine.sim.log.view import blocks_of
from mmplay.levels.truth.subject import number_in
from mmplay.tui.views.pictures.canvas import Canvas, Picture
from mmplay.tui.views.pictures.sight import Sight

FREE, HELD, USED, RULED = "free", "held", "used", "ruled"

LEFT = 10
LETTERS = "UMEHCI"
"""Kinds of free block as the log prints them: unmovable, movable, reclaimable, highatomic, CMA."""


class Tile(NamedTuple):
    """Pages `first` to `last`: a free block, one that a program holds, or pages in use.

    A ruled one only shows where blocks of its order begin, whoever has them.
    `asked` tiles are those that the question is about.
    """

    first: int
    last: int
    what: str
    asked: bool = False

    @property
    def order(self) -> int:
        """The order of the block."""
        return (self.last - self.first + 1).bit_length() - 1


class Shelf(NamedTuple):
    """The free blocks of one order of a large zone: how many, and of which kinds (letters)."""

    order: int
    blocks: int
    kinds: str = ""


class Blocks(NamedTuple):
    """What the picture shows of a zone: tiles by page if it has few pages, else shelves."""

    zone: str
    pages: int
    tiles: tuple[Tile, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    wanted: int | None = None
    """The order that somebody asks for."""
    ghosts: tuple[Tile, ...] = ()
    """Blocks that the question is about and that are, as such, not there now."""


@Picture
def blocks_rows(sheet: Canvas, blocks: Blocks, past: Blocks) -> None:
    """Draw the blocks on their way from `past`: as tiles, or as counts."""
    (_tiles if blocks.tiles else _shelves)(sheet, blocks, past)


def _tiles(sheet: Canvas, blocks: Blocks, past: Blocks) -> None:
    most = max(1, blocks.pages).bit_length() - 1
    page = max(1, (sheet.width - LEFT) // max(1, blocks.pages))
    said = _legend(blocks)
    gap = 2 if sheet.height >= 2 * (most + 1) + 2 + len(said) else 1
    for order in range(most + 1):
        wanted = order == blocks.wanted
        y = (most - order) * gap
        sheet.put(0, y, f"order {order}", "here" if wanted else "dim")
        if wanted:
            sheet.put(8, y, sheet.glyphs.to_right, "here")
    held = (most + 1) * gap
    ruler = held + 1
    for n, line in enumerate(said, ruler + 1):
        sheet.put(0, n, line, "dim")
    sheet.put(0, held, "in use", "dim")
    for number in range(0, blocks.pages, max(1, 4 // page)):
        sheet.put(LEFT + number * page, ruler, str(number), "dim")
    for tile in (*blocks.tiles, *blocks.ghosts):
        row = _row(tile, most, gap, held)
        before = _origin(tile, past)
        y = sheet.moved(row if before is None else _row(before, most, gap, held), row)
        _tile(sheet, tile, LEFT + tile.first * page, y // gap * gap, page)


def _row(tile: Tile, most: int, gap: int, held: int) -> int:
    return (most - tile.order) * gap if tile.what in (FREE, RULED) else held


def _origin(tile: Tile, past: Blocks) -> Tile | None:
    """Return the tile that this one was, came out of, or was made of."""
    shared = [one for one in past.tiles if one.first <= tile.last and tile.first <= one.last]
    return max(shared, key=lambda one: one.last - one.first, default=None)


SIDES: dict[str, tuple[str, str, str]] = {
    FREE: ("[", "]", "fine"),
    HELD: ("(", ")", "number"),
    USED: (":", ":", "dim"),
    RULED: ("[", "]", "dim"),
}
"""How a tile begins and ends, and its role."""

LEGEND = (
    (FREE, "[ ] free"),
    (HELD, "( ) a program has it"),
    (USED, ": : in use for good"),
    (RULED, "[ ] a block"),
)
ASKED = "{ } asked about"


def _legend(blocks: Blocks) -> list[str]:
    """Return what the ends of the tiles mean, two to a line."""
    tiles = (*blocks.tiles, *blocks.ghosts)
    kinds = {tile.what for tile in tiles if not tile.asked}
    said = [text for what, text in LEGEND if what in kinds]
    said += [ASKED] if any(tile.asked for tile in tiles) else []
    return [f"{one:<22}{other}" for one, other in zip_longest(said[::2], said[1::2], fillvalue="")]


def _tile(sheet: Canvas, tile: Tile, x: int, y: int, page: int) -> None:
    """Draw a tile with the number of its first page, which is there however narrow the tile."""
    width, first = (tile.last - tile.first + 1) * page, str(tile.first)
    left, right, role = SIDES[tile.what]
    left, right = ("{", "}") if tile.asked else (left, right)
    name = first if tile.first == tile.last else f"{first}-{tile.last}"
    name = name if width >= len(name) + 2 else first
    fill = "." if tile.what == USED else " "
    text = f"{left}{name.center(width - 2, fill)}{right}"
    if width < len(first) + 2:
        text = f"{first}{right}"[:width] if width >= len(first) else left
    sheet.put(x, y, text, "here" if tile.asked else role)


def _shelves(sheet: Canvas, blocks: Blocks, past: Blocks) -> None:
    most = max((one.blocks for one in (*blocks.shelves, *past.shelves)), default=1)
    before = {one.order: one.blocks for one in past.shelves}
    gap = 2 if sheet.height >= 2 * len(blocks.shelves) else 1
    room = max(4, sheet.width - 32)
    for n, one in enumerate(reversed(blocks.shelves)):
        wanted, y = one.order == blocks.wanted, n * gap
        count = sheet.moved(before.get(one.order, one.blocks), one.blocks)
        cells = min(room, max(1 if count else 0, count * room // max(1, most)))
        pages = 1 << one.order
        arrow = sheet.glyphs.to_right if wanted else " "
        role = "here" if wanted else "label"
        name = f"order {one.order:>2} {arrow} {pages:>4} page{'s' if pages > 1 else ' '} "
        sheet.put(0, y, name, role)
        sheet.put(len(name), y, sheet.glyphs.fine * cells, "fine" if count else "dim")
        words = f"{count}{' ' + one.kinds if one.kinds and count else ''}" if count else "none"
        sheet.put(len(name) + cells + 1, y, words, "number" if count else "dim")


def _pages(tile: Tile) -> str:
    if tile.first == tile.last:
        return f"page {tile.first}"
    return f"pages {tile.first} to {tile.last}"


def blocks_words(blocks: Blocks) -> str:
    """Return where the free blocks are, in one or two sentences."""
    ruled = [one for one in blocks.tiles if one.what == RULED]
    if ruled:
        begin = ", ".join(str(one.first) for one in ruled)
        about = ", ".join(_pages(one) for one in ruled if one.asked)
        order = f"blocks of order {ruled[0].order} begin at pages {begin}"
        return f"{blocks.zone}: {order}. Asked about: {about}."
    if blocks.tiles:
        free = [one for one in blocks.tiles if one.what == FREE]
        named = ", ".join(f"order {one.order} at page {one.first}" for one in free)
        used = [_pages(one) for one in blocks.tiles if one.what != FREE]
        in_use = f"; in use: {', '.join(used)}" if used else ""
        asked = [_pages(one) for one in (*blocks.tiles, *blocks.ghosts) if one.asked]
        about = f" Asked about: {', '.join(asked)}." if asked else ""
        return f"{blocks.zone}: free blocks: {named or 'none'}{in_use}.{about}"
    there = [f"{one.blocks} of order {one.order}" for one in blocks.shelves if one.blocks]
    wanted = "" if blocks.wanted is None else f" Order {blocks.wanted} is wanted."
    return f"{blocks.zone}: free blocks: {', '.join(there) or 'none'}.{wanted}"


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
    if words[:1] in (["split_block"], ["free_block"]) and isinstance(told, int):
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
