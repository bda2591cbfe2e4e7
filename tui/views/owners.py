"""Who had the memory when somebody was killed: owners by size, and the killer's task table."""

from __future__ import annotations

from mmplay.engine.explain.finding import size
from mmplay.engine.explain.where import memory_table
from mmplay.engine.report import Report
from mmplay.tui.cells import Cell, Row, fit, right, row
from mmplay.tui.views.scene import View

NAME, PAGES, SIZE, SHARE = 15, 9, 10, 6
OVER = "over-counted"
"""What is left over when the owners come to more than all."""

LEAST_BAR = 6
MOST_BAR = 40

TASK_FIELDS = (("pid", 7), ("rss", 9), ("adj", 6))
"""Columns of a task: its number, resident pages, oom_score_adj."""


def owner_rows(view: View, report: Report) -> list[Row]:
    """Return where the memory was, largest first; nothing where the report does not say it."""
    table = memory_table(report)
    if table is None or table.managed <= 0:
        return []
    pages = {name: table.pages(name) for name in dict.fromkeys(one.name for one in table.rows)}
    width = min(MOST_BAR, view.width - NAME - PAGES - SIZE - SHARE - 1)
    rows = [row(Cell("where the memory was", "dim"))]
    for name, count in sorted(pages.items(), key=lambda item: -item[1]):
        if not count:
            continue
        share = max(0, count) * 1000 // table.managed
        bar = view.glyphs.fine * min(width, share * width // 1000) if width >= LEAST_BAR else ""
        percent = f"{share // 10} %" if share >= 10 else "<1 %"
        if count < 0:
            name, percent = OVER, ""
        rows.append(
            row(
                Cell(fit(name, NAME), "label"),
                Cell(right(str(count), PAGES), "number"),
                Cell(right(size(count * table.page_kb), SIZE), "dim"),
                Cell(right(percent, SHARE), "dim"),
                Cell(f" {bar}", "fine"),
            )
        )
    return rows


def task_table_rows(report: Report) -> list[Row]:
    """Return the tasks that the killer listed, those with most resident pages first."""
    if not report.tasks:
        return []
    victim = report.kill.pid if report.kill is not None else None
    head = "".join(right(name, width) for name, width in TASK_FIELDS)
    rows = [row(Cell("tasks, most resident pages first", "dim"))]
    rows.append(row(Cell(f"  {head}  task", "dim")))
    for task in sorted(report.tasks, key=lambda task: -_number(task.get("rss"))):
        chosen = victim is not None and task.get("pid") == victim
        numbers = "".join(right(str(task.get(name, "?")), width) for name, width in TASK_FIELDS)
        role = "refused" if chosen else "text"
        rows.append(row(Cell("> " if chosen else "  ", "mark"), Cell(numbers, role),
                        Cell(f"  {task.get('comm', '?')}", role)))  # fmt: skip
    return rows


def _number(value: int | str | None) -> int:
    return value if isinstance(value, int) else 0
