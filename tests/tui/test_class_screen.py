"""The Class screen, as a teacher sees it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.json import encode
from textual.pilot import Pilot

from mmplay.levels.classroom.collecting import found_in
from mmplay.levels.classroom.formats import as_json
from mmplay.levels.classroom.grading import graded_class
from mmplay.levels.classroom.report import Report, grades_from, report_of
from mmplay.recordings.parallel.spread import Workers
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import plain
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.screens.classroom import NO_HAND_INS, ClassScreen, heading
from mmplay.tui.screens.play import PlayScreen
from mmplay.tui.views.classroom import (
    notice_rows,
    one_student_rows,
    student_rows,
    verdict,
    wrong_rows,
)
from tests.levels.cheats import wrongly
from tests.levels.classes import assignment, assignment_text, hand_in, trace
from tests.tui.screens import settle

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
    assert "help: has 8 of 20 points" in texts(student_rows(report, 118))
    assert students[2].split()[:3] == ["a-long-id@example.org", "other", "-"]
    assert "a-long-id@example.org L01: foreign: was played by st01" in texts(
        notice_rows(report, 200)
    )
    assert "L01: st01, st02: 4 of 5 acts are alike" in texts(notice_rows(report, 200))
    assert "1 student, L01 low, L02 low: min would be right on the slow path" in texts(
        wrong_rows(report, 200)
    )


def test_who_needs_help_and_what_is_wrong_is_said_first() -> None:
    report = made()
    helped = len(report.help)
    said = verdict(report)
    assert said.startswith(f"{helped} of 2 need")
    assert said.endswith("Most often wrong, by 1: min would be right on the slow path.")
    nobody = verdict(report._replace(help=(), misconceptions=()))
    assert nobody == "Nobody needs help."


def test_what_a_student_is_told_stays_under_its_points() -> None:
    part = {**PART, "name": "low: " + "Which line is it? " * 6, "reason": "you said min " * 9}
    one = {
        **student("st01", "graded"),
        "levels": [{**level("L01", "graded", 1, 4.0), "parts": [part]}],
    }
    grades = {**json.loads(encode(made().grades)), "students": [one]}
    rows = [plain(line) for line in one_student_rows(grades_from(grades).students[0])]
    assert max(map(len, rows)) <= 76
    assert rows[1].startswith("        0/5  low: Which")
    assert {line[:13] for line in rows[2:-1]} == {" " * 13}


def test_the_heading_tells_how_many_are_not_in_order() -> None:
    said = " CLASS  Week 3   due 2030-12-01 23:59   2 of 2 handed in, 1 not in order"
    assert heading(made()) == said


@pytest.mark.parametrize(("columns", "beside"), [(80, False), (120, True), (200, True)])
async def test_wide_screens_have_two_panels_beside_each_other(columns: int, beside: bool) -> None:
    app = MmplayApp(report=made())
    async with app.run_test(size=(columns, 40)) as pilot:
        await pilot.pause()
        left, right = (app.screen.query_one(f"#{name}").region for name in ("wrong", "notice"))
        assert (left.y == right.y) is beside


def played(folder: Path) -> Report:
    """st01 has answered L03 right, st02 wrong; st03 hands in what st01 has played."""
    one = assignment("L03")
    ours = {name: one.played_by(name, "L03") for name in ("st01", "st02")}
    hands = {
        "st01": hand_in("st01", trace(ours["st01"])),
        "st02": hand_in("st02", trace(ours["st02"], answers=wrongly(Random(4)))),
        "st03": hand_in("st03", trace(ours["st01"])),
    }
    for name, data in hands.items():
        (folder / f"{name}.mmhand").write_bytes(data)
    found = found_in([folder])
    grades = graded_class(assignment_text("L03"), "week3.toml", found, on=Workers(1))
    return report_of(grades_from(json.loads(as_json(grades))), found)


async def shown(app: MmplayApp, pilot: Pilot[None]) -> PlayScreen:
    await settle(pilot)
    assert isinstance(app.screen, PlayScreen)
    return app.screen


async def test_enter_on_a_level_opens_its_replay_where_it_was_decided(tmp_path: Path) -> None:
    report = played(tmp_path)
    app = MmplayApp(report=report)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("right")
        for name, why in (
            ("st01", "won: "),
            ("st02", "the first wrong answer: "),
            ("st03", "its last frame: it could not be made again"),
        ):
            level = next(one for one in report.grades.students if one.student == name).levels[0]
            assert level.replay is not None
            await pilot.press("enter")
            screen = await shown(app, pilot)
            last = len(screen.player.timeline) - 1
            assert screen.player.index == (
                last if level.replay.frame is None else level.replay.frame
            )
            assert f"{name} L03: {why}" in screen.said
            acts = screen.player.timeline.acts
            assert name != "st02" or [acts[-1].name, len(acts)] == ["answer", level.replay.acts]
            await pilot.press("q", "down")
            await settle(pilot)
        assert isinstance(app.screen, ClassScreen)


async def test_without_hand_ins_enter_says_what_to_name(tmp_path: Path) -> None:
    app = MmplayApp(report=played(tmp_path)._replace(found=()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("right", "enter")
        await settle(pilot)
        assert isinstance(app.screen, ClassScreen)
        assert app.screen.said == f"st01 L03: {NO_HAND_INS}"


async def test_keys_walk_through_the_screen() -> None:
    app = MmplayApp(report=made())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ClassScreen)
        screen = app.screen
        await pilot.press("tab")
        await settle(pilot)
        assert screen.focused is screen.query_one("#wrong", CellPanel)
        await pilot.press("shift+tab", "down", "enter")
        await settle(pilot)
        assert [type(one) for one in app.screen_stack[1:]] == [ClassScreen, ListScreen]
        await pilot.press("enter")
        await settle(pilot)
        assert [type(one) for one in app.screen_stack[1:]] == [ClassScreen]
