"""Grades as other programs read them: each format against what its reader asks for."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.collecting import Found
from mmplay.levels.classroom.formats import FORMATS, NBGRADER
from mmplay.levels.classroom.grading import Grades, graded_class
from tests.levels.cheats import made_up
from tests.levels.classes import assignment, assignment_text

LEVELS = ("L03", "L01")


def graded(folder: Path, count: int) -> Grades:
    one = assignment(*LEVELS)
    found = []
    for hand in made_up(one, (), 5, count):
        path = folder / f"{hand.student}.mmhand"
        path.write_bytes(hand.data)
        found.append(Found(path.name, path))
    return graded_class(assignment_text(*LEVELS), "week3.toml", found)


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """Six students: right, late, skipped, unfinished, a bit flipped, another result."""
    return graded(tmp_path_factory.mktemp("in"), 6)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    return graded(tmp_path_factory.mktemp("in"), 1)


STATUS = re.compile(
    "graded|none|forged_level|forged_result|cut|damaged|wrong_seed|foreign|other_assignment"
    "|newer|duplicate"
)


def test_json_has_the_shape_that_is_promised(grades: Grades) -> None:
    found: dict[str, Any] = json.loads(FORMATS["json"](grades))
    assert (found["schema"], found["assignment"]) == (1, "week3")
    assert len(found["students"]) == len(found["files"]) == 6
    for student in found["students"]:
        assert student["late"] in (True, False, None)
        assert student["max_score"] == 20
        assert [level["level"] for level in student["levels"]] == [*LEVELS]
        assert sum(level["score"] for level in student["levels"]) == pytest.approx(student["score"])
        for level in student["levels"]:
            assert STATUS.fullmatch(level["status"])
            parts = level["parts"]
            assert sum(part["max_score"] for part in parts) == pytest.approx(10, abs=0.01)
            assert sum(part["score"] for part in parts) == pytest.approx(level["score"], abs=0.01)
            assert all(part["reason"] for part in parts)
            assert level["claimed"] is None or {*level["claimed"]} == {"stars", "acts"}
            again = level["reexecuted"]
            assert again is None or {*again} == {"outcome", "stars", "acts"}
    for file in found["files"]:
        assert {*file} == {"path", "student", "status", "reason"}
        assert STATUS.fullmatch(file["status"])
    assert all({*one} == {"level", "students", "same_acts", "acts"} for one in found["similar"])


def test_csv_has_a_row_for_each_student(grades: Grades) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](grades))))
    assert [row["student"] for row in rows] == [f"st{n:02}" for n in range(1, 7)]
    assert [row["L03_status"] for row in rows][3:] == ["cut", "damaged", "forged_result"]
    assert [row["late"] for row in rows[:2]] == ["false", "true"]
    assert float(rows[0]["score"]) == float(rows[0]["L03_score"]) == 10


def test_nbgrader_has_its_own_columns(grades: Grades) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["nbgrader"](grades))))
    assert tuple(rows[0]) == NBGRADER
    assert (rows[0]["student_id"], rows[0]["assignment"]) == ("st01", "week3")
    assert (float(rows[0]["score"]), float(rows[0]["max_score"])) == (10, 20)


VISIBLE = ("hidden", "after_due_date", "after_published", "visible")
TEST_KEYS: dict[str, type | tuple[type, ...]] = {
    "score": (int, float),
    "max_score": (int, float),
    "status": str,
    "name": str,
    "name_format": str,
    "number": str,
    "output": str,
    "output_format": str,
    "tags": list,
    "visibility": str,
    "extra_data": dict,
}
TOP_KEYS: dict[str, type | tuple[type, ...]] = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "output_format": str,
    "test_output_format": str,
    "test_name_format": str,
    "visibility": str,
    "stdout_visibility": str,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
"""Gradescope's documentation of results.json, "Autograder Specifications"."""


def fits(values: dict[str, Any], keys: dict[str, type | tuple[type, ...]]) -> bool:
    return all(name in keys and isinstance(value, keys[name]) for name, value in values.items())


def test_gradescope_takes_the_results(alone: Grades) -> None:
    found: dict[str, Any] = json.loads(FORMATS["gradescope"](alone))
    assert fits(found, TOP_KEYS)
    assert "score" in found or found["tests"]
    assert found["visibility"] in VISIBLE
    assert found["stdout_visibility"] in VISIBLE
    for test in found["tests"]:
        assert fits(test, TEST_KEYS)
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] in VISIBLE
        assert all(isinstance(tag, str) for tag in test["tags"])
    assert found["score"] == pytest.approx(sum(test["score"] for test in found["tests"]), abs=0.01)


def test_gradescope_takes_one_student(grades: Grades) -> None:
    with pytest.raises(InputError, match="one student at a time"):
        FORMATS["gradescope"](grades)


def test_junit_is_read_back(grades: Grades, tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser")
    path = tmp_path / "junit.xml"
    path.write_text(FORMATS["junit"](grades), encoding="utf-8")
    suites = list(junitparser.JUnitXml.fromfile(str(path)))
    assert [suite.name for suite in suites] == [f"st{n:02}" for n in range(1, 7)]
    for suite in suites:
        cases = list(suite)
        assert len(cases) == suite.tests
        failed = [
            case for case in cases if case.result and case.result[0].__class__.__name__ == "Failure"
        ]
        assert len(failed) == suite.failures
        assert all(one.result[0].message for one in failed)
        skipped = [case for case in cases if case.is_skipped]
        assert len(skipped) == suite.skipped == len(assignment("L01").levels[0].level.questions)


def test_the_table_says_what_is_not_in_order(grades: Grades) -> None:
    text = FORMATS["table"](grades)
    assert text.splitlines()[0].split() == ["student", "L03", "L01", "score", "late"]
    assert "late (claimed)" in text
    assert "st04.mmhand: cut: " in text
    assert "st06.mmhand: forged_result: " in text
    assert max(map(len, text.splitlines()[:7])) <= 80
