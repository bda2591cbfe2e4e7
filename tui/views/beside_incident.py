"""The incident's lines beside those of a run that starts from it, the line of now first."""

from __future__ import annotations

from mmplay.levels.play.beside import Beside, current, in_words
from mmplay.tui.cells import Cell, Row, row, wrap

NOTHING = "this level's machine starts from none of the incident's logs"
EARLY = "the incident's log has no line yet"


def beside_rows(lines: tuple[Beside, ...], time_us: int, width: int) -> list[Row]:
    """Return the pairs up to a moment, newest first: a logged line, the run's, what differs."""
    place = current(lines, time_us)
    if place < 0:
        return [row(Cell(NOTHING if not lines else EARLY, "dim"))]
    return [one for pair in reversed(lines[: place + 1]) for one in _pair_rows(pair, width)]


def _pair_rows(pair: Beside, width: int) -> list[Row]:
    logged, *mine, verdict = in_words(pair)
    told = [(logged, "log"), *((line, "number") for line in mine), (verdict, _role(pair))]
    return [row(Cell(line, role)) for text, role in told for line in wrap(text, width)]


def _role(pair: Beside) -> str:
    if pair.simulated_us is None:
        return "dim"
    return "fine" if not pair.numbers else "below_min"
