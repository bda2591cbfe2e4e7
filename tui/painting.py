"""What the terminal shows, cell by cell, so that only cells that change are sent to it.

Textual sends every line of a widget that was refreshed, and a widget with the focus is refreshed
whole. Over a slow line that is what a key waits for: a step was 20 kB, and is 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby, zip_longest

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Look = tuple[str, str]
"""A cell: its character, empty after a wide one, and the escape sequence that sets its style."""

RESET = "\x1b[0m"

GAP = 8
"""Equal cells between two changed ones that are sent along: to jump over them costs as much."""


class Painter:
    """Remembers what was sent to a terminal."""

    def __init__(self) -> None:
        self._shown: dict[int, dict[int, Look]] = {}
        self._strips: dict[int, dict[int, Strip]] = {}

    def forget(self) -> None:
        """Send everything that comes next: what the terminal shows is not known."""
        self._shown.clear()
        self._strips.clear()

    def changes(self, update: CompositorUpdate) -> CompositorUpdate:
        """Return an update that sends those cells of another one that the terminal lacks."""
        known = isinstance(update, (ChopsUpdate, LayoutUpdate))
        return Changes(self, update) if known else update

    def sent(self, lines: Iterable[tuple[int, int, Strip]], colours: ColorSystem) -> str:
        """Return what a terminal is sent to show strips at (row, column); remember it as sent."""
        parts: list[str] = []
        style = ""
        for y, x, strip in lines:
            if not self._is_news(y, x, strip):
                continue
            shown = self._shown.setdefault(y, {})
            cells = list(enumerate(looks_of(strip, colours), x))
            for first, end in _stretches(cells, shown):
                parts.append(f"\x1b[{y + 1};{cells[first][0] + 1}H")
                for sequence, same in groupby(cells[first:end], key=lambda cell: cell[1][1]):
                    if sequence != style:
                        parts.append(switch(style, sequence))
                        style = sequence
                    parts += [look[0] for _, look in same]
            shown.update(cells)
        return "".join([*parts, RESET] if style else parts)

    def _is_news(self, y: int, x: int, strip: Strip) -> bool:
        """Tell whether a strip is another one than the last in its place; remember it."""
        row = self._strips.setdefault(y, {})
        if row.get(x) == strip:
            return False
        end = x + strip.cell_length
        for at in [at for at, old in row.items() if at < end and x < at + old.cell_length]:
            del row[at]
        row[x] = strip
        return True


@lru_cache(maxsize=4096)
def switch(old: str, new: str) -> str:
    """Return the shortest sequence from one style to another: what both have is not sent again."""
    before, after = _codes(old), _codes(new)
    if before.keys() - after.keys():
        return RESET + new
    changed = [code for key, code in after.items() if before.get(key) != code]
    return f"\x1b[{';'.join(changed)}m" if changed else ""


def _codes(sequence: str) -> dict[str, str]:
    """Return the codes of a style: `fg` and `bg` by these names, attributes by themselves."""
    codes: dict[str, str] = {}
    left = sequence[2:-1].split(";") if sequence else []
    while left:
        size = LONG_COLOURS.get(left[1], 1) if left[0] in ("38", "48") and left[1:] else 1
        code, number = ";".join(left[:size]), int(left[0] or 0)
        ground = "fg" if 30 <= number < 40 or 90 <= number < 98 else "bg"
        colour = 30 <= number < 50 or 90 <= number < 108
        codes[ground if colour else code] = code
        left = left[size:]
    return codes


LONG_COLOURS = {"2": 5, "5": 3}
"""How many numbers a colour takes that is given by its parts or by its place in a palette."""


def _stretches(cells: list[tuple[int, Look]], shown: dict[int, Look]) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of what has to be sent: cells that differ, with short gaps between."""
    differ = [n for n, (at, look) in enumerate(cells) if shown.get(at) != look]
    first = None
    for n, following in zip_longest(differ, differ[1:]):
        first = n if first is None else first
        if following is None or following - n > GAP:
            yield _whole(cells, first, n + 1)
            first = None


def _whole(cells: list[tuple[int, Look]], first: int, end: int) -> tuple[int, int]:
    """Return the stretch with both halves of the wide characters at its ends."""
    while first and not cells[first][1][0]:
        first -= 1
    while end < len(cells) and not cells[end][1][0]:
        end += 1
    return first, end


class Changes(CompositorUpdate):
    """Those cells of an update that differ from what the terminal shows when it is sent."""

    def __init__(self, painter: Painter, update: CompositorUpdate) -> None:
        self._painter, self._update = painter, update

    def render_segments(self, console: Console) -> str:
        """Return the sequences, and remember that they were sent."""
        colours = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        return self._painter.sent(_lines(self._update), colours)


def _lines(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield the strips of an update, with the row and the column of each."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield y, update.region.x, Strip.join(line)
    elif isinstance(update, ChopsUpdate):
        for y in dict.fromkeys(y for y, _, _ in update.spans):
            for x, strip in update.chops[y].items():
                if strip is not None:
                    yield y, x, strip


def looks_of(strip: Strip, colours: ColorSystem) -> Iterator[Look]:
    """Yield the cells of a strip."""
    for text, style, control in strip:
        if control:
            continue
        sequence = "" if style is None else Strip.render_style(style, "", colours)
        sequence = sequence.removesuffix(RESET)
        if text.isascii():
            yield from ((letter, sequence) for letter in text)
            continue
        yield from _wide_looks(text, sequence)


def _wide_looks(text: str, sequence: str) -> Iterator[Look]:
    """Yield the cells of a text: a wide character takes two, one without width joins the last."""
    held = ""
    for letter in text:
        width = cell_len(letter)
        if width == 0:
            held += letter
            continue
        if held:
            yield from _of_width(held, sequence)
        held = letter
    if held:
        yield from _of_width(held, sequence)


def _of_width(letter: str, sequence: str) -> Iterator[Look]:
    yield letter, sequence
    for _ in range(cell_len(letter) - 1):
        yield "", sequence
