"""Two timelines beside each other: free pages as bars over time, where they part, the table."""

from __future__ import annotations

from mmplay.engine.explain.comparing import (
    Comparison,
    Row,
    Series,
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


def parting_rows(c: Comparison, width: int) -> list[Cells]:
    """Return where the two part: the first difference, then what follows from it."""
    rows: list[Cells] = []
    for n, line in enumerate(parting(c)):
        role = "label" if n == 0 else "text"
        indent = "  " if line.startswith("  ") else ""
        rows += [row(indent, Cell(part, role)) for part in wrap(line.strip(), width - len(indent))]
    return rows


def chart_rows(c: Comparison, width: int, ascii_only: bool, at: int | None = None) -> list[Cells]:
    """Return a bar line per zone and side, on one scale a zone, and the span of time.

    `at` is the step that both sides stand at, None before any was taken: then it is marked in the
    bars, and the numbers of that moment stand first.
    """
    rows: list[Cells] = [] if at is None else _moment_rows(c, at)
    for one in c.series:
        known = [value for value in (*one.a, *one.b) if value is not None]
        if not known or max(known) == 0:
            continue
        top = max(known)
        rows.append(row(Cell(f"{one.name}, pages, full is {top}", "dim")))
        for side, values in (("A", one.a), ("B", one.b)):
            rows.append(_bar(side, values, top, width, ascii_only, at))
    if c.series:
        rows.append(_axis(c.series[0], c, width))
    return rows or [row(Cell("There is nothing to draw: no moment is in both.", "dim"))]


def steps_of(c: Comparison) -> int:
    """Return how many steps both sides can be taken through together."""
    return max((len(one.a) for one in c.series), default=0)


def _moment_rows(c: Comparison, at: int) -> list[Cells]:
    """Return free pages of both sides at one step, and how far B is from A."""
    when = c.series[0].start_us + (at + 1) * c.series[0].column_us if c.series else 0
    cells = [Cell(f"{moment(when)}  ", "here")]
    for one in c.series:
        ours, theirs = one.a[at], one.b[at]
        delta = "" if ours is None or theirs is None else f" ({theirs - ours:+d})"
        a, b = ("?" if value is None else str(value) for value in (ours, theirs))
        cells += [Cell(f"{one.name} ", "label"), Cell(f"A {a} B {b}{delta}  ", "number")]
    return [tuple(cells)]


def _bar(
    side: str,
    values: tuple[int | None, ...],
    top: int,
    width: int,
    ascii_only: bool,
    at: int | None,
) -> Cells:
    glyphs = ASCII_LEVELS if ascii_only else LEVELS
    last = next((value for value in reversed(values) if value is not None), None)
    end = right("?" if last is None else str(last), 8)
    room = max(4, width - LABEL - len(end))
    cells = []
    for column in range(room):
        value = values[column * len(values) // room]
        cells.append("?" if value is None else glyphs[_level(value, top, len(glyphs))])
    role, bar = "fine" if side == "A" else "below_min", "".join(cells)
    if at is None:
        return row(Cell(f"{side} ", "label"), Cell(bar, role), Cell(end, "number"))
    here = min(room - 1, -(-at * room // len(values)))
    return row(
        Cell(f"{side} ", "label"),
        Cell(bar[:here], role),
        Cell("|" if bar[here] == " " else bar[here], "here"),
        Cell(bar[here + 1 :], role),
        Cell(end, "number"),
    )


def _level(value: int, top: int, levels: int) -> int:
    """Return how full a column is; only 0 is empty."""
    if value <= 0:
        return 0
    return max(1, min(levels - 1, value * (levels - 1) // top))


def _axis(one: Series, c: Comparison, width: int) -> Cells:
    start = moment(one.start_us)
    end = moment(one.start_us + one.column_us * len(one.a))
    text = f"  {start}{' ' * max(1, width - 12 - len(start) - len(end))}{end}"
    return row(Cell(fit(text, width), "dim"))


def table_rows(c: Comparison, density: str) -> list[Cells]:
    """Return the table at the aligned moment; what does not differ is left out, save in raw."""
    rows = [
        row(Cell(table_title(c), "label")),
        row(
            Cell(fit("", NAME_WIDTH)),
            *(Cell(right(head, VALUE_WIDTH), "dim") for head in ("A", "B", "B - A")),
        ),
    ]
    shown = [one for one in c.rows if one.delta != 0 or density == RAW]
    rows += [_table_row(one) for one in shown]
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
