"""What panels are made of: rows of cells. A cell has a text, a role, and perhaps a question.

Views build rows without knowing the terminal library; roles become colours in the theme. The
question (`ask`) makes a cell a place for the cursor: the explain panel answers it.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from mmplay.engine.errors import printable
from mmplay.engine.frame import Ask

CALM, FULL, RAW = "calm", "full", "raw"

DENSITIES = (CALM, FULL, RAW)
"""How much a panel shows, in the order that the key goes through them."""


class Cell(NamedTuple):
    """A piece of a row. `role` names a meaning (`refused`, `dim`), never a colour."""

    text: str
    role: str = "text"
    ask: Ask | None = None


Row = tuple[Cell, ...]
"""One line of a panel."""


def row(*parts: Cell | str) -> Row:
    """Return a row; bare strings become plain cells."""
    return tuple(part if isinstance(part, Cell) else Cell(part) for part in parts)


def plain(cells: Row) -> str:
    """Return the text of a row."""
    return "".join(cell.text for cell in cells)


def fit(text: str, width: int) -> str:
    """Return `text` cut or padded to exactly `width` columns."""
    return set_cell_size(printable(text), max(0, width))


def right(text: str, width: int) -> str:
    """Return `text` padded on the left to `width` columns."""
    return " " * max(0, width - cell_len(text)) + text


def wrap(text: str, width: int) -> list[str]:
    """Return `text` broken at blanks into lines of at most `width` columns.

    A word that is longer is cut behind a bar, a slash, a comma or a line below, if it has one.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width > 0:
            end = _joint(word, width)
            lines.append(word[:end])
            word = word[end:]
        line = word
    return [*lines, line] if line or not lines else lines


JOINTS = ("|", "/", ",", "_")


def _joint(word: str, width: int) -> int:
    """Return where to cut a word that has more than `width` letters."""
    found = (word.rfind(joint, 1, width) + 1 for joint in JOINTS)
    return next((end for end in found if end), width)


def span_text(span_us: int) -> str:
    """Return a span of time in the unit that suits it: 26 us, 1.706 ms, 1.966 s."""
    if span_us < 1_000:
        return f"{span_us} us"
    if span_us < 1_000_000:
        return f"{span_us // 1_000}.{span_us % 1_000:03d} ms"
    return f"{span_us // 1_000_000}.{span_us % 1_000_000 // 1_000:03d} s"


def time_text(time_us: int | None, wall: bool) -> str:
    """Return a moment as the log prints it: seconds since boot, or the clock."""
    if time_us is None:
        return "no time"
    seconds, micros = divmod(time_us, 1_000_000)
    if not wall:
        return f"{seconds}.{micros:06d}"
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}"
