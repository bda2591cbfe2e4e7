"""The tank: a zone's free pages as water in a glass, its lines, and the callers that come to them.

A caller rolls in over the glass. Where the water stands above its line it drops in and takes a
page; where the line lies over the water, as a lid, it bounces. Who waits stands beside the glass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmplay.engine.errors import shortened
from mmplay.engine.frame import Ask
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.tui.cells import wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.pictures.canvas import STEPS, Canvas, Heights, Picture, heights, moved

COMES, GETS, WAITS, MEETS = "comes", "gets", "waits", "meets"
"""What a caller does: it is about to ask, it got its page, it was refused, its line is told."""

WORKS, SLEEPS = "works", "sleeps"
"""What kswapd does, which puts pages back and asks for none."""

SAYS = {WORKS: "puts pages back", SLEEPS: "sleeps", MEETS: "", WAITS: "is refused"}

LEAST_GLASS, LEAST_RIGHT = 12, 13
RING_ROWS, TALL = 2, 10
"""Rows of a ring under the glass, and from how many rows on there is room for both."""
MOST_LABEL, MOST_NAME = 18, 12
NOT_TRUE = "not to scale", "no scale"
MIB_KB = 1024

MAGNIFIED = 64
"""A zone so many times its highest line, or larger, is drawn magnified: its lines would all lie on
the ground. A smaller one is drawn whole, so that a drain is seen from its beginning, unless its
lines could be drawn to scale only without what lies above them."""


class Line(NamedTuple):
    """A line on the glass: its name, its pages, and whether it is one that the kernel keeps.

    `strong` lines are drawn thick: below them nobody without a special right gets anything. One
    that is not `drawn` has no place in the glass, until what it would tell may be known.
    """

    name: str
    pages: int
    strong: bool = False
    drawn: bool = True
    ask: Ask | None = None


class Visitor(NamedTuple):
    """A caller: its name, what it does, the line that it meets and what it `wants`, in pages."""

    name: str
    does: str
    line: int | None = None
    wants: int = 1

    def says(self) -> str:
        """Return what it does, in words."""
        block = "a page" if self.wants == 1 else f"{self.wants} pages in one piece"
        if self.does == MEETS:
            return f"is refused at {self.line} or fewer"
        return {**SAYS, COMES: f"asks for {block}", GETS: f"gets {block}"}[self.does]


class Ring(NamedTuple):
    """A network card's ring: buffers that are ready, those with a frame, places without one."""

    ready: int
    frames: int
    empty: int

    def __str__(self) -> str:
        return f"ring: {self.ready} ready, {self.frames} with a frame, {self.empty} empty"


class Tank(NamedTuple):
    """What the picture shows of a zone, in pages; `managed` are all that it has.

    `state` says in words how free stands to the lines, `role` in which colour; `fill` is the
    water. `asked` is the caller that the picture is about, `waiting` are those refused before.
    """

    zone: str
    free: int
    managed: int
    lines: tuple[Line, ...]
    state: str = ""
    role: str = "fine"
    fill: str = "█"
    asked: Visitor | None = None
    waiting: tuple[str, ...] = ()
    ask: Ask | None = None
    unit: str = "free"
    """What the pages in the tank are."""
    ring: Ring | None = None


RING_ROLES = ("fine", "below_low", "refused")
"""Roles of a ring's places: ready, with a frame, empty."""

LEVELS = ("below_min", "below_low", "below_high", "fine")
"""Roles of the water, by how many of its marks it is above."""


def water(free: int, marks: Sequence[int], glyphs: Glyphs) -> tuple[str, str]:
    """Return the role and the glyph of free pages that stand to min, low and high in this way."""
    above = sum(free > mark for mark in marks)
    shapes = (glyphs.below_min, glyphs.below_low, glyphs.below_high, glyphs.fine)
    return LEVELS[above], shapes[above]


def mib_text(pages: int) -> str:
    """Return pages as GiB or MiB with one digit after the point; what is less than a MiB as KiB."""
    kib = pages * PAGE_KB
    if kib < MIB_KB:
        return f"{kib} KiB"
    unit, name = (MIB_KB * MIB_KB, "GiB") if kib >= MIB_KB * MIB_KB else (MIB_KB, "MiB")
    tenths = (kib * 10 + unit // 2) // unit
    return f"{tenths // 10}.{tenths % 10} {name}"


@Picture
def tank_rows(sheet: Canvas, tank: Tank, past: Tank) -> None:
    """Draw the tank; its water, lines and caller are on their way from `past`."""
    _Drawing(sheet, tank, past).draw()


class _Drawing:
    """One drawing of a tank, at one step of a move."""

    def __init__(self, sheet: Canvas, tank: Tank, past: Tank) -> None:
        self.sheet, self.tank, self.past = sheet, tank, past
        self.step, self.glyphs = sheet.step, sheet.glyphs
        below = (tank.ring is not None) * (RING_ROWS if sheet.height >= TALL else 1)
        self.rows = max(2, sheet.height - 1 - below)
        self.lines = [line for line in tank.lines if line.drawn]
        labels = [_label(line) for line in tank.lines] if self.lines else []
        self.left = min(MOST_LABEL, max((len(one) for one in labels), default=0) + 1)
        waiting = ("", *tank.waiting, *past.waiting)
        self.left = max(self.left, *(min(MOST_NAME, len(one) + 3) for one in waiting))
        self.right = max(LEAST_RIGHT, len(f"< {tank.free} {tank.unit}") + 1)
        self.glass = max(LEAST_GLASS, sheet.width - self.left - self.right - 2)
        beside = len(tank.asked.name) + 4 if tank.asked is not None else 0
        if beside > self.glass - 2:
            self.right = max(self.right, min(beside, sheet.width - self.left - 2 - LEAST_GLASS))
            self.glass = max(LEAST_GLASS, sheet.width - self.left - self.right - 2)
        self.scale = self._scale(tank)

    def _scale(self, tank: Tank) -> Heights:
        # How the water stands to a hidden line would answer whether a request passes there.
        lines = [line.pages for line in tank.lines if line.drawn]
        whole = heights(lines, self.rows, tank.managed)
        near = heights(lines, self.rows)
        if near.to_scale and not whole.to_scale:
            return near
        return whole if tank.managed <= near.top * MAGNIFIED else near

    def draw(self) -> None:
        """Draw the water, the lines over it, then what stands around."""
        surface = self._surface()
        self._water(surface)
        self._lines(surface)
        self._free(surface)
        self._waiting()
        self._walls()
        self._caller()
        self._ring()

    def _surface(self) -> int:
        before = self._scale(self.past).surface(self.past.free)
        return moved(before, self.scale.surface(self.tank.free), self.step)

    @property
    def inside(self) -> int:
        """The first column inside the glass."""
        return self.left + 1

    def _walls(self) -> None:
        side = self.glyphs.wall
        for x in (self.left, self.inside + self.glass):
            self.sheet.fill(x, 0, 1, self.rows, side, "dim")
        bottom = self.glyphs.corner_left + self.glyphs.line * self.glass + self.glyphs.corner_right
        self.sheet.put(self.left, self.rows, bottom, "dim")
        if not self.scale.to_scale or self.tank.free > self.scale.top:
            edge, width = self.inside + self.glass, self.sheet.width
            places = ((edge + gap, text) for text in NOT_TRUE for gap in (2, 1))
            x, text = next((one for one in places if one[0] + len(one[1]) <= width), (0, ""))
            self.sheet.put(x, self.rows, text, "dim")

    def _ring(self) -> None:
        """Draw the ring under the glass as a strip of its places, and say what they are."""
        ring, past, y = self.tank.ring, self.past.ring, self.rows + 1
        if ring is None:
            return
        self.sheet.put(0, self.sheet.height - 1, str(ring), "number")
        if y + 1 >= self.sheet.height:
            return
        shown = [
            moved(before, now, self.step) for before, now in zip(past or ring, ring, strict=True)
        ]
        glyphs = self.glyphs.fine, self.glyphs.below_low, self.glyphs.rest
        x, left, room = 0, sum(shown), self.sheet.width
        for count, glyph, role in zip(shown, glyphs, RING_ROLES, strict=True):
            cells = (room - x) * count // max(1, left)
            self.sheet.fill(x, y, cells, 1, glyph, role)
            x, left = x + cells, left - count

    def _water(self, surface: int) -> None:
        fill = self.tank.fill if self.step == STEPS else self.past.fill
        deep = self.rows - surface
        self.sheet.fill(self.inside, surface, self.glass, deep, fill, f"deep_{self.tank.role}")
        self.sheet.fill(self.inside, surface, self.glass, min(1, deep), fill, self.tank.role)

    def _lines(self, surface: int) -> None:
        for line in sorted(self.lines, key=lambda one: one.strong):
            row = self.scale.of_line(line.pages)
            glyph = self.glyphs.lid if line.strong else self.glyphs.dotted
            role = "label" if line.strong else "mark"
            role = role if row < surface else f"in_{self.tank.role}"
            self.sheet.put(self.inside, row, glyph * self.glass, role)
        for row, names, line in self._labels():
            text = f"{names} {line.pages}"
            self.sheet.put(0, row, text[: self.left - 1], "label", line.ask)

    def _labels(self) -> list[tuple[int, str, Line]]:
        """Return row, names and line of every label; lines at one height share theirs."""
        found: dict[int, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.pages, []).append(line)
        return [
            (self.scale.of_line(pages), "=".join(one.name for one in lines), lines[-1])
            for pages, lines in found.items()
        ]

    def _free(self, surface: int) -> None:
        """Say beside the surface how much is free, and what that is below it, or else above it."""
        at = self.scale.level(self.tank.free) if self.step == STEPS else surface
        x, row = self.inside + self.glass + 1, min(at, self.rows - 1)
        shown = moved(self.past.free, self.tank.free, self.step)
        said = f"{self.glyphs.points} {shown} {self.tank.unit}"
        fits = x + len(said) <= self.sheet.width
        said = said if fits else said.removesuffix(f" {self.tank.unit}")
        self.sheet.put(x, row, said, "number", self.tank.ask)
        state = _broken(self.tank.state, self.sheet.width - x - 2)
        mib, words = (mib_text(shown), "dim"), [(text, self.tank.role) for text in state]
        below = row + 1 + len(words) < self.rows
        first, lines = (row + 1, [mib, *words]) if below else (row - len(words) - 1, [*words, mib])
        for n, (text, role) in enumerate(lines):
            self.sheet.put(x + 2, first + n, text, role)

    def _waiting(self) -> None:
        """Pile up who was refused, beside the glass, from the bottom."""
        names = list(self.tank.waiting if self.step == STEPS else self.past.waiting)
        rows = [y for y in reversed(range(self.rows)) if self.sheet.is_free(0, y, self.left)]
        if len(names) > len(rows):
            names = [*names[: max(0, len(rows) - 1)], f"+{len(names) - len(rows) + 1} more"]
        for y, name in zip(rows, names, strict=False):
            text = f"{self.glyphs.ball} {name}"[: self.left - 1]
            self.sheet.put(0, y, text, "refused")

    def _caller(self) -> None:
        """Draw the caller that the picture is about, at this step of its way."""
        who = self.tank.asked
        if who is None:
            return
        surface = self.scale.surface(self.past.free)
        secret = who.does == COMES and who.line not in [line.pages for line in self.lines]
        line = self.rows if who.line is None or secret else self.scale.surface(who.line) - 1
        stop = max(0, min(surface, line) - 1) if who.line is not None else 0
        drawn = {self.scale.of_line(line.pages) for line in self.lines}
        stop -= int(stop > 0 and stop in drawn and stop - 1 not in drawn)
        if who.does in (COMES, MEETS, WORKS, SLEEPS):
            asks = " ?" if who.does == COMES else f" {SAYS[who.does]}".rstrip()
            asks = asks if len(who.name) + len(asks) + 2 <= self.glass or who.does == COMES else ""
            self._ball(self.inside + 1, stop, f" {who.name}{asks}", "number")
        elif self.step == STEPS:
            self._landed(who, stop)
        else:
            self._rolls(who, stop)

    def _rolls(self, who: Visitor, stop: int) -> None:
        start, middle = self.inside + 1, self.inside + self.glass // 2
        half = STEPS // 2
        if self.step <= half:
            self._ball(moved(start, middle, self.step * 2), stop, f" {who.name}", "number")
        elif who.does == GETS:
            deep = moved(stop, self.rows - 1, (self.step - half) * 2)
            self._ball(middle, deep, "", "number")
        else:
            back = moved(middle, start, (self.step - half) * 2)
            self._ball(back, max(0, stop - 1), f" {who.name} !", "refused")

    def _landed(self, who: Visitor, stop: int) -> None:
        refused = who.does == WAITS
        role, y = ("refused", stop) if refused else ("fine", 0)
        says = ("is refused", "refused", "!") if refused else (who.says(), "served", "")
        room = self.glass - len(who.name) - 4
        word = next(one for one in says if len(one) <= room or one == says[-1])
        beside = self.inside + self.glass + 2
        if word == says[-1] and self.sheet.is_free(beside, y, self.right):
            self.sheet.put(beside, y, says[0][: self.right - 1], role)
        self._ball(self.inside + 1, y, f" {who.name} {word}", role)

    def _ball(self, x: int, y: int, text: str, role: str) -> None:
        """Draw a caller in the glass; a name too long for it stands beside it, if it may."""
        full = f"{self.glyphs.ball}{text}"
        edge = self.inside + self.glass
        room = self.right - 1
        words = text.strip() if len(text.strip()) <= room else text.strip().removesuffix(" ?")
        beside = shortened(words, room)
        if len(full) <= edge - x or not self.sheet.is_free(edge + 1, y, self.right):
            fits = full if len(full) <= edge - x else full.removesuffix(" ?")
            self.sheet.put(x, y, shortened(fits, edge - x), role)
            return
        self.sheet.put(x, y, self.glyphs.ball, role)
        self.sheet.put(edge + 2, y, beside, role)


def _label(line: Line) -> str:
    return f"{line.name} {line.pages}"


def _broken(text: str, width: int) -> list[str]:
    room = max(6, width)
    long = any(len(word) > room for word in text.split())
    return wrap(text.replace("+", " +") if long else text, room) if text else []


ARTICLES = ("the ", "a ")


def told(text: str) -> str:
    """Return words as a sentence; a task's name stays as it is."""
    return f"{text[:1].upper() if text.startswith(ARTICLES) else text[:1]}{text[1:]}."


def tank_words(tank: Tank) -> str:
    """Return what the tank shows in one or two sentences."""
    state = f", {tank.state}" if tank.state else ""
    found = [f"{tank.zone}: {tank.free} pages {tank.unit} ({mib_text(tank.free)}){state}."]
    drawn = [line for line in tank.lines if line.drawn]
    if drawn:
        named = ", ".join(map(_label, drawn))
        found[0] = f"{found[0][:-1]}; lines: {named}."
    if tank.ring is not None:
        found.append(f"The {tank.ring}.")
    who = tank.asked
    if who is not None:
        found.append(told(f"{who.name} {who.says()}"))
    elif tank.waiting:
        waits = "waits" if len(tank.waiting) == 1 else "wait"
        found.append(told(f"{', '.join(tank.waiting)} {waits}"))
    return " ".join(found)
