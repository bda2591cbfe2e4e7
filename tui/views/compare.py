"""Two timelines beside each other: free pages as bars over time, where they part, the table."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from mmplay.engine.explain.comparing import (
    Comparison,
    Row,
    Series,
    counted,
    moment,
    parting,
    table_title,
    tally_text,
)
from mmplay.engine.explain.what_if import HEADER, Change, conclusion, table_of_settings
from mmplay.tui.cells import RAW, Cell, fit, right, row, wrap
from mmplay.tui.cells import Row as Cells

LEVELS = " ▁▂▃▄▅▆▇█"
ASCII_LEVELS = " ._-=+*%#"
NAME_WIDTH = 32
VALUE_WIDTH = 13
LABEL = 2
CURSOR = "│"
TABLE_WIDTH = NAME_WIDTH + 3 * VALUE_WIDTH
GUTTER = "    "
ABOVE = 4
"""Rows of the table besides its numbers."""


def parting_rows(c: Comparison, width: int) -> list[Cells]:
    """Return where the two part: the first difference, then what follows from it."""
    rows: list[Cells] = []
    for n, line in enumerate(parting(c)):
        role = "label" if n == 0 else "text"
        indent = "  " if line.startswith("  ") else ""
        rows += [row(indent, Cell(part, role)) for part in wrap(line.strip(), width - len(indent))]
    return rows


def chart_rows(
    c: Comparison, width: int, ascii_only: bool, at: int | None = None, height: int = 0
) -> list[Cells]:
    """Return bars for each zone and side, on one scale a zone, and the span of time.

    A side has as many rows as a chart of `height` rows has room for, at least one. `at` is the step
    that both sides stand at, None before any was taken: it is marked in the bars, and the numbers
    of that moment stand over them.
    """
    rows: list[Cells] = []
    tops = [max((value or 0 for value in (*one.a, *one.b)), default=0) for one in c.series]
    drawn = [(one, top) for one, top in zip(c.series, tops, strict=True) if top]
    high = max(1, (height - len(rows) - 1 - len(drawn)) // max(1, 2 * len(drawn)))
    for one, top in drawn:
        rows.append(_heading(one, top, at, width))
        for side, values in (("A", one.a), ("B", one.b)):
            rows += _bar(Bar(side, values, top, high), width, ascii_only, at)
    if c.series:
        rows.append(_axis(c.series[0], c, width))
    return rows or [row(Cell("There is nothing to draw: no moment is in both.", "dim"))]


def steps_of(c: Comparison) -> int:
    """Return how many steps both sides can be taken through together."""
    return max((len(one.a) for one in c.series), default=0)


def chart_title(c: Comparison, at: int | None) -> str:
    """Return what the chart shows, and the moment that both sides stand at."""
    if at is None or not c.series:
        return "free pages"
    return f"free pages at {moment(c.series[0].start_us + (at + 1) * c.series[0].column_us)}"


def _heading(one: Series, top: int, at: int | None, width: int) -> Cells:
    """Return what a series is, and both sides' pages at a step with how far B is from A."""
    what = Cell(f"{counted(one.name)}, in pages; a full bar is {top}", "dim")
    if at is None:
        return row(what)
    ours, theirs = one.a[at], one.b[at]
    delta = "" if ours is None or theirs is None else f" ({theirs - ours:+d})"
    a, b = ("?" if value is None else str(value) for value in (ours, theirs))
    what = Cell(f"{counted(one.name)} ", "dim")
    numbers, scale = f"A {a} B {b}{delta}", f"; a full bar is {top}"
    fits = len(what.text) + len(numbers) + len(scale) <= width
    return row(what, Cell(numbers, "number"), Cell(scale if fits else "", "dim"))


class Bar(NamedTuple):
    """One side of a series: its letter, its values, what a full bar stands for, its rows."""

    side: str
    values: tuple[int | None, ...]
    top: int
    rows: int


def _bar(bar: Bar, width: int, ascii_only: bool, at: int | None) -> list[Cells]:
    """Return a bar, its rows from above, the last value at its foot; marked where it stands."""
    glyphs, values = ASCII_LEVELS if ascii_only else LEVELS, bar.values
    last = next((value for value in reversed(values) if value is not None), None)
    end = right("?" if last is None else str(last), 8)
    room = max(4, width - LABEL - len(end))
    role = "fine" if bar.side == "A" else "below_min"
    here = room if at is None else min(room - 1, -(-at * room // len(values)))
    columns = [values[column * len(values) // room] for column in range(room)]
    rows = []
    for below in reversed(range(bar.rows)):
        line = "".join(_filled(bar, value, below, glyphs) for value in columns)
        mark = CURSOR if here < room else ""
        cells = (Cell(line[:here], role), Cell(mark, "here"), Cell(line[here + 1 :], role))
        foot = below == 0
        rows.append(
            row(
                Cell(f"{bar.side if foot else ' '} ", "label"),
                *cells,
                Cell(end if foot else "", "number"),
            )
        )
    return rows


def _filled(bar: Bar, value: int | None, below: int, glyphs: str) -> str:
    """Return a cell of a bar that has so many rows `below`; only 0 is empty."""
    if value is None:
        return "?" if below == 0 else " "
    full = len(glyphs) - 1
    level = value * full * bar.rows // bar.top if value > 0 else 0
    return glyphs[max(0, min(full, max(level, 1 if value > 0 else 0) - below * full))]


def _axis(one: Series, c: Comparison, width: int) -> Cells:
    start = moment(one.start_us)
    end = moment(one.start_us + one.column_us * len(one.a))
    text = f"  {start}{' ' * max(1, width - 12 - len(start) - len(end))}{end}"
    return row(Cell(fit(text, width), "dim"))


def table_rows(c: Comparison, density: str, width: int, height: int) -> list[Cells]:
    """Return the table at the aligned moment; what does not differ is left out, save in raw.

    It stands in two columns where `height` is not enough for one and `width` is for two.
    """
    head = row(
        Cell(fit("", NAME_WIDTH)),
        *(Cell(right(one, VALUE_WIDTH), "dim") for one in ("A", "B", "B - A")),
    )
    shown = [one for one in c.rows if one.delta != 0 or density == RAW]
    lines = [_table_row(one) for one in shown]
    rows = [row(Cell(table_title(c), "label"))]
    if len(lines) + ABOVE > height and width >= 2 * TABLE_WIDTH + len(GUTTER):
        half = -(-len(lines) // 2)
        pairs = zip_longest(lines[:half], lines[half:], fillvalue=())
        rows += [(*one, Cell(GUTTER), *other) for one, other in [(head, head), *pairs]]
    else:
        rows += [head, *lines]
    if not shown:
        rows.append(row(Cell("Every number is the same.", "dim")))
    verdict = tally_text(c)
    if verdict:
        rows += [row(""), row(Cell(verdict, "label"))]
    return rows


def _table_row(one: Row) -> Cells:
    delta = one.delta
    shown = "" if delta is None else f"{delta:+d}"
    values = ["?" if value is None else str(value) for value in (one.a, one.b)]
    role = "refused" if one.failure and delta else "number"
    return row(
        Cell(fit(one.name, NAME_WIDTH), "label"),
        *(Cell(right(value, VALUE_WIDTH), role) for value in values),
        Cell(right(shown, VALUE_WIDTH), "changed" if delta else "dim"),
    )


# one request under two settings


def what_if_rows(found: Change) -> list[Cells]:
    """Return a request as logged and as it would be, then the outcome and what was assumed."""
    lines = [HEADER, *table_of_settings(found)]
    label, logged, changed = (max(len(line[n]) for line in lines) for n in range(3))
    rows: list[Cells] = []
    for line in lines:
        role = "label" if line is HEADER else "changed" if line.differs else "dim"
        rows.append(
            row(
                Cell(f"{line.label:<{label}}  ", "label"),
                Cell(f"{line.logged:>{logged}}  ", "label" if line is HEADER else "number"),
                Cell(f"{line.changed:>{changed}}", role),
                Cell(" *" if line.differs and line is not HEADER else ""),
            )
        )
    first, *rest = conclusion(found)
    return [
        row(Cell(first, "here")),
        row(""),
        *rows,
        row(""),
        *(row(Cell(one, "dim")) for one in rest),
    ]
