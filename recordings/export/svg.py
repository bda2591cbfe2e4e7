"""Small parts of an SVG picture: elements, axes with round numbers, labels that keep apart."""

from __future__ import annotations

from mmplay.recordings.export.blocks import markup

STYLE = """
.mm-svg text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1b2028; }
.mm-svg .title { font-size: 15px; font-weight: 600; }
.mm-svg .soft { fill: #59636f; }
.mm-svg .strong { font-weight: 600; }
.mm-svg .paper { fill: #fbfbf8; }
.mm-svg .plot { fill: #ffffff; stroke: #c9ced6; }
.mm-svg .grid { stroke: #e6e8ec; stroke-width: 1; }
.mm-svg .below { fill: #a34700; fill-opacity: 0.07; }
.mm-svg .free { fill: none; stroke: #0b5cad; stroke-width: 2; stroke-linejoin: round; }
.mm-svg .area { fill: #0b5cad; fill-opacity: 0.13; stroke: none; }
.mm-svg .guess { stroke-dasharray: 2 5; stroke-width: 1.5; }
.mm-svg .dump { fill: #0b5cad; stroke: #ffffff; stroke-width: 1.5; }
.mm-svg .floor { fill: none; stroke-width: 1.4; }
.mm-svg .lead { fill: none; stroke-width: 0.8; }
.mm-svg .high { stroke: #00707f; stroke-dasharray: 9 4; }
.mm-svg .low { stroke: #7a6200; stroke-dasharray: 6 4; }
.mm-svg .min { stroke: #a34700; }
.mm-svg .caller { stroke: #9c1c86; stroke-dasharray: 3 3; }
.mm-svg .met { fill: #ffffff; stroke-width: 2; stroke-dasharray: none; }
.mm-svg .event { stroke: #59636f; stroke-width: 1; stroke-dasharray: 1 3; }
.mm-svg .lead-event { fill: none; stroke: #59636f; stroke-width: 1; }
.mm-svg .badge { fill: #1b2028; }
.mm-svg .number { fill: #ffffff; font-size: 11px; font-weight: 600; }
@media (prefers-color-scheme: dark) {
.mm-svg text { fill: #d7dde6; }
.mm-svg .soft { fill: #9aa5b4; }
.mm-svg .paper { fill: #10141b; }
.mm-svg .plot { fill: #161b24; stroke: #3a4452; }
.mm-svg .grid { stroke: #252d39; }
.mm-svg .below { fill: #ff9e3d; fill-opacity: 0.1; }
.mm-svg .free { stroke: #5a9bff; }
.mm-svg .area { fill: #5a9bff; fill-opacity: 0.16; }
.mm-svg .dump { fill: #5a9bff; stroke: #161b24; }
.mm-svg .high { stroke: #41c7d9; }
.mm-svg .low { stroke: #e6d04a; }
.mm-svg .min { stroke: #ff9e3d; }
.mm-svg .caller { stroke: #f06ad8; }
.mm-svg .met { fill: #161b24; }
.mm-svg .event, .mm-svg .lead-event { stroke: #9aa5b4; }
.mm-svg .badge { fill: #d7dde6; }
.mm-svg .number { fill: #10141b; }
}
@media print {
.mm-svg text { fill: #000000; }
.mm-svg .soft { fill: #444444; }
.mm-svg .paper, .mm-svg .plot, .mm-svg .met { fill: #ffffff; }
.mm-svg .free { stroke: #0b5cad; }
}
"""
"""Colours as in the light and the dark theme of the screen; every line also has its own dashes."""


def text(x: int, y: int, words: str, cls: str = "", anchor: str = "start") -> str:
    """Return a text; `x`, `y` are where its baseline starts, ends or has its middle."""
    at = f'<text x="{x}" y="{y}"' + (f' class="{cls}"' if cls else "")
    return f'{at} text-anchor="{anchor}">{markup(words)}</text>'


def line(x1: int, y1: int, x2: int, y2: int, cls: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{cls}"/>'


def path(points: str, cls: str) -> str:
    """Return a path."""
    return f'<path d="{points}" class="{cls}"/>'


def box(x: int, y: int, width: int, height: int, cls: str) -> str:
    """Return a rectangle."""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" class="{cls}"/>'


def dot(x: int, y: int, radius: int, cls: str) -> str:
    """Return a circle."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" class="{cls}"/>'


def round_step(span: int, most: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20 .. that divides a span into at most so many steps."""
    step = 1
    while span > step * most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def apart(wanted: list[int], distance: int, low: int, high: int) -> list[int]:
    """Return places near the wanted ones (ascending), no two closer than `distance`.

    They lie between `low` and `high` if there is room.
    """
    placed: list[int] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + distance if placed else low))
    ceiling = high
    for n in range(len(placed) - 1, -1, -1):
        placed[n] = min(placed[n], ceiling)
        ceiling = placed[n] - distance
    return placed
