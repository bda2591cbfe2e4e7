"""Class: how everybody did, what the class gets wrong, what a teacher should look at."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from mmplay.levels.classroom.report import Report
from mmplay.tui.cells import Cell, fit, row
from mmplay.tui.keys import CLASS_KEYS, COMMON_KEYS, bindings
from mmplay.tui.panels.bars import LineBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import PanelScreen
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.views.classroom import (
    STUDENT,
    notice_rows,
    one_student_rows,
    student_rows,
    wrong_rows,
)

PANELS = {"students": "students", "wrong": "where the class is wrong", "notice": "look at these"}
VIEWS = {"students": student_rows, "wrong": wrong_rows, "notice": notice_rows}
WIDEST = 400


def heading(report: Report) -> str:
    """Return what class it is, and how many have handed something in."""
    grades = report.grades
    handed = sum(any(level.tries for level in one.levels) for one in grades.students)
    count = f"{handed} of {len(grades.students)} handed in"
    return f" CLASS  {grades.title}   due {grades.due}   {count}"


class ClassScreen(PanelScreen):
    """Shows the report of a class."""

    CSS_PATH = "../boxes.tcss"
    KEYS = CLASS_KEYS
    BINDINGS = bindings(CLASS_KEYS, COMMON_KEYS)
    PANELS = tuple(PANELS)

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def compose(self) -> ComposeResult:
        """Lay out the panels."""
        yield LineBar(id="header")
        with Container(id="class"):
            for name, title in PANELS.items():
                yield CellPanel(title, id=name)
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """Say what class it is."""
        self.query_one("#header", LineBar).show(
            [row(Cell(fit(heading(self._report), WIDEST), "header"))]
        )
        self.query_one("#students", CellPanel).focus()
        self.say()

    @on(CellPanel.Resized)
    def draw(self) -> None:
        """Draw what fits the sizes."""
        for name, view in VIEWS.items():
            panel = self.query_one(f"#{name}", CellPanel)
            panel.show(view(self._report, max(20, panel.size.width)))

    @on(CellPanel.Opened)
    def open_student(self, message: CellPanel.Opened) -> None:
        """Show one student in full."""
        for one in self._report.grades.students:
            if message.ask.kind == STUDENT and message.ask.names[0] == one.student:
                self.app.push_screen(ListScreen(one.student, one_student_rows(one)))
