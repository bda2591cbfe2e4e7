"""The glyphs that draw bars and marks: box characters, or plain ASCII."""

from __future__ import annotations

from typing import NamedTuple


class Glyphs(NamedTuple):
    """One set of glyphs. Fill levels differ in shape, so that no level is told by colour alone."""

    fine: str
    below_high: str
    below_low: str
    below_min: str
    rest: str
    beyond: str
    event: str
    here: str
    marker: str
    line: str
    break_: str
    more: str
    border: str
    border_focus: str


BOXES = Glyphs(
    *("█", "▓", "▒", "░", "·", "»"),
    *("◆", "●", "▲", "─", "╫", "…"),
    *("round", "heavy"),
)
ASCII = Glyphs(
    *("#", "=", "-", ".", " ", ">"),
    *("*", "o", "^", "-", "|", "~"),
    *("ascii", "ascii"),
)
