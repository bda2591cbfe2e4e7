"""Small parts of an SVG picture: elements, axes with round numbers, labels that keep apart.

Their colours (`data/picture.css`) are those of the screen's light and dark theme; every line also
has its own dashes.
"""

from __future__ import annotations

from mmplay.recordings.export.blocks import markup


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
