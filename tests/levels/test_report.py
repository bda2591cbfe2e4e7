"""The report of a class: who needs help, what is misunderstood, how it played; worksheets."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from msgspec.json import encode

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.catalogue import find_level
from mmplay.levels.classroom.collecting import Found
from mmplay.levels.classroom.formats import as_json, grades_json
from mmplay.levels.classroom.grading import graded_class
from mmplay.levels.classroom.pages import key, report_blocks, teach_next, worksheet
from mmplay.levels.classroom.report import (
    NO_RULE,
    Bin,
    Report,
    bins,
    grades_from,
    odd_files,
    read_grades,
    report_of,
)
from mmplay.recordings.export.blocks import html_page, markdown_page
from tests.levels.cheats import sealed, wrongly
from tests.levels.classes import assignment, assignment_text, hand_in, trace
from tests.recordings.export.html_rules import Page

LEVELS = ("L03", "L01")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """st01 right, twice; st02 wrong; st03 one level; st04 a copy; st05 nothing; st06 cut."""
    folder = tmp_path_factory.mktemp("in")
    one = assignment(*LEVELS)

    def played(student: str, wrong: bool = False, levels: tuple[str, ...] = LEVELS) -> bytes:
        made = [one.played_by(student, level) for level in levels]
        traces = [
            trace(level, answers=wrongly(Random(4))) if wrong else trace(level) for level in made
        ]
        return hand_in(student, *traces)

    copied = sealed(trace(one.played_by("st01", "L03")), {"student": "st04"})
    files = {
        "st01": played("st01"),
        "st02": played("st02", wrong=True),
        "st03": played("st03", levels=LEVELS[:1]),
        "st04": hand_in("st04", copied),
        "st06": played("st06")[:200],
    }
    files["twice"] = files["st01"]
    for name, data in files.items():
        (folder / f"{name}.mmhand").write_bytes(data)
    found = [Found(f"{name}.mmhand", folder / f"{name}.mmhand") for name in files]
    grades = graded_class(assignment_text(*LEVELS), "week3.toml", found)
    (folder / "grades.json").write_text(as_json(grades), encoding="utf-8")
    assert read_grades(folder / "grades.json") == grades_from(grades_json(grades))
    return report_of(read_grades(folder / "grades.json"))


def test_who_needs_help_and_with_what(report: Report) -> None:
    said = {one.student: "; ".join(one.reasons) for one in report.help}
    assert "st01" not in said
    assert said["st03"] == "handed in nothing for L01"
    assert "L03 is wrong_seed: talk about it" in said["st04"]
    assert said["st05"] == "handed in nothing"
    assert said["st06"].endswith("L03 is cut: talk about it; L01 is cut: talk about it")
    assert next(iter(said)) == "st04"


def test_what_is_not_in_order_is_told_of_once(report: Report) -> None:
    assert [one.path for one in odd_files(report.grades)] == ["twice.mmhand"]
    text = "".join(markdown_page(list(report_blocks(report))))
    assert "5 of 6 students" in text
    assert "| twice.mmhand | duplicate | is the same file as st01.mmhand |" in text


def test_misconceptions_are_the_slips_of_wrong_answers(report: Report) -> None:
    assert report.misconceptions
    for one in report.misconceptions:
        assert one.code.startswith("wrong.")
        assert one.students == ("st02",)
        assert all(where.split()[0] in LEVELS for where in one.questions)
        assert one.text


def test_the_same_code_with_another_sentence_is_another_misconception(report: Report) -> None:
    grades = json.loads(encode(report.grades))
    said = {
        "st01": [("fact", "right for 7, asked is a"), ("number", "12: no rule here gives that")],
        "st02": [("fact", "right for 9, asked is a"), ("fact", "right for 9, asked is b")],
        "st03": [("few_free", "yes would be right with 13 or fewer")],
    }
    for student in grades["students"]:
        slips = said.get(student["student"], [])
        student["levels"][0]["slips"] = [
            {"question": "q", "code": f"wrong.{code}", "text": text} for code, text in slips
        ]
        student["levels"][1]["slips"] = []
    found = report_of(grades_from(grades)).misconceptions
    assert [(one.text, one.students) for one in found] == [
        ("right for 7, asked is a", ("st01", "st02")),
        ("right for 9, asked is b", ("st02",)),
        (NO_RULE, ("st01", "st03")),
    ]


def test_where_the_class_sticks_counts_those_who_came_there(report: Report) -> None:
    assert report.hard
    assert all(0 < one.missed <= one.of <= 3 for one in report.hard)
    missed = [one.missed for one in report.hard]
    assert missed == sorted(missed, reverse=True)


def test_figures_are_of_those_who_played(report: Report) -> None:
    l03 = report.figures[0]
    assert (l03.level, l03.handed_in, l03.won) == ("L03", 5, 2)
    assert len(l03.acts) == len(l03.lowest_free) == len(l03.hints) == len(l03.tries) == 3


def test_the_page_is_one_file_with_pictures(report: Report) -> None:
    page = "".join(html_page("x", report_blocks(report)))
    assert Page(page).headings[0] == (1, "Week 3: how the class did")
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    text = "".join(markdown_page(report_blocks(report)))
    assert "## Who needs help, and with what" in text
    assert "| st03 | handed in nothing for L01 |" in text
    commonest = report.misconceptions[0]
    assert teach_next(report)[0] == f"{as_sentence(commonest.text)} Open L03."
    assert "- **teach next**: " in text


def test_bars_have_round_widths() -> None:
    assert bins([]) == []
    assert bins([3]) == [Bin(3, 3, 1)]
    assert bins([1, 1, 2, 4], 4) == [Bin(1, 1, 2), Bin(2, 2, 1), Bin(3, 3, 0), Bin(4, 4, 1)]
    wide = bins([0, 99, 55], 5)
    assert [(one.low, one.high) for one in wide] == [(n, n + 19) for n in range(0, 100, 20)]
    assert sum(one.many for one in wide) == 3


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1", "1e999", "10000000000000000000"])
def test_what_is_no_number_of_points_is_told(number: str, report: Report, tmp_path: Path) -> None:
    values = json.loads(encode(report.grades))
    text = json.dumps(values).replace('"score": 0.0', f'"score": {number}')
    assert number in text
    (tmp_path / "g.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"g.json: holds no grades"):
        read_grades(tmp_path / "g.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 9}', "[" * 9999, '{"students": 3}'])
def test_what_is_no_table_of_grades_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"g.json: holds no grades; write them with mmplay grade"):
        read_grades(path)


def test_a_report_is_plain_data(report: Report) -> None:
    found = json.loads(json.dumps(report.as_json()))
    assert {*found} == {"assignment", "title", "help", "misconceptions", "hard", "levels"}


def test_a_worksheet_asks_and_its_key_answers() -> None:
    levels = [find_level("L03"), find_level("L05")]
    sheet = "".join(markdown_page(worksheet("Sheet", levels)))
    answers = "".join(markdown_page(key("Sheet", levels)))
    assert "{" not in sheet
    assert sheet.count("A program's first try is held against low.") == 1
    assert "Answer: ..." in sheet
    assert "because" not in sheet
    rows = [line for line in answers.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == sum(len(level.questions) for level in levels)
    assert "acts that win" in answers
    assert Page("".join(html_page("Sheet", worksheet("Sheet", levels)))).headings[0][1] == "Sheet"
