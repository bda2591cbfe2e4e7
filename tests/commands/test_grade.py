"""`mmplay grade`: what a teacher types, and what comes of it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.levels.classroom.assignment import Assignment
from mmplay.levels.classroom.formats import FORMATS, as_table
from mmplay.levels.classroom.grading import Graded, Grades, graded_file
from tests.levels.cheats import made_up
from tests.levels.classes import assignment, assignment_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w3.toml").write_text(assignment_text("L03"), encoding="utf-8")
    (tmp_path / "in").mkdir()
    for hand in made_up(assignment("L03"), (), 7, 3):
        (tmp_path / "in" / f"{hand.student}.mmhand").write_bytes(hand.data)
    return tmp_path


GRADE = ["grade", "in", "--assignment", "w3.toml", "--cores", "1"]


@pytest.mark.usefixtures("folder")
def test_a_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(GRADE) == 0
    out = capsys.readouterr().out
    assert "st01     *** 10" in out
    assert "st03     ... " in out
    assert "st04     none" in out


def test_received_times_decide_what_is_late(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "file,time\nst01.mmhand,2027-01-01T00:00:00\nin/st02.mmhand,2026-01-01T00:00:00Z\n"
    (folder / "times.csv").write_text(rows, encoding="utf-8")
    assert main([*GRADE, "--received", "times.csv", "--format", "json"]) == 0
    students = json.loads(capsys.readouterr().out)["students"]
    said = [(one["late"], one["late_by"]) for one in students[:3]]
    assert said == [(True, "received"), (False, "received"), (False, "claimed")]


def test_an_empty_folder_is_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "none").mkdir()
    assert main(["grade", "none", "--assignment", "w3.toml"]) == 0
    assert "none: none: is empty: nothing was handed in here" in capsys.readouterr().out


def test_a_full_disk_loses_no_grade(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "grades.txt").write_text("those of yesterday")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmplay.recordings.files.os.fsync", full)
    assert main([*GRADE, "-o", "grades.txt"]) == 2
    out, err = capsys.readouterr()
    assert "grades.txt: cannot be written: No space left on device" in err
    assert "st01     *** 10" in out
    assert (folder / "grades.txt").read_text() == "those of yesterday"
    assert [path.name for path in folder.glob("*.part")] == []


@pytest.mark.usefixtures("folder")
def test_ctrl_c_keeps_the_grades_that_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(there: Assignment, label: str, data: bytes) -> Graded:
        if label != "in/st01.mmhand":
            raise KeyboardInterrupt
        return graded_file(there, label, data)

    monkeypatch.setattr("mmplay.levels.classroom.grading.graded_file", stopped)
    assert main(GRADE) == 130
    out, err = capsys.readouterr()
    assert err.startswith("mmplay: stopped after 1 of ")
    assert "st01     *** 10" in out
    assert "st04     not_graded" in out
    assert "in/st02.mmhand: not_graded: was not graded yet: Ctrl-C" in out
    assert main(["class", "report", *GRADE[1:]]) == 130
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("folder")
def test_a_second_ctrl_c_loses_no_grade_that_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ctrl_c(there: Assignment, label: str, data: bytes) -> Graded:
        os.kill(os.getpid(), signal.SIGINT)
        return graded_file(there, label, data)

    def again(grades: Grades) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return as_table(grades)

    monkeypatch.setattr("mmplay.levels.classroom.grading.graded_file", ctrl_c)
    monkeypatch.setitem(FORMATS, "table", again)
    assert main(GRADE) == 130
    assert "st01     not_graded" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("folder")
def test_two_empty_files_are_no_copies(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("st01", "st02"):
        Path("in", f"{name}.mmhand").write_bytes(b"")
    assert main(GRADE) == 0
    assert "in/st02.mmhand: cut: is empty" in capsys.readouterr().out


def test_a_spreadsheet_may_have_written_the_times(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "\ufefffile,time\nst01.mmhand,2027-01-01T00:00:00\n"
    (folder / "times.csv").write_text(rows, encoding="utf-8")
    assert main([*GRADE, "--received", "times.csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("late")
    (folder / "times.csv").write_text(f"file,time\n{'a' * 200_000},2027-01-01T00:00:00\n")
    assert main([*GRADE, "--received", "times.csv"]) == 2
    assert "mmplay: times.csv:2: is no row of a CSV: field larger" in capsys.readouterr().err


def test_times_of_other_files_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "times.csv").write_text("file,time\nst01,2027-01-01T00:00:00\n")
    assert main([*GRADE, "--received", "times.csv"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("mmplay: times.csv: none of its names, such as 'st01', is a file here")


def test_a_name_that_is_no_text_can_be_written(folder: Path) -> None:
    (folder / "in" / "\x1b]0;x\udcff.mmhand").write_bytes(b"x")
    assert main([*GRADE, "-o", "grades.txt"]) == 0
    assert "in/\\x1b]0;x\\xff.mmhand: foreign: " in (folder / "grades.txt").read_text()


FULL = OSError(28, "No space left on device")


def test_a_full_disk_leaves_no_half_autograder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        if target.name == "assignment.toml":
            raise FULL

    (folder / "empty").mkdir()
    monkeypatch.setattr("mmplay.levels.classroom.writing.shutil.copyfile", full)
    for name in ("ag", "empty"):
        assert main(["class", "gradescope", "w3.toml", "-o", name]) == 2
        said = f"mmplay: {name}: cannot be written: No space left on device\n"
        assert capsys.readouterr().err == said
    assert not (folder / "ag").exists()
    assert [*(folder / "empty").iterdir()] == []


def test_a_device_is_named_once(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "to").mkdir()
    assert main([*GRADE, "-o", "to"]) == 2
    out, err = capsys.readouterr()
    assert err.count("to: ") == 1
    assert "st01     *** 10" in out


def test_a_file_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GRADE, "--format", "csv", "-o", "grades.csv"]) == 0
    assert capsys.readouterr().out == ""
    assert (folder / "grades.csv").read_text().startswith("student,score,max_score,late,L03_")


BAD = {
    ("--format", "xls"): "--format xls: formats are table, json, csv, gradescope, junit, nbgrader",
    ("--received", "times.csv"): "times.csv:2: write file,time",
    ("--assignment", "s.toml"): "s.toml: is a student edition; name the teacher's file",
    ("--cores", "1", "--scheduler", "tcp://h:1"): "the work is done here, or on a cluster",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_use_is_told_in_a_line(
    folder: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "times.csv").write_text("file,time\nst01.mmhand,yesterday\n")
    assert main(["class", "student-edition", "w3.toml", "-o", "s.toml"]) == 0
    assert main([*GRADE, *words]) == 2
    err = capsys.readouterr().err
    assert BAD[words] in err
    assert err.count("\n") == 1


def test_a_folder_for_gradescope(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.whl").write_bytes(b"x")
    words = ["class", "gradescope", "w3.toml", "-o", "ag"]
    assert main([*words, "--wheel", "a.whl"]) == 0
    assert {one.name for one in (folder / "ag").iterdir()} == {
        *("setup.sh", "run_autograder", "assignment.toml", "a.whl")
    }
    assert (folder / "ag" / "run_autograder").stat().st_mode & 0o111
    assert main(words) == 2
    assert "there is something in it already" in capsys.readouterr().err
    assert main(["class", "gradescope", "w3.toml", "-o", "b", "--wheel", "w3.toml"]) == 2
    assert "is no wheel" in capsys.readouterr().err
    assert main(["class", "gradescope", "w3.toml", "-o", "c"]) == 0
    assert f"pip wheel . -w {folder / 'c'}" in capsys.readouterr().err
