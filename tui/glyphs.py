"""The glyphs that draw bars and marks: box characters, or plain ASCII."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


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
    wall: str
    corner_left: str
    corner_right: str
    lid: str
    dotted: str
    points: str
    ball: str
    hole: str
    rail: str
    rung_left: str
    rung_right: str
    bracket_top: str
    bracket_end: str
    bracket_close: str
    to_right: str
    up: str
    down: str
    yes: str
    no: str
    star: str
    no_star: str


BOXES = Glyphs(
    *("█", "▓", "▒", "░", "·", "»"),
    *("◆", "●", "▲", "─", "╫", "…"),
    *("│", "└", "┘", "━", "┈", "◀", "●", "○"),
    *("┃", "┣", "┫", "┏", "┗", "┛", "▶", "▲", "▼", "✓", "✗", "★", "☆"),
)
ASCII = Glyphs(
    *("#", "=", "-", ":", " ", ">"),
    *("*", "o", "^", "-", "|", "~"),
    *("|", "+", "+", "=", ".", "<", "o", "."),
    *("|", "+", "+", "+", "+", "+", ">", "^", "v", "+", "x", "*", "."),
)

NEAREST = str.maketrans(
    "─━│┃╭╮╰╯┌┐└┘┏┓┗┛├┤┣┫·•…–—×→←↑↓≤≥▲▼▶◀●○◆█▓▒░▌▐▔▁┈╍✓✗★☆▀▄∙",
    "--||++++++++++++++++-*~--x><^v<>^v><oo*#=-:||--.=+x*.##:",
)
"""What comes nearest to what is drawn or said with other characters."""


class AsciiFilter(LineFilter):
    """Draws whatever comes to the screen with ASCII characters, a column for a column."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with nothing in them but ASCII."""
        return [
            one if one.text.isascii() else one._replace(text=as_ascii(one.text)) for one in segments
        ]


def as_ascii(text: str) -> str:
    """Return a text of the same width: what has no ASCII likeness becomes question marks."""
    near = text.translate(NEAREST)
    return "".join(letter if letter.isascii() else "?" * cell_len(letter) for letter in near)
