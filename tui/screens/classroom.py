"""Class: how everybody did, what the class gets wrong, what a teacher should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from mmplay.levels.classroom.deciding import open_replay
from mmplay.levels.classroom.report import (
    IN_ORDER,
    LevelRow,
    Report,
    StudentRow,
    handed_in,
    odd_files,
)
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.keys import CLASS_KEYS, COMMON_KEYS, bindings
from mmplay.tui.panels.bars import LineBar, VerdictBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.base import PanelScreen
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.views.classroom import (
    REPLAY,
    STUDENT,
    notice_rows,
    one_student_rows,
    student_rows,
    verdict,
    wrong_rows,
)

if TYPE_CHECKING:
    from mmplay.recordings.recording import Recording

PANELS = {"students": "students", "wrong": "where the class is wrong", "notice": "look at these"}
VIEWS = {"students": student_rows, "wrong": wrong_rows, "notice": notice_rows}
NO_HAND_INS = "name the hand-ins, too: mmplay class report GRADES.json DIR --screen"


def heading(report: Report) -> str:
    """Return what class it is, how many have handed something in, and whether all is in order."""
    grades = report.grades
    handed = sum(map(handed_in, grades.students))
    odd = sum(level.status not in IN_ORDER for one in grades.students for level in one.levels)
    odd += len(odd_files(grades))
    count = f"{handed} of {len(grades.students)} handed in, {odd or 'none'} not in order"
    return f" CLASS  {grades.title}   due {grades.due[:16].replace('T', ' ')}   {count}"


class ClassScreen(PanelScreen):
    """Shows the report of a class."""

    CSS_PATH = "../boxes.tcss"
    KEYS = CLASS_KEYS
    BINDINGS = bindings(CLASS_KEYS, COMMON_KEYS)
    PANELS = tuple(PANELS)

    def __init__(self, report: Report, glyphs: Glyphs) -> None:
        super().__init__()
        self._report, self._glyphs = report, glyphs

    def compose(self) -> ComposeResult:
        """Lay out the panels."""
        yield LineBar(id="header")
        yield VerdictBar(id="verdict")
        with Container(id="class"):
            for name, title in PANELS.items():
                yield CellPanel(title, id=name)
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """Say what class it is."""
        self.query_one("#header", LineBar).name_screen(heading(self._report))
        self.query_one("#students", CellPanel).focus()
        self.say()

    @on(CellPanel.Resized)
    def draw(self) -> None:
        """Draw what fits the sizes."""
        said = verdict(self._report)
        self.query_one("#verdict", VerdictBar).tell(said, self.size.width, loud=True)
        for name, view in VIEWS.items():
            panel = self.query_one(f"#{name}", CellPanel)
            panel.show(view(self._report, max(20, panel.size.width)))

    def action_open(self) -> None:
        """Open what is chosen in the panel."""
        if isinstance(self.focused, CellPanel):
            self.focused.action_open()

    @on(CellPanel.Opened)
    def open_chosen(self, message: CellPanel.Opened) -> None:
        """Show one student in full, or the replay of one level of his."""
        name, *rest = message.ask.names
        one = next(one for one in self._report.grades.students if one.student == name)
        if message.ask.kind == STUDENT:
            self.app.push_screen(ListScreen(one.student, one_student_rows(one)))
        elif message.ask.kind == REPLAY:
            level = next(level for level in one.levels if level.level == rest[0])
            self._replay(one, level)

    def _replay(self, student: StudentRow, level: LevelRow) -> None:
        replay, said = level.replay, f"{student.student} {level.level}"
        if replay is None:
            return
        if not self._report.found:
            self.say(f"{said}: {NO_HAND_INS}")
            return
        self.say(f"{said}: reading {replay.file}")
        self.work(
            "",
            lambda _: open_replay(self._report.found, replay),
            lambda opened: self._opened(*opened, f"{said}: {replay.why}"),
        )

    def _opened(self, recording: Recording, start: int, said: str) -> None:
        from mmplay.tui.screens.play import PlayScreen  # not before a replay is asked for

        self.say()
        screen = PlayScreen(recording, self._glyphs, start)
        screen.said = said
        self.app.push_screen(screen)
