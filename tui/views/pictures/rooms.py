"""The rooms: a machine's zones side by side, and the request that goes into one of them."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.levels.play.showing import UNKNOWN
from mmplay.tui.views.pictures.canvas import STEPS, Canvas, Picture, moved
from mmplay.tui.views.pictures.tank import mib_text, told

TOP = 3
"""Rows above the rooms: there the request stands until it goes in."""

TURNS = ("first", "second", "third", "fourth")
"""When the kernel looks into a room."""


HAS = {True: [], False: [("not there", "dim")], None: []}
"""What a room says of being there, and the role."""


REACH = {"DMA": "to 16 MB", "DMA32": "to 4 GB", "Normal": "above"}
"""Where a room's pages lie, said while it is open whether the machine has all of them."""

KEYED = {True: [("with the key 0", "label")], False: []}
"""What a room says of a second try, after every floor has refused the first, and the role."""


class Room(NamedTuple):
    """A zone: its name, the pages that it manages, None where the question makes no such machine.

    `free` pages are told where they are known; an `asked` room is one whose pages are asked for.
    """

    name: str
    managed: int | None = None
    free: int | None = None
    asked: bool = False
    turn: int = 0
    """When the kernel looks here, from 1; 0 if that is not told."""
    there: bool | None = True
    """Whether the machine has such a zone; None if that is not told."""
    floor: int | str | None = None
    """At how many free pages the request is refused, `?` where that is asked."""
    keyed: bool = False
    """Whether the request is tried once more, without a floor."""
    unit: str = "pages"
    """In what its size is asked for: in pages, or in kB."""

    def size(self) -> str:
        """Return its size in the unit in which it is asked for, `?` while that is not known."""
        each = 1 if self.unit == "pages" else PAGE_KB
        return f"{UNKNOWN if self.managed is None else self.managed * each} {self.unit}"


class Rooms(NamedTuple):
    """What the picture shows; `into` is the room that the request went into, if it is known.

    `refused` tells that it went into none. Without a `caller` nobody comes; a `title` says of what
    the rooms are parts, where that is not the memory of this machine.
    """

    rooms: tuple[Room, ...]
    caller: str
    into: str = ""
    refused: bool = False
    title: str = ""


@Picture
def rooms_rows(sheet: Canvas, house: Rooms, past: Rooms) -> None:
    """Draw the rooms, and the request on its way into one of them, wherever it was in `past`."""
    glyphs, step = sheet.glyphs, sheet.step
    count = max(1, len(house.rooms))
    plan = any(room.there is None for room in house.rooms)
    wide = max(8, sheet.width // count)
    for n, room in enumerate(house.rooms):
        lit = room.asked or (room.name == house.into and step == STEPS)
        _room(sheet, room, n * wide, wide - 1, lit)
        if plan:
            sheet.put(n * wide + 2, TOP + 1, REACH.get(room.name, "")[: wide - 5], "dim")
    names = [room.name for room in house.rooms]
    _way(sheet, house, wide)
    ball, start = f"{glyphs.ball} {house.caller}", 1
    if not house.caller:
        return
    if house.into in names:
        x = names.index(house.into) * wide + 2
        if step < STEPS // 2:
            sheet.put(moved(start, x, step * 2), 1, ball, "number")
        else:
            row = moved(1, sheet.height - 3, min(STEPS, (step - STEPS // 2) * 2))
            sheet.put(x, row, ball if len(ball) <= wide - 4 else glyphs.ball, "fine")
    else:
        word, role = (" is refused", "refused") if house.refused else (" ?", "number")
        sheet.put(start, 1, ball + word, role)


def _way(sheet: Canvas, house: Rooms, wide: int) -> None:
    """Draw the way from the room that is looked into first to the last one."""
    turns = {room.turn: n * wide + wide // 2 for n, room in enumerate(house.rooms) if room.turn}
    if len(turns) > 1:
        first, last = turns[1], turns[max(turns)]
        glyphs = sheet.glyphs
        sheet.put(last, TOP - 1, glyphs.points + glyphs.line * (first - last), "number")


def _room(sheet: Canvas, room: Room, x: int, wide: int, lit: bool) -> None:
    role, height, glyphs = ("fine" if lit else "dim"), sheet.height, sheet.glyphs
    sheet.fill(x, TOP, 1, height - TOP - 1, glyphs.rail if lit else glyphs.wall, role)
    sheet.fill(x + wide - 1, TOP, 1, height - TOP - 1, glyphs.rail if lit else glyphs.wall, role)
    left, line, right = glyphs.corner_left, glyphs.line, glyphs.corner_right
    if lit:
        left, line, right = glyphs.bracket_end, glyphs.lid, glyphs.bracket_close
    sheet.put(x, height - 1, f"{left}{line * (wide - 2)}{right}", role)
    texts = [(room.name, "label" if room.there else "dim"), *HAS[room.there]]
    if room.turn:
        texts.append((TURNS[room.turn - 1], "number"))
    if room.asked or room.managed is not None:
        texts.append((room.size(), "number"))
    if room.managed is not None:
        texts.append((mib_text(room.managed), "dim"))
    if room.free is not None:
        texts.append((f"{room.free} free", "number"))
    if room.floor is not None:
        texts += [(f"floor {room.floor}", "label"), *KEYED[room.keyed]]
    for n, (text, of) in enumerate(texts):
        sheet.put(x + 2, TOP + n, text[: wide - 4], of)


def _said(room: Room) -> str:
    if room.asked:
        return f"{room.name} with {room.size()}"
    turn = f" ({TURNS[room.turn - 1]})" if room.turn else ""
    turn = turn if room.there else " (not there)" if room.there is False else ", if there is one"
    free = "" if room.free is None else f" with {room.free} pages free"
    floor = "" if room.floor in (None, UNKNOWN) else f", floor {room.floor}"
    return f"{room.name}{turn}{free}{floor}{', with the key 0' if room.keyed else ''}"


def rooms_words(house: Rooms) -> str:
    """Return which rooms there are, and where the request went."""
    subject = f"{house.title}:" if house.title else "The rooms are"
    found = f"{subject} {', '.join(map(_said, house.rooms))}."
    if not house.caller:
        return found
    if house.refused:
        return f"{found} {told(f'{house.caller} is refused')}"
    went = f"goes into {house.into}" if house.into else "comes"
    return f"{found} {told(f'{house.caller} {went}')}"
