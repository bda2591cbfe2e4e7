"""The Class screen, as a teacher sees it."""

from __future__ import annotations

from typing import Any

import pytest

from mmplay.levels.classroom.report import Report, grades_from, report_of
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import plain
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.screens.classroom import ClassScreen
from mmplay.tui.views.classroom import notice_rows, student_rows, wrong_rows

PART = {"name": "low: Which line?", "score": 0.0, "max_score": 5.0, "reason": "you said min"}
SLIP = {"question": "low", "code": "wrong.x", "text": "min would be right on the slow path"}


def level(name: str, status: str, stars: int, score: float) -> dict[str, Any]:
    return {
        "level": name,
        "status": status,
        "reason": "was played by st01" if status == "foreign" else "",
        "reexecuted": {"outcome": "won", "stars": stars, "acts": 4} if status == "graded" else None,
        "score": score,
        "max_score": 10.0,
        "parts": [PART],
        "tries": int(status != "none"),
        "hints": 2,
        "lowest_free": 20 if status == "graded" else None,
        "slips": [SLIP] if status == "graded" else [],
    }


def student(name: str, *statuses: str) -> dict[str, Any]:
    levels = [level(f"L0{n}", status, n % 4, 4.0) for n, status in enumerate(statuses, 1)]
    return {"student": name, "score": 8.0, "max_score": 20.0, "late": None, "levels": levels}


def made() -> Report:
    students = [
        student("st01", "graded", "graded"),
        student("a-long-id@example.org", "foreign", "none"),
    ]
    alike = [{"level": "L01", "students": ["st01", "st02"], "same_acts": 4, "acts": 5}]
    head = {"schema": 1, "assignment": "w3", "title": "Week 3", "due": "2030-12-01T23:59:00+01:00"}
    return report_of(grades_from({**head, "students": students, "similar": alike}))


def texts(rows: list[Any]) -> str:
    return "\n".join(plain(one) for one in rows)


@pytest.mark.parametrize("width", [48, 58, 78, 118])
def test_rows_fit(width: int) -> None:
    report = made()
    for view in (wrong_rows, notice_rows):
        assert max(len(plain(one)) for one in view(report, width)) <= width
    if width >= 58:
        assert max(len(plain(one)) for one in student_rows(report, width)) <= width


def test_students_and_what_is_not_in_order_are_told() -> None:
    report = made()
    students = texts(student_rows(report, 78)).splitlines()
    assert students[1].split() == ["st01", "*..", "**.", "4", "8/20", "help"]
    assert students[2].split()[:3] == ["a-long-id@example.org", "other", "-"]
    assert "a-long-id@example.org L01: foreign: was played by st01" in texts(
        notice_rows(report, 200)
    )
    assert "L01: st01, st02: 4 of 5 acts are alike" in texts(notice_rows(report, 200))
    assert "1 student, L01 low, L02 low: min would be right on the slow path" in texts(
        wrong_rows(report, 200)
    )


@pytest.mark.parametrize(("columns", "beside"), [(80, False), (120, True), (200, True)])
async def test_wide_screens_have_two_panels_beside_each_other(columns: int, beside: bool) -> None:
    app = MmplayApp(report=made())
    async with app.run_test(size=(columns, 40)) as pilot:
        await pilot.pause()
        left, right = (app.screen.query_one(f"#{name}").region for name in ("students", "wrong"))
        assert (left.y == right.y) is beside


async def test_keys_walk_through_the_screen() -> None:
    app = MmplayApp(report=made())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, ClassScreen)
        screen = app.screen
        await pilot.press("tab")
        assert screen.focused is screen.query_one("#wrong", CellPanel)
        await pilot.press("shift+tab", "down", "enter")
        await pilot.pause()
        assert [type(one) for one in app.screen_stack[1:]] == [ClassScreen, ListScreen]
        await pilot.press("enter")
        await pilot.pause()
        assert [type(one) for one in app.screen_stack[1:]] == [ClassScreen]
